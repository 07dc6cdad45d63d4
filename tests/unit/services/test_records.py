"""Who may take up an operation."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import msgspec
import pytest

from netapp_jlab.errors import Invalid
from netapp_jlab.services import records
from netapp_jlab.services.records import Record, Ref, Sightings, decode, now, this_process

CHILD = """
from netapp_jlab.services.records import this_process
print(this_process(), flush=True)
input()
"""


class Clock:
    """A monotonic clock that stands still until it is put on."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def orphaned(one: Record) -> bool:
    """Whether who sees a record for the first time may take it up."""
    return Sightings().orphaned("o", one)


def record(**fields) -> Record:
    fields = {"holder": "elsewhere:1/7/1", "renewed_at": now(), "state": "running", **fields}
    return Record(kind="restore", volume=Ref("v", "u"), started_at=now(), **fields)


def test_survives_the_annotation():
    one = record(paths=("a\\xff", "b"), remove_extra=True)
    assert decode(one.encode()) == one


@pytest.mark.parametrize("text", ["", "{", "[]", '{"kind": "restore"}', '"x"'])
def test_an_edited_annotation_is_no_record(text):
    assert decode(text) is None


def test_a_newer_version_is_left_alone():
    text = msgspec.json.encode(msgspec.structs.replace(record(), version=2)).decode()
    assert decode(text) is None


def test_too_many_paths_are_refused_before_anything_happens():
    with pytest.raises(Invalid, match="too many"):
        record(paths=tuple(f"{n:0200d}" for n in range(2000))).encode()


MINUTES_OFF = [timedelta(), timedelta(minutes=-5), timedelta(minutes=5), timedelta(days=-365)]


@pytest.mark.parametrize("off", MINUTES_OFF, ids=str)
def test_a_renewed_lease_is_respected_whatever_the_holders_clock_says(off):
    clock = Clock()
    sightings = Sightings(clock)
    for _ in range(20):
        renewed = record(renewed_at=now() + off + timedelta(seconds=clock.time))
        assert not sightings.orphaned("o", renewed)
        clock.time += records.RENEW


@pytest.mark.parametrize("off", MINUTES_OFF, ids=str)
def test_one_that_is_not_renewed_is_taken_up_whatever_the_holders_clock_says(off):
    clock = Clock()
    sightings = Sightings(clock)
    dead = record(renewed_at=now() + off)
    assert not sightings.orphaned("o", dead), "who comes new has to wait"
    clock.time += records.TAKEOVER - 1
    assert not sightings.orphaned("o", dead)
    clock.time += 2
    assert sightings.orphaned("o", dead)
    assert not sightings.orphaned("another", dead)


def test_a_holder_that_comes_back_counts_as_alive():
    clock = Clock()
    sightings = Sightings(clock)
    sightings.note("o", record(renewed_at=now()))
    clock.time += records.TAKEOVER + 1
    assert not sightings.orphaned("o", record(renewed_at=now() + timedelta(seconds=1)))


def test_what_has_ended_is_forgotten():
    clock = Clock()
    sightings = Sightings(clock)
    one = record()
    sightings.note("o", one)
    sightings.note("o", msgspec.structs.replace(one, state="done"))
    clock.time += records.TAKEOVER + 1
    assert not sightings.orphaned("o", one)


def test_the_holder_gives_up_before_another_one_takes_over():
    assert records.RENEW * 2 < records.LEASE < records.TAKEOVER - records.RENEW


def test_one_that_has_ended_is_nobodys():
    assert not orphaned(record(state="done", holder=""))


def test_a_released_one_is_free_at_once():
    assert orphaned(record(holder=""))


def test_this_process_does_not_take_from_itself():
    assert not orphaned(record(holder=this_process(), renewed_at=None))


def test_a_killed_process_of_this_host_is_noticed_at_once():
    """By its start time, so a new process with the same number is not taken for it."""
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            CHILD,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert child.stdout is not None
    with child:
        holder = child.stdout.readline().strip()
        assert not orphaned(record(holder=holder))
        child.kill()
    assert orphaned(record(holder=holder))
    host, number, _ = holder.split("/")
    assert orphaned(record(holder=f"{host}/{os.getpid()}/1"))
    assert not orphaned(record(holder=f"otherhost:1/{number}/1"))
