"""An execution of any definition changes over to another version of it at any moment: to an equal one nothing is otherwise, to one with
more in it it runs to its end, and from there it goes back as it was.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts import events as e
from contracts.codec import pack
from contracts.commands import ChangeDefinition, Command
from domain.definition.validate import check
from domain.execution.paths import node_in_definition
from domain.execution.state import Execution
from tests.domain.spec import Subject
from tests.domain.versions import Versions, back_from, to
from tests.laws.test_laws import Walk, definitions
from tests.projections.test_trace import check_trace

SHORT = 60
EXAMPLES = 10_000 if settings.get_current_profile_name() == "long" else SHORT
MOMENTS = (0, 0, 1, 5, 15)
LAWS = settings(
    max_examples=EXAMPLES, deadline=None, print_blob=True, derandomize=EXAMPLES == SHORT, suppress_health_check=list(HealthCheck)
)


class Migrated(Walk):
    """One that is told at some moment to change over; `then` is what is done about it."""

    def __init__(self, definition: dict[str, Any], other: dict[str, Any], chance: random.Random, then: Callable[[Migrated], None]) -> None:
        assume(not check(definition, {}, strict_kinds=False).problems)
        assume(not check(other, {}, strict_kinds=False).problems)
        super().__init__(definition, chance)
        self.world.graphs["w"] = Versions(definition, other)[1]
        self._deliver, self._then = self.world._deliver, then
        self.world._deliver = self.deliver  # type: ignore[method-assign]  # it looks on
        self.world.at(chance.choice(MOMENTS), to(2))
        self.run()

    @property
    def subject(self) -> Subject:
        return self.world.subjects["x"]

    def deliver(self, execution: str, command: Command) -> None:
        """Whatever comes, in its turn."""
        if isinstance(command, ChangeDefinition) and execution in self.world.subjects:
            self._then(self)
        else:
            self._deliver(execution, command)

    def ask(self, command: Command) -> list[type]:
        """What follows at once from a command; nothing where it is refused."""
        before = len(self.subject.decisions)
        self._deliver("x", command)
        return [type(event) for decision in self.subject.decisions[before:] for event in decision.events]


def as_it_is(state: Execution) -> bytes:
    """All of a state but which version it goes by."""
    return pack(replace(state, version=0, now=0, workflow_version=0, definition="", changed=None))


def there_and_back(walked: Migrated) -> None:
    """Change over to what is the same, and back: both are all that happens."""
    state = walked.subject.state
    before, is_ending = as_it_is(state), state.is_ended or state.cancelling or state.ending is not None or bool(state.undoing)
    for command, number in ((to(2), 2), (back_from(2), 1)):
        found = walked.ask(command)
        assert found == ([] if is_ending else [e.DefinitionChanged]), walked.world.rejections[-1:]
        assert as_it_is(walked.subject.state) == before
        assert walked.subject.state.workflow_version == (1 if is_ending else number)


@LAWS
@given(definitions(), st.randoms(use_true_random=False))
def test_to_change_over_to_an_equal_definition_and_back_changes_no_state(definition: dict[str, Any], chance: random.Random) -> None:
    walked = Migrated(definition, definition | {"description": "the same"}, chance, there_and_back)
    assert walked.subject.state.is_ended
    walked.subject.verify()


@LAWS
@given(definitions(), st.randoms(use_true_random=False))
def test_an_execution_that_changes_over_at_any_moment_to_one_with_more_in_it_runs_to_its_end(
    definition: dict[str, Any], chance: random.Random
) -> None:
    def change_over(walked: Migrated) -> None:
        before = pack(walked.subject.state)
        if not walked.ask(to(2)):
            assert pack(walked.subject.state) == before
            assert walked.world.rejections[-1][1].reason in ("not_migrated", "already_ended", "quarantined")

    walked = Migrated(definition, with_more(definition, chance), chance, change_over)
    for one in walked.world.subjects.values():
        assert one.state.is_ended
        one.verify()


@LAWS
@given(definitions(), st.randoms(use_true_random=False))
def test_to_change_over_to_one_that_only_calls_nodes_otherwise_and_back_changes_no_state_and_the_trace_follows(
    definition: dict[str, Any], chance: random.Random
) -> None:
    called = {node: node.replace("n", "called") for node in set(re.findall(r"\bn\d+\b", json.dumps(definition))) if chance.random() < 0.5}

    def there_and_back_by_names(walked: Migrated) -> None:
        state, graph = walked.subject.state, walked.subject.graph
        places = [node_in_definition(node) for node in graph.nodes]
        names = [(place, otherwise(place, called)) for place in places if place.rpartition("/")[2] in called]
        before = as_it_is(state)
        if not walked.ask(replace(to(2), names=tuple(names))):
            assert as_it_is(walked.subject.state) == before
            return
        assert not set(walked.subject.state.runs) & set(called)
        walked.ask(back_from(2))
        assert as_it_is(walked.subject.state) == before

    walked = Migrated(definition, json.loads(otherwise(json.dumps(definition), called)), chance, there_and_back_by_names)
    assert walked.subject.state.is_ended
    walked.subject.verify()
    check_trace(walked.subject.begun_by, walked.subject.decisions)


def otherwise(text: str, called: dict[str, str]) -> str:
    """The same with other names for nodes."""
    return re.sub(r"\bn\d+\b", lambda found: called.get(found[0], found[0]), text)


def with_more(definition: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The definition with a node behind one of its own, or behind nothing."""
    nodes = definition["nodes"]
    behind = chance.choice([*(node["id"] for node in nodes if node["type"] not in ("end", "fail", "break", "continue")), None])
    edges = [] if behind is None else [{"from": behind, "to": "added"}]
    return definition | {"nodes": [*nodes, {"id": "added", "type": "work"}], "edges": [*definition.get("edges", []), *edges]}
