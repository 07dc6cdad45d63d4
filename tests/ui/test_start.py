"""What the extension costs before it is wanted, and where it can be found."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from .demo import Demo
from .lab import Lab


def test_nothing_is_asked_before_the_panel_is_shown(lab: Lab) -> None:
    lab.open()
    expect(lab.page.locator(".nj-StatusItem")).to_have_text("Snapshots")
    lab.page.wait_for_timeout(1_000)
    assert lab.requests == []
    at_start = scripts(lab)
    assert at_start
    assert sum(at_start.values()) < 250_000, at_start  # bytes of a development build

    lab.show()
    with_panel = scripts(lab)
    assert at_start.keys() < with_panel.keys(), "the panel's content is loaded with it"
    lab.panel.locator(".nj-Card").get_by_role("button", name="Clone…").click()
    expect(lab.dialog).to_be_visible()
    assert with_panel.keys() < scripts(lab).keys(), "the dialogs are loaded with the first"
    lab.page.keyboard.press("Escape")
    assert {"operations", "status", "volumes"} <= set(lab.requests)
    expect(lab.page.locator(".nj-StatusItem")).to_contain_text(re.compile("ago|just now"))


def test_the_panel_comes_from_the_status_bar_and_by_its_shortcut(lab: Lab) -> None:
    lab.open()
    lab.page.locator(".nj-StatusItem button").click()
    expect(lab.panel.locator(".nj-Card")).to_be_visible()
    expect(lab.panel.get_by_placeholder("Note (optional)")).to_be_focused()
    lab.tab.click()
    expect(lab.panel).to_be_hidden()
    lab.page.keyboard.press("Control+Shift+Y")
    expect(lab.panel.locator(".nj-Card")).to_be_visible()


def test_the_file_menu_and_the_palette_have_the_commands(lab: Lab) -> None:
    lab.open()
    lab.page.locator(".lm-MenuBar-item", has_text="File").click()
    lab.page.locator(".lm-Menu-item", has_text="Snapshots").hover()
    for label in ("Take Snapshot", "Take Snapshot with Note…", "New Volume…", "Show Snapshots"):
        expect(
            lab.page.locator(".lm-Menu-itemLabel").get_by_text(label, exact=True)
        ).to_be_visible()
    lab.page.keyboard.press("Escape")
    lab.page.keyboard.press("Escape")
    lab.page.keyboard.press("Control+Shift+C")
    palette = lab.page.locator("#modal-command-palette")
    palette.locator("input").fill("snapshots")
    expect(palette).to_contain_text("Show Snapshots")


def test_a_snapshot_is_taken_from_the_menu_without_the_panel(lab: Lab, demo: Demo) -> None:
    before = len(demo.snapshots("claim-ada"))
    lab.open()
    lab.page.keyboard.press("Control+Alt+Shift+S")
    expect(lab.toasts.filter(has_text="Snapshot of claim-ada taken.")).to_be_visible()
    assert len(demo.snapshots("claim-ada")) == before + 1


def test_the_settings_say_what_is_shown(lab: Lab, demo: Demo) -> None:
    demo.setting("netapp-jlab:plugin", statusItem=False, askForNote=True)
    try:
        lab.open().show()
        expect(lab.page.locator(".nj-StatusItem")).to_be_hidden()
        lab.panel.get_by_role("button", name="Snapshot", exact=True).click()
        expect(lab.dialog.get_by_label("Note (optional)")).to_be_focused()
    finally:
        demo.setting("netapp-jlab:plugin")


def scripts(lab: Lab) -> dict[str, int]:
    """Scripts of the extension that were loaded, with their sizes in bytes."""
    found = lab.page.evaluate(
        "performance.getEntriesByType('resource')"
        ".filter(({ name }) => name.includes('/extensions/netapp-jlab/static/'))"
        ".map(({ name, decodedBodySize }) => [name, decodedBodySize])"
    )
    return dict(found)
