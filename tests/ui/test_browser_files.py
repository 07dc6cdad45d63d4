"""Restores that begin in the file browser, and documents that are open meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from .demo import Demo
from .lab import SLOW, Lab


@pytest.fixture
def text_file(demo: Demo) -> Iterator[Path]:
    """A file that a snapshot has as ``good``."""
    path = demo.workspace / "plan.txt"
    path.write_text("good\n")
    demo.take("claim-ada", "plan", "The good plan")
    yield path
    path.unlink()
    demo.rest("DELETE", "snapshots/plan")


def test_a_file_is_brought_back_from_its_context_menu(
    lab: Lab, demo: Demo, text_file: Path
) -> None:
    other = demo.workspace / "README.md"
    readme = other.read_text()
    text_file.write_text("spoilt\n")
    other.write_text("spoilt as well\n")
    lab.open()
    item(lab, "plan.txt").click(button="right")
    lab.page.locator(".lm-Menu-item", has_text="Restore from Snapshot…").click()
    expect(lab.dialog.get_by_label("To the snapshot of")).to_contain_text("The good plan")
    expect(lab.dialog.get_by_label("Paths, one a line")).to_have_value("plan.txt")
    expect(lab.dialog).to_contain_text("1 changed file is replaced")
    lab.accept.click()
    expect(lab.toasts.filter(has_text="1 file or folder brought back.")).to_be_visible(timeout=SLOW)
    assert text_file.read_text() == "good\n"
    assert other.read_text() == "spoilt as well\n"
    other.write_text(readme)


@pytest.mark.parametrize("choice", ["Save first", "Give them up"])
def test_unsaved_changes_are_asked_about(
    lab: Lab, demo: Demo, text_file: Path, choice: str
) -> None:
    lab.open()
    item(lab, "plan.txt").dblclick()
    editor = lab.page.locator(".cm-content")
    expect(editor).to_contain_text("good")
    editor.click()
    lab.page.keyboard.type("unsaved ")
    text_file.write_text("spoilt on disk\n") if choice == "Give them up" else None
    item(lab, "plan.txt").click(button="right")
    lab.page.locator(".lm-Menu-item", has_text="Restore from Snapshot…").click()
    expect(lab.dialog).to_contain_text("An open document has unsaved changes")
    assert lab.violations(".nj-Dialog") == []
    lab.dialog.get_by_text(choice).click()
    if choice == "Save first":
        # Nothing differs on the disk yet, so there is nothing to restore: it says so.
        expect(lab.dialog).to_contain_text("Nothing to do")
        return
    lab.accept.click()
    expect(lab.toasts.filter(has_text="brought back.")).to_be_visible(timeout=SLOW)
    assert text_file.read_text() == "good\n"
    expect(editor).to_have_text("good")


def test_an_open_notebook_shows_what_was_restored(lab: Lab, demo: Demo) -> None:
    notebook = demo.workspace / "notebooks" / "2-forecast.ipynb"
    good = notebook.read_text()
    demo.take("claim-ada", "nb", "Good notebook")
    spoilt = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    notebook.write_text(json.dumps(spoilt))
    lab.open()
    item(lab, "notebooks").dblclick()
    item(lab, "2-forecast.ipynb").dblclick()
    cells = lab.page.locator(".jp-Notebook .jp-Cell")
    dismiss_kernel(lab)
    expect(lab.page.locator(".jp-Notebook")).to_be_visible()
    lab.show()
    lab.act(lab.snapshot("Good notebook"), "Restore…")
    lab.accept.click()
    expect(lab.toasts.filter(has_text="brought back.")).to_be_visible(timeout=SLOW)
    assert notebook.read_text() == good
    expect(cells.nth(2)).to_be_attached()
    demo.rest("DELETE", "snapshots/nb")


def dismiss_kernel(lab: Lab) -> None:
    """No kernel is needed to look."""
    dialog = lab.page.locator(".jp-Dialog", has_text="Select Kernel")
    if dialog.count():
        dialog.get_by_role("button", name="No Kernel").click()


def item(lab: Lab, name: str) -> Locator:
    """An entry of the file browser, which is shown for it."""
    if not lab.page.locator(".jp-FileBrowser").is_visible():
        lab.page.locator('.jp-SideBar [data-id="filebrowser"]').click()
    return lab.page.locator(".jp-DirListing-item", has_text=name)
