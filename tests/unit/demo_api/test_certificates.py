from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from netapp_jlab.demo.api import certificates, p256


def test_they_are_made_once(tmp_path: Path) -> None:
    made = certificates.ensure(str(tmp_path))
    before = Path(made.authority).read_text(), Path(made.server).read_text()
    assert certificates.ensure(str(tmp_path)) == made
    assert (Path(made.authority).read_text(), Path(made.server).read_text()) == before
    assert Path(made.server).stat().st_mode & 0o077 == 0
    assert made.context()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_takes_them_strictly(tmp_path: Path) -> None:
    made = certificates.ensure(str(tmp_path))
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_ip"]
    command += ["127.0.0.1", "-CAfile", made.authority, made.server]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_points_are_on_the_curve() -> None:
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    p = 2**256 - 2**224 + 2**192 + 2**96 - 1
    for _ in range(5):
        key = p256.generate()
        assert (key.y**2 - (key.x**3 - 3 * key.x + b)) % p == 0
        assert len(key.public()) == 65


def test_a_known_key() -> None:
    """The key pair of RFC 6979, A.2.5."""
    secret = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    x, y = p256._multiply(secret, p256._G)
    assert x == 0x60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6
    assert y == 0x7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299
