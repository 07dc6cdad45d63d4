"""Builds the cluster's programs from the one Go module beside this file."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import time
from pathlib import Path

from .layout import BIN, HERE, STAMPS, ClusterError
from .shell import alone, run

MODULES = (HERE / "go.mod", HERE / "go.sum")
CRDS = "github.com/kubernetes-csi/external-snapshotter/client/v8"
_VERSION = re.compile(r"^\s*k8s\.io/kubernetes (v(\d+)\.(\d+)\.\d+)", re.MULTILINE)


def build() -> None:
    """Build what is not built yet.

    Raises
    ------
    ClusterError
        Go is missing.
    subprocess.CalledProcessError
        The build fails; it says why.
    """
    with alone(STAMPS / "programs.lock"):
        _build()


def crds() -> list[Path]:
    """Return the manifests of the snapshot kinds."""
    run(["go", "mod", "download", CRDS], cwd=HERE, seconds=300)
    folder = run(["go", "list", "-m", "-f", "{{.Dir}}", CRDS], cwd=HERE).strip()
    return sorted(Path(folder, "config", "crd").glob("snapshot.storage.k8s.io_*.yaml"))


def version() -> tuple[str, str, str]:
    """Return the pinned version of Kubernetes, and its first two numbers."""
    found = _VERSION.search(MODULES[0].read_text())
    if found is None:
        raise ClusterError(f"{MODULES[0]} names no version of k8s.io/kubernetes.")
    return found[1], found[2], found[3]


def _build() -> None:
    stamp, wanted = STAMPS / "programs", _digest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if shutil.which("go") is None:
        raise ClusterError("Go is needed to build Kubernetes: https://go.dev/dl")
    print("Building etcd, Kubernetes and the CSI sidecars: five minutes the first time", flush=True)
    began = time.monotonic()
    full, major, minor = version()
    flags = f"-s -w -X k8s.io/component-base/version.gitVersion={full}"
    flags += f" -X k8s.io/component-base/version.gitMajor={major}"
    flags += f" -X k8s.io/component-base/version.gitMinor={minor}"
    BIN.mkdir(parents=True, exist_ok=True)
    command = ["go", "build", "-o", f"{BIN}/", "-ldflags", flags, "tool"]
    subprocess.run(command, cwd=HERE, check=True, timeout=1800)
    (BIN / "server").replace(BIN / "etcd")  # its package is called so
    crds()  # downloads them
    stamp.write_text(wanted)
    print(f"Built in {time.monotonic() - began:.0f} s", flush=True)


def _digest() -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in MODULES)).hexdigest()
