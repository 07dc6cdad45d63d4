"""Makes the layers of the images, each a tar file, and says what each is made from."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .layout import IMAGES, ROOT, ClusterError
from .shell import run

SITE = "/opt/site"
PACKAGES = ("jupyterlab>=4.6,<5", "jupyterhub==6.1.1", "kubernetes", "msgspec", "ipywidgets==8.1.9")
DEBIAN = ("python3", "python-is-python3", "ca-certificates", "tar", "procps", "rsync")
RELEASE, PYTHON = "bookworm", "3.11"
_CONSTRAINTS = ROOT / ".ci" / "constraints.txt"
_PRODUCT = ("netapp_jlab", "pyproject.toml", "README.md", "LICENSE", "labextension/install.json")
_FRONT_END = ROOT / "netapp_jlab" / "labextension" / "static" / "style.js"
_WASTE = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man")
_SECONDS = 900.0


def pause_sources() -> list[bytes]:
    """Return what the pause image's layer is made from."""
    return [Path("/bin/busybox").read_bytes(), _code()]


def pause(layer: Path) -> None:
    """Make the pause image's only layer: something that sleeps."""
    with tarfile.open(layer, "w") as tar:
        tar.add("/bin/busybox", "bin/busybox")
        for name in ("sleep", "sh"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)


def base_sources() -> list[bytes]:
    """Return what the user's base layer is made from."""
    return ["\n".join([*PACKAGES, *DEBIAN]).encode(), _CONSTRAINTS.read_bytes(), _code()]


def base(layer: Path) -> None:
    """Make Debian by debootstrap, and get Python packages from outside.

    pip inside would not have this machine's certificates and proxies.
    """
    with tempfile.TemporaryDirectory(dir=IMAGES) as folder:
        root = Path(folder, "root")
        include = f"--include={','.join(DEBIAN)}"
        mirror = [os.environ["DEBIAN_MIRROR"]] if "DEBIAN_MIRROR" in os.environ else []
        # Its mounts end with it, whatever becomes of it.
        alone = ["unshare", "--mount", "--", "debootstrap", "--variant=minbase", include]
        run([*alone, RELEASE, root, *mirror], seconds=_SECONDS)
        _pip(root, f"--constraint={_CONSTRAINTS}", *_of_the_image(), *PACKAGES)
        home = root / "home" / "jovyan"
        home.mkdir(parents=True)
        os.chown(home, 1000, 100)
        with (root / "etc" / "passwd").open("a") as users:
            users.write("jovyan:x:1000:100::/home/jovyan:/bin/bash\n")
        for waste in _WASTE:
            shutil.rmtree(root / waste, ignore_errors=True)
        not_ours = ["--exclude=./dev/*", "--exclude=./proc/*"]  # the runtime makes them
        _tar(layer, root, *not_ours)


def product_sources() -> list[bytes]:
    """Return what the product's layer is made from."""
    return [*_contents(), _code()]


def product(layer: Path) -> None:
    """Make the product's wheel, and install it as pip does.

    Raises
    ------
    ClusterError
        Its front end is not built.
    """
    if not _FRONT_END.exists():
        raise ClusterError("The front end is not built: `make cluster` does it.")
    with tempfile.TemporaryDirectory(dir=IMAGES) as folder:
        wheels, root = Path(folder, "wheels"), Path(folder, "root")
        build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", f"--outdir={wheels}"]
        run(build, cwd=ROOT, seconds=_SECONDS)
        _pip(root, "--no-deps", *map(str, wheels.glob("*.whl")))
        _tar(layer, root)


def _pip(root: Path, *words: str) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--root-user-action=ignore"]
    run([*pip, "--target", f"{root}{SITE}", *words], seconds=_SECONDS)
    for script in Path(f"{root}{SITE}/bin").glob("*"):
        first, _, rest = script.read_bytes().partition(b"\n")
        if first.startswith(b"#!"):  # it names this machine's Python
            script.write_bytes(b"#!/usr/bin/python3\n" + rest)


def _of_the_image() -> Iterator[str]:
    """Yield what makes pip install for the image's Python, whatever this one is."""
    yield from ("--only-binary=:all:", f"--python-version={PYTHON}", "--implementation=cp")
    machine = platform.machine()
    for glibc in range(17, 37):  # bookworm has 2.36
        yield f"--platform=manylinux_2_{glibc}_{machine}"
    yield f"--platform=manylinux2014_{machine}"


def _tar(layer: Path, root: Path, *words: str) -> None:
    command = ["tar", "--create", "--numeric-owner", "--sort=name", *words]
    run([*command, f"--file={layer}", f"--directory={root}", "."], seconds=_SECONDS)


def _code() -> bytes:
    return Path(__file__).read_bytes()


def _contents() -> Iterator[bytes]:
    for name in _PRODUCT:
        top = ROOT / name
        paths = sorted(top.rglob("*")) if top.is_dir() else [top]
        for path in paths:
            if path.is_file() and "__pycache__" not in path.parts:
                yield str(path.relative_to(ROOT)).encode()
                yield path.read_bytes()
