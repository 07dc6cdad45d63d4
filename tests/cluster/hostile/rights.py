"""Becoming somebody else: tokens of other accounts, rights, impersonation, forged tokens."""

from __future__ import annotations

import base64
import json

from .scene import MERGE, Case, Make, Request, Scene

_TOKEN = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
_KUBELET = "the kubelet gets tokens for pods"
_ADMIN = "administrators and the hub grant rights"


def _token(name: str) -> Make:
    return lambda scene: Request(
        "POST",
        f"{scene.accounts}/{name.format(me=scene.me, whose=scene.whose)}/token",
        _TOKEN,
    )


def _bound(scene: Scene) -> Request:
    pod = {"apiVersion": "v1", "kind": "Pod", "name": f"jupyter-{scene.whose}"}
    body = {**_TOKEN, "spec": {"boundObjectRef": pod}}
    return Request("POST", f"{scene.accounts}/jupyter-{scene.whose}/token", body)


def _account(scene: Scene) -> Request:
    return Request("POST", scene.accounts, {"metadata": {"name": f"jupyter-{scene.whose}0"}})


def _secret(scene: Scene) -> Request:
    body = {
        "metadata": {
            "name": "token",
            "annotations": {"kubernetes.io/service-account.name": f"jupyter-{scene.whose}"},
        },
        "type": "kubernetes.io/service-account-token",
    }
    return Request("POST", scene.of("v1", "secrets"), body)


def _rbac(plural: str, name: str = "") -> str:
    return f"{plural}/{name}" if name else plural


def _binding(scene: Scene) -> Request:
    body = {
        "metadata": {"name": "mine"},
        "subjects": [
            {"kind": "ServiceAccount", "name": f"jupyter-{scene.me}", "namespace": scene.namespace}
        ],
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "admin",
        },
    }
    return Request("POST", scene.of("rbac.authorization.k8s.io/v1", "rolebindings"), body)


def _role(scene: Scene) -> Request:
    rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
    body = {"metadata": {"name": "mine"}, "rules": rules}
    return Request("POST", scene.of("rbac.authorization.k8s.io/v1", "roles"), body)


def _rebinding(scene: Scene) -> Request:
    path = scene.of("rbac.authorization.k8s.io/v1", f"rolebindings/user-{scene.whose}-0")
    subject = {
        "kind": "ServiceAccount",
        "name": f"jupyter-{scene.me}",
        "namespace": scene.namespace,
    }
    return Request("PATCH", path, {"subjects": [subject]}, MERGE)


def _as(**headers: str) -> Make:
    """Return the deletion of another's claim in somebody else's name."""

    def make(scene: Scene) -> Request:
        names = {"ns": scene.namespace, "whose": scene.whose}
        sent = {key.replace("_", "-"): value.format(**names) for key, value in headers.items()}
        return Request("DELETE", f"{scene.claims}/claim-{scene.whose}", headers=sent)

    return make


def _forged(algorithm: str) -> Make:
    def make(scene: Scene) -> Request:
        def part(value: object) -> str:
            return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

        subject = f"system:serviceaccount:{scene.namespace}:jupyter-{scene.whose}"
        claims = {
            "sub": subject,
            "iss": "https://kubernetes.default.svc",
            "exp": 4102444800,
            "aud": ["https://kubernetes.default.svc"],
        }
        signature = "" if algorithm == "none" else "AAAA"
        token = f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(claims)}.{signature}"
        return Request(
            "DELETE",
            f"{scene.claims}/claim-{scene.whose}",
            headers={"Authorization": f"Bearer {token}"},
        )

    return make


def _signed_for_nobody(token: str) -> Make:
    return lambda scene: Request(
        "DELETE", f"{scene.claims}/claim-{scene.whose}", headers={"Authorization": token}
    )


_NOBODY = "nobody impersonates"
_FORGED = "a forged token is nobody's"
_ACCOUNT = "system:serviceaccount:{ns}:jupyter-{whose}"
CASES: tuple[Case, ...] = (
    Case("a token of another's account", _token("jupyter-{whose}"), _KUBELET),
    Case("a token of the hub", _token("hub"), _KUBELET),
    Case("a token of the default account", _token("default"), _KUBELET),
    Case("a token of one's own account that outlives the server", _token("jupyter-{me}"), _KUBELET),
    Case("a token of another's account, bound to their server", _bound, _KUBELET),
    Case("a token of another's account by a Secret", _secret, _KUBELET),
    Case("an account that begins like another's", _account, _ADMIN),
    Case(
        "delete another's account",
        lambda scene: Request("DELETE", f"{scene.accounts}/jupyter-{scene.whose}"),
        _ADMIN,
    ),
    Case(
        "change another's account",
        lambda scene: Request(
            "PATCH",
            f"{scene.accounts}/jupyter-{scene.whose}",
            {"automountServiceAccountToken": False},
            MERGE,
        ),
        _ADMIN,
    ),
    Case("bind oneself to a wider role", _binding, _ADMIN),
    Case("make a wider role", _role, _ADMIN),
    Case("take another's binding", _rebinding, _ADMIN),
    Case(
        "delete another's binding",
        lambda scene: Request(
            "DELETE", scene.of("rbac.authorization.k8s.io/v1", f"rolebindings/user-{scene.whose}-0")
        ),
        _ADMIN,
    ),
    Case(
        "widen the role of all users",
        lambda scene: Request(
            "PATCH",
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/netapp-jlab-multi-user",
            {"rules": []},
            MERGE,
        ),
        _ADMIN,
        by_role=True,
    ),
    Case("be another user", _as(Impersonate_User=_ACCOUNT), _NOBODY, by_role=True),
    Case(
        "be the administrator",
        _as(Impersonate_User="admin", Impersonate_Group="system:masters"),
        _NOBODY,
        by_role=True,
    ),
    Case(
        "be the hub", _as(Impersonate_User="system:serviceaccount:{ns}:hub"), _NOBODY, by_role=True
    ),
    Case(
        "be a controller",
        _as(Impersonate_User="system:kube-controller-manager"),
        _NOBODY,
        by_role=True,
    ),
    Case(
        "be another user with a uid",
        _as(Impersonate_User=_ACCOUNT, Impersonate_Uid="x"),
        _NOBODY,
        by_role=True,
    ),
    Case(
        "be in another's pod",
        _as(Impersonate_User=_ACCOUNT, Impersonate_Extra_authentication_kubernetes_io_pod_name="x"),
        _NOBODY,
        by_role=True,
    ),
    Case(
        "be another by a proxy's headers",
        _as(X_Remote_User=_ACCOUNT, X_Remote_Group="system:masters"),
    ),
    Case("be another by a token without a signature", _forged("none"), _FORGED),
    Case("be another by a token with a wrong signature", _forged("RS256"), _FORGED),
    Case("be another by a token signed with a shared key", _forged("HS256"), _FORGED),
    Case("be nobody", _signed_for_nobody("Basic YWRtaW46YWRtaW4="), _FORGED),
    Case("be another by an empty token", _signed_for_nobody("Bearer "), _FORGED),
    Case("be another by two tokens", _signed_for_nobody("Bearer a, Bearer b"), _FORGED),
)
