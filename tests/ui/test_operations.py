"""What is under way: progress, cancelling, a reload of the page, a click too many."""

from __future__ import annotations

from playwright.sync_api import expect

from .demo import Demo
from .lab import SLOW, Lab


def test_a_clone_survives_a_reload_and_can_be_cancelled(lab: Lab, demo: Demo) -> None:
    demo.faults(provision_delay=60.0)
    lab.open().show()
    lab.panel.locator(".nj-Card").get_by_role("button", name="Clone…").click()
    lab.dialog.get_by_label("Name", exact=True).fill("slow-clone")
    lab.accept.click()
    operation = lab.panel.locator(".nj-Operation", has_text="Clone slow-clone")
    expect(operation).to_be_visible()
    expect(lab.toasts.filter(has_text="Clone slow-clone")).to_be_visible()

    lab.open().show()
    expect(operation.get_by_role("progressbar")).to_be_attached()
    assert lab.violations(".nj-Operations") == []
    operation.get_by_role("button", name="Cancel").click()
    expect(operation.get_by_role("progressbar")).to_have_count(0, timeout=SLOW)
    demo.forget_faults()
    assert "slow-clone" not in [entry["name"] for entry in demo.rest("GET", "volumes")["items"]]


def test_the_same_click_twice_makes_one_snapshot(lab: Lab, demo: Demo) -> None:
    before = len(demo.snapshots("claim-ada"))
    lab.open().show()
    demo.faults(answers=[{"effect": "delay", "delay": 1.0, "verbs": ["create"]}])
    button = lab.panel.get_by_role("button", name="Snapshot", exact=True)
    button.dblclick()
    expect(button).to_have_attribute("aria-busy", "true")
    lab.page.keyboard.press("Control+Alt+Shift+S")
    expect(lab.toasts.filter(has_text="Snapshot of claim-ada taken.")).to_be_visible(timeout=SLOW)
    expect(button).to_have_attribute("aria-busy", "false")
    assert len(demo.snapshots("claim-ada")) == before + 1


def test_others_changes_appear_by_themselves(lab: Lab, demo: Demo) -> None:
    lab.open().show()
    expect(lab.snapshot("Forecast works")).to_be_visible()
    demo.rest("POST", "volumes/claim-ada/snapshots", {"name": "by-rest", "note": "From elsewhere"})
    expect(lab.snapshot("From elsewhere")).to_be_visible()
    demo.rest("PATCH", "snapshots/by-rest", {"note": "Renamed elsewhere"})
    expect(lab.snapshot("Renamed elsewhere")).to_be_visible()
    demo.rest("DELETE", "snapshots/by-rest")
    expect(lab.snapshot("Renamed elsewhere")).to_have_count(0)


def test_a_volume_grows_and_is_deleted(lab: Lab, demo: Demo) -> None:
    lab.open().show()
    lab.panel.locator(".jp-SidePanel-toolbar").get_by_role("button").first.click()
    lab.dialog.get_by_label("Name", exact=True).fill("extra")
    lab.dialog.get_by_label("Size").fill("1Gi")
    lab.accept.click()
    row = lab.volume("extra")
    expect(row.locator(".nj-Badge")).to_have_count(0, timeout=SLOW)
    lab.act(row, "Resize…")
    size = lab.dialog.get_by_label("New size")
    size.fill("512Mi")
    expect(lab.dialog).to_contain_text("It has to be larger than 1 GiB.")
    expect(lab.accept).to_have_count(0)
    size.fill("2Gi")
    lab.accept.click()
    expect(row.locator(".nj-Volume-head")).to_contain_text("2 GiB", timeout=SLOW)
    lab.act(row, "Delete…")
    expect(lab.accept).to_have_count(0)
    lab.dialog.get_by_label("Type extra to confirm").fill("extra")
    lab.accept.click()
    expect(row).to_have_count(0, timeout=SLOW)


def test_snapshots_of_a_deleted_volume_can_be_cloned(lab: Lab, demo: Demo) -> None:
    demo.rest("POST", "volumes", {"name": "gone", "size": "1Gi"})
    lab.open().show()
    lab.fold()
    expect(lab.volume("gone")).to_be_visible()
    expect(lab.volume("gone").locator(".nj-Badge")).to_have_count(0, timeout=SLOW)
    demo.rest("POST", "volumes/gone/snapshots", {"name": "left-over", "note": "Left over"})
    demo.rest("DELETE", "volumes/gone?confirm=gone")
    expect(lab.volume("gone")).to_have_count(0, timeout=SLOW)
    lab.panel.locator(".nj-Section", has_text="Snapshots of deleted volumes").click()
    row = lab.snapshot("Left over")
    expect(row).to_contain_text("Of gone")
    lab.unfold(row)
    restore = row.locator(".nj-ActionBar").get_by_role("button", name="Restore…")
    expect(restore).to_have_attribute("aria-disabled", "true")
    lab.act(row, "Clone…")
    expect(lab.dialog.get_by_label("Name", exact=True)).to_have_value("gone-clone")
    lab.page.keyboard.press("Escape")
    demo.rest("DELETE", "snapshots/left-over")
