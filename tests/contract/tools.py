"""The programs that the tests run."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def find_kubectl() -> str:
    """Return the path of a kubectl: of KUBECTL, of `make`, or of the PATH."""
    built = ROOT / ".cache" / "bin" / "kubectl"
    for found in (os.environ.get("KUBECTL"), str(built), shutil.which("kubectl")):
        if found and os.access(found, os.X_OK):
            return found
    pytest.fail("no kubectl: `make .cache/bin/kubectl` builds one, or set KUBECTL to its path")
