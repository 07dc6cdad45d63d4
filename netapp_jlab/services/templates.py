"""What helper pods are made from: the user's own pod, the settings, the account."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import threading

from netapp_jlab.config import LONGEST_OWNER
from netapp_jlab.errors import Forbidden, NotFound, Refused, Upstream
from netapp_jlab.k8s import helpers
from netapp_jlab.k8s.helper_manifests import Template, template_of
from netapp_jlab.services.catalog import LONG, Catalog
from netapp_jlab.services.mounts import own_pod_name

NO_IMAGE = "No image for a helper pod is known here: this process runs in no pod that it can read."
NO_IMAGE_HINT = "Set NetAppJLab.mover_image to an image that has netapp_jlab."

_ACCOUNT = re.compile(r"system:serviceaccount:[^:]+:(?P<name>.+)")
_USERS_OWN = re.compile(r"jupyter-(?P<owner>u[0-9]+)")
"""How a hub names the accounts that it makes for its users: rbac/multi-user."""


class Templates:
    """Finds out what a helper pod takes over.

    Parameters
    ----------
    catalog : Catalog
        Where to read.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._cluster = catalog.cluster
        self._catalog = catalog
        self._settings = catalog.settings
        self._pod = catalog.keep(self._read_pod, LONG)
        self._lock = threading.Lock()
        self._owner = catalog.settings.mover_owner

    def owner(self) -> str:
        """Return whose the helpers of this process are: the label they bear.

        Raises
        ------
        Upstream
            The API server does not answer.
        """
        with self._lock:
            if not self._owner:
                self._owner = owner_of(self._account())
            return self._owner

    def has_image(self) -> bool:
        """Whether it is known what a helper can run; True where nobody tells now."""
        try:
            return bool(self._settings.mover_image) or self._pod.get()[0] is not None
        except Upstream:
            return True

    def get(self) -> Template:
        """Return what helpers are made from.

        Raises
        ------
        Refused
            No image is known.
        """
        image = self._settings.mover_image
        pod = self._pod.get()[0]
        if pod is None:
            if not image:
                raise Refused(NO_IMAGE, hint=NO_IMAGE_HINT)
            return Template(image=image)
        return template_of(
            pod,
            image=image,
            python="python3" if image else self._python(),
            user=os.geteuid(),
            group=os.getegid(),
        )

    def _python(self) -> str:
        """Return the Python of this process, unless it lies in a volume: helpers mount none."""
        path = sys.executable
        volumes = [mount.path.rstrip("/") for mount in self._catalog.mounts().by_claim.values()]
        places = (path, os.path.realpath(path))
        in_volume = any(place.startswith(f"{one}/") for one in volumes for place in places)
        return "python3" if in_volume or not path else path

    def _account(self) -> str:
        """Return the account's name, as the API server says, else as our own pod does."""
        account = self._cluster.account()
        pod = None if account else self._pod.get()[0]
        if pod is not None:
            return f"system:serviceaccount:{pod.metadata.namespace}:{pod.spec.service_account_name}"
        return account or self._settings.user or "user"

    def _read_pod(self) -> tuple[helpers.Pod | None]:
        try:
            pod = self._cluster.get(helpers.PODS, own_pod_name())
        except (Forbidden, NotFound):
            return (None,)
        return (pod if pod.spec.containers else None,)


def owner_of(account: str) -> str:
    """Return the owner's label for an account: two accounts never have the same one.

    Examples
    --------
    >>> owner_of("system:serviceaccount:lab:default")
    'default'
    >>> owner_of("system:serviceaccount:lab:jupyter-u7")
    'u7'
    """
    found = _ACCOUNT.fullmatch(account)
    name = found["name"] if found else account
    if users_own := _USERS_OWN.fullmatch(name):
        return users_own["owner"]
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if plain == name and len(name) <= LONGEST_OWNER:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{plain[: LONGEST_OWNER - 9].rstrip('-')}-{digest}".lstrip("-")
