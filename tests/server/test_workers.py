"""The threads that blocking work runs in."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from netapp_jlab import errors
from netapp_jlab.server.workers import Cancel, TooLate, Workers

from .waiting import eventually


async def test_no_thread_before_there_is_work():
    workers = Workers(3, "lazy")
    assert count("lazy") == 0
    assert await workers.run(lambda: 7, 1) == 7
    assert count("lazy") == 1
    workers.close()
    await eventually(lambda: count("lazy") == 0)


async def test_no_more_threads_than_allowed():
    workers = Workers(2, "few")
    go = threading.Event()
    jobs = [workers.submit(lambda: go.wait(5)) for _ in range(5)]
    assert count("few") == 2
    go.set()
    assert all(job.result(5) for job in jobs)
    workers.close()


async def test_an_error_comes_to_who_waits():
    workers = Workers(1, "test")
    with pytest.raises(TimeoutError, match="its own"):
        await workers.run(lambda: throw(TimeoutError("its own")), 1)
    workers.close()


async def test_late_errors_that_nobody_foresaw_are_logged(caplog):
    workers = Workers(1, "test")
    with pytest.raises(TooLate):
        await workers.run(lambda: (time.sleep(0.1), throw(KeyError("lost"))), 0.01)
    await eventually(lambda: "lost" in caplog.text)
    caplog.clear()
    with pytest.raises(TooLate):
        await workers.run(lambda: (time.sleep(0.1), throw(errors.NotFound("gone"))), 0.01)
    await workers.run(lambda: None, 5)
    assert caplog.text == ""
    workers.close()


def test_closing_drops_what_waits():
    workers = Workers(1, "test")
    go = threading.Event()
    begun = threading.Event()
    first = workers.submit(lambda: (begun.set(), go.wait(5)))
    assert begun.wait(5)
    second = workers.submit(lambda: pytest.fail("It began"))
    workers.close()
    go.set()
    assert first.result(5) == (None, True)
    assert second.cancelled()
    with pytest.raises(errors.Overloaded):
        workers.submit(lambda: None)


async def test_who_waits_for_what_was_dropped_is_told():
    workers = Workers(1, "test")
    go = threading.Event()
    workers.submit(lambda: go.wait(5))
    waiting = asyncio.ensure_future(workers.run(lambda: None, 5))
    await asyncio.sleep(0.05)
    workers.close()
    with pytest.raises(errors.Overloaded, match="stopping"):
        await waiting
    go.set()


def test_cancel():
    cancel = Cancel()
    cancel()
    cancel.set()
    with pytest.raises(errors.Cancelled):
        cancel()


def count(name: str) -> int:
    return sum(thread.name.startswith(name) for thread in threading.enumerate())


def throw(error: Exception) -> None:
    raise error
