"""``python -m netapp_jlab``: the command line."""

from __future__ import annotations

import sys

from netapp_jlab.cli import main

if __name__ == "__main__":
    sys.exit(main())
