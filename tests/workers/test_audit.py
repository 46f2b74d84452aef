"""The audit: every decision that somebody outside has asked for is a row, and no other one is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import commands as c
from contracts.caller import Caller
from contracts.catalog import DefinitionSource
from contracts.dead_letter import LetterAct
from contracts.events import Event
from contracts.person import Person
from infra.store.sqlite import SqliteReadModels
from projections.audit import (
    AUDIT,
    DEFINITIONS,
    LETTERS,
    OUTSIDE,
    AuditRecord,
    Wanted,
    audit_of,
    audit_value,
    audit_where,
    definition_act,
    letter_act,
    merged,
)  # fmt: skip
from projections.registry import READ_MODELS
from tests.workers.harness import Bench
from tests.workers.test_caller import ADA, BOB, CHILD, EMITS, PARENT
from tests.workers.test_projector import projector

STUCK: dict[str, Any] = {
    "name": "stuck", "variables": {"n": 0},
    "nodes": [{"id": "d", "type": "transform", "config": {"operation": "value", "value": "{{ 1 / vars.n }}"}}],
}  # fmt: skip
LIMITED: dict[str, Any] = {**CHILD, "name": "limited", "settings": {"concurrency": {"limit": 1}}}
ASKS: dict[str, Any] = {"name": "asks", "nodes": [{"id": "t", "type": "human_task", "config": {"question": "Go on?"}}]}
Ask = tuple[str, c.Command, Caller]


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.publish(CHILD, PARENT, EMITS, STUCK, LIMITED, ASKS)
    return made


def rows(bench: Bench, folder: Path, batch: int = 5_000, **wanted: Any) -> list[AuditRecord]:
    models = SqliteReadModels(folder / f"{batch}.db", READ_MODELS)
    try:
        made = projector(bench.log, models, batch)
        while made.step():
            pass
        return list(models.select(audit_where(Wanted(**wanted), limit=1_000)))
    finally:
        models.close()


def everything(bench: Bench) -> None:
    """All that one may ask, by two people, among much that nobody has asked for."""
    bench.start("child", execution="x", caller=ADA)
    bench.start("child", execution="y", caller=BOB, autostart=False)
    bench.start("parent", execution="p", caller=ADA)
    bench.start("emits", execution="e", caller=BOB)
    bench.start("stuck", execution="s", caller=ADA)
    bench.start("limited", execution="l1", caller=ADA)
    bench.start("limited", execution="l2", caller=BOB)
    bench.start("asks", execution="t", caller=ADA)
    bench.move()
    asked: list[Ask] = [
        ("x", c.PauseExecution("lunch"), BOB), ("x", c.SendSignal("1", "go", b"1"), ADA), ("x", c.ResumeExecution(), BOB),
        ("y", c.StartExecution(), ADA), ("y", c.TerminateExecution("enough"), BOB), ("p", c.CancelExecution("no"), ADA),
        ("s", c.ResolveIncident("1", "fail"), BOB), ("t", c.ClaimTask("t", 1, Person("ada")), ADA),
        ("t", c.ReleaseTask("t", 1, Person("ada")), ADA), ("t", c.DelegateTask("t", 1, "bob", Person("ada")), ADA),
        ("t", c.CommentTask("t", 1, "1", Person("bob"), "hm"), BOB), ("t", c.AnswerTask("t", 1, "approved", Person("bob")), BOB),
    ]  # fmt: skip
    for execution, command, caller in asked:
        bench.ask(execution, command, caller)
        bench.move()


@pytest.mark.parametrize("batch", [1, 3, 5_000])
def test_every_decision_that_somebody_asked_for_is_a_row_and_no_other(bench: Bench, tmp_path: Path, batch: int) -> None:
    everything(bench)
    found = rows(bench, tmp_path, batch)
    names = ["x", "y", "p", "p~sub", "e", "s", "l1", "l2", "t"]
    entries = [(bench.entries(name)[0].offset, entry) for name in names for entry in bench.entries(name)]
    expected = {
        (number, entry.decision.first)
        for number, entry in entries
        if entry.decision.actor and entry.decision.events and isinstance(entry.decision.command, OUTSIDE)
    }
    assert {(row.number, row.version) for row in found} == expected
    done = {type_.__name__ for type_ in OUTSIDE} - {
        "ReleaseExecution",
        "EraseExecution",
        "SteerBreaker",
    }  # tests/api/test_erase.py, test_breakers.py
    assert {row.command for row in found} == done, "the scenario is to have one of each"
    assert [row.at for row in found] == sorted((row.at for row in found), reverse=True)


def test_a_row_says_who_what_and_in_which_request(bench: Bench, tmp_path: Path) -> None:
    everything(bench)
    (row,) = rows(bench, tmp_path, command="ResolveIncident")
    value = audit_value(row)
    assert (value["actor"], value["execution_id"], value["workflow"], value["about"]) == ("bob", "s", "stuck", "1: fail")
    signal = rows(bench, tmp_path, command="SendSignal", execution="x")[0]
    assert (signal.actor, signal.about, signal.correlation) == ("ada", "go", "request-1")
    assert {row.execution for row in rows(bench, tmp_path, actor="bob", workflow="child")} == {"x", "y"}


def test_every_event_that_a_command_begins_with_is_heard() -> None:
    """Whoever adds a command for people adds what it leads to: the audit hears nothing else."""
    heard: frozenset[type[Event]] = next(model for model in READ_MODELS if model.name == "audit").events
    assert {"ExecutionReleased", "CommandHeld", "IncidentResolved", "ExecutionCreated"} <= {event.__name__ for event in heard}


# With what is beside the journal.

RECORDS = st.builds(
    AuditRecord, st.integers(0, 5), st.integers(0, 2), st.integers(1, 4), st.sampled_from("ab"), st.sampled_from("CD"),
    st.sampled_from([None, "x"]), st.sampled_from([None, "w"]), st.just(""), st.just("r"),
)  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from([0, 1, DEFINITIONS, LETTERS]), RECORDS), max_size=12, unique_by=lambda one: (one[0], one[1][:2])),
    st.integers(1, 4),
)
def test_pages_skip_and_double_nothing_wherever_a_row_comes_from(found: list[tuple[int, AuditRecord]], limit: int) -> None:
    seen, after = list[AuditRecord](), None
    others = {partition: [row for at, row in found if at == partition] for partition in (DEFINITIONS, LETTERS)}
    everything = merged([(row, AUDIT.cursor(row, at)) for at, row in found if at < DEFINITIONS], others, Wanted(), None, 100)
    while True:
        left = [one for one in everything if after is None or everything.index(one) > [cursor for _, cursor in everything].index(after)]
        page = merged([one for one in left if one[1].partition < DEFINITIONS], others, Wanted(), after, limit)
        seen += [row for row, _ in page]
        if len(page) < limit:
            break
        after = page[-1][1]
    assert seen == [row for row, _ in everything]
    assert len(seen) == len(found)


def test_texts_of_definitions_and_beginnings_of_sending_are_nobodys_act() -> None:
    assert definition_act(0, DefinitionSource("w", "h", "yaml", b"", 1)) is None
    for act in ("sending", "failed", "of a newer version"):
        assert letter_act(0, LetterAct(0, act, 1, "ada", "r", "", 1)) is None


def test_a_decision_of_the_engine_itself_is_no_row(bench: Bench) -> None:
    bench.start("child", execution="x")
    bench.move()
    assert [audit_of(0, entry.decision, "child", "") for entry in bench.entries("x")] == [None]
