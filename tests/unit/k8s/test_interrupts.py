"""Ending requests from outside."""

from __future__ import annotations

import socket
import threading

import pytest

from netapp_jlab.errors import Cancelled
from netapp_jlab.k8s.interrupts import Exchange, Interrupt, Watchdog
from netapp_jlab.k8s.retries import Backoff

from .server import eventually


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5)
        yield ours


def test_cutting_wakes_the_reader(pair):
    exchange = Exchange()
    exchange.attach(pair)
    threading.Timer(0.05, exchange.cut).start()
    assert pair.recv(1) == b""
    assert exchange.was_cut
    assert not exchange.late


def test_a_cut_before_the_socket_is_known_counts(pair):
    exchange = Exchange()
    exchange.cut(late=True)
    exchange.attach(pair)
    assert pair.recv(1) == b""
    assert exchange.late


def test_what_is_over_is_left_alone(pair):
    exchange = Exchange()
    exchange.attach(pair)
    exchange.finish()
    exchange.cut()
    assert not exchange.was_cut
    pair.settimeout(0.05)
    with pytest.raises(TimeoutError):
        pair.recv(1)


def test_tls_within_tls_is_unwrapped(pair):
    class Wrapped:
        socket = pair

    exchange = Exchange()
    exchange.attach(Wrapped())
    exchange.cut()
    exchange.cut()
    assert pair.recv(1) == b""


def test_a_closed_socket_does_no_harm(pair):
    exchange = Exchange()
    exchange.attach(pair)
    pair.close()
    exchange.cut()
    assert exchange.was_cut


def test_an_interrupt_stops_what_runs_and_what_follows(pair):
    interrupt, exchange = Interrupt(), Exchange()
    interrupt.begin(exchange)
    exchange.attach(pair)
    interrupt.set()
    assert exchange.was_cut
    with pytest.raises(Cancelled):
        interrupt.begin(Exchange())
    with pytest.raises(Cancelled):
        interrupt.sleep(10)


def test_an_interrupt_forgets_what_is_over():
    interrupt, exchange = Interrupt(), Exchange()
    interrupt.begin(exchange)
    interrupt.end(exchange)
    interrupt.set()
    assert not exchange.was_cut


def test_the_watchdog_bites_in_time_and_in_order():
    watchdog = Watchdog()
    late, soon, over = Exchange(), Exchange(), Exchange()
    watchdog.watch(late, 0.2)
    watchdog.watch(over, 0.05)
    watchdog.watch(soon, 0.05)
    over.finish()
    eventually(lambda: soon.late)
    assert not late.late
    eventually(lambda: late.late)
    assert not over.was_cut


def test_the_watchdogs_thread_ends_and_comes_back():
    watchdog, first, second = Watchdog(), Exchange(), Exchange()
    watchdog.watch(first, 0.0)
    eventually(lambda: first.late and watchdog._thread is None)
    watchdog.watch(second, 0.0)
    eventually(lambda: second.late)


def test_a_closed_watchdog_still_guards_what_is_under_way():
    watchdog, over, running = Watchdog(), Exchange(), Exchange()
    watchdog.watch(over, 60.0)
    watchdog.watch(running, 0.2)
    over.finish()
    watchdog.close()
    eventually(lambda: running.late and watchdog._thread is None)


def test_pauses_grow_to_a_limit_and_begin_anew():
    backoff = Backoff(first=1.0, longest=5.0, rng=lambda: 1.0)
    assert [backoff.next() for _ in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]
    backoff.reset()
    assert backoff.next() == 1.0
    assert Backoff(first=1.0, rng=lambda: 0.0).next() == 0.5
