"""The two images of the cluster, made on this machine and imported under their names.

There is no registry. The pause image is a busybox that sleeps; the user's image is a Debian with
JupyterLab and the product, in two layers: what others publish, and the product's own wheel, which
is made anew whenever its sources change.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from .layout import CONTAINERD, IMAGES, ROOT, STAMPS, ClusterError
from .node import PAUSE_IMAGE
from .shell import run

USER_IMAGE = "docker.io/netapp-jlab/user:test"
"""Pods name it `netapp-jlab/user:test`."""
SITE = "/opt/site"
PACKAGES = ("jupyterlab>=4.6,<5", "jupyterhub>=5", "kubernetes", "msgspec", "ipywidgets", "nbdime")
DEBIAN = ("python3", "ca-certificates", "tar", "procps")
_SOURCES = ("netapp_jlab", "pyproject.toml", "README.md", "labextension/src", "labextension/style")
_CTR = ("ctr", f"--address={CONTAINERD}", "--namespace=k8s.io", "images")
_SKIPPED = {"__pycache__", "static"}


@dataclass(frozen=True)
class Image:
    """What an image's configuration says."""

    name: str
    command: tuple[str, ...]
    env: tuple[str, ...] = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",)
    user: str = ""
    workdir: str = "/"
    layers: tuple[Path, ...] = field(default=())


def build() -> None:
    """Build what is missing or older than its sources."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    STAMPS.mkdir(parents=True, exist_ok=True)
    _once("pause", _digest(b"1"), _pause)
    base = "\n".join([*PACKAGES, *DEBIAN, sys.version]).encode()
    _once("user-base", _digest(base, Path(ROOT, ".ci/constraints.txt").read_bytes()), _base)
    _once("user-product", _digest(base, *_contents(_source_files())), _product)


def load() -> None:
    """Import what containerd does not have in this version yet."""
    pause = Image(PAUSE_IMAGE, ("/bin/sleep", "1000000000"), layers=(IMAGES / "pause.tar",))
    user = Image(
        USER_IMAGE,
        ("python3", "-m", "jupyterlab", "--ip=0.0.0.0", "--no-browser"),
        env=(*Image.env, f"PYTHONPATH={SITE}", "HOME=/home/jovyan", "LANG=C.UTF-8"),
        user="1000:100",
        workdir="/home/jovyan",
        layers=(IMAGES / "user-base.tar", IMAGES / "user-product.tar"),
    )
    for image in (pause, user):
        imported = STAMPS / f"imported-{image.layers[-1].stem}"
        wanted = _digest(*(_file_digest(layer).encode() for layer in image.layers))
        if not imported.exists() or imported.read_text() != wanted or not _present(image):
            _import(image)
            imported.write_text(wanted)


def _once(name: str, wanted: str, make: Callable[[Path], None]) -> None:
    stamp = STAMPS / name
    if stamp.exists() and stamp.read_text() == wanted and (IMAGES / f"{name}.tar").exists():
        return
    print(f"Making the image layer {name}", flush=True)
    began = time.monotonic()
    make(IMAGES / f"{name}.tar")
    stamp.write_text(wanted)
    print(f"Made in {time.monotonic() - began:.0f} s", flush=True)


# --- Layers ---------------------------------------------------------------------------------------


def _pause(layer: Path) -> None:
    with tarfile.open(layer, "w") as tar:
        tar.add("/bin/busybox", "bin/busybox")
        for name in ("sleep", "sh"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)


def _base(layer: Path) -> None:
    """Debian by debootstrap, and Python packages by this machine's pip."""
    with tempfile.TemporaryDirectory(dir=IMAGES) as folder:
        root = Path(folder, "root")
        include = f"--include={','.join(DEBIAN)}"
        command = ["debootstrap", "--variant=minbase", include, "bookworm", str(root)]
        if mirror := os.environ.get("DEBIAN_MIRROR"):
            command.append(mirror)
        run(command, seconds=900)
        constraints = ROOT / ".ci" / "constraints.txt"
        pip = [sys.executable, "-m", "pip", "install", "-q", "--root-user-action=ignore"]
        pip += ["--python-version=3.11", "--only-binary=:all:", "--target", f"{root}{SITE}"]
        run([*pip, "-c", str(constraints), *PACKAGES], seconds=900)
        with (root / "etc" / "passwd").open("a") as users:
            users.write("jovyan:x:1000:100::/home/jovyan:/bin/bash\n")
        home = root / "home" / "jovyan"
        home.mkdir(parents=True)
        os.chown(home, 1000, 100)
        for waste in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man"):
            shutil.rmtree(root / waste, ignore_errors=True)
        # Devices are the runtime's business.
        command = ["tar", "--numeric-owner", "--exclude=./dev/*", "--exclude=./proc/*"]
        run([*command, "-cf", str(layer), "-C", str(root), "."], seconds=600)


def _product(layer: Path) -> None:
    """Make the wheel and unpack it as pip would."""
    with tempfile.TemporaryDirectory(dir=IMAGES) as folder:
        wheels = Path(folder, "wheels")
        build = [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(wheels),
        ]
        run(build, cwd=ROOT, seconds=600)
        (wheel,) = wheels.glob("*.whl")
        target = Path(folder, "root") / SITE.lstrip("/")
        pip = [sys.executable, "-m", "pip", "install", "-q", "--root-user-action=ignore"]
        run([*pip, "--no-deps", "--target", str(target), str(wheel)], seconds=300)
        run(["tar", "--numeric-owner", "-cf", str(layer), "-C", str(target.parents[1]), "opt"])


def _source_files() -> Iterable[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z", *_SOURCES],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=60,
    )
    names = listed.stdout.decode().split("\0")
    return [ROOT / name for name in sorted(names) if name and not _SKIPPED & set(Path(name).parts)]


def _contents(paths: Iterable[Path]) -> Iterable[bytes]:
    for path in paths:
        if path.is_file():
            yield str(path.relative_to(ROOT)).encode()
            yield path.read_bytes()


# --- OCI ------------------------------------------------------------------------------------------


def _present(image: Image) -> bool:
    return image.name in run([*_CTR, "list", "--quiet"]).split()


def _import(image: Image) -> None:
    """Import an image (https://github.com/opencontainers/image-spec) whose layers are tar files."""
    for layer in image.layers:
        if not layer.exists():
            raise ClusterError(f"{layer} is missing: `python -m tests.cluster build` makes it.")
    parts = [(_file_digest(layer), layer) for layer in image.layers]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "Cmd": list(image.command),
            "Env": list(image.env),
            "User": image.user,
            "WorkingDir": image.workdir,
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest, _ in parts]},
    }
    kind = "application/vnd.oci.image"
    described = _described(f"{kind}.config.v1+json", _json(config))
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{kind}.manifest.v1+json",
        "config": described,
        "layers": [
            {
                "mediaType": f"{kind}.layer.v1.tar",
                "digest": f"sha256:{digest}",
                "size": layer.stat().st_size,
            }
            for digest, layer in parts
        ],
    }
    index = {
        "schemaVersion": 2,
        "manifests": [
            {
                **_described(f"{kind}.manifest.v1+json", _json(manifest)),
                "annotations": {"io.containerd.image.name": image.name},
            }
        ],
    }
    process = subprocess.Popen(
        [*_CTR, "import", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdin is not None
    with tarfile.open(fileobj=process.stdin, mode="w|") as tar:
        _add(tar, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
        _add(tar, "index.json", _json(index))
        for blob in (_json(config), _json(manifest)):
            _add(tar, f"blobs/sha256/{_digest(blob)}", blob)
        for digest, layer in parts:
            tar.add(layer, f"blobs/sha256/{digest}")
    said, _ = process.communicate(timeout=300)
    if process.returncode:
        raise ClusterError(f"The image {image.name} was not imported: {said.decode()}")


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _described(media_type: str, blob: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": f"sha256:{_digest(blob)}", "size": len(blob)}


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


def _digest(*parts: bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part)
    return whole.hexdigest()


def _file_digest(path: Path) -> str:
    """Return a layer's digest, kept beside it: half a gigabyte takes a second or two."""
    kept = path.with_suffix(".sha256")
    if not kept.exists() or kept.stat().st_mtime < path.stat().st_mtime:
        with path.open("rb") as file:
            kept.write_text(hashlib.file_digest(file, "sha256").hexdigest())
    return kept.read_text()
