"""Snapshot, clone and restore your JupyterLab workspace and data volumes on Kubernetes."""

from __future__ import annotations

__version__ = "0.1.0"
