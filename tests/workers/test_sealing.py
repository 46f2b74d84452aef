"""Executions that are sealed, and erased: what is stored of them, before, in between and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from contracts.caller import Caller
from contracts.codec import decode_record
from contracts.commands import CompleteActivity, EraseExecution, SendSignal, TerminateExecution
from contracts.errors import AppendUnknown, LogCorrupt, LogFull, Rejected
from contracts.journal import Decided, Sealed
from contracts.key import NO_KEY
from contracts.ports.keys import NoKeys
from infra.files.snapshots import MemorySnapshots
from infra.keys.opening import OpeningLog
from infra.keys.ring import KeyRing, MemoryVault
from infra.server.wiring import build_engine
from tests.workers.harness import Bench, payload, rewrite, sequence
from workers.partition.ended import closed_at
from workers.partition.recovery import recover
from workers.partition.snapshot import decode_snapshot

SECRET = "MARKER-Ada Lovelace"
SEALED: dict[str, Any] = {"settings": {"erasable": True}}
WAITS = {
    "name": "waits",
    "nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}, {"id": "last", "type": "noop"}],
    "edges": [{"from": "wait.received", "to": "last"}],
    **SEALED,
}
PARENT = {
    "name": "parent",
    "nodes": [{"id": "sub", "type": "sub_workflow", "config": {"workflow": "child", "input": "{{ input }}"}}],
    **SEALED,
}
BIG = {"who": SECRET * 5_000}


def stored(bench: Bench) -> bytes:
    """Everything that the engine has put anywhere."""
    topics = ("journal", "commands", "dead-letters", "definitions")
    contents = [content for topic in topics for _, content in bench.log.read(topic, 0)]  # type: ignore[arg-type]  # they are topics
    contents += bench.blobs._contents.values()
    contents += [sealed for of_key in bench.sealed_blobs._contents.values() for sealed in of_key.values()]
    return b"".join(contents) + (bench.snapshots.load(0) or b"")


def done(definition: dict[str, Any] = sequence("noop", "noop", **SEALED), given: Any = None, **settings: Any) -> Bench:
    bench = Bench(**settings)
    bench.publish(definition)
    bench.start(definition["name"], given or {"who": SECRET}, execution="x")
    bench.move()
    return bench


class BrokenVault(MemoryVault):
    """Keys that cannot be thrown away for a while."""

    broken = 0

    def throw_away(self, numbers: Sequence[int]) -> None:
        if self.broken:
            self.broken -= 1
            raise LogFull("no room to overwrite a key")
        super().throw_away(numbers)


def test_nothing_of_a_sealed_execution_is_stored_in_plain() -> None:
    bench = done()
    assert bench.status("x") == "completed"
    assert SECRET.encode() not in stored(bench)
    assert SECRET.encode() in b"".join(entry.decision.command.input for entry in bench.entries("x")[:1])  # type: ignore[union-attr]  # the start


def test_what_is_not_sealed_is_stored_as_ever() -> None:
    bench = done(sequence("noop"))
    kinds = {type(decode_record(content)) for _, content in bench.log.read("journal", 0)}
    assert Decided in kinds
    assert Sealed not in kinds
    assert SECRET.encode() in stored(bench)


def test_the_setting_of_the_server_seals_all() -> None:
    bench = done(sequence("noop"), erasable=True)
    assert SECRET.encode() not in stored(bench)
    assert bench.ask("x", EraseExecution()).error is None


def test_what_is_sealed_is_folded_and_verified_like_others() -> None:
    bench = Bench()
    bench.publish(WAITS)
    bench.start("waits", {"who": SECRET}, execution="x")
    bench.move(time=False)
    bench.restart()
    bench.ask("x", SendSignal("s", "go", payload(SECRET)))
    bench.move()
    assert bench.status("x") == "completed"
    verifier = bench.verify()
    assert (verifier.divergences, verifier.executions, verifier.sealed.opened) == ([], 1, 1)


def test_a_child_of_a_sealed_execution_is_sealed() -> None:
    bench = Bench()
    bench.publish(sequence("noop", name="child"), PARENT)
    bench.start("parent", {"who": SECRET}, execution="x")
    bench.move()
    assert bench.status("x~sub") == "completed"
    assert SECRET.encode() not in stored(bench)
    assert bench.ask("x~sub", EraseExecution()).error is None
    assert bench.status("x") == "completed"
    assert bench.verify().divergences == []


def test_a_big_value_is_sealed_and_goes_with_its_key() -> None:
    bench = done(given=BIG)
    assert bench.sealed_blobs._contents
    assert SECRET.encode() not in stored(bench)
    assert bench.verify().divergences == []
    bench.ask("x", EraseExecution())
    assert not bench.sealed_blobs._contents
    assert bench.verify().divergences == []


def test_the_same_big_value_is_not_shared_by_two_sealed_executions() -> None:
    bench = done(given=BIG)
    bench.start("w", BIG, execution="y")
    bench.move()
    names = [set(of_key) for of_key in bench.sealed_blobs._contents.values()]
    assert len(names) == 2
    assert not names[0] & names[1]
    bench.ask("x", EraseExecution())
    assert bench.verify().divergences == []


def test_a_snapshot_holds_no_open_execution_in_plain() -> None:
    bench = Bench()
    bench.publish(WAITS)
    bench.start("waits", {"who": SECRET}, execution="x")
    bench.move(time=False)
    bench.engine.owner.snapshot()
    assert decode_snapshot(bench.snapshots.load(0)) is not None
    assert SECRET.encode() not in stored(bench)
    bench.restart()
    bench.ask("x", SendSignal("s", "go", b"1"))
    bench.move()
    assert bench.status("x") == "completed"


def test_an_erased_execution_says_by_whom_when_and_why_and_nothing_else() -> None:
    bench = done()
    bench.clock.set(2_000_000)
    answer = bench.ask("x", EraseExecution("she asked", "bo"), Caller("bo", "r"))
    assert (answer.error, answer.status, answer.version) == (None, "completed", 9)
    (entry,) = bench.entries("x")
    assert entry.decision.command == EraseExecution("she asked", "bo")
    assert (entry.decision.now, entry.decision.actor) == (2_000_000, "bo")
    verifier = bench.verify()
    assert (verifier.divergences, verifier.sealed.erased, verifier.sealed.opened, verifier.sealed.closed) == ([], 1, 0, 0)


def test_erasing_twice_is_once() -> None:
    bench = done()
    first = bench.ask("x", EraseExecution("one"))
    end = bench.log.end("journal", 0)
    again = bench.ask("x", EraseExecution("two"))
    assert (first.error, again.error, again.repeated, bench.log.end("journal", 0)) == (None, None, True, end)
    bench.restart()
    assert bench.ask("x", EraseExecution("three")).repeated


def test_two_who_erase_at_once_are_told_the_same() -> None:
    bench = done()
    answers: list[Any] = []
    for _ in range(2):
        bench.engine.send("x", EraseExecution(), answers.append)
    bench.move()
    assert [answer.error for answer in answers] == [None, None]
    assert bench.events("x") == ["ExecutionErased"]
    assert bench.verify().divergences == []


def test_one_is_erased_and_the_others_are_not() -> None:
    bench = done()
    bench.start("w", {"who": SECRET}, execution="y")
    bench.move()
    bench.ask("x", EraseExecution())
    assert len(bench.events("y")) == 8
    assert bench.verify().sealed.opened == 1


def test_an_open_execution_is_not_erased() -> None:
    bench = Bench()
    bench.publish(WAITS)
    bench.start("waits", {}, execution="x")
    bench.move(time=False)
    refused = bench.ask("x", EraseExecution()).error
    assert isinstance(refused, Rejected)
    assert refused.reason == "not_ended"
    bench.ask("x", TerminateExecution())
    assert bench.ask("x", EraseExecution()).status == "terminated"


@pytest.mark.parametrize("has_key", [True, False])
def test_where_the_log_must_not_be_read_in_a_round_what_it_takes_to_erase_is_noted(has_key: bool) -> None:
    bench = done()
    log = bench.opened if has_key else OpeningLog(bench.log, NoKeys())
    recovered = recover(log, 0, bench.engine.catalog, MemorySnapshots(), 10, tasks_outlive=True)
    ended = recovered.executions.ended["x"]
    none: Any = None
    noted = closed_at(none, 0, "x", ended, bench.engine.catalog.graph)
    assert noted.state == closed_at(bench.log, 0, "x", msgspec.structs.replace(ended, last=b""), bench.engine.catalog.graph).state
    assert noted.state.status == "completed"
    with pytest.raises(Rejected, match="erasable"):
        closed_at(none, 0, "x", msgspec.structs.replace(ended, key=NO_KEY), bench.engine.catalog.graph)


def test_what_was_not_sealed_is_never_said_to_be_erased() -> None:
    bench = done(sequence("noop"))
    refused = bench.ask("x", EraseExecution()).error
    assert isinstance(refused, Rejected)
    assert refused.reason == "not_sealed"
    assert "settings.erasable" in refused.message
    assert len(bench.events("x")) == 6


def test_an_end_and_an_erasure_in_the_same_round_are_both_done() -> None:
    bench = Bench()
    bench.publish(WAITS)
    bench.start("waits", {"who": SECRET}, execution="x")
    bench.move(time=False)
    answers: list[Any] = []
    for command in (TerminateExecution(), EraseExecution(), CompleteActivity("wait", 1, b"1")):
        bench.engine.send("x", command, answers.append)
    bench.move()
    assert [answer.error for answer in answers[:2]] == [None, None]
    assert bench.events("x") == ["ExecutionErased"]
    assert bench.verify().divergences == []


def test_a_late_result_after_the_end_is_no_hindrance() -> None:
    bench = Bench()
    bench.publish(sequence("fetch", "noop", **SEALED))
    bench.start("w", {}, execution="x")
    bench.move(time=False)
    answers: list[Any] = []
    for command in (TerminateExecution(), CompleteActivity("n0", 1, payload(SECRET))):
        bench.engine.send("x", command, answers.append)
    bench.move()
    assert bench.ask("x", EraseExecution()).error is None
    assert bench.events("x") == ["ExecutionErased"]
    assert bench.verify().divergences == []


def test_a_start_that_is_repeated_after_an_erasure_is_refused_and_starts_nothing() -> None:
    bench = done()
    bench.ask("x", EraseExecution())
    answers: list[Any] = []
    bench.start("w", {"who": SECRET}, execution="x", reply=answers.append)
    bench.move()
    assert answers[0].error.reason == "already_exists"
    assert bench.events("x") == ["ExecutionErased"]


def test_whoever_is_killed_before_the_key_is_thrown_away_leaves_it_to_the_next() -> None:
    bench = killed_while_erasing(vault := BrokenVault())
    assert vault.get(0) is not None, "said, and not yet so"
    bench.restart()
    assert vault.get(0) is None
    assert bench.events("x") == ["ExecutionErased"]
    assert bench.verify().divergences == []


def killed_while_erasing(vault: BrokenVault) -> Bench:
    """The decision is durable, the key is there, and the process is gone."""
    bench = Bench()
    bench.vault = vault
    bench.restart()
    bench.publish(sequence("noop", "noop", **SEALED))
    bench.start("w", {"who": SECRET}, execution="x")
    bench.move()
    vault.broken = 1
    answers: list[Any] = []
    bench.engine.send("x", EraseExecution(), answers.append)
    bench.engine.step()
    assert answers == [], "nobody is told before it is so"
    return bench


def test_a_key_that_cannot_be_thrown_away_is_tried_again_and_whoever_asked_hears_when_it_is() -> None:
    bench = killed_while_erasing(vault := BrokenVault())
    assert not bench.engine.owner.is_in_charge
    bench.clock.set(bench.clock.now() + 10_000)
    bench.move()
    assert vault.get(0) is None
    assert bench.engine.owner.is_in_charge
    assert bench.events("x") == ["ExecutionErased"]


@pytest.mark.parametrize("lands", [False, True])
def test_an_append_that_nobody_knows_of_ends_in_one_of_the_two(lands: bool) -> None:
    bench = done()
    log: Any = bench.log
    log.faults, log.lands_anyway = [AppendUnknown("timed out")], lands
    bench.engine.send("x", EraseExecution())
    bench.engine.step()
    assert bench.vault.get(0) is not None
    log.lands_anyway = False
    bench.restart()
    assert (bench.vault.get(0) is None) == lands
    assert bench.events("x") == (["ExecutionErased"] if lands else bench.events("x"))
    assert bench.verify().divergences == []


def test_a_snapshot_from_before_is_gone_on_from_after_an_erasure() -> None:
    bench = Bench()
    bench.publish(WAITS)
    bench.start("waits", {"who": SECRET}, execution="x")
    bench.move(time=False)
    bench.engine.owner.snapshot()
    bench.ask("x", TerminateExecution())
    bench.ask("x", EraseExecution())
    bench.restart()
    assert bench.engine.owner.executions.unreadable == {}
    assert bench.ask("x", EraseExecution()).repeated


def test_with_the_keys_lost_the_chain_is_still_proved_and_the_loss_is_said() -> None:
    bench = done()
    bench.vault = MemoryVault()
    bench.restart()
    verifier = bench.verify()
    assert (verifier.divergences, verifier.executions, verifier.sealed.closed, verifier.sealed.decisions) == ([], 0, 1, 3)
    with pytest.raises(LogCorrupt, match="key 0 is not there"):
        bench.entries("x")
    assert bench.ask("x", EraseExecution()).error is None, "what nobody can read can be said to be erased"


def test_an_open_execution_whose_key_is_lost_stops_alone() -> None:
    bench = Bench()
    bench.publish(WAITS, sequence("noop"))
    bench.start("waits", {}, execution="x")
    bench.move(time=False)
    bench.engine.owner.snapshot()
    bench.vault = MemoryVault()
    for snapshots in (True, False):
        if not snapshots:
            bench.snapshots._contents.clear()
        bench.restart()
        assert "key" in bench.engine.owner.executions.unreadable["x"]
    bench.start("w", {}, execution="y")
    bench.move()
    assert bench.status("y") == "completed"


@pytest.mark.parametrize("is_changed", [True, False])
def test_a_sealed_decision_that_was_changed_or_left_out_is_found_without_the_key(is_changed: bool) -> None:
    bench = done()
    records = bench.log._records["journal", 0]
    at = [index for index, content in enumerate(records) if isinstance(decode_record(content), Sealed)]
    if is_changed:
        rewrite(bench.log, at[1], lambda fields: [*fields[:4], flipped(fields[4]), *fields[5:]])
    else:
        records[at[1]] = records[at[0]]
    bench.vault = MemoryVault()
    bench.opened = OpeningLog(bench.log, KeyRing(bench.vault))
    (divergence,) = bench.verify().divergences
    assert (divergence.execution, divergence.expected) == ("x", "a sealed decision that follows on the one before")


def flipped(body: bytes) -> bytes:
    """One bit of what is sealed is another."""
    return body[:-20] + bytes([body[-20] ^ 1]) + body[-19:]


def test_what_is_decided_again_after_a_failed_append_never_shares_a_nonce() -> None:
    bench = Bench()
    bench.publish(WAITS)
    bench.start("waits", {}, execution="x")
    bench.move(time=False)
    log: Any = bench.log
    log.faults, log.lands_anyway = [AppendUnknown("timed out")], True
    bench.engine.send("x", SendSignal("s", "go", payload("one")))
    bench.engine.step()
    log.lands_anyway = False
    contents = [record.body for _, content in bench.log.read("journal", 0) if isinstance(record := decode_record(content), Sealed)]
    assert len(set(contents)) == len(contents)


def test_with_no_room_for_keys_nothing_begins() -> None:
    class Full(MemoryVault):
        def add(self, keys: Sequence[bytes], at_least: int = 0) -> int:
            raise LogFull("no room")

    bench = Bench()
    bench.vault = Full()
    bench.restart()
    bench.publish(sequence("noop", **SEALED))
    answers: list[Any] = []
    bench.start("w", {}, execution="x", reply=answers.append)
    bench.move()
    assert isinstance(answers[0].error, LogFull)
    assert bench.status("x") == "unknown"


def test_without_any_keys_it_is_said_what_is_missing() -> None:
    bench = Bench()
    bench.engine = build_engine(bench.settings, bench.log, bench.blobs, bench.snapshots, bench.clock)
    bench.engine.owner.claim()
    bench.publish(sequence("noop", **SEALED))
    answers: list[Any] = []
    bench.start("w", {}, execution="x", reply=answers.append)
    bench.move()
    assert answers[0].error.reason == "no_keys"


@pytest.mark.parametrize("has_snapshot", [False, True])
def test_where_keys_were_lost_what_is_sealed_from_then_on_is_not_erased_with_what_was(has_snapshot: bool) -> None:
    bench = done()
    bench.ask("x", EraseExecution())
    bench.start("w", {"who": SECRET}, execution="y")
    bench.move()
    if has_snapshot:
        bench.engine.owner.snapshot()
    bench.vault = MemoryVault()  # a backup holds no keys
    bench.restart()
    for name in ("a", "b", "c"):
        bench.start("w", {"who": SECRET}, execution=name)
    bench.move()
    bench.ask("y", EraseExecution())
    bench.snapshots = MemorySnapshots()
    bench.restart()
    assert [len(bench.entries(name)) > 1 for name in ("a", "b", "c")] == [True] * 3
    assert bench.verify().divergences == []
