"""A cluster of its own: another slot than that of the cluster that other tests share."""

from __future__ import annotations

import os

from tests.cluster.conftest import VARIABLE

collect_ignore_glob = [] if os.environ.get(VARIABLE) else ["test_*.py"]
