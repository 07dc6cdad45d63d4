"""The product's whole main job, by clicks, on real files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from playwright.sync_api import expect

from .demo import Demo
from .lab import SLOW, Lab


def test_snapshot_break_restore_undo_and_clone(lab: Lab, demo: Demo) -> None:
    notebook = demo.workspace / "notebooks" / "2-forecast.ipynb"
    data = demo.workspace / "data"
    good, files = notebook.read_text(), {path.name for path in data.iterdir()}
    lab.open().show()

    see_the_volumes(lab)
    take_a_snapshot(lab, demo, "before I break it")

    break_it(notebook, data)
    restore(lab, demo, "before I break it", missing=len(files) + 1)
    assert notebook.read_text() == good
    assert {path.name for path in data.iterdir()} == files

    undo(lab, demo)
    assert notebook.read_text() == SPOILT
    assert not data.exists()

    restore(lab, demo, "before I break it", missing=len(files) + 1)
    clone(lab, demo, "shared-datasets", "my-datasets")
    assert notebook.read_text() == good


SPOILT = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def see_the_volumes(lab: Lab) -> None:
    card = lab.panel.locator(".nj-Card")
    expect(card).to_contain_text("claim-ada")
    expect(card).to_contain_text("of 10 GiB used")
    expect(lab.snapshot("Forecast works")).to_contain_text("2-forecast.ipynb")
    expect(lab.panel).to_contain_text("Shared volumes")
    lab.fold()
    expect(lab.volume("shared-datasets")).to_contain_text("100 GiB")
    lab.unfold(lab.volume("claim-ada"))


def take_a_snapshot(lab: Lab, demo: Demo, note: str) -> None:
    before = len(demo.snapshots("claim-ada"))
    lab.panel.get_by_placeholder("Note (optional)").fill(note)
    lab.panel.get_by_role("button", name="Snapshot", exact=True).click()
    expect(lab.toasts.filter(has_text="Snapshot of claim-ada taken.")).to_be_visible(timeout=SLOW)
    expect(lab.snapshot(note)).to_be_visible()
    expect(lab.snapshot(note)).not_to_contain_text("Pending")
    expect(lab.panel.locator(".nj-Card")).to_contain_text("Last snapshot: just now")
    expect(lab.page.locator(".nj-StatusItem")).to_contain_text("just now")
    assert len(demo.snapshots("claim-ada")) == before + 1


def break_it(notebook: Path, data: Path) -> None:
    notebook.write_text(SPOILT)
    shutil.rmtree(data)


def restore(lab: Lab, demo: Demo, note: str, *, missing: int) -> None:
    known = demo.operations()
    lab.act(lab.snapshot(note), "Restore…")
    expect(lab.dialog).to_contain_text("A safety snapshot is cut first")
    expect(lab.dialog).to_contain_text(f"{missing} missing files and folders come back")
    expect(lab.dialog).to_contain_text("1 changed file is replaced")
    expect(lab.dialog).to_contain_text("notebooks/2-forecast.ipynb")
    lab.accept.click()
    demo.wait_for_operation(known)
    expect(lab.operation).to_contain_text("Restore of claim-ada")
    expect(lab.operation).to_contain_text(f"{missing + 1} files and folders brought back.")


def undo(lab: Lab, demo: Demo) -> None:
    known = demo.operations()
    lab.operation.get_by_role("button", name="Undo").click()
    demo.wait_for_operation(known)
    expect(lab.operation).to_contain_text("Undo on claim-ada")


def clone(lab: Lab, demo: Demo, volume: str, name: str) -> None:
    lab.fold()
    lab.act(lab.volume(volume), "Clone…")
    lab.dialog.get_by_label("Name", exact=True).fill(name)
    lab.accept.click()
    expect(lab.toasts.filter(has_text=f"Clone {name}: Done.")).to_be_visible(timeout=SLOW)
    expect(lab.volume(name)).to_be_visible()
    made = demo.rest("GET", f"volumes/{name}")
    assert made["phase"] == "bound"
