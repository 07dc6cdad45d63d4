"""Whatever happens to the watches, the copy becomes equal to the cluster, and so do listeners."""

from __future__ import annotations

from typing import Any, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from netapp_jlab.k8s import kinds
from netapp_jlab.k8s.informer import Informer
from netapp_jlab.k8s.retries import Backoff
from netapp_jlab.k8s.wire import Claim

from .server import eventually
from .world import Replay, World

NAMES = st.sampled_from("abc")
CHANGES = st.lists(
    st.tuples(st.sampled_from(["put", "anew", "remove"]), NAMES), min_size=1, max_size=4
)
CUTS = st.sampled_from(["end", "break", "expire"])


class InformerMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.replay = Replay()
        self.informer: Informer[Claim] = Informer(
            cast(Any, self.world),
            kinds.CLAIMS,
            self.replay,
            backoff=Backoff(first=0.0005, longest=0.001),
        )

    @initialize(names=st.lists(NAMES))
    def start(self, names):
        for name in names:
            self.world.put(name)
        self.informer.start()

    @rule(changes=CHANGES)
    def change(self, changes):
        for what, name in changes:
            if what == "remove":
                self.world.remove(name)
            else:
                self.world.put(name, anew=what == "anew")

    @rule(changes=CHANGES, how=CUTS, forget=st.booleans(), failures=st.integers(0, 2))
    def change_while_the_connection_is_lost(self, changes, how, forget, failures):
        with self.world.silence():
            self.change(changes)
            if forget:
                self.world.forget()
            self.world.fail(failures)
            self.world.cut(how)

    @rule(changes=CHANGES, how=CUTS)
    def cut_between_two_changes(self, changes, how):
        self.world.cut(how)
        self.change(changes)
        self.world.cut(how)

    @rule(which=st.integers(0, 20))
    def repeat(self, which):
        self.world.repeat(which)

    @rule()
    def bookmark(self):
        self.world.bookmark()

    @invariant()
    def settles(self):
        eventually(self.agrees)
        assert self.replay.wrong == []

    def agrees(self) -> bool:
        return (
            self.informer.synced
            and self.informer.stale_since is None
            and dict(self.informer.items()) == self.world.claims
            and self.replay.state == self.world.claims
        )

    def teardown(self):
        self.informer.stop(1.0)


TestInformer = InformerMachine.TestCase
TestInformer.settings = settings(
    max_examples=40, stateful_step_count=20, deadline=None, derandomize=True
)
