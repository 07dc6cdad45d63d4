"""The main job without a mouse."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from .demo import Demo
from .lab import SLOW, Lab


def test_snapshot_restore_and_undo_by_keyboard(lab: Lab, demo: Demo) -> None:
    victim = demo.workspace / "data" / "stations.csv"
    good = victim.read_text()
    lab.open()
    press = lab.page.keyboard.press

    # Take a snapshot: the shortcut puts the caret into the note, Enter takes it.
    press("Control+Shift+Y")
    expect(lab.panel.get_by_placeholder("Note (optional)")).to_be_focused()
    lab.page.keyboard.type("by keyboard")
    press("Enter")
    expect(lab.snapshot("by keyboard")).to_be_visible(timeout=SLOW)
    expect(lab.snapshot("by keyboard")).not_to_contain_text("Pending", timeout=SLOW)

    # Find it with the arrow keys, and restore from it.
    victim.unlink()
    tab_to(lab.page, lab.panel.locator("[role=row][tabindex='0']"))
    press("Home")
    press("ArrowDown")
    expect(lab.snapshot("by keyboard")).to_be_focused()
    press("Enter")
    expect(lab.snapshot("by keyboard")).to_have_attribute("aria-expanded", "true")
    press("ArrowRight")
    restore = lab.snapshot("by keyboard").locator(".nj-ActionBar button", has_text="Restore…")
    tab_to(lab.page, restore)
    press("Enter")
    expect(lab.dialog).to_contain_text("1 missing file or folder comes back")
    expect(lab.accept).to_be_visible()
    tab_to(lab.page, lab.accept)
    known = demo.operations()
    press("Enter")
    demo.wait_for_operation(known)
    expect(lab.operation).to_contain_text("1 file or folder brought back")
    assert victim.read_text() == good
    expect(lab.dialog).to_have_count(0)

    # Undo: backwards from the row that has the focus again.
    tab_to(lab.page, lab.operation.get_by_role("button", name="Undo"), "Shift+Tab")
    known = demo.operations()
    press("Enter")
    demo.wait_for_operation(known)
    expect(lab.operation).to_contain_text("Undo on claim-ada")
    assert not victim.exists()
    victim.write_text(good)


def test_rows_are_folded_edited_and_left_by_keyboard(lab: Lab, demo: Demo) -> None:
    lab.open().show()
    press = lab.page.keyboard.press
    row = lab.panel.locator('[data-nj-snapshot="nightly"]')
    row.click()
    expect(row).to_be_focused()
    press("ArrowLeft")
    expect(row).to_have_attribute("aria-expanded", "false")
    press("F2")
    expect(row.get_by_label("Note")).to_be_focused()
    lab.page.keyboard.type("Nightly, renamed")
    press("Escape")
    expect(row).to_be_focused()
    expect(row).to_contain_text("Nightly")
    press("F2")
    lab.page.keyboard.type("Nightly run")
    press("Enter")
    expect(row).to_contain_text("Nightly run")
    press("ArrowLeft")
    expect(lab.volume("claim-ada")).to_be_focused()
    press("ArrowLeft")
    expect(lab.volume("claim-ada")).to_have_attribute("aria-expanded", "false")
    expect(lab.panel.locator("[data-nj-snapshot]")).to_have_count(0)
    press("End")
    expect(lab.panel.locator("[role=row]").last).to_be_focused()
    notes = [entry["note"] for entry in demo.snapshots("claim-ada")]
    assert "Nightly run" in notes
    demo.rest("PATCH", "snapshots/nightly", {"note": "Nightly"})


def test_a_row_has_its_menu_and_escape_leads_out_of_it(lab: Lab) -> None:
    lab.open().show()
    press = lab.page.keyboard.press
    row = lab.snapshot("Nightly")
    row.focus()
    press("Shift+F10")
    menu = lab.page.locator(".lm-Menu")
    expect(menu).to_contain_text("Clone into New Volume…")
    press("Escape")
    expect(menu).to_have_count(0)
    row.focus()
    press("Delete")
    expect(lab.dialog).to_contain_text("nothing can be restored from it")
    expect(lab.dialog.get_by_role("button", name="Cancel")).to_be_focused()
    press("Escape")
    expect(lab.dialog).to_have_count(0)
    expect(row).to_be_focused()


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """Press Tab until an element has the focus."""
    for _ in range(40):
        if target.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError("Tab never gets there")
