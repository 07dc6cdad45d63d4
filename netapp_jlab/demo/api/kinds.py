"""The kinds that the embedded cluster serves, and what they are called.

Names, short names, categories, verbs, subresources and field selectors are those of the discovery
documents and field-label conversions of Kubernetes 1.36, external-snapshotter 8 and Trident 26.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of object and the resource it is served as.

    Attributes
    ----------
    group, version, kind, plural, singular, short_names, namespaced, categories, verbs
        As in the discovery documents.
    builtin : bool
        Compiled into a real API server; custom resources (False) differ in small ways: items of a
        list carry ``kind``, an update must name a resourceVersion, a status update keeps metadata.
    status : bool
        Has a ``status`` subresource: ordinary writes leave the status alone.
    generation : bool
        ``metadata.generation`` counts the changes of the specification.
    subresources : dict[str, str]
        Other subresources and the kind each takes, such as ``{"token": "TokenRequest"}``.
    selectable : tuple[str, ...]
        Fields that a field selector may name besides ``metadata.name`` and ``metadata.namespace``.
    graceful : bool
        A deletion is first announced and finished by somebody else (pods on a node).
    virtual : bool
        Answered, never stored (access reviews).
    rules : bool
        Its schema has validation rules (CEL).
    name_rule : str
        Which names are legal: ``subdomain``, ``label`` or ``path``.
    """

    group: str
    version: str
    kind: str
    plural: str
    singular: str = ""
    short_names: tuple[str, ...] = ()
    namespaced: bool = True
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    builtin: bool = True
    status: bool = False
    generation: bool = False
    subresources: dict[str, str] = field(default_factory=dict)
    selectable: tuple[str, ...] = ()
    graceful: bool = False
    virtual: bool = False
    rules: bool = False
    name_rule: str = "subdomain"

    @property
    def api_version(self) -> str:
        """``apiVersion`` of the objects: ``v1`` or ``group/version``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """The resource as messages name it: ``volumesnapshots.snapshot.storage.k8s.io``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def group_kind(self) -> str:
        """The kind as messages name it: ``VolumeSnapshot.snapshot.storage.k8s.io``."""
        return f"{self.kind}.{self.group}" if self.group else self.kind

    @property
    def singular_name(self) -> str:
        """The singular of the resource, ``persistentvolumeclaim``."""
        return self.singular or self.kind.lower()

    def writable_subresources(self) -> tuple[str, ...]:
        """Return the subresources that take the same kind: ``status``, ``finalize``."""
        own = tuple(name for name, kind in self.subresources.items() if kind == self.kind)
        return ("status", *own) if self.status else own


def _core(kind: str, plural: str, **more: object) -> Kind:
    return Kind(group="", version="v1", kind=kind, plural=plural, **more)  # type: ignore[arg-type]


def _of(group: str, kind: str, plural: str, **more: object) -> Kind:
    return Kind(group=group, version="v1", kind=kind, plural=plural, **more)  # type: ignore[arg-type]


_EVENT_FIELDS = (
    *(
        f"involvedObject.{name}"
        for name in (
            "kind",
            "namespace",
            "name",
            "uid",
            "apiVersion",
            "resourceVersion",
            "fieldPath",
        )
    ),
    "reason",
    "reportingComponent",
    "source",
    "type",
)
_POD_FIELDS = (
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.podIPs",
    "status.nominatedNodeName",
)

_CORE = (
    _core("ConfigMap", "configmaps", short_names=("cm",)),
    _core("Endpoints", "endpoints", singular="endpoints", short_names=("ep",)),
    _core("Event", "events", short_names=("ev",), selectable=_EVENT_FIELDS),
    _core("LimitRange", "limitranges", short_names=("limits",)),
    _core(
        "Namespace",
        "namespaces",
        namespaced=False,
        short_names=("ns",),
        status=True,
        subresources={"finalize": "Namespace"},
        verbs=("create", "delete", "get", "list", "patch", "update", "watch"),
        selectable=("status.phase",),
        name_rule="label",
    ),
    _core(
        "Node",
        "nodes",
        namespaced=False,
        short_names=("no",),
        status=True,
        selectable=("spec.unschedulable",),
    ),
    _core("PersistentVolumeClaim", "persistentvolumeclaims", short_names=("pvc",), status=True),
    _core(
        "PersistentVolume", "persistentvolumes", namespaced=False, short_names=("pv",), status=True
    ),
    _core(
        "Pod",
        "pods",
        short_names=("po",),
        categories=("all",),
        status=True,
        generation=True,
        selectable=_POD_FIELDS,
        graceful=True,
    ),
    _core("ResourceQuota", "resourcequotas", short_names=("quota",), status=True),
    _core("Secret", "secrets", selectable=("type",)),
    _core(
        "ServiceAccount",
        "serviceaccounts",
        short_names=("sa",),
        subresources={"token": "TokenRequest"},
    ),
    _core(
        "Service",
        "services",
        short_names=("svc",),
        categories=("all",),
        status=True,
        selectable=("spec.clusterIP", "spec.type"),
        name_rule="label",
    ),
)

_REVIEWS = tuple(
    _of(group, kind, kind.lower() + "s", verbs=("create",), namespaced=namespaced, virtual=True)
    for group, kind, namespaced in (
        ("authentication.k8s.io", "SelfSubjectReview", False),
        ("authentication.k8s.io", "TokenReview", False),
        ("authorization.k8s.io", "LocalSubjectAccessReview", True),
        ("authorization.k8s.io", "SelfSubjectAccessReview", False),
        ("authorization.k8s.io", "SelfSubjectRulesReview", False),
        ("authorization.k8s.io", "SubjectAccessReview", False),
    )
)

_WORKLOADS = (
    _of(
        "apps",
        "Deployment",
        "deployments",
        short_names=("deploy",),
        categories=("all",),
        status=True,
        generation=True,
        subresources={"scale": "Scale"},
    ),
    _of("batch", "Job", "jobs", categories=("all",), status=True, generation=True),
    _of("coordination.k8s.io", "Lease", "leases"),
)

_RBAC = tuple(
    _of(
        "rbac.authorization.k8s.io",
        kind,
        kind.lower() + "s",
        namespaced=not kind.startswith("Cluster"),
        name_rule="path",
    )
    for kind in ("ClusterRoleBinding", "ClusterRole", "RoleBinding", "Role")
)

_STORAGE = (
    _of("storage.k8s.io", "CSIDriver", "csidrivers", namespaced=False),
    _of("storage.k8s.io", "StorageClass", "storageclasses", namespaced=False, short_names=("sc",)),
    _of("storage.k8s.io", "VolumeAttachment", "volumeattachments", namespaced=False, status=True),
)


def _custom(group: str, kind: str, plural: str, **more: object) -> Kind:
    return _of(group, kind, plural, builtin=False, generation=True, **more)


_SNAPSHOTS = (
    _custom(
        "snapshot.storage.k8s.io",
        "VolumeSnapshotClass",
        "volumesnapshotclasses",
        namespaced=False,
        short_names=("vsclass", "vsclasses"),
    ),
    _custom(
        "snapshot.storage.k8s.io",
        "VolumeSnapshotContent",
        "volumesnapshotcontents",
        namespaced=False,
        short_names=("vsc", "vscs"),
        status=True,
        rules=True,
    ),
    _custom(
        "snapshot.storage.k8s.io",
        "VolumeSnapshot",
        "volumesnapshots",
        short_names=("vs",),
        status=True,
        rules=True,
    ),
)

_TRIDENT_CATEGORIES = ("trident", "trident-internal")
_TRIDENT = (
    _custom(
        "trident.netapp.io",
        "TridentActionSnapshotRestore",
        "tridentactionsnapshotrestores",
        short_names=("tasr", "tasnaprestore"),
        categories=("trident", "trident-internal", "trident-external"),
    ),
    _custom(
        "trident.netapp.io",
        "TridentVolumeReference",
        "tridentvolumereferences",
        short_names=("tvr",),
        categories=("trident", "trident-external"),
    ),
    _custom(
        "trident.netapp.io",
        "TridentBackend",
        "tridentbackends",
        short_names=("tbe", "tridentbackend"),
        categories=_TRIDENT_CATEGORIES,
    ),
    _custom(
        "trident.netapp.io",
        "TridentVolume",
        "tridentvolumes",
        short_names=("tvol",),
        categories=_TRIDENT_CATEGORIES,
    ),
)

#: Every kind, by the name of the kind (which is unique here).
KINDS: dict[str, Kind] = {
    kind.kind: kind
    for kind in (*_CORE, *_REVIEWS, *_WORKLOADS, *_RBAC, *_STORAGE, *_SNAPSHOTS, *_TRIDENT)
}

_BY_RESOURCE = {(kind.group, kind.version, kind.plural): kind for kind in KINDS.values()}


def find(group: str, version: str, plural: str) -> Kind | None:
    """Return the kind that is served at ``/apis/<group>/<version>/<plural>``, if any."""
    return _BY_RESOURCE.get((group, version, plural))


def stored() -> list[Kind]:
    """Return the kinds whose objects are kept (not the access reviews)."""
    return [kind for kind in KINDS.values() if not kind.virtual]
