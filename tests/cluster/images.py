"""The two images of the cluster, made on this machine and imported under their names.

There is no registry. The pause image is a busybox that sleeps; the user's image is a Debian with
JupyterLab and the product, in two layers: what others publish, and the product's own wheel, which
is made anew whenever its sources change.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from . import layers, oci
from .layout import CONTAINERD, IMAGES, STAMPS, ClusterError
from .node import PAUSE_IMAGE
from .oci import Image
from .shell import alone, run

USER_IMAGE = "docker.io/netapp-jlab/user:test"
"""Pods name it `netapp-jlab/user:test`."""
IMPORT_SECONDS = 300.0
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def build() -> None:
    """Build the layers that are missing or older than their sources."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with alone(STAMPS / "images.lock"):
        for left in IMAGES.glob("tmp*"):  # by one that was killed
            shutil.rmtree(left)
        _once("pause", layers.pause_sources(), layers.pause)
        _once("user-base", layers.base_sources(), layers.base)
        _once("user-product", layers.product_sources(), layers.product)


def load() -> None:
    """Import what containerd does not have in this version yet."""
    for image in (_pause(), _user()):
        if not _imported(image):
            _import(image)


def _pause() -> Image:
    return Image(PAUSE_IMAGE, ("/bin/sleep", "1000000000"), (IMAGES / "pause.tar",))


def _user() -> Image:
    site = layers.SITE
    return Image(
        USER_IMAGE,
        ("python3", "-m", "jupyterlab", "--ip=0.0.0.0", "--no-browser"),
        (IMAGES / "user-base.tar", IMAGES / "user-product.tar"),
        env=(
            f"PATH={_PATH}:{site}/bin",
            f"PYTHONPATH={site}",
            f"JUPYTER_PATH={site}/share/jupyter",
            f"JUPYTER_CONFIG_PATH={site}/etc/jupyter",
            f"JUPYTERLAB_DIR={site}/share/jupyter/lab",
            "HOME=/home/jovyan",
            "LANG=C.UTF-8",
        ),
        user="1000:100",
        workdir="/home/jovyan",
    )


def _once(name: str, sources: list[bytes], make: Callable[[Path], None]) -> None:
    stamp, wanted, layer = STAMPS / name, oci.digest(*sources), IMAGES / f"{name}.tar"
    if stamp.exists() and stamp.read_text() == wanted and layer.exists():
        return
    print(f"Making the image layer {name}", flush=True)
    began = time.monotonic()
    beside = layer.with_suffix(".new")
    make(beside)
    beside.replace(layer)
    stamp.write_text(wanted)
    print(f"Made {name} in {time.monotonic() - began:.0f} s", flush=True)


def _ctr(*words: str) -> list[str]:
    return ["ctr", f"--address={CONTAINERD}", "--namespace=k8s.io", *words]


def _imported(image: Image) -> bool:
    listed = run(_ctr("images", "list", f"name=={image.name}"))
    return f"sha256:{oci.manifest_digest(image)}" in listed


def _import(image: Image) -> None:
    process = subprocess.Popen(
        _ctr("images", "import", "-"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it says why below
        oci.write(image, process.stdin)
    said, _ = process.communicate(timeout=IMPORT_SECONDS)
    if process.returncode:
        raise ClusterError(f"{image.name} was not imported: {said.decode(errors='replace')}")
