"""Files of a snapshot in a dialog: looked at, downloaded, chosen and restored."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Route, expect

from .demo import Demo
from .lab import Lab
from .test_keyboard import tab_to

NAME = "browsed"
NOTE = "Everything to look at"
BINARY = bytes(range(256))


@pytest.fixture(scope="module", autouse=True)
def snapshot(demo: Demo) -> Iterator[None]:
    """A snapshot with all sorts of files in it, of which the workspace keeps none."""
    place = demo.workspace / "looked-at"
    (place / "deep" / "er").mkdir(parents=True)
    (place / "deep" / "er" / "note.txt").write_text("a note\n")
    (place / "empty").mkdir()
    (place / "page.html").write_text("<script>document.title = 'taken over'</script>")
    (place / "binary.dat").write_bytes(BINARY)
    (place / "nothing.txt").touch()
    (place / "long.txt").write_text("ä" * 100_000)
    (place / "link").symlink_to("deep")
    (place / " edge ").write_text("blanks at both ends")
    demo.take("claim-ada", NAME, NOTE)
    yield
    demo.rest("DELETE", f"snapshots/{NAME}")
    shutil.rmtree(place)


def browse(lab: Lab) -> Lab:
    lab.show()
    lab.act(lab.snapshot(NOTE), "Browse files…")
    expect(entry(lab, "looked-at")).to_be_visible()
    return lab


def entry(lab: Lab, name: str) -> Locator:
    """The row of a file or folder."""
    return lab.dialog.get_by_role("row", name=re.compile(f"^{re.escape(name)}, "))


def names(lab: Lab) -> list[str]:
    return lab.dialog.locator(".nj-File-name .nj-path").all_inner_texts()


def test_files_are_chosen_and_restored(lab: Lab, demo: Demo) -> None:
    place = demo.workspace / "looked-at"
    (place / "deep" / "er" / "note.txt").unlink()
    (place / "binary.dat").write_bytes(b"spoilt")
    (place / " edge ").write_text("spoilt")
    (place / "page.html").write_text("left as it is")
    browse(lab.open())
    entry(lab, "looked-at").click()
    expect(entry(lab, "binary.dat")).to_be_visible()
    entry(lab, "binary.dat").get_by_role("checkbox").check()
    lab.dialog.get_by_role("checkbox", name="edge").check()
    entry(lab, "deep").click()
    entry(lab, "er").get_by_role("checkbox").check()
    selection = lab.dialog.get_by_role("region", name="Selection")
    expect(selection).to_contain_text("3 files and folders selected")
    expect(selection).to_contain_text("looked-at/deep/er")

    lab.accept.click()
    expect(lab.dialog).to_contain_text("Restore claim-ada")
    paths = lab.dialog.get_by_label("Paths, one a line")
    expect(paths).to_have_value("looked-at/binary.dat\nlooked-at/ edge \nlooked-at/deep/er")
    expect(lab.dialog).to_contain_text("2 changed files are replaced")
    known = demo.operations()
    lab.accept.click()
    demo.wait_for_operation(known)
    assert (place / "deep" / "er" / "note.txt").read_text() == "a note\n"
    assert (place / "binary.dat").read_bytes() == BINARY
    assert (place / " edge ").read_text() == "blanks at both ends"
    assert (place / "page.html").read_text() == "left as it is"


def test_by_keyboard_alone(lab: Lab, demo: Demo) -> None:
    lab.open().show()
    press = lab.page.keyboard.press
    row = lab.snapshot(NOTE)
    row.focus()
    press("Shift+F10")
    expect(lab.page.locator(".lm-Menu")).to_contain_text("Browse Files…")
    press("ArrowDown")
    press("ArrowDown")
    press("Enter")
    expect(entry(lab, "data")).to_be_focused()

    press("ArrowDown")
    expect(entry(lab, "looked-at")).to_be_focused()
    press("Enter")
    expect(entry(lab, "deep")).to_be_focused()
    press("ArrowRight")
    expect(entry(lab, "er")).to_be_focused()
    press("Space")
    expect(entry(lab, "er")).to_have_attribute("aria-selected", "true")
    press("ArrowLeft")
    expect(entry(lab, "deep")).to_be_focused()
    press("End")
    expect(entry(lab, "page.html")).to_be_focused()
    press("Enter")
    text = lab.dialog.get_by_role("region", name="Contents")
    expect(text).to_contain_text("<script>")
    expect(lab.dialog.get_by_role("button", name="Back to the folder")).to_be_focused()
    tab_to(lab.page, lab.dialog.get_by_role("checkbox", name="Select to restore"))
    press("Space")
    press("Backspace")
    expect(entry(lab, "page.html")).to_be_focused()
    expect(entry(lab, "page.html")).to_have_attribute("aria-selected", "true")

    tab_to(lab.page, lab.dialog.get_by_role("searchbox"), "Shift+Tab")
    lab.page.keyboard.type("LONG")
    expect(entry(lab, "deep")).to_have_count(0)
    press("Enter")
    expect(entry(lab, "long.txt")).to_be_visible()
    tab_to(lab.page, entry(lab, "long.txt"))
    press("Backspace")
    expect(entry(lab, "looked-at")).to_be_focused()
    tab_to(lab.page, lab.accept)
    press("Enter")
    paths = lab.dialog.get_by_label("Paths, one a line")
    expect(paths).to_have_value("looked-at/deep/er\nlooked-at/page.html")
    expect(lab.dialog.locator(":focus")).to_be_visible()
    press("Escape")
    expect(lab.dialog).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_dialog_has_no_violations_and_fits(lab: Lab, theme: str) -> None:
    browse(lab.open(theme=theme))
    entry(lab, "looked-at").click()
    entry(lab, "deep").get_by_role("checkbox").check()
    for width in (1280, 300):
        lab.page.set_viewport_size({"width": width, "height": 640})
        judge(lab)
        entry(lab, "deep").click()
        expect(entry(lab, "er").get_by_role("checkbox")).to_be_disabled()
        judge(lab)
        lab.dialog.get_by_role("button", name="looked-at").click()
        entry(lab, "long.txt").click()
        expect(lab.dialog).to_contain_text("The first 64 KiB of 195.3 KiB:")
        expect(lab.dialog.locator(".nj-File-text")).to_contain_text("ääää")
        assert lab.violations(".nj-Dialog") == []
        lab.dialog.get_by_role("button", name="Back to the folder").click()
        entry(lab, "empty").click()
        expect(lab.dialog).to_contain_text("This folder is empty.")
        judge(lab)
        lab.dialog.get_by_role("button", name="looked-at").click()


def judge(lab: Lab) -> None:
    expect(lab.dialog.locator(".nj-Working")).to_have_count(0)
    assert lab.violations(".nj-Dialog") == []
    assert lab.overflow(".nj-Dialog .jp-Dialog-content") == []


def test_files_are_shown_as_text_or_downloaded_and_never_run(lab: Lab) -> None:
    browse(lab.open())
    entry(lab, "looked-at").click()
    entry(lab, "page.html").click()
    expect(lab.dialog.locator(".nj-File-text")).to_contain_text("<script>")
    with lab.page.expect_download() as download:
        lab.dialog.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "page.html"
    assert download.value.path().read_text().startswith("<script>")
    assert lab.page.title() != "taken over"
    lab.dialog.get_by_role("button", name="Back to the folder").click()
    for name, said in (
        ("binary.dat", "This is no text that could be shown"),
        ("nothing.txt", "The file is empty."),
        ("link", "A link to deep; it is not followed."),
    ):
        entry(lab, name).click()
        expect(lab.dialog).to_contain_text(said)
        lab.dialog.get_by_role("button", name="Back to the folder").click()
        expect(entry(lab, name)).to_be_focused()


def test_opening_that_takes_long_says_what_it_waits_for(lab: Lab) -> None:
    """A helper pod has to be started first; the demo has none, so the test answers for it."""
    routes: list[Route] = []

    def slowly(route: Route) -> None:
        routes.append(route)
        if len(routes) < 3:
            step = json.dumps({"step": "Starting a helper pod to read it."})
            route.fulfill(status=202, body=step, content_type="application/json")

    lab.page.route("**/files?*", slowly)
    lab.open().show()
    lab.act(lab.snapshot(NOTE), "Browse files…")
    working = lab.dialog.locator(".nj-Working")
    expect(working).to_contain_text("Opening the snapshot… Starting a helper pod to read it.")
    expect(working).to_be_visible()
    assert lab.violations(".nj-Dialog") == []
    routes[2].continue_()
    expect(entry(lab, "looked-at")).to_be_visible()
    expect(entry(lab, "data")).to_be_focused()
    expect(working).to_have_count(0)


def test_whoever_closes_the_dialog_waits_no_longer(lab: Lab) -> None:
    asked: list[str] = []

    def never(route: Route) -> None:
        asked.append(route.request.url)
        step = json.dumps({"step": "Waiting for a node."})
        route.fulfill(status=202, body=step, content_type="application/json")

    lab.page.route("**/files?*", never)
    lab.open().show()
    lab.act(lab.snapshot(NOTE), "Browse files…")
    expect(lab.dialog.locator(".nj-Working")).to_contain_text("Waiting for a node.")
    lab.page.keyboard.press("Escape")
    expect(lab.dialog).to_have_count(0)
    lab.page.wait_for_timeout(300)
    before = len(asked)
    lab.page.wait_for_timeout(500)
    assert len(asked) == before


def test_why_it_can_not_be_opened_stands_in_the_dialog(lab: Lab) -> None:
    lab.expects_errors = True
    body = {
        "reason": "QuotaExceeded",
        "message": "The quota allows no further pods.",
        "hint": "Delete one.",
    }
    lab.page.route(
        "**/files?*",
        lambda route: route.fulfill(
            status=422, body=json.dumps(body), content_type="application/json"
        ),
    )
    lab.open().show()
    lab.act(lab.snapshot(NOTE), "Browse files…")
    expect(lab.dialog).to_contain_text("The quota allows no further pods.")
    expect(lab.dialog).to_contain_text("Delete one.")
    judge(lab)


def test_a_folder_with_more_than_is_listed(lab: Lab) -> None:
    """What is not here is looked for by the server."""
    items = [
        {"name": f"f{n:04}", "kind": "file", "size": n, "modified": None, "link": ""}
        for n in range(2000)
    ]

    def partly(route: Route) -> None:
        found = re.search(r"match=(\w+)", route.request.url)
        shown = [one for one in items if found is None or found[1] in str(one["name"])]
        total = 3000 if found is None else len(shown)
        body = {"snapshot": NAME, "volume": "claim-ada", "path": "", "items": shown, "total": total}
        route.fulfill(status=200, body=json.dumps(body), content_type="application/json")

    lab.page.route("**/files?*", partly)
    lab.open().show()
    lab.act(lab.snapshot(NOTE), "Browse files…")
    expect(lab.dialog).to_contain_text("The first 2,000 of 3,000.")
    assert lab.dialog.get_by_role("row").count() < 100, "only what is seen is in the page"
    expect(entry(lab, "f0000")).to_be_focused()
    lab.page.keyboard.press("End")
    expect(entry(lab, "f1999")).to_be_focused()
    lab.dialog.get_by_role("searchbox").fill("f199")
    expect(lab.dialog.get_by_role("row")).to_have_count(10)
    expect(lab.dialog.get_by_role("searchbox")).to_be_focused()
    assert names(lab)[0] == "f1990"


def test_where_it_can_not_work_it_says_why(lab: Lab, demo: Demo) -> None:
    answer = demo.rest("GET", "volumes")
    for one in answer["items"]:
        one["can"]["browse"] = {"allowed": False, "reason": "No helper pods here.", "hint": "Ask."}
    body = json.dumps(answer)
    lab.page.route(
        "**/netapp-jlab/volumes?*",
        lambda route: route.fulfill(status=200, body=body, content_type="application/json"),
    )
    lab.open().show()
    row = lab.snapshot(NOTE)
    lab.unfold(row)
    button = row.get_by_role("button", name="Browse files…")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.focus()
    expect(row.locator(".nj-ActionBar-reason")).to_contain_text("No helper pods here. Ask.")
