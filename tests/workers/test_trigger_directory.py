"""Which triggers there are and since when, and how far they are: folded from what was published, written and fired."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import codec
from contracts.errors import Rejected
from contracts.resources import TriggersAdvanced, read_resource_record
from contracts.triggers import PAUSES, TRIGGERS, Fired, cause_id
from domain.definition.validate import publishable
from infra.clock import ManualClock
from infra.log.memory import MemoryLog
from workers.partition.catalog import Catalog
from workers.partition.resources import Resources
from workers.triggers.directory import Directory

STORED = "940281a3772e61099197a3772e61a1310aa27831a0a0010a"


class Made:
    def __init__(self) -> None:
        self.log, self.clock = MemoryLog(), ManualClock(1_000)
        self.read()

    def read(self) -> Made:
        """As a process that begins now reads it."""
        self.catalog, self.resources = Catalog(self.log, self.clock), Resources(self.log, self.clock)
        self.directory = Directory(self.catalog, self.resources)
        return self

    def publish(self, *triggers: dict[str, Any], activate: bool = False, **more: Any) -> None:
        document = {"name": "w", "nodes": [{"id": "n", "type": "noop"}], "triggers": list(triggers), **more}
        self.catalog.publish(publishable(document, {"noop": None}), activate)

    def since(self) -> dict[str, int]:
        return {name: one.since for name, one in self.directory.all().items()}


def manual(id_: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, "type": "manual", **more}


def test_a_trigger_that_says_the_same_goes_on_over_versions_and_one_that_changes_is_new() -> None:
    made = Made()
    made.publish(manual("a"), manual("b"))
    made.clock.advance(10)
    made.publish(manual("b"), manual("a", input=1), description="second")
    made.clock.advance(10)
    made.publish(manual("b"), description="third")
    made.clock.advance(10)
    made.publish(manual("b"), manual("a", input=1), description="fourth")
    expected = {"w.b": 1_000, "w.a": 1_030}
    assert made.since() == made.read().since() == expected


def test_an_archived_workflow_has_none_and_activated_again_they_are_new() -> None:
    made = Made()
    made.publish(manual("a"))
    made.clock.advance(10)
    made.catalog.archive("w")
    assert made.since() == {}
    made.clock.advance(10)
    made.catalog.activate("w", 1)
    assert made.since() == made.read().since() == {"w.a": 1_020}


def test_a_trigger_counts_from_when_it_was_resumed() -> None:
    made = Made()
    made.publish(manual("a"))
    trigger = made.directory.get("w.a")
    made.resources.write(PAUSES, "w.a", b'{"reason":"closed"}', "ada")
    pause = made.directory.pause_of("w.a")
    assert pause is not None
    assert (tuple(pause), made.directory.begins(trigger)) == (("closed", "ada", 1_000), 1_000)
    made.clock.advance(10)
    made.resources.delete(PAUSES, "w.a", "bob")
    assert (made.directory.pause_of("w.a"), made.read().directory.begins(trigger)) == (None, 1_010)


def test_one_that_is_made_by_hand_stands_beside_those_of_definitions() -> None:
    made = Made()
    made.publish(manual("a"))
    before = made.directory.revision
    made.resources.write(TRIGGERS, "Mine", b'{"workflow":"w","trigger":{"type":"manual"}}', "ada")
    found = made.directory.get("Mine")
    assert (found.id, found.workflow, found.type, found.is_by_hand, list(made.directory.all())) == (
        "Mine",
        "w",
        "manual",
        True,
        ["w.a", "Mine"],
    )
    assert made.directory.revision != before
    with pytest.raises(Rejected, match="there is no trigger Other"):
        made.directory.get("Other")


def test_a_definition_that_cannot_be_read_has_no_triggers_and_harms_no_other() -> None:
    made = Made()
    for content in (b'{"triggers":[7]}', b'{"triggers":[{"id":"a"}]}', b'{"triggers":{}}', b'"triggers"', b"{"):
        made.catalog.triggers.take("odd", content, 0)
    assert made.since() == {}


def test_the_highest_position_holds_whoever_says_it_in_whichever_order() -> None:
    made = Made()
    for position in (5, 9, 7, 9):
        made.resources.advance({"w.a": position, f"w.{position}": 1})
    assert made.resources.triggers.positions == made.read().resources.triggers.positions == {"w.a": 9, "w.5": 1, "w.9": 1, "w.7": 1}


def test_what_was_started_last_and_what_was_passed_over_is_told() -> None:
    made = Made()
    made.publish(manual("a"))
    made.resources.advance({}, [Fired("w.a", "1", 10, "x1"), Fired("w.a", "2", 20, reason="paused", count=3)])
    made.resources.advance({}, [Fired("w.a", "0", 5, "x0"), Fired("w.a", "3", 30, reason="paused")])
    status = made.read().directory.status(made.directory.get("w.a"))
    assert (status.last, [one.cause for one in status.skipped]) == (Fired("w.a", "1", 10, "x1"), ["3", "2"])


def test_a_record_that_was_stored_is_read_for_ever() -> None:
    record = TriggersAdvanced({"w.a": 9}, (Fired("w.a", "1", 10, "x1"),), 10)
    assert codec.pack(record).hex() == STORED
    assert read_resource_record(bytes.fromhex(STORED)) == record


@pytest.mark.parametrize("cause", ["", "a", "ü", "\ud800", "x" * 1_000, "1/2"])
def test_an_id_is_made_of_workflow_trigger_and_cause(cause: str) -> None:
    found = cause_id("w", "w.a", cause)
    assert found == cause_id("w", "w.a", cause)
    others = {cause_id("v", "w.a", cause), cause_id("w", "w.b", cause), cause_id("w", "w.a", cause + "x"), cause_id("w", "w.a", cause, 3)}
    assert found not in others
    assert len(others) == 4
