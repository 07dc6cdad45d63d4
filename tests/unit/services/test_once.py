"""The same click twice makes one object."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec import UNSET

from netapp_jlab.services.once import REMEMBERED, Once


def test_the_same_id_makes_one_thing_also_at_the_same_time():
    made = []
    barrier = threading.Barrier(8)
    once: Once[int] = Once(lambda request: None)

    def click() -> int:
        barrier.wait(5)
        return once("click", lambda: made.append(1) or len(made))

    with ThreadPoolExecutor(8) as pool:
        results = [future.result(10) for future in [pool.submit(click) for _ in range(8)]]
    assert results == [1] * 8
    assert len(made) == 1


def test_different_ids_do_not_wait_for_each_other():
    once: Once[str] = Once(lambda request: None)
    inside, leave = threading.Event(), threading.Event()

    def slow() -> str:
        inside.set()
        assert leave.wait(5)
        return "slow"

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(once, "a", slow)
        assert inside.wait(5)
        assert once("b", lambda: "quick") == "quick"
        leave.set()
        assert first.result(5) == "slow"


def test_without_an_id_each_call_counts():
    counter = iter(range(10))
    once: Once[int] = Once(lambda request: None)
    assert [once(UNSET, lambda: next(counter)) for _ in range(3)] == [0, 1, 2]


def test_what_an_earlier_process_made_is_found():
    once: Once[str] = Once({"old": "theirs"}.get)
    assert once("old", lambda: pytest.fail("made again")) == "theirs"


def test_a_failed_click_may_be_repeated():
    once: Once[str] = Once(lambda request: None)

    def fail() -> str:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        once("x", fail)
    assert once("x", lambda: "made") == "made"


def test_memory_is_bounded():
    once: Once[int] = Once(lambda request: None)
    for number in range(REMEMBERED * 3):
        once(f"r{number}", lambda number=number: number + 1)
    assert len(once._made) == REMEMBERED
    assert not once._busy
