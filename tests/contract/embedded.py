"""The embedded cluster as one process: ``python -m tests.contract.embedded HOME READY_FILE``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from netapp_jlab.demo.api.server import run
from netapp_jlab.demo.controllers import Controllers
from netapp_jlab.demo.project.classes import add_classes
from netapp_jlab.demo.storage import Storage

if TYPE_CHECKING:
    from netapp_jlab.demo.api.faults import Faults
    from netapp_jlab.demo.api.store import Store

ARRAY = "array"


def main(home: str, ready_file: str) -> None:
    """Serve the cluster in a directory until told to stop."""

    def with_storage(store: Store, faults: Faults) -> Controllers:
        add_classes(store)
        return Controllers(store, Storage(os.path.join(home, ARRAY), durable=False), faults)

    run(home, ready_file=ready_file, bookmark_every=2.0, controllers=[with_storage])


if __name__ == "__main__":
    main(*sys.argv[1:])
