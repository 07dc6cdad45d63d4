"""Whatever happens to the watches, the copy becomes equal to the cluster, and so do listeners."""

from __future__ import annotations

from typing import Any, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from netapp_jlab.k8s import kinds
from netapp_jlab.k8s.informer import Informer
from netapp_jlab.k8s.retries import Backoff
from netapp_jlab.k8s.wire import Claim

from .server import eventually
from .world import Replay, World

NAMES = st.sampled_from("abc")


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
        self.started = False

    @rule(name=NAMES, anew=st.booleans())
    def put(self, name, anew):
        self.world.put(name, anew=anew)

    @rule(name=NAMES)
    def remove(self, name):
        self.world.remove(name)

    @rule()
    def bookmark(self):
        self.world.bookmark()

    @rule(which=st.integers(0, 20))
    def repeat(self, which):
        self.world.repeat(which)

    @rule(how=st.sampled_from(["end", "break", "expire"]), forget=st.booleans())
    def cut(self, how, forget):
        if forget:
            self.world.forget()
        self.world.cut(how)

    @rule(times=st.integers(1, 3))
    def fail(self, times):
        self.world.fail(times)
        self.world.cut("break")

    @precondition(lambda self: not self.started)
    @rule()
    def start(self):
        self.informer.start()
        self.started = True

    @precondition(lambda self: self.started)
    @rule()
    def settle(self):
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
        self.informer.start()
        self.settle()
        self.informer.stop(1.0)


TestInformer = InformerMachine.TestCase
TestInformer.settings = settings(
    max_examples=80, stateful_step_count=25, deadline=None, derandomize=True
)
