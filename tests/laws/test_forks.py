"""A fork is what its source was, at every event of it: with what was recorded behind that it ends as the source did, and alone it lives."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from contracts.codec import pack
from contracts.commands import CreateExecution
from domain.definition.validate import check
from domain.execution.evolve import fold, initial
from domain.execution.state import Execution
from domain.replay.fork import Source, derive, normal
from domain.replay.forking import Wish, fork
from tests.domain.spec import Subject, World
from tests.laws.test_laws import Walk, definitions, walk

SHORT = 60
EXAMPLES = 10_000 if settings.get_current_profile_name() == "long" else SHORT


class Recorded:
    """The histories of a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def up_to(self, execution: str, version: int | None, until: int | None = None) -> Source:
        subject = self._world.subjects[execution]
        ends = [decision.first + len(decision.events) - 1 for decision in subject.decisions]
        count = len(ends) if version is None else 1 + next(index for index, end in enumerate(ends) if end >= version)
        return self._source(subject, count, 0 if until is None else len(ends))

    def before_time(self, execution: str, time: int | None) -> Source | None:
        subject = self._world.subjects.get(execution)
        count = 0 if subject is None else sum(time is None or decision.now < time for decision in subject.decisions)
        return None if subject is None or not count else self._source(subject, count, 0)

    def _source(self, subject: Subject, count: int, end: int) -> Source:
        before = subject.decisions[:count]
        state = fold(subject.graph, initial(subject.state.execution), before)
        following = subject.decisions[max(count, end) : max(count, end) + 1]
        return Source(subject.graph, state, lambda: before, subject.decisions[count:end], following[0] if following else None)


def created(world: World, name: str, command: CreateExecution, now: int) -> Subject:
    subject = Subject(world.subjects["x"].graph, name, world.limits, world.blobs)
    subject.ask(command, now)
    return subject


def ending(state: Execution) -> tuple[Any, ...]:
    return state.status, state.outcome, state.output, pack(state.failure), state.cancelling


@settings(max_examples=EXAMPLES, deadline=None, print_blob=True, derandomize=EXAMPLES == SHORT, suppress_health_check=list(HealthCheck))
@given(definitions(), st.randoms(use_true_random=False))
def test_a_fork_at_every_event_with_what_is_recorded_behind_it_ends_as_its_source_did(
    definition: dict[str, Any], chance: random.Random
) -> None:
    assume(not check(definition, {}, strict_kinds=False).problems)
    world = walk(definition, chance)
    histories, subject = Recorded(world), world.subjects["x"]
    assert subject.state.is_ended
    before = [pack(decision) for decision in subject.decisions]
    for version in range(1, subject.state.version + 1):
        found = derive(histories.up_to("x", version, 0), None, (), world.blobs.__getitem__)
        assert pack(found.state) == pack(normal(subject.state))
        made = fork(histories, Wish("x", version, until=0), world.blobs.__getitem__)
        forked = created(world, f"f{version}", made.creation, world.now)
        assert ending(forked.state) == ending(subject.state)
        forked.verify()
    assert [pack(decision) for decision in subject.decisions] == before


@settings(max_examples=EXAMPLES, deadline=None, print_blob=True, derandomize=EXAMPLES == SHORT, suppress_health_check=list(HealthCheck))
@given(definitions(), st.randoms(use_true_random=False))
def test_a_fork_at_any_event_lives_to_an_end_of_its_own_and_is_decided_again_alike(
    definition: dict[str, Any], chance: random.Random
) -> None:
    assume(not check(definition, {}, strict_kinds=False).problems)
    walked = Walk(definition, chance)
    world = walked.run()
    was = world.subjects["x"].decisions.copy()
    forks = [f"f{number}" for number in range(3)]
    for name in forks:
        version = chance.randrange(world.subjects["x"].state.version) + 1
        made = fork(Recorded(world), Wish("x", version), world.blobs.__getitem__)
        world.send(made.creation, execution=name)
    walked.finish()
    for name, subject in world.subjects.items():
        assert subject.state.is_ended, name
        subject.verify()
    assert world.subjects["x"].decisions == was
