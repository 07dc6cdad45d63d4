"""JupyterLab as its user sees it: what can be seen, clicked and typed."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from .demo import ROOT, Demo

AXE = ROOT / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
PANEL = "netapp-jlab-panel"
SLOW = 30_000
"""Milliseconds for what the cluster does behind the page."""


class Lab:
    """One page with JupyterLab.

    Attributes
    ----------
    errors : list[str]
        What the page complained about, apart from answers that a test asked for.
    requests : list[str]
        Paths below ``netapp-jlab/`` that the page asked for.
    """

    def __init__(self, page: Page, demo: Demo) -> None:
        self.page = page
        self._demo = demo
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.expects_errors = False
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._on_console)
        page.on("request", lambda request: self._on_request(request.url))

    def _on_console(self, message: ConsoleMessage) -> None:
        is_gone = "404" in message.text  # of what another one has deleted meanwhile
        if message.type == "error" and not self.expects_errors and not is_gone:
            self.errors.append(message.text)

    def _on_request(self, url: str) -> None:
        found = re.search(r"/netapp-jlab/([^?]*)", url)
        if found and "/lab/extensions/" not in url and "/lab/api/" not in url:
            self.requests.append(found[1])

    # --- Coming in ---

    def open(self, *, theme: str = "light", width: int = 300) -> Lab:
        """Load JupyterLab with a clean layout, without showing the panel."""
        name = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}[theme]
        self._demo.setting("@jupyterlab/apputils-extension:themes", theme=name)
        self.page.goto(f"{self._demo.url}&reset", timeout=60_000)
        self.tab.wait_for(timeout=60_000)
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)
        expect(self.page.locator(".jp-Launcher")).to_be_visible()  # it takes the focus
        is_light = str(theme == "light").lower()
        expect(self.page.locator(f"body[data-jp-theme-light={is_light}]")).to_be_attached()
        self._width = width
        return self

    def show(self) -> Lab:
        """Click on the camera in the side bar."""
        self.tab.click()
        expect(self.panel.locator(".nj-Card, .nj-Face").first).to_be_visible()
        self.resize(self._width)
        return self

    def resize(self, width: int) -> None:
        """Drag the edge of the side bar, so that the panel is so many pixels wide."""
        box = self.panel.bounding_box()
        assert box
        handle = self.page.locator("#jp-main-split-panel > .lm-SplitPanel-handle").first
        edge = handle.bounding_box()
        assert edge
        x, y = edge["x"] + edge["width"] / 2, edge["y"] + 100
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + width - box["width"], y, steps=4)
        self.page.mouse.up()

    # --- What is there ---

    @property
    def tab(self) -> Locator:
        return self.page.locator(f'.jp-SideBar [data-id="{PANEL}"]')

    @property
    def panel(self) -> Locator:
        return self.page.locator(f"#{PANEL}")

    @property
    def dialog(self) -> Locator:
        return self.page.locator(".nj-Dialog")

    @property
    def accept(self) -> Locator:
        """The button of the dialog that does it; ready to be pressed."""
        return self.dialog.locator(".jp-Dialog-footer .jp-mod-accept[aria-disabled=false]")

    @property
    def toasts(self) -> Locator:
        return self.page.locator(".Toastify__toast")

    def snapshot(self, text: str) -> Locator:
        """The row of the snapshot whose note begins so."""
        title = self.page.locator(".nj-Snapshot-title", has_text=re.compile(f"^{re.escape(text)}"))
        return self.panel.locator("[data-nj-snapshot]").filter(has=title)

    def volume(self, name: str) -> Locator:
        """The row of a volume."""
        return self.panel.locator(f'[role=row][data-nj-volume="{name}"]')

    @property
    def operation(self) -> Locator:
        """The newest one that the panel shows."""
        return self.panel.locator(".nj-Operation").first

    def fold(self) -> None:
        """Fold the workspace's snapshots, so that the volumes come into view."""
        row = self.volume("claim-ada")
        row.locator(".nj-Volume-head").click()
        expect(row).to_have_attribute("aria-expanded", "false")

    def unfold(self, row: Locator) -> None:
        if row.get_attribute("aria-expanded") == "false":
            row.locator(".nj-Snapshot-head, .nj-Volume-head").click()
        expect(row).to_have_attribute("aria-expanded", "true")

    def act(self, row: Locator, label: str) -> None:
        """Unfold a row, and press one of its buttons."""
        self.unfold(row)
        row.locator(".nj-ActionBar").get_by_role("button", name=label).click()

    # --- Judging ---

    def violations(self, selector: str) -> list[str]:
        """What axe-core finds wrong with a part of the page."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(Path(AXE).read_text())
        found = self.page.evaluate(
            "async selector => (await axe.run(selector, {resultTypes: ['violations']})).violations",
            selector,
        )
        return [
            f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
            for rule in found
            for node in rule["nodes"]
        ]

    def overflow(self, selector: str) -> list[str]:
        """Elements that reach out of the part of the page that they are in."""
        return list(
            self.page.evaluate(
                """selector => {
                  const frame = document.querySelector(selector).getBoundingClientRect();
                  return [...document.querySelectorAll(selector + ' *')]
                    .filter(node => !node.closest('.nj-visually-hidden'))
                    .filter(node => {
                      const { left, right, width } = node.getBoundingClientRect();
                      return width > 0 && (left < frame.left - 1 || right > frame.right + 1);
                    })
                    .map(node => node.outerHTML.slice(0, 160));
                }""",
                selector,
            )
        )
