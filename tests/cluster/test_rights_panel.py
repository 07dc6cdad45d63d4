"""The panel under a real token of each tier: it offers what works, and says why not for the rest.

What works is tried in ``test_rights_rest.py``, by the same table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.ui.conftest import browser, playwright  # noqa: F401
from tests.ui.lab import PANEL, SLOW

from .api import SNAPSHOTS, Api
from .stage import FAR, GOOD, HOME, SPARE, Stage, all_staged, assert_explained, lacks
from .tiers import TIERS

START = 100_000
"""Milliseconds for JupyterLab to come up, on a machine that is busy."""
ON_SNAPSHOT = {
    "Clone…": "clone snapshot",
    "Edit note": "edit note",
    "Copy name": "list",
    "Delete…": "delete snapshot",
}
OFFERED: dict[str, dict[str, str]] = {
    "card": {"Snapshot": "snapshot", "Clone…": "clone", "Resize…": "resize"},
    GOOD: {"Restore…": "restore", "Browse files…": "browse", **ON_SNAPSHOT},
    SPARE: {
        "Snapshot": "snapshot",
        "Clone…": "clone",
        "Resize…": "resize",
        "Delete…": "delete",
    },
    FAR: {"Restore…": "restore by helper", "Browse files…": "browse by helper", **ON_SNAPSHOT},
}
"""By where they stand: the buttons, and the action that each begins."""


@dataclass
class Shown:
    """The panel of one tier's user."""

    stage: Stage
    page: Page
    panel: Locator

    @property
    def new_volume(self) -> Locator:
        """The button above the list."""
        return self.panel.locator(".jp-SidePanel-toolbar").get_by_role("button").first

    def buttons(self, place: str) -> Locator:
        """Return the buttons of one place of :data:`OFFERED`, in sight."""
        if place == "card":
            return self.panel.locator(".nj-Card").get_by_role("button")
        kind = "volume" if place == SPARE else "snapshot"
        row = self.panel.locator(f'[role=row][data-nj-{kind}="{place}"]')
        unfold(row)
        return row.locator(".nj-ActionBar").get_by_role("button")


@pytest.fixture(scope="module")
def stages(
    admin: Api, kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Future[Stage]]]:
    """JupyterLab with an account of each tier."""
    folder = tmp_path_factory.mktemp("panel")
    with all_staged(admin, kubeconfig, folder, lab=True) as stages:
        yield stages


@pytest.fixture(params=sorted(TIERS))
def shown(
    stages: Mapping[str, Future[Stage]],
    browser: Browser,  # noqa: F811
    request: pytest.FixtureRequest,
) -> Iterator[Shown]:
    """The panel for each tier, in a page of its own."""
    stage = stages[request.param].result(START / 1000)
    page = browser.new_page(viewport={"width": 1280, "height": 2000}, locale="en-US")
    page.set_default_timeout(SLOW)
    page.goto(stage.server.url.replace("/netapp-jlab", "/lab?token=t"), timeout=START)
    page.locator(f'.jp-SideBar [data-id="{PANEL}"]').click(timeout=START)
    yield Shown(stage, page, page.locator(f"#{PANEL}"))
    page.close()


def test_the_actions_that_work_are_enabled_and_the_others_say_why(shown: Shown) -> None:
    expect(shown.panel.locator(".nj-Card, .nj-Face").first).to_be_visible(timeout=START)
    if lacks(shown.stage.tier, "list"):
        nothing_is_shown(shown)
        return
    assert_offered(shown.new_volume, shown.stage.tier, "create")
    for place, actions in OFFERED.items():
        buttons = shown.buttons(place)
        expect(buttons).to_have_count(len(actions))
        for label, action in actions.items():
            button = buttons.and_(shown.page.get_by_role("button", name=label, exact=True))
            assert_offered(button, shown.stage.tier, action)
    press_snapshot(shown)


def nothing_is_shown(shown: Shown) -> None:
    """Check the face of somebody who may not even look."""
    face = shown.panel.locator(".nj-Face")
    expect(face).to_contain_text("Not allowed to see volumes")
    assert_explained(face.inner_text(), lacks(shown.stage.tier, "list"))
    assert_offered(shown.new_volume, shown.stage.tier, "create")
    expect(shown.panel.locator("[data-nj-volume], [data-nj-snapshot]")).to_have_count(0)


def assert_offered(button: Locator, tier: str, action: str) -> None:
    """Check that a button can be pressed if its action works, and else says what is missing."""
    lacking = lacks(tier, action)
    if not lacking:
        expect(button).to_be_enabled()  # which minds aria-disabled, too
        return
    expect(button).to_be_disabled()
    # JupyterLab's own buttons in tool bars are inside of an element that bears the title.
    told = button.evaluate("button => (button.getRootNode().host ?? button).title")
    assert_explained(told, lacking)


def press_snapshot(shown: Shown) -> None:
    """Press the big button where it works: the snapshot is there, and in the panel by itself."""
    if lacks(shown.stage.tier, "snapshot"):
        return
    shown.panel.get_by_placeholder("Note (optional)").fill("From the panel")
    shown.panel.locator(".nj-Card").get_by_role("button", name="Snapshot").click()
    title = shown.page.locator(".nj-Snapshot-title", has_text="From the panel")
    expect(title).to_be_visible(timeout=SLOW)
    made = shown.stage.admin.get(SNAPSHOTS.format(shown.stage.namespace))["items"]
    sources = sorted(one["spec"]["source"]["persistentVolumeClaimName"] for one in made)
    assert sources == sorted([HOME, HOME, HOME, SPARE])


def unfold(row: Locator) -> None:
    """Show what a row holds."""
    if row.get_attribute("aria-expanded") == "false":
        row.locator(".nj-Snapshot-head, .nj-Volume-head").click()
    expect(row).to_have_attribute("aria-expanded", "true")
