"""The API server goes away and comes back, and etcd forgets the past.

These stop programs that everybody on the cluster needs, so they run when all else has.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, expect

from netapp_jlab.k8s import client as k8s_client
from netapp_jlab.k8s import informer
from netapp_jlab.models import Change, CloneOrder
from netapp_jlab.services import lease as lease_module
from netapp_jlab.services.runner import PATIENCE
from tests.server.process import TOKEN
from tests.ui.conftest import browser, playwright  # noqa: F401
from tests.ui.demo import BUILT
from tests.ui.lab import PANEL, SLOW

from .api import CLAIMS, Api, eventually
from .faults.plane import Plane, RealPlane, compact, without
from .faults.scene import Scene, at_rest

pytestmark = [pytest.mark.disturbing]
LONG = 60.0
OUT_OF_REACH = "The Kubernetes API server is out of reach"


@pytest.fixture(scope="module")
def plane() -> Plane:
    """The control plane of the cluster."""
    return RealPlane()


@pytest.fixture
def scene(admin: Api, kubeconfig: Path, namespace: str, tmp_path: Path) -> Iterator[Scene]:
    """A namespace of its own."""
    made = Scene(admin, kubeconfig, namespace, tmp_path)
    yield made
    made.close()


def pending(scene: Scene, name: str) -> dict[str, Any]:
    """Make a claim that no storage will ever fill: a change to be seen."""
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "none",
        "resources": {"requests": {"storage": "1Gi"}},
    }
    body = {"metadata": {"name": name}, "spec": spec}
    made: dict[str, Any] = scene.admin.create(CLAIMS.format(scene.namespace), body)
    return made


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_panel_says_that_it_is_not_up_to_date_and_catches_up(
    plane: Plane,
    scene: Scene,
    browser: Browser,  # noqa: F811
) -> None:
    """For a minute, seen by who asks the server and by who looks at the panel."""
    pending(scene, "known")
    server = scene.server(kubeconfig=plane.kubeconfig)
    page = browser.new_page(viewport={"width": 1280, "height": 860}, locale="en-US")
    panel = page_of(scene, page, plane.kubeconfig)

    def shows(*names: str) -> bool:
        found = server.get("volumes").json()
        return [item["name"] for item in found["items"]] == [*names] and not found["stale_since"]

    eventually(lambda: shows("known"))
    banner = panel.locator(".nj-Banners")
    row = panel.locator('[role=row][data-nj-volume="known"]')
    expect(row).to_be_visible()
    with without(plane, "kube-apiserver"):
        away = time.monotonic()
        for one in ("volumes", "snapshots"):
            eventually(lambda one=one: server.get(one).json()["stale_since"])
        since = server.get("volumes").json()["stale_since"]
        expect(banner).to_contain_text(OUT_OF_REACH, timeout=SLOW)
        expect(row).to_be_visible()
        row.locator(".nj-Volume-head").click()
        button = row.locator(".nj-ActionBar").get_by_role("button", name="Delete…")
        expect(button).to_have_attribute("aria-disabled", "true")
        order = requests.post(
            f"{server.url}/volumes/known/snapshots", json={}, headers=TOKEN, timeout=60
        )
        assert (order.status_code, order.json()["reason"]) == (502, "Unreachable")
        threading.Event().wait(max(0.0, LONG - (time.monotonic() - away)))
        shown = server.get("volumes")
        assert shown.status_code == 200
        assert [item["name"] for item in shown.json()["items"]] == ["known"], "what was known"
        assert shown.json()["stale_since"] == since
        status = server.get("status").json()
        assert status["connected"] is False
        assert "Unreachable" in {problem["reason"] for problem in status["problems"]}
    pending(scene, "new")

    eventually(lambda: shows("known", "new"), 30)
    assert server.get("status").json()["connected"] is True
    assert server.get("snapshots").json()["stale_since"] is None
    expect(panel.locator('[role=row][data-nj-volume="new"]')).to_be_visible(timeout=SLOW)
    expect(banner).not_to_contain_text(OUT_OF_REACH, timeout=SLOW)
    expect(button).to_have_attribute("aria-disabled", "false")
    page.close()


def page_of(scene: Scene, page: Page, kubeconfig: Path) -> Locator:
    """Open JupyterLab, with this tree's front end, on the cluster; returns the panel."""
    extensions = scene.folder / "jupyter" / "labextensions"
    extensions.mkdir(parents=True)
    (extensions / "netapp-jlab").symlink_to(BUILT, target_is_directory=True)
    server = scene.server(
        kubeconfig=kubeconfig,
        module="jupyterlab",
        JUPYTER_PATH=str(extensions.parent),
        JUPYTERLAB_WORKSPACES_DIR=str(scene.folder / "workspaces"),
    )
    page.goto(server.url.replace("/netapp-jlab", "/lab?token=t"), timeout=60_000)
    page.locator(f'.jp-SideBar [data-id="{PANEL}"]').click(timeout=60_000)
    panel = page.locator(f"#{PANEL}")
    expect(panel.locator("[role=row][data-nj-volume]").first).to_be_visible(timeout=SLOW)
    return panel


def test_an_operation_goes_on_when_the_api_server_is_back(
    plane: Plane, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is away for longer than a renewal takes, and for less than the operation's patience."""
    assert PATIENCE > LONG
    monkeypatch.setattr(lease_module, "RENEW", 1.0)
    scene.volume("project1")
    client = scene.client()
    scene.cut(client, "project1", "good")
    begun = scene.client(ready_timeout=120.0)
    begun.start()
    operation = begun.clones.from_snapshot("good", CloneOrder(name="copy"))
    with without(plane, "kube-apiserver"):
        threading.Event().wait(6.0)
    eventually(lambda: at_rest(client), 90)
    assert client.operations.get(operation.id).state == "done"
    assert client.volumes.get("copy").phase == "bound"


def test_a_watch_that_is_too_old_lists_anew_and_tells_the_differences(
    plane: Plane, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The informer's watch ends; when it comes back its resourceVersion is compacted away."""
    monkeypatch.setattr(informer, "WATCH_SECONDS", (2.0, 2.0))
    for name in ("stays", "goes"):
        pending(scene, name)
    client = scene.client(proxied=True)
    changes: list[Change] = []
    client.start(changes.append)
    names = lambda: sorted(one.name for one in client.volumes.list().items)  # noqa: E731
    eventually(lambda: names() == ["goes", "stays"])
    with scene.proxy.refusing(503):
        scene.proxy.cut()
        scene.admin.ask("DELETE", f"{CLAIMS.format(scene.namespace)}/goes")
        pending(scene, "comes")
        compact(plane)
        # The API server keeps recent changes itself; a new one has none.
        with without(plane, "kube-apiserver"):
            pass
        compact(plane)
    eventually(lambda: names() == ["comes", "stays"], 40)
    eventually(lambda: client.volumes.list().stale_since is None)
    told = [(one.action, one.name) for one in changes if one.kind == "volume"]
    assert told.count(("added", "comes")) == 1
    assert told.count(("deleted", "goes")) == 1
    assert ("added", "stays") not in told
    assert client.volumes.get("comes").name == "comes"


def test_a_long_list_survives_compaction_between_its_pages(
    plane: Plane, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The continue token is too old then: the API server answers 410."""
    monkeypatch.setattr(k8s_client, "PAGE", 3)
    names = [f"c-{number}" for number in range(8)]
    for name in names:
        pending(scene, name)
    client = scene.client(proxied=True)
    compacted = threading.Event()

    def between(asked: Any) -> None:
        if re.search("continue=[^&]", asked.path) and not compacted.is_set():
            compacted.set()
            pending(scene, "late")
            compact(plane)

    scene.proxy.before = between
    found = sorted(one.name for one in client.volumes.list().items)
    assert compacted.is_set()
    assert found in (names, [*names, "late"])
