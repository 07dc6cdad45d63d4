"""The protocol's Python modules, generated once from the definitions in Go's module cache."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.cluster.layout import CACHE, HERE
from tests.cluster.shell import run

CSI_MODULE = "github.com/container-storage-interface/spec"
KUBELET_MODULE = "k8s.io/kubelet"
GENERATED = CACHE / "protocol"
_SOURCES = {
    "csi.proto": (CSI_MODULE, "csi.proto"),
    "registration.proto": (KUBELET_MODULE, "pkg/apis/pluginregistration/v1/api.proto"),
}


def generate() -> None:
    """Generate the modules, unless they are there."""
    if (GENERATED / "complete").exists():
        return
    from grpc_tools import protoc  # takes its time, and is needed once

    shutil.rmtree(GENERATED, ignore_errors=True)
    GENERATED.mkdir(parents=True)
    run(["go", "mod", "download", CSI_MODULE, KUBELET_MODULE], cwd=HERE, seconds=300)
    for name, (module, path) in _SOURCES.items():
        folder = run(["go", "list", "-m", "-f", "{{.Dir}}", module], cwd=HERE).strip()
        shutil.copyfile(Path(folder, path), GENERATED / name)
    well_known = str(Path(protoc.__file__).parent / "_proto")
    into = [f"--{kind}_out={GENERATED}" for kind in ("python", "grpc_python")]
    code = protoc.main(["protoc", f"-I{GENERATED}", f"-I{well_known}", *into, *_SOURCES])
    assert code == 0, "protoc failed"
    (GENERATED / "complete").touch()


def _module(name: str) -> Any:
    generate()
    if str(GENERATED) not in sys.path:
        sys.path.append(str(GENERATED))
    found: ModuleType = importlib.import_module(name)
    return found


csi: Any = _module("csi_pb2")
csi_grpc: Any = _module("csi_pb2_grpc")
registration: Any = _module("registration_pb2")
registration_grpc: Any = _module("registration_pb2_grpc")
