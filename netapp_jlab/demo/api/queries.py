"""What a list or a watch asks for, and the tokens that lead from one page to the next.

After ``k8s.io/apimachinery/pkg/apis/internalversion/validation`` and
``k8s.io/apiserver/pkg/storage/continue.go``.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from . import errors, selectors

if TYPE_CHECKING:
    from .history import Entry
    from .kinds import Kind

EXACT = "Exact"
NOT_OLDER = "NotOlderThan"


@dataclass(frozen=True, kw_only=True)
class Query:
    """Which objects of one kind.

    Attributes
    ----------
    kind : Kind
        Their kind.
    namespace : str | None
        Only this namespace; None for all of them.
    labels, fields
        Parsed selectors.
    """

    kind: Kind
    namespace: str | None = None
    labels: selectors.Labels = field(default_factory=selectors.Labels)
    fields: selectors.Fields = field(default_factory=selectors.Fields)

    @classmethod
    def parse(
        cls,
        kind: Kind,
        namespace: str | None = None,
        label_selector: str | None = None,
        field_selector: str | None = None,
    ) -> Query:
        """Parse the selectors of a request.

        Raises
        ------
        ApiError
            400 for a selector that can't be read or that `kind` does not support.
        """
        return cls(
            kind=kind,
            namespace=namespace or None,
            labels=selectors.parse_labels(label_selector),
            fields=selectors.parse_fields(field_selector, kind),
        )

    @property
    def prefix(self) -> str:
        """How the keys of the asked objects begin."""
        return f"{self.namespace}/" if self.namespace else ""

    @property
    def selective(self) -> bool:
        """Whether there is a selector at all."""
        return bool(self.labels.requirements or self.fields.terms)

    def selects(self, entry: Entry) -> bool:
        """Say whether the selectors pick this version of the object."""
        if self.labels.requirements and not self.labels.matches(entry.labels()):
            return False
        return not self.fields.terms or self.fields.matches(entry.decode())

    def covers(self, entry: Entry) -> bool:
        """Say whether the object is of the asked kind and namespace."""
        return entry.kind is self.kind and entry.key.startswith(self.prefix)


@dataclass(frozen=True, kw_only=True)
class Paging:
    """Which version of a list, and which part of it.

    Attributes
    ----------
    limit : int
        At most so many objects; 0 for all.
    token : str
        ``metadata.continue`` of the page before.
    version : str
        ``resourceVersion`` as asked; empty for the newest.
    match : str
        ``Exact``, ``NotOlderThan`` or empty.
    """

    limit: int = 0
    token: str = ""
    version: str = ""
    match: str = ""

    def check(self) -> None:
        """Refuse combinations that a real server refuses.

        Raises
        ------
        ApiError
            400 or 422.
        """
        if self.token and self.version not in ("", "0"):
            raise errors.bad_request(
                "specifying resource version is not allowed when using continue"
            )
        if not self.match:
            return
        if self.token:
            raise self._invalid("resourceVersionMatch is forbidden when continue is provided")
        if not self.version:
            raise self._invalid(
                "resourceVersionMatch is forbidden unless resourceVersion is provided"
            )
        if self.match not in (EXACT, NOT_OLDER):
            cause = errors.not_supported("resourceVersionMatch", self.match, [EXACT, NOT_OLDER, ""])
            raise errors.invalid_options("ListOptions", cause)
        if self.match == EXACT and self.version == "0":
            raise self._invalid('resourceVersionMatch "exact" is forbidden for resourceVersion "0"')

    def exact(self) -> bool:
        """Say whether exactly `version` is wanted, not anything newer."""
        if self.match:
            return self.match == EXACT
        return bool(self.limit) and self.version not in ("", "0")

    @staticmethod
    def _invalid(detail: str) -> errors.ApiError:
        return errors.invalid_options(
            "ListOptions", errors.forbidden_field("resourceVersionMatch", detail)
        )


def parse_version(text: str) -> int:
    """Return a resourceVersion as a number.

    Raises
    ------
    ApiError
        400 when it is none.
    """
    if text.isascii() and text.isdigit():
        return int(text)
    cause = errors.invalid(
        "resourceVersion", text, f'strconv.ParseUint: parsing "{text}": invalid syntax'
    )
    raise errors.bad_request(f"invalid resource version: {cause}")


class _Token(msgspec.Struct):
    v: str
    rv: int
    start: str


#: Stands in a token for "whatever is newest", after the version of the first page has expired.
INCONSISTENT = -1


def encode_token(version: int, last_key: str) -> str:
    """Return ``metadata.continue`` for the page that follows `last_key`."""
    raw = msgspec.json.encode(_Token(v="meta.k8s.io/v1", rv=version, start=last_key + "\0"))
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_token(token: str) -> tuple[int, str]:
    """Return the version and the last key of the page before.

    Raises
    ------
    ApiError
        400 when no server gave out this token.
    """
    try:
        padded = token + "=" * (-len(token) % 4)
        found = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=_Token)
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise errors.bad_request(
            f"invalid continue token: continue key is not valid: {error}"
        ) from error
    if found.v != "meta.k8s.io/v1":
        raise errors.bad_request(
            "invalid continue token: continue key is not valid: "
            f"server does not recognize this encoded version {found.v}"
        )
    return found.rv, found.start.rstrip("\0")
