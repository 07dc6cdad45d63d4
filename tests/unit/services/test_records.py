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
from netapp_jlab.services.records import Record, Ref, decode, now, this_process

CHILD = """
from netapp_jlab.services.records import this_process
print(this_process(), flush=True)
input()
"""


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


def test_a_renewed_lease_is_respected():
    assert not record().orphaned(now())
    assert not record().orphaned(now() + timedelta(seconds=records.TAKEOVER - 1))
    assert record().orphaned(now() + timedelta(seconds=records.TAKEOVER + 1))


def test_the_holder_gives_up_before_another_one_takes_over():
    assert records.RENEW * 2 < records.LEASE < records.TAKEOVER - records.RENEW


def test_one_that_has_ended_is_nobodys():
    assert not record(state="done", holder="").orphaned(now())


def test_a_released_one_is_free_at_once():
    assert record(holder="").orphaned(now())


def test_this_process_does_not_take_from_itself():
    assert not record(holder=this_process(), renewed_at=None).orphaned(now())


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
        assert not record(holder=holder).orphaned(now())
        child.kill()
    assert record(holder=holder).orphaned(now())
    host, number, _ = holder.split("/")
    assert record(holder=f"{host}/{os.getpid()}/1").orphaned(now())
    assert not record(holder=f"otherhost:1/{number}/1").orphaned(now())
