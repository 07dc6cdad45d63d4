"""Asking a mover over a connection that may break at any time."""

from __future__ import annotations

import pytest

from netapp_jlab.errors import Cancelled
from netapp_jlab.k8s.exec import Ended
from netapp_jlab.mover import wire
from netapp_jlab.services import talks
from netapp_jlab.services.talks import Broken, Refusal, Talk, Talks


class Line:
    """A channel that answers as told; None stands for silence, an exception for itself."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.sent = []
        self.closed = False

    def send(self, data, *, timeout):
        assert timeout > 0
        self.sent.append(wire.decode(data))

    def receive(self, timeout):
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, dict):
            return wire.encode({"id": self.sent[-1]["id"], **answer})
        return answer or b""

    def close(self):
        self.closed = True


def never():
    pass


def test_parts_come_before_the_end():
    line = Line({"alive": True}, None, {"part": 1}, {"part": 2}, {"ok": "end"})
    parts = []
    assert Talk(line).ask("list", cancel=never, on_part=parts.append, path="") == "end"
    assert parts == [1, 2]
    assert line.sent == [{"id": 1, "do": "list", "path": ""}]


def test_pieces_of_lines():
    line = Line(b'{"id":1,', b'"ok"', b':5}\n{"id":2,"ok":6}\n')
    talk = Talk(line)
    assert talk.ask("a", cancel=never) == 5
    assert talk.ask("b", cancel=never) == 6


def test_an_error():
    talk = Talk(Line({"error": "NotThere", "message": "gone"}, {"ok": 1}))
    with pytest.raises(Refusal, match="gone") as refused:
        talk.ask("read", cancel=never)
    assert refused.value.kind == "NotThere"
    assert talk.ask("read", cancel=never) == 1


@pytest.mark.parametrize("answer", [b"no json\n", b"[]\n", {"error": 5}, Ended(None, "cut")])
def test_what_is_no_answer(answer):
    with pytest.raises(Broken):
        Talk(Line(answer)).ask("read", cancel=never)


def test_an_answer_without_end(monkeypatch):
    monkeypatch.setattr(wire, "MAX_LINE", 10)
    with pytest.raises(Broken, match="no end"):
        Talk(Line(b"x" * 30)).ask("read", cancel=never)


def test_silence(monkeypatch):
    monkeypatch.setattr(talks, "SILENCE", 0.0)
    with pytest.raises(Broken, match="silent"):
        Talk(Line()).ask("read", cancel=never)


def test_a_connection_is_used_again():
    made = []

    def connect():
        made.append(Line({"ok": 1}, {"ok": 2}))
        return made[-1]

    pool = Talks(connect)
    assert [pool.ask("a", cancel=never), pool.ask("b", cancel=never)] == [1, 2]
    assert (len(made), pool.open) == (1, 1)
    pool.close()
    assert made[0].closed
    assert pool.open == 0


def test_one_that_broke_while_it_was_idle_is_replaced():
    lines = [Line({"ok": 1}, Ended(None, "")), Line({"ok": 2})]
    made = iter(lines)
    pool = Talks(lambda: next(made))
    assert [pool.ask("a", cancel=never), pool.ask("b", cancel=never)] == [1, 2]
    assert lines[0].closed
    assert pool.open == 1


def test_one_that_was_given_up_is_closed():
    line = Line()
    calls = []

    def cancel():
        calls.append(1)
        if len(calls) > 3:
            raise Cancelled("stop")

    pool = Talks(lambda: line)
    with pytest.raises(Cancelled):
        pool.ask("read", cancel=cancel)
    assert line.closed
    assert pool.open == 0


def test_no_connection():
    def connect():
        raise Broken("no")

    pool = Talks(connect)
    with pytest.raises(Broken):
        pool.ask("a", cancel=never)
    assert pool.open == 0
