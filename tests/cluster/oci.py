"""Images of the Open Container Initiative, written as a stream: their layers are tar files here.

See https://github.com/opencontainers/image-spec: an archive of blobs named by their digests, and an
index that says where to begin.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

KIND = "application/vnd.oci.image"
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
"""Go's names of processors."""


@dataclass(frozen=True)
class Image:
    """What an image's configuration says, and its layers, the lowest first."""

    name: str
    command: tuple[str, ...]
    layers: tuple[Path, ...]
    env: tuple[str, ...] = ()
    user: str = ""
    workdir: str = "/"


def manifest_digest(image: Image) -> str:
    """Return what names the image's content."""
    return digest(_parts(image)[1])


def write(image: Image, into: IO[bytes]) -> None:
    """Write the image's archive."""
    config, manifest = _parts(image)
    described = _described(f"{KIND}.manifest.v1+json", manifest)
    name = {"annotations": {"io.containerd.image.name": image.name}}
    index = {"schemaVersion": 2, "manifests": [{**described, **name}]}
    with tarfile.open(fileobj=into, mode="w|") as tar:
        _add(tar, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
        _add(tar, "index.json", _json(index))
        for blob in (config, manifest):
            _add(tar, f"blobs/sha256/{digest(blob)}", blob)
        for layer in image.layers:
            tar.add(layer, f"blobs/sha256/{layer_digest(layer)}")


def layer_digest(layer: Path) -> str:
    """Return a layer's digest, kept beside it: half a gigabyte takes a second or two."""
    kept = layer.with_suffix(".sha256")
    if not kept.exists() or kept.stat().st_mtime_ns < layer.stat().st_mtime_ns:
        whole = hashlib.sha256()
        with layer.open("rb") as file:
            while block := file.read(1 << 20):
                whole.update(block)
        kept.write_text(whole.hexdigest())
    return kept.read_text()


def digest(*parts: bytes) -> str:
    """Return the digest of bytes."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part)
    return whole.hexdigest()


def _parts(image: Image) -> tuple[bytes, bytes]:
    """Return the image's configuration and its manifest."""
    digests = [layer_digest(layer) for layer in image.layers]
    machine = platform.machine()
    config = {
        "architecture": MACHINES.get(machine, machine),
        "os": "linux",
        "config": {
            "Cmd": image.command,
            "Env": image.env,
            "User": image.user,
            "WorkingDir": image.workdir,
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{one}" for one in digests]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{KIND}.manifest.v1+json",
        "config": _described(f"{KIND}.config.v1+json", _json(config)),
        "layers": [
            {
                "mediaType": f"{KIND}.layer.v1.tar",
                "digest": f"sha256:{one}",
                "size": layer.stat().st_size,
            }
            for one, layer in zip(digests, image.layers, strict=True)
        ],
    }
    return _json(config), _json(manifest)


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _described(media_type: str, blob: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": f"sha256:{digest(blob)}", "size": len(blob)}


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))
