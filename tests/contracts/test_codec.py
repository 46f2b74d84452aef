"""Bytes: what is stored comes back, old shapes are brought up to date, and what is not known is never guessed at."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from contracts.codec import (
    decode_decision,
    decode_envelope,
    decode_record,
    encode_decision,
    encode_envelope,
    encode_record,
    read_header,
)
from contracts.commands import CompleteActivity, CreateExecution, Envelope, FailActivity, Parent, StartExecution
from contracts.errors import LogCorrupt, UnknownRecord
from contracts.events import Ending, ExecutionCompleted, NodeCompleted, NodeFailed, NodeScheduled, ScopeLeft, TimerStarted
from contracts.failure import Failure
from contracts.journal import SCHEMA, Decided, Decision, JournalOpened, PartitionClaimed, Record, Source, chain
from contracts.upcasters import upcast

NOW = 1_763_700_000_000
FAILURE = Failure("http.503", "unavailable", {"retry_after": 3, "body": ["x", None]}, "b", 2, Failure("worker.lost", "gone"))

DECISIONS = {
    "completed": Decision(
        Source(1, 42, "c-1"),
        "execution",
        7,
        NOW,
        CompleteActivity("a", 1, b'{"total": 3}'),
        (NodeCompleted("a", untaken=(0, 2)), NodeScheduled("b", data=b"{}"), TimerStarted("b:start_to_close", NOW + 1)),
        dispatched_to=40,
    ),
    "failed": Decision(
        Source(0, 0),
        "é~(0)",
        1,
        NOW,
        FailActivity("b", 2, FAILURE, False),
        (NodeFailed("b", FAILURE, True), ScopeLeft("", Ending("failed", FAILURE))),
    ),
    "created": Decision(Source(0, 1, "c"), "e", 1, NOW, CreateExecution("w", 3, "ab" * 32, b"null", parent=Parent("p", "n[0].x", 1)), ()),
    "rejected": Decision(Source(0, 2, "c"), "e", 9, NOW, StartExecution(), (), rejection="already_ended"),
}


def body_of(record: bytes) -> bytes:
    decided = decode_record(record)
    assert isinstance(decided, Decided)
    return decided.body


@pytest.mark.parametrize("decision", DECISIONS.values(), ids=DECISIONS)
def test_a_decision_comes_back_as_it_was_stored(decision: Decision) -> None:
    record, digest = encode_decision(decision, b"nonce---", b"before")
    decided = decode_record(record)
    assert isinstance(decided, Decided)
    assert decode_decision(decided.body) == decision
    assert (decided.nonce, decided.source_partition, decided.source_offset) == (
        b"nonce---",
        decision.source.partition,
        decision.source.offset,
    )
    assert decided.digest == digest == chain(b"before", decided.body)


@pytest.mark.parametrize("decision", DECISIONS.values(), ids=DECISIONS)
def test_the_same_decision_has_the_same_bytes(decision: Decision) -> None:
    record, _ = encode_decision(decision, b"n", b"d")
    assert encode_decision(decode_decision(body_of(record)), b"n", b"d")[0] == record


@pytest.mark.parametrize(
    "record", [JournalOpened("id", 3, 8), PartitionClaimed(b"\x00\xff", "node", 2), Decided(b"n", 0, 1, b"body", b"digest")]
)
def test_a_journal_record_comes_back_as_it_was_stored(record: Record) -> None:
    assert decode_record(encode_record(record)) == record


@pytest.mark.parametrize("content", [b"", b"\xc1", b"garbage", b"\x93\x01", encode_record(JournalOpened("id", 3, 8))[:-1]])
def test_bytes_that_are_no_journal_record_are_corrupt(content: bytes) -> None:
    with pytest.raises(LogCorrupt, match="a journal record cannot be read"):
        decode_record(content)


def test_a_command_on_its_way_comes_back_as_it_was_sent() -> None:
    envelope = Envelope("c-1", "execution", FailActivity("b", 2, FAILURE), "c-0")
    assert decode_envelope(encode_envelope(envelope)) == envelope


@pytest.mark.parametrize("content", [b"", b"garbage", msgspec.msgpack.encode(["id", "execution", [999, "x"]])])
def test_a_command_of_no_known_shape_is_unknown(content: bytes) -> None:
    with pytest.raises(UnknownRecord, match="a command cannot be read"):
        decode_envelope(content)


# Old and unknown shapes. Tags from 900 on are nobody's.


def stored(events: list[Any], command: Any = None) -> bytes:
    """The body of a decision as an older or a newer build has written it."""
    return msgspec.msgpack.encode([[0, 5, "c"], "execution", 7, NOW, command or [2], events])


def node_done_to_completed(event: list[Any]) -> list[Any]:
    """900 `[path, port]` became 901 `[path, ports]`."""
    return [901, event[1], [event[2]]]


def with_output(event: list[Any]) -> list[Any]:
    """901 `[path, ports]` became NodeCompleted `[path, output, ports]`."""
    return [13, event[1], None, event[2]]


def test_an_old_event_goes_through_all_steps_up_to_the_present_shape() -> None:
    body = stored([[900, "a", "yes"], [901, "b", ["no"]], [8, "done"]])
    decision = decode_decision(body, event_upcasters={900: node_done_to_completed, 901: with_output})
    assert decision.events == (NodeCompleted("a", ports=("yes",)), NodeCompleted("b", ports=("no",)), ExecutionCompleted("done"))
    assert (decision.source, decision.execution, decision.first, decision.now) == (Source(0, 5, "c"), "execution", 7, NOW)


def test_an_old_command_goes_through_its_own_steps() -> None:
    body = stored([[2]], command=[900, "a", b"1"])
    decision = decode_decision(body, command_upcasters={900: lambda command: [10, command[1], 1, command[2]]})
    assert decision.command == CompleteActivity("a", 1, b"1")


def test_the_upcaster_of_an_event_is_not_one_of_a_command() -> None:
    with pytest.raises(UnknownRecord):
        decode_decision(stored([], command=[900, "a", "yes"]), event_upcasters={900: node_done_to_completed, 901: with_output})


def test_a_record_of_the_present_shape_is_given_back_as_it_is() -> None:
    event = [13, "a"]
    assert upcast(event, {900: node_done_to_completed}) is event


def test_upcasters_that_go_round_in_circles_are_a_bug_that_is_found() -> None:
    with pytest.raises(AssertionError, match="go round in circles at tag 900"):
        decode_decision(stored([[900]]), event_upcasters={900: lambda _: [901], 901: lambda _: [900]})


@pytest.mark.parametrize(
    "body",
    [
        stored([[999, "a new kind"]]),
        stored([[2]], command=[999]),
        stored([[900, "a", "yes"]]),
        stored([[13]]),
        stored([[13, 5]]),
        stored([[]]),
        stored(["text"]),
        msgspec.msgpack.encode([[0, 5, "c"], "execution", 7, NOW]),
    ],
    ids=["event tag", "command tag", "no upcaster", "field missing", "field type", "no tag", "no event", "short"],
)
def test_a_decision_of_no_known_shape_is_unknown_and_never_guessed_at(body: bytes) -> None:
    with pytest.raises(UnknownRecord, match="a shape that this version of Refold does not know"):
        decode_decision(body)


def test_an_upcaster_that_gives_no_known_shape_leaves_the_record_unknown() -> None:
    with pytest.raises(UnknownRecord):
        decode_decision(stored([[900, "a", "yes"]]), event_upcasters={900: node_done_to_completed})


def test_the_header_of_an_unknown_decision_is_still_readable() -> None:
    body = stored([[999, {"what": "ever"}]], command=[998])
    assert read_header(body) == (Source(0, 5, "c"), "execution", 7)


@pytest.mark.parametrize("body", [b"", b"\xc1", msgspec.msgpack.encode(5), msgspec.msgpack.encode([]), msgspec.msgpack.encode([5, "e", 1])])
def test_bytes_without_a_header_are_corrupt(body: bytes) -> None:
    with pytest.raises(LogCorrupt):
        read_header(body)


@pytest.mark.parametrize("body", [b"", b"\xc1", msgspec.msgpack.encode({"source": 1}), msgspec.msgpack.encode(5)])
def test_bytes_that_are_no_decision_are_corrupt_and_not_of_an_unknown_schema(body: bytes) -> None:
    with pytest.raises(LogCorrupt):
        decode_decision(body)


def test_a_decision_of_a_later_schema_is_not_read_though_its_fields_fit() -> None:
    later = Decision(Source(0, 5), "execution", 7, NOW, CompleteActivity("a", 1, b"1"), (), schema=SCHEMA + 1)
    with pytest.raises(UnknownRecord, match=f"schema {SCHEMA + 1}"):
        decode_decision(msgspec.msgpack.encode(later))


def test_a_journal_record_of_a_later_kind_is_unknown_not_corrupt() -> None:
    with pytest.raises(UnknownRecord, match="kind 99"):
        decode_record(msgspec.msgpack.encode([99, "later"]))


def test_fields_that_an_older_build_did_not_have_yet_get_their_defaults() -> None:
    decision = decode_decision(msgspec.msgpack.encode([[0, 5], "execution", 7, NOW, [10, "a", 1, b"1"], [[13, "a"]]]))
    assert decision == Decision(Source(0, 5, ""), "execution", 7, NOW, CompleteActivity("a", 1, b"1", cached=False), (NodeCompleted("a"),))
