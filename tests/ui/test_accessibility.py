"""No violation that axe-core knows of, in both themes; and room enough at 200 pixels."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .demo import Demo
from .lab import PANEL, Lab

ALL = f"#{PANEL}"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [300, 200])
def test_the_panel_has_no_violations(lab: Lab, theme: str, width: int) -> None:
    lab.open(theme=theme, width=width).show()
    assert lab.violations(ALL) == []
    lab.unfold(lab.snapshot("Forecast works"))
    assert lab.violations(ALL) == []
    assert lab.overflow(ALL) == []
    lab.volume("claim-ada").locator(".nj-Volume-head").click()
    lab.unfold(lab.volume("shared-datasets"))
    expect(lab.panel.locator("[data-nj-snapshot]").first).to_be_visible()
    assert lab.violations(ALL) == []
    assert lab.overflow(ALL) == []
    assert lab.violations("#jp-main-statusbar .nj-StatusItem") == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_dialogs_have_no_violations(lab: Lab, theme: str) -> None:
    lab.open(theme=theme).show()
    row = lab.snapshot("Forecast works")
    for label, sign in (
        ("Restore…", "safety snapshot"),
        ("Clone…", "counts towards your quota"),
        ("Delete…", "can not be undone"),
    ):
        lab.act(row, label)
        expect(lab.dialog).to_contain_text(sign)
        close_without_violations(lab)
    lab.panel.locator(".nj-Card").get_by_role("button", name="Resize…").click()
    lab.dialog.get_by_label("New size").fill("1Zi")
    close_without_violations(lab)
    lab.panel.locator(".jp-SidePanel-toolbar").get_by_role("button").first.click()
    lab.dialog.get_by_label("Name", exact=True).fill("Bad_Name")
    expect(lab.dialog).to_contain_text("Only lower-case letters")
    close_without_violations(lab)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_dialogs_that_ask_first_have_no_violations(lab: Lab, demo: Demo, theme: str) -> None:
    name = f"spare-{theme}"
    demo.rest("POST", "volumes", {"name": name, "size": "1Gi"})
    lab.open(theme=theme).show()
    lab.page.keyboard.press("Control+Shift+C")
    lab.page.keyboard.type("Take Snapshot with Note")
    lab.page.keyboard.press("Enter")
    expect(lab.dialog.get_by_label("Note")).to_be_visible()
    close_without_violations(lab)
    lab.fold()
    lab.act(lab.volume(name), "Delete…")
    expect(lab.dialog).to_contain_text(name)
    close_without_violations(lab)
    demo.rest("DELETE", f"volumes/{name}?confirm={name}")


def close_without_violations(lab: Lab) -> None:
    expect(lab.dialog.locator(".nj-Working")).to_have_count(0)
    assert lab.violations(".nj-Dialog") == []
    lab.page.keyboard.press("Escape")
    expect(lab.dialog).to_have_count(0)


def test_what_is_disabled_can_be_reached_and_says_why(lab: Lab) -> None:
    lab.open().show()
    row = lab.volume("shared-datasets")
    lab.unfold(row)
    delete = row.get_by_role("button", name="Delete…")
    expect(delete).to_have_attribute("aria-disabled", "true")
    delete.focus()
    expect(row.locator(".nj-ActionBar-reason")).to_contain_text("It is mounted in this server.")
    described = delete.evaluate(
        "node => document.getElementById(node.getAttribute('aria-describedby')).textContent"
    )
    assert "It is mounted in this server." in described
    delete.click(force=True)
    expect(lab.dialog).to_have_count(0)
