"""The options of a request, from its query and body.

After ``k8s.io/apimachinery/pkg/apis/meta/v1/validation`` and
``k8s.io/apiserver/pkg/endpoints/handlers``.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netapp_jlab.demo.api import errors
from netapp_jlab.demo.api.options import WriteOptions
from netapp_jlab.demo.api.queries import NOT_OLDER, Paging

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netapp_jlab.demo.api.auth.users import User

Object = dict[str, Any]

_VALIDATIONS = ["", "Ignore", "Strict", "Warn"]
_POLICIES = ("Foreground", "Background", "Orphan")


def flag(query: Mapping[str, str], name: str) -> bool | None:
    """Return a boolean of the query; None when it is not there."""
    value = query.get(name)
    if value is None:
        return None
    return value.lower() not in ("0", "false", "f")


def number(query: Mapping[str, str], name: str) -> int | None:
    """Return a number of the query; None when it is not there.

    Raises
    ------
    ApiError
        400 when it is none.
    """
    value = query.get(name)
    if not value:
        return None
    try:
        return int(value)
    except ValueError as error:
        message = f'strconv.ParseInt: parsing "{value}": invalid syntax'
        raise errors.bad_request(message) from error


def paging(query: Mapping[str, str]) -> Paging:
    """Return which version and part of a list is asked for."""
    return Paging(
        limit=max(number(query, "limit") or 0, 0),
        token=query.get("continue", ""),
        version=query.get("resourceVersion", ""),
        match=query.get("resourceVersionMatch", ""),
    )


def write_options(query: Mapping[str, str], user: User, kind: str) -> WriteOptions:
    """Return how to write.

    Parameters
    ----------
    kind : str
        ``CreateOptions``, ``UpdateOptions`` or ``PatchOptions``.

    Raises
    ------
    ApiError
        422 for values that are not known.
    """
    validation = query.get("fieldValidation", "")
    if validation not in _VALIDATIONS:
        cause = errors.not_supported("fieldValidation", validation, _VALIDATIONS)
        raise errors.invalid_options(kind, cause)
    return WriteOptions(
        user=user,
        dry_run=_dry_run(query.get("dryRun"), kind),
        validation=validation or "Warn",
    )


def _dry_run(value: str | list[str] | None, kind: str) -> bool:
    given = [value] if isinstance(value, str) else value or []
    given = [item for item in given if item]
    if any(item != "All" for item in given):
        raise errors.invalid_options(kind, errors.not_supported("dryRun", given, ["All"]))
    return bool(given)


@dataclass(frozen=True, kw_only=True)
class DeleteOptions:
    """How to delete: ``DeleteOptions`` of a body, or the same in a query."""

    preconditions: dict[str, str]
    propagation: str | None
    grace_seconds: int | None
    dry_run: bool

    @classmethod
    def parse(cls, query: Mapping[str, str], body: Object) -> DeleteOptions:
        """Read them; what the body says counts more.

        Raises
        ------
        ApiError
            400 and 422 for values that are not known.
        """
        kind = "DeleteOptions"
        propagation = body.get("propagationPolicy") or query.get("propagationPolicy")
        orphan = body.get("orphanDependents")
        if orphan is None:
            orphan = flag(query, "orphanDependents")
        if propagation and orphan is not None:
            detail = "orphanDependents and deletionPropagation cannot be both set"
            cause = errors.invalid("propagationPolicy", propagation, detail)
            raise errors.invalid_options(kind, cause)
        if propagation and propagation not in _POLICIES:
            cause = errors.not_supported("propagationPolicy", propagation, [*_POLICIES, "nil"])
            raise errors.invalid_options(kind, cause)
        if orphan is not None:
            propagation = "Orphan" if orphan else "Background"
        grace = body.get("gracePeriodSeconds")
        if grace is None:
            grace = number(query, "gracePeriodSeconds")
        dry_run = _dry_run(body.get("dryRun") or query.get("dryRun"), kind)
        return cls(
            preconditions=dict(body.get("preconditions") or {}),
            propagation=propagation or None,
            grace_seconds=grace,
            dry_run=dry_run,
        )


@dataclass(frozen=True, kw_only=True)
class WatchOptions:
    """How to watch."""

    version: str
    labels: str
    fields: str
    bookmarks: bool
    initial_events: bool | None
    seconds: float

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> WatchOptions:
        """Read them from a query.

        Raises
        ------
        ApiError
            400 and 422 for values that are not known or do not go together.
        """
        initial, match = flag(query, "sendInitialEvents"), query.get("resourceVersionMatch", "")
        kind, field = "ListOptions", "resourceVersionMatch"
        if initial is not None and match != NOT_OLDER:
            detail = f"sendInitialEvents requires setting resourceVersionMatch to {NOT_OLDER}"
            raise errors.invalid_options(kind, errors.forbidden_field(field, detail))
        if match and initial is None:
            detail = (
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
            )
            raise errors.invalid_options(kind, errors.forbidden_field(field, detail))
        asked = number(query, "timeoutSeconds")
        return cls(
            version=query.get("resourceVersion", ""),
            labels=query.get("labelSelector", ""),
            fields=query.get("fieldSelector", ""),
            bookmarks=bool(flag(query, "allowWatchBookmarks")),
            initial_events=initial,
            # spread, as a real server does, so that watches don't all end at once
            seconds=float(asked) if asked else random.uniform(1800, 3600),  # noqa: S311
        )
