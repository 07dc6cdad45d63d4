"""The documentation names everything there is, and nothing that is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from netapp_jlab.cli.exits import Exit
from netapp_jlab.server.app import NetAppJLab
from netapp_jlab.server.errors import STATUS, reasons
from netapp_jlab.server.routes import ROUTES

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("*/README.md")],
    key=str,
)


def page(name):
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_every_setting_is_explained_with_its_default():
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", page("settings.md"), re.MULTILINE))
    traits = NetAppJLab.class_own_traits(config=True)
    assert rows.keys() == traits.keys()
    told = {name: default for name, default in rows.items() if name != "user"}
    assert told == {name: f"`{traits[name].default()!r}`".replace("'", '"') for name in told}


def test_every_exit_code_is_explained():
    table = re.findall(r"^\| (\d+) \|", page("commands.md"), re.MULTILINE)
    assert sorted(map(int, table)) == sorted(Exit)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    text = path.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    for target in targets:
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        file, _, heading = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        assert found.exists(), f"{path.name}: {target}"
        if heading:
            assert heading in anchors(found), f"{path.name}: {target}"


def anchors(path):
    """Return the anchors that the headings of a page make."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in kept}


def test_every_endpoint_is_listed():
    rows = re.findall(r"^\| ([A-Z]+) \| `([^`]+)` \|", page("rest.md"), re.MULTILINE)
    assert rows == [(verb, route.path) for route in ROUTES for verb in route.verbs]


def test_every_reason_is_listed_with_its_status():
    rows = re.findall(r"^\| (\d{3}) \| (`.+`) \|$", page("rest.md"), re.MULTILINE)
    listed = {int(status): re.findall(r"`(\w+)`", told) for status, told in rows}
    assert listed == {status: reasons(status) for status in set(STATUS.values())}
