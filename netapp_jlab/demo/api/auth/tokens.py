"""Service account tokens: JSON Web Tokens, signed with a key that never leaves the cluster.

After ``k8s.io/kubernetes/pkg/serviceaccount`` (claims, checks) and
``pkg/registry/core/serviceaccount/storage/token.go`` (requests). Signed with HMAC-SHA256, where a
real cluster has RSA: nobody but this server has to check them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
import uuid
from typing import TYPE_CHECKING, Any

import msgspec

from netapp_jlab.demo.api.errors import ApiError

from .users import service_account

if TYPE_CHECKING:
    from netapp_jlab.demo.api.store import Store

    from .users import User

Object = dict[str, Any]

ISSUER = "https://kubernetes.default.svc"
_HEADER = {"alg": "HS256", "typ": "JWT"}


class InvalidTokenError(ValueError):
    """A token that is not, or no longer, valid."""


class TokenIssuer:
    """Makes and checks the tokens of one cluster.

    Parameters
    ----------
    store : Store
        Keeps the key, and knows which accounts still exist.

    Attributes
    ----------
    issuer : str
        The name of the cluster in its tokens, and the audience they are for.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.issuer = ISSUER
        self._key = store.setting("token-key", secrets.token_hex(32)).encode()

    def issue(
        self,
        account: Object,
        *,
        seconds: int,
        audiences: list[str] | None = None,
        bound: Object | None = None,
    ) -> str:
        """Return a token for a ServiceAccount object.

        Parameters
        ----------
        seconds : int
            How long it is valid.
        audiences : list[str] | None
            Whom it is for; this API server when not given.
        bound : dict | None
            The pod or secret it dies with.
        """
        meta, now = account["metadata"], int(time.time())
        claims: Object = {
            "aud": audiences or [ISSUER],
            "exp": now + seconds,
            "iat": now,
            "iss": ISSUER,
            "jti": str(uuid.uuid4()),
            "kubernetes.io": {
                "namespace": meta["namespace"],
                "serviceaccount": {"name": meta["name"], "uid": meta["uid"]},
            },
            "nbf": now,
            "sub": f"system:serviceaccount:{meta['namespace']}:{meta['name']}",
        }
        if bound is not None:
            kind = str(bound["kind"]).lower()
            owner = bound["metadata"]
            claims["kubernetes.io"][kind] = {"name": owner["name"], "uid": owner["uid"]}
        signed = f"{_encode(_HEADER)}.{_encode(claims)}"
        return f"{signed}.{self._sign(signed)}"

    def check(self, token: str, audiences: list[str] | None = None) -> User:
        """Return whose token it is.

        Raises
        ------
        InvalidTokenError
            When it is forged, expired, for somebody else, or its account or pod is gone.
        """
        signed, _, signature = token.rpartition(".")
        if signed.count(".") != 1 or not hmac.compare_digest(
            self._sign(signed).encode(), signature.encode()
        ):
            raise InvalidTokenError("invalid bearer token")
        claims = _decode(signed.partition(".")[2])
        now = time.time()
        if now >= claims["exp"]:
            raise InvalidTokenError("invalid bearer token, service account token has expired")
        if now < claims["nbf"] - 10 or not set(audiences or [ISSUER]) & set(claims["aud"]):
            raise InvalidTokenError("invalid bearer token")
        return self._user(claims)

    def _user(self, claims: Object) -> User:
        scope = claims["kubernetes.io"]
        namespace, account = scope["namespace"], scope["serviceaccount"]
        self._require("ServiceAccount", namespace, account)
        extra = {"authentication.kubernetes.io/credential-id": [f"JTI={claims['jti']}"]}
        if "pod" in scope:
            self._require("Pod", namespace, scope["pod"])
            extra["authentication.kubernetes.io/pod-name"] = [scope["pod"]["name"]]
            extra["authentication.kubernetes.io/pod-uid"] = [scope["pod"]["uid"]]
        if "secret" in scope:
            self._require("Secret", namespace, scope["secret"])
        return service_account(namespace, account["name"], account["uid"], **extra)

    def _require(self, kind: str, namespace: str, wanted: Object) -> None:
        try:
            found = self._store.get(kind, namespace, wanted["name"])
        except ApiError as error:
            raise InvalidTokenError("invalid bearer token, its owner is gone") from error
        if found["metadata"]["uid"] != wanted["uid"]:
            raise InvalidTokenError("invalid bearer token, its owner was made anew")

    def _sign(self, signed: str) -> str:
        digest = hmac.new(self._key, signed.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _encode(part: Object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(part)).rstrip(b"=").decode()


def _decode(part: str) -> Object:
    try:
        decoded: Object = msgspec.json.decode(
            base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        )
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise InvalidTokenError("invalid bearer token") from error
    return decoded
