"""A timeline of 5,000 snapshots scrolls smoothly, and holds only what is seen."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect

from .demo import Demo
from .lab import SLOW, Lab

COUNT = 5_000
CLAIMS = "/api/v1/namespaces/jupyter/persistentvolumeclaims"
SNAPSHOTS = "/apis/snapshot.storage.k8s.io/v1/namespaces/jupyter/volumesnapshots"

FRAMES = """async step => {
  const scroller = document.querySelector('.nj-Scroll');
  const frames = [];
  let most = 0;
  let last = await new Promise(requestAnimationFrame);
  for (let count = 0; count < 150; count++) {
    scroller.scrollTop += step;
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - last);
    last = now;
    most = Math.max(most, document.querySelectorAll('[data-nj-snapshot]').length);
  }
  frames.sort((a, b) => a - b);
  return {median: frames[75], late: frames[142], most, moved: scroller.scrollTop};
}"""
"""Milliseconds a frame takes while it is scrolled so many pixels each time."""


@pytest.fixture
def many(demo: Demo) -> str:
    """A volume with very many snapshots, made through the API server."""
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "timeline"},
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    demo.cluster("POST", CLAIMS, claim)
    wait_until(lambda: demo.rest("GET", "volumes/timeline")["phase"] == "bound")
    orders = [
        {
            "apiVersion": "snapshot.storage.k8s.io/v1",
            "kind": "VolumeSnapshot",
            "metadata": {"name": f"tick-{number:04}"},
            "spec": {"source": {"persistentVolumeClaimName": "timeline"}},
        }
        for number in range(COUNT)
    ]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda part: demo.cluster_all("POST", SNAPSHOTS, part), quarters(orders)))
    wait_until(lambda: demo.rest("GET", "volumes/timeline")["snapshots"] == COUNT)
    return "timeline"


def quarters(orders: list[dict[str, object]]) -> list[list[dict[str, object]]]:
    return [orders[start::4] for start in range(4)]


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_five_thousand_snapshots_scroll_smoothly(lab: Lab, many: str) -> None:
    lab.open().show()
    lab.fold()
    row = lab.volume(many)
    lab.unfold(row)
    expect(row.locator(".nj-Count")).to_contain_text("5,000")
    expect(lab.panel.locator("[data-nj-snapshot]").first).to_be_visible(timeout=SLOW)

    # Three tries, as other work on the machine disturbs one now and then.
    rounds = []
    while not any(is_smooth(*measured) for measured in rounds):
        assert len(rounds) < 3, rounds
        rounds.append(measure(lab))
    lab.page.evaluate("document.querySelector('.nj-Scroll').scrollTop = 0")

    # From one end to the other by keyboard, and back to a row by its number.
    row.focus()
    lab.page.keyboard.press("ArrowDown")
    first = lab.panel.locator("[data-nj-snapshot]:focus")
    expect(first).to_have_attribute("aria-setsize", str(COUNT))
    expect(first).to_have_attribute("aria-posinset", "1")
    lab.page.keyboard.press("End")
    lab.page.keyboard.press("ArrowUp")
    last = lab.panel.locator("[data-nj-snapshot]:focus")
    expect(last).to_have_attribute("aria-posinset", str(COUNT))
    expect(last).to_be_in_viewport()

    # The filter finds one among them.
    lab.panel.get_by_role("searchbox").fill("tick-0042")
    expect(lab.panel.locator("[data-nj-snapshot]")).to_have_count(1)
    assert lab.violations(".nj-Tree") == []


def measure(lab: Lab) -> tuple[dict[str, float], dict[str, float]]:
    """Frames while nothing moves, and while the timeline is scrolled."""
    lab.page.evaluate("document.querySelector('.nj-Scroll').scrollTop = 0")
    return lab.page.evaluate(FRAMES, 0), lab.page.evaluate(FRAMES, 400)


def is_smooth(still: dict[str, float], moving: dict[str, float]) -> bool:
    """Whether frames take hardly longer while it is scrolled; checks what was on the page too."""
    assert moving["moved"] > 50_000
    assert 0 < moving["most"] < 60
    return moving["median"] < 1.5 * still["median"] + 5 and moving["late"] < 3 * still["late"] + 50
