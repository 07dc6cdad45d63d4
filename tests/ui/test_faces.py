"""Each trouble has a face of its own, and goes by itself when the trouble is over."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import Browser, Route, expect

from .demo import Demo
from .lab import SLOW, Lab


def answer(status: int, body: object) -> object:
    """A handler that answers for the server."""

    def handle(route: Route) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        route.fulfill(status=status, body=text, content_type="application/json")

    return handle


def error(reason: str, message: str, hint: str = "") -> dict[str, str]:
    return {"reason": reason, "message": message, "hint": hint}


def expect_recovery(lab: Lab) -> None:
    """The panel comes back without a click."""
    expect(lab.panel.locator(".nj-Card")).to_be_visible(timeout=SLOW)
    expect(lab.panel.locator(".nj-Face")).to_have_count(0)


def test_no_cluster(lab: Lab) -> None:
    lab.expects_errors = True
    body = error("NoCluster", "There is no kubeconfig.", "Set NetAppJLab.kubeconfig.")
    lab.page.route("**/netapp-jlab/volumes?*", answer(503, body))
    lab.open().show()
    face = lab.panel.locator(".nj-Face")
    expect(face).to_contain_text("No Kubernetes here")
    expect(face).to_contain_text("Set NetAppJLab.kubeconfig.")
    expect(lab.panel.locator(".jp-SidePanel-toolbar").get_by_role("button").first).to_be_disabled()
    assert lab.violations(".nj-Face") == []
    lab.page.unroute_all()
    expect_recovery(lab)


def test_server_extension_missing(lab: Lab) -> None:
    lab.expects_errors = True
    lab.page.route("**/netapp-jlab/*?*", answer(404, "<html>Not found</html>"))
    lab.open().show()
    expect(lab.panel).to_contain_text("The server extension is missing")
    expect(lab.panel).to_contain_text("pip install netapp-jlab")
    lab.page.unroute_all()
    lab.panel.get_by_role("button", name="Try again now").click()
    expect_recovery(lab)


def test_another_version(lab: Lab, demo: Demo) -> None:
    status = {**demo.rest("GET", "status"), "api_version": 2}
    lab.page.route("**/netapp-jlab/status?*", answer(200, status))
    lab.open().show()
    expect(lab.panel).to_contain_text("Panel and server do not fit together")
    expect(lab.panel.get_by_role("button", name="Reload this page")).to_be_visible()
    lab.page.unroute_all()
    expect_recovery(lab)


def test_not_allowed(lab: Lab) -> None:
    lab.expects_errors = True
    body = error("Forbidden", "ada may not list persistentvolumeclaims.", "Apply rbac/tiers/read.")
    lab.page.route("**/netapp-jlab/volumes?*", answer(403, body))
    lab.open().show()
    expect(lab.panel).to_contain_text("Not allowed to see volumes")
    expect(lab.panel).to_contain_text("Apply rbac/tiers/read.")
    lab.page.unroute_all()
    expect_recovery(lab)


def test_jupyter_server_gone(lab: Lab) -> None:
    lab.expects_errors = True
    lab.page.route(re.compile(r":\d+/netapp-jlab/"), lambda route: route.abort())
    lab.open().show()
    expect(lab.panel).to_contain_text("The Jupyter server does not answer")
    lab.page.unroute_all()
    expect_recovery(lab)


def test_nothing_there(lab: Lab) -> None:
    lab.page.route("**/netapp-jlab/volumes?*", answer(200, {"items": [], "stale_since": None}))
    lab.open().show()
    expect(lab.panel).to_contain_text("No volumes yet")
    assert lab.violations(f"#{lab.panel.get_attribute('id')}") == []


def test_read_only(lab: Lab, demo: Demo) -> None:
    status = {**demo.rest("GET", "status"), "read_only": True}
    lab.page.route("**/netapp-jlab/status?*", answer(200, status))
    lab.open().show()
    expect(lab.panel).to_contain_text("Read-only: changes are switched off here.")
    button = lab.panel.get_by_role("button", name="Snapshot", exact=True)
    expect(button).to_have_attribute("aria-disabled", "true")


def test_loading(lab: Lab) -> None:
    lab.page.route("**/netapp-jlab/volumes?*", lambda route: None)
    lab.open()
    lab.tab.click()
    expect(lab.panel.locator(".nj-Skeleton")).to_contain_text("Loading volumes and snapshots…")
    lab.page.unroute_all(behavior="ignoreErrors")


def test_api_server_gone(browser: Browser, tmp_path: Path) -> None:
    """What was known stays, with its age, and nothing can be done until it is back."""
    with Demo(tmp_path) as demo:
        page = browser.new_page()
        page.set_default_timeout(15_000)
        lab = Lab(page, demo)
        go_and_come_back(lab, demo)
        page.close()


def go_and_come_back(lab: Lab, demo: Demo) -> None:
    lab.expects_errors = True
    demo.faults(answers=[{"effect": "close"}])
    lab.open().show()
    expect(lab.panel.locator(".nj-Face")).to_contain_text("Volumes can not be shown")
    demo.faults(answers=[{"effect": "cut", "verbs": ["watch"]}])
    expect_recovery(lab)
    demo.faults(answers=[{"effect": "close"}])
    banner = lab.panel.locator(".nj-Banners")
    expect(banner).to_contain_text("The Kubernetes API server is out of reach", timeout=SLOW)
    button = lab.panel.get_by_role("button", name="Snapshot", exact=True)
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(lab.panel.locator(".nj-Card")).to_contain_text("claim-ada")
    demo.forget_faults()
    expect(banner).to_be_empty(timeout=60_000)
    expect(button).to_have_attribute("aria-disabled", "false")


def test_pending_volume_and_class_without_snapshots(lab: Lab, demo: Demo) -> None:
    """A class that waits for its first pod keeps a volume pending, and says so."""
    lab.open().show()
    lab.panel.locator(".jp-SidePanel-toolbar").get_by_role("button").first.click()
    lab.dialog.get_by_label("Name", exact=True).fill("scratch")
    lab.dialog.get_by_label("Storage class").select_option("local-path")
    expect(lab.dialog).to_contain_text("No snapshots:")
    lab.accept.click()
    row = lab.volume("scratch")
    expect(row).to_contain_text("Pending")
    expect(row).to_be_focused()
    lab.unfold(row)
    button = row.get_by_role("button", name="Snapshot")
    expect(button).to_have_attribute("aria-disabled", "true")
    lab.act(row, "Delete…")
    lab.dialog.get_by_label("Type scratch to confirm").fill("scratch")
    lab.accept.click()
    expect(row).to_have_count(0, timeout=SLOW)


def test_failed_snapshot(lab: Lab, demo: Demo) -> None:
    demo.faults(snapshot_failures=1.0)
    lab.open().show()
    lab.panel.get_by_placeholder("Note (optional)").fill("doomed")
    lab.panel.get_by_role("button", name="Snapshot", exact=True).click()
    row = lab.snapshot("doomed")
    expect(row.locator(".nj-Badge.nj-mod-failed")).to_be_visible(timeout=SLOW)
    expect(lab.toasts.filter(has_text="The snapshot of claim-ada failed:")).to_be_visible()
    lab.unfold(row)
    expect(row.locator(".nj-Message.nj-mod-error")).to_be_visible()
    restore = row.locator(".nj-ActionBar").get_by_role("button", name="Restore…")
    expect(restore).to_have_attribute("aria-disabled", "true")
    demo.forget_faults()
    lab.act(row, "Delete…")
    lab.accept.click()
    expect(row).to_have_count(0)


def test_quota_refuses_a_clone_in_the_dialog(lab: Lab) -> None:
    lab.expects_errors = True
    body = error("QuotaExceeded", "The quota allows 2 volumes.", "Delete one first.")
    lab.page.route("**/clones?*", answer(422, body))
    lab.open().show()
    lab.panel.locator(".nj-Card").get_by_role("button", name="Clone…").click()
    lab.accept.click()
    expect(lab.dialog.get_by_role("alert")).to_contain_text("The quota allows 2 volumes.")
    assert lab.violations(".nj-Dialog") == []
    expect(lab.accept).to_be_visible()
