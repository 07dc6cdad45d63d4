"""The certificate of the embedded cluster, and the authority that signed it.

Made once and kept in the cluster's directory, so that clients still trust a restarted server.
The structure is that of RFC 5280, written in DER (X.690).
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import ssl
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from . import p256

_DAYS = 3650

_EC_PUBLIC_KEY = "1.2.840.10045.2.1"
_PRIME256V1 = "1.2.840.10045.3.1.7"
_ECDSA_SHA256 = "1.2.840.10045.4.3.2"
_COMMON_NAME = "2.5.4.3"
_SUBJECT_KEY = "2.5.29.14"
_KEY_USAGE = "2.5.29.15"
_ALTERNATIVE_NAME = "2.5.29.17"
_BASIC_CONSTRAINTS = "2.5.29.19"
_AUTHORITY_KEY = "2.5.29.35"
_EXTENDED_KEY_USAGE = "2.5.29.37"
_SERVER_AUTH = "1.3.6.1.5.5.7.3.1"


class Certificates(NamedTuple):
    """Paths of what a server and its clients need.

    Attributes
    ----------
    authority : str
        The certificate that clients trust.
    server : str
        The server's certificate and key.
    """

    authority: str
    server: str

    def context(self) -> ssl.SSLContext:
        """Return what a server listens with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server)
        return context

    def authority_data(self) -> str:
        """Return ``certificate-authority-data`` of a kubeconfig."""
        with open(self.authority, "rb") as file:
            return base64.b64encode(file.read()).decode()


def ensure(home: str) -> Certificates:
    """Return the certificates kept in a directory; make them when they are not there."""
    found = Certificates(os.path.join(home, "ca.crt"), os.path.join(home, "server.pem"))
    if os.path.exists(found.authority) and os.path.exists(found.server):
        return found
    authority, server = p256.generate(), p256.generate()
    root = _certificate("netapp-jlab-demo-ca", authority, "netapp-jlab-demo-ca", authority)
    leaf = _certificate("netapp-jlab-demo", server, "netapp-jlab-demo-ca", authority)
    _write(found.server, _pem("CERTIFICATE", leaf) + _pem("EC PRIVATE KEY", _private(server)))
    _write(found.authority, _pem("CERTIFICATE", root))
    return found


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)


def _pem(label: str, der: bytes) -> str:
    text = base64.b64encode(der).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def _private(key: p256.Key) -> bytes:
    """Return a private key as RFC 5915 has it."""
    return _sequence(
        _integer(1),
        _tagged(0x04, key.secret.to_bytes(32, "big")),
        _tagged(0xA0, _identifier(_PRIME256V1)),
        _tagged(0xA1, _bits(key.public())),
    )


def _certificate(subject: str, key: p256.Key, issuer: str, authority: p256.Key) -> bytes:
    now = datetime.now(timezone.utc)
    begins, ends = now - timedelta(days=1), now + timedelta(days=_DAYS)
    algorithm = _sequence(_identifier(_ECDSA_SHA256))
    body = _sequence(
        _tagged(0xA0, _integer(2)),  # version 3
        _integer(secrets.randbits(120) + 1),
        algorithm,
        _name(issuer),
        _sequence(_time(begins), _time(ends)),
        _name(subject),
        _public_info(key),
        _tagged(0xA3, _sequence(*_extensions(key, authority))),
    )
    signature = _sequence(*map(_integer, authority.sign(body)))
    return _sequence(body, algorithm, _bits(signature))


def _extensions(key: p256.Key, authority: p256.Key) -> list[bytes]:
    own = _tagged(0x04, _key_id(key))
    if key == authority:
        constraints, usage = _sequence(_tagged(0x01, b"\xff")), b"\x02\x04"  # keyCertSign
        return [
            _extension(_BASIC_CONSTRAINTS, constraints, critical=True),
            _extension(_KEY_USAGE, _tagged(0x03, usage), critical=True),
            _extension(_SUBJECT_KEY, own),
        ]
    names = _sequence(_tagged(0x82, b"localhost"), _tagged(0x87, bytes([127, 0, 0, 1])))
    usage = b"\x07\x80"  # digitalSignature
    return [
        _extension(_BASIC_CONSTRAINTS, _sequence(), critical=True),
        _extension(_KEY_USAGE, _tagged(0x03, usage), critical=True),
        _extension(_EXTENDED_KEY_USAGE, _sequence(_identifier(_SERVER_AUTH))),
        _extension(_SUBJECT_KEY, own),
        _extension(_AUTHORITY_KEY, _sequence(_tagged(0x80, _key_id(authority)))),
        _extension(_ALTERNATIVE_NAME, names),
    ]


def _extension(identifier: str, value: bytes, *, critical: bool = False) -> bytes:
    flag = [_tagged(0x01, b"\xff")] if critical else []
    return _sequence(_identifier(identifier), *flag, _tagged(0x04, value))


def _key_id(key: p256.Key) -> bytes:
    return hashlib.sha1(key.public()).digest()  # noqa: S324 - RFC 5280 names keys by it


def _public_info(key: p256.Key) -> bytes:
    algorithm = _sequence(_identifier(_EC_PUBLIC_KEY), _identifier(_PRIME256V1))
    return _sequence(algorithm, _bits(key.public()))


def _name(common: str) -> bytes:
    pair = _sequence(_identifier(_COMMON_NAME), _tagged(0x0C, common.encode()))
    return _sequence(_tagged(0x31, pair))


def _time(when: datetime) -> bytes:
    return _tagged(0x17, when.strftime("%y%m%d%H%M%SZ").encode())


def _tagged(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def _sequence(*parts: bytes) -> bytes:
    return _tagged(0x30, b"".join(parts))


def _integer(value: int) -> bytes:
    return _tagged(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _bits(content: bytes) -> bytes:
    return _tagged(0x03, b"\x00" + content)


def _identifier(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    encoded = bytearray([first * 40 + second])
    for number in rest:
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.append(number & 0x7F | 0x80)
        encoded += bytes(reversed(digits))
    return _tagged(0x06, bytes(encoded))
