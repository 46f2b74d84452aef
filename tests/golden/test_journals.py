"""Journals that builds before have written: each is read, verified with the digests it has, and gone on with.

`schema_2.json` was written before decisions said who asked (`actor`, `correlation`): its records in hex, a snapshot, a command on its way.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.caller import Caller
from contracts.codec import decode_envelope, decode_record
from contracts.commands import CreateExecution, Envelope, SendSignal
from contracts.journal import SCHEMA, Checkpoint, Decided
from domain.execution.history import Entry, read_entries
from projections.history import HistoryPresenter
from tests.workers.harness import Bench, FaultyLog
from workers.partition.snapshot import decode_snapshot

FOLDER = Path(__file__).parent / "journals"


@pytest.fixture
def before() -> dict[str, Any]:
    """What was there when this build came."""
    found: dict[str, Any] = json.loads((FOLDER / "schema_2.json").read_text())
    return found


@pytest.fixture
def bench(before: dict[str, Any]) -> Bench:
    """This build on a log of the one before."""
    log = FaultyLog()
    for topic in ("definitions", "journal"):
        log.append(topic, {0: [bytes.fromhex(one) for one in before[topic]]})
    return Bench(log)


def test_a_journal_from_before_there_were_actors_is_verified_and_gone_on_with(bench: Bench, before: dict[str, Any]) -> None:
    assert bench.verify().divergences == []
    assert (bench.status("done"), bench.status("open")) == ("completed", "running")
    bench.ask("open~sub", SendSignal("s", "go", b"2"))
    bench.move()
    assert bench.status("open") == "completed"
    assert bench.verify().divergences == []
    kept = [content.hex() for _, content in bench.log.read("journal", 0, 0, len(before["journal"]))]
    assert kept == before["journal"]


def test_its_decisions_keep_their_digests(bench: Bench, before: dict[str, Any]) -> None:
    records = [decode_record(bytes.fromhex(one)) for one in before["journal"]]
    digests = [record.digest for record in records if isinstance(record, Decided)]
    found = [entry for entry in read_entries(bench.log.read("journal", 0), Checkpoint()) if isinstance(entry, Entry)]
    assert [entry.digest for entry in found if entry.decision.schema < SCHEMA] == digests


def test_what_was_decided_then_tells_of_nobody(bench: Bench) -> None:
    presenter = HistoryPresenter()
    events = [event for entry in bench.entries("done") for event in presenter.present(entry.decision)]
    assert {(event.actor, event.correlation_id) for event in events} == {(None, None)}


def test_what_an_execution_from_before_is_asked_now_says_who_asks(bench: Bench) -> None:
    bench.ask("open~sub", SendSignal("s", "go", b"2"), Caller("ada", "r-1"))
    bench.move()
    decisions = {name: bench.entries(name)[-1].decision for name in ("open~sub", "open")}
    signalled = next(entry.decision for entry in bench.entries("open~sub") if isinstance(entry.decision.command, SendSignal))
    assert (signalled.actor, signalled.correlation) == ("ada", "r-1")
    assert {(one.actor, one.correlation) for one in decisions.values()} == {("", "")}, "they go back to what nobody has written down"


def test_a_command_on_its_way_from_then_is_read(before: dict[str, Any]) -> None:
    assert decode_envelope(bytes.fromhex(before["command"])) == Envelope("?m:1", "open", SendSignal("s2", "go", b"2"))


def test_a_snapshot_from_then_is_thrown_away_and_costs_a_fold(bench: Bench, before: dict[str, Any]) -> None:
    content = bytes.fromhex(before["snapshot"])
    assert decode_snapshot(content) is None
    bench.snapshots.save(0, content)
    bench.restart()
    assert bench.status("open") == "running"


def test_the_journal_is_one_of_the_schema_it_is_named_after(bench: Bench) -> None:
    assert {entry.decision.schema for entry in bench.entries("done")} == {2}
    assert SCHEMA > 2
    assert isinstance(bench.entries("done")[0].decision.command, CreateExecution)
