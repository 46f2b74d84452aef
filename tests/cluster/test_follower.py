"""The follower: whoever waits for an end in a partition of others gets the execution as it was folded on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import pytest

from contracts.caller import ENGINE
from contracts.codec import decode_record, encode_record, open_record
from contracts.commands import TerminateExecution
from contracts.errors import LogCorrupt, LogUnreachable
from contracts.journal import Answered, Checkpoint, Decided
from contracts.ports.keys import NoKeys
from domain.execution.evolve import initial
from domain.execution.state import Execution
from infra.keys.ring import KeyRing
from tests.cluster.memory import MemoryClusterLog, SharedMemory
from tests.cluster.world import run
from tests.workers.harness import Bench, journal
from workers.cluster.follower import Follower
from workers.cluster.intake import ANSWERED
from workers.cluster.partitions import RemotePartition
from workers.cluster.ports import OnRecords
from workers.cluster.record_outbox import RecordOutbox
from workers.cluster.sender import ANSWER_S, Sender
from workers.partition.round import Answer
from workers.partition.watchers import Watchers

WAIT = {"name": "w", "nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}], "output": "$input.x"}


class Journal:
    """Another process's journal, as it is read on here."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.bench.publish(WAIT)
        self.told = 0
        self.then: OnRecords | None = None
        self.foreign: Decided | None = None

    def follow(self, topic: str, partition: int, offset: int, then: OnRecords) -> None:
        self.told, self.then = offset, then

    def unfollow(self, topic: str, partition: int) -> None:
        self.then = None

    def read_on(self) -> None:
        self.bench.move()
        records = [(offset, 0, content) for offset, content in journal(self.bench.log) if offset >= self.told]
        self.told += len(records)
        assert self.then is not None
        self.then("journal", 0, records, self.told)

    def end(self, execution: str) -> None:
        self.bench.ask(execution, TerminateExecution("enough"))

    async def follower(self, has_keys: bool = False) -> Follower:
        follower = self.new_follower(has_keys=has_keys)
        await follower.ready(0)
        return follower

    def new_follower(self, unknown: int = 0, has_keys: bool = False) -> Follower:
        """One whose broker knows no partition when it is asked for the first time, and so many times after that."""
        answers = [LogUnreachable("journal, partition 0: UnknownTopicOrPartitionError()")] * unknown

        async def beginning(partition: int) -> Checkpoint:
            if answers:
                raise answers.pop()
            return Checkpoint()

        opened = partial(open_record, keys=KeyRing(self.bench.vault) if has_keys else NoKeys())
        return Follower(cast(Any, self), beginning, self.bench.engine.catalog.graph, opened)

    def answer(self, command: str, position: int) -> None:
        """The owner says what has become of a command."""
        assert self.then is not None
        nonce = self.bench.engine.owner.checkpoint.nonce
        said = Answered(nonce, 0, 1, command, "one", "running", 1, False, "", "")
        self.then("journal", 0, [(position, 0, encode_record(said))], position + 1)


def test_an_end_comes_with_the_execution_for_whoever_saw_it_begin() -> None:
    async def story() -> None:
        there = Journal()
        follower = await there.follower()
        ends: list[Execution | None] = []
        for name in ("new", "other"):
            there.bench.start(given={"x": name}, execution=name)
        follower.watch(0, "new", ends.append)
        follower.watch(0, "new", ends.append)
        follower.watch(0, "other", ends.append)
        there.read_on()
        follower.unwatch(0, "other", ends.append)
        assert ends == []
        there.end("new")
        there.end("other")
        there.read_on()
        assert [(end.execution, end.status, end.input) for end in ends if end] == [("new", "terminated", b'{"x":"new"}')] * 2
        follower.close()

    run(story)


@pytest.mark.parametrize("has_keys", [True, False])
def test_an_end_of_what_is_sealed_comes_to_all_and_what_it_says_to_whoever_has_the_keys(has_keys: bool) -> None:
    async def story() -> None:
        there = Journal()
        there.bench.publish({**WAIT, "name": "sealed", "settings": {"erasable": True}})
        follower = await there.follower(has_keys)
        ends: list[Execution | None] = []
        heard: list[str] = []
        follower.hear(0, lambda partition, base, found, checkpoint: heard.extend(one.decision.execution for one in found))
        there.bench.start("sealed", {"x": 1}, execution="one")
        follower.watch(0, "one", ends.append)
        there.read_on()
        there.end("one")
        there.read_on()
        assert [None if end is None else end.input for end in ends] == [b'{"x":1}' if has_keys else None]
        assert heard == (["one", "one"] if has_keys else [])
        follower.close()

    run(story)


def test_an_end_comes_without_it_for_whoever_came_later() -> None:
    async def story() -> None:
        there = Journal()
        follower = await there.follower()
        ends: list[Execution | None] = []
        there.bench.start(given={"x": 1}, execution="old")
        there.read_on()
        follower.watch(0, "old", ends.append)
        there.end("old")
        there.read_on()
        assert ends == [None]
        follower.close()

    run(story)


def test_a_decision_of_an_owner_that_was_thrown_out_is_no_end() -> None:
    async def story() -> None:
        there = Journal()
        follower = await there.follower()
        ends: list[Execution | None] = []
        there.bench.start(execution="one")
        follower.watch(0, "one", ends.append)
        there.read_on()
        there.end("one")
        decided = decode_record([content for _, content in journal(there.bench.log)][-1])
        assert isinstance(decided, Decided)
        foreign = Decided(b"intruder", decided.source_partition, decided.source_offset, decided.body, decided.digest)
        assert there.then is not None
        there.then("journal", 0, [(there.told, 0, encode_record(foreign))], there.told + 1)
        assert ends == []
        follower.close()

    run(story)


def test_whoever_waits_for_an_end_elsewhere_goes_on_waiting_when_the_partition_comes_here() -> None:
    async def story() -> None:
        there = Journal()
        follower = await there.follower()
        unused = cast(Any, None)
        remote = RemotePartition(0, unused, follower, unused, unused, unused)
        ended: list[tuple[str, str]] = []

        def then(state: Execution) -> None:
            ended.append((state.execution, state.status))

        there.bench.start(execution="one")
        for name in ("one", "two"):
            remote.add(name, then)
        there.read_on()
        here = Watchers()
        remote.move_to(here)
        assert sorted(here.watched()) == ["one", "two"]
        remote.remove("two", then)
        assert here.watched() == ["one"], "who has gone is not waited for here either"
        there.bench.engine.owner.watchers.add("one", here.tell)
        there.end("one")
        there.read_on()
        assert ended == [("one", "terminated")], "the owner alone says so"
        follower.close()

    run(story)


def test_whoever_waits_no_longer_than_for_an_incident_hears_of_it_and_the_others_of_the_end() -> None:
    async def story() -> None:
        there = Journal()
        there.bench.publish({"name": "breaks", "nodes": [{"id": "f", "type": "fail", "config": {"type": "no.luck", "message": "none"}}]})
        follower = await there.follower()
        impatient: list[Execution | None] = []
        patient: list[Execution | None] = []
        follower.watch(0, "one", impatient.append, at_incident=True)
        follower.watch(0, "one", patient.append)
        there.bench.start("breaks", execution="one")
        there.read_on()
        assert ([one.status for one in impatient if one], patient) == (["incident"], [])
        follower.unwatch(0, "one", impatient.append)
        there.end("one")
        there.read_on()
        assert (len(impatient), [one.status for one in patient if one]) == (1, ["terminated"])
        follower.close()

    run(story)


@pytest.mark.parametrize("how", ["it cannot be followed", "we stop"])
def test_who_waits_for_an_answer_hears_at_once_that_none_will_come(how: str) -> None:
    async def story() -> None:
        there = Journal()
        follower = await there.follower()
        answers: list[Answer] = []
        follower.expect(0, "asked", answers.append)
        follower.expect(0, "forgotten", answers.append)
        follower.forget(0, "forgotten")
        if how == "we stop":
            follower.close()
        else:
            follower.on_problem("journal", 0, LogCorrupt("it lacks offset 7"))
        assert [str(answer.error) for answer in answers] == [
            "the journal of partition 0 is not followed any more; what was asked may still be done"
        ]
        assert isinstance(answers[0].error, LogUnreachable)
        follower.close()

    run(story)


def test_a_mistake_of_one_that_waits_for_an_answer_keeps_none_from_the_others(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        there = Journal()
        follower = await there.follower()
        answers: list[Answer] = []
        follower.expect(0, "?1", mistaken)
        follower.expect(0, "?2", answers.append)
        there.bench.start(execution="one")
        there.read_on()
        assert there.then is not None
        nonce = there.bench.engine.owner.checkpoint.nonce
        told = [Answered(nonce, 0, offset, f"?{offset}", "one", "running", 1, False, "", "") for offset in (1, 2)]
        there.then("journal", 0, [(there.told + index, 0, encode_record(one)) for index, one in enumerate(told)], there.told + 2)
        assert [(answer.execution, answer.position) for answer in answers] == [("one", there.told + 2)]
        assert "could not be told" in caplog.text
        follower.close()

    run(story)


def mistaken(heard: object) -> None:
    raise ValueError("a mistake")


AWHILE = 60
"""Questions to a broker that has come back, before it knows its partitions again."""
FOR_EVER = 1_000_000


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(2 * ANSWER_S):
        while not holds():
            await asyncio.sleep(0.01)


def sender_to(follower: Follower) -> tuple[Sender, SharedMemory]:
    log = SharedMemory(1)
    return Sender(RecordOutbox(MemoryClusterLog(log, log)), follower, lambda execution: 0, "here"), log


def test_what_is_asked_while_a_broker_comes_back_is_answered() -> None:
    async def story() -> None:
        there = Journal()
        follower = there.new_follower(unknown=AWHILE)
        sender, log = sender_to(follower)
        answers: list[Answer] = []
        sender.ask("one", TerminateExecution("enough"), answers.append, ENGINE)
        await until(lambda: log.end("commands", 0))
        there.bench.start(execution="one")
        there.read_on()
        there.answer(f"{ANSWERED}here:1", there.told)
        assert [(answer.execution, answer.error) for answer in answers] == [("one", None)]
        follower.close()

    run(story)


def test_whoever_waits_for_an_end_while_a_broker_comes_back_hears_of_it() -> None:
    async def story() -> None:
        there = Journal()
        follower = there.new_follower(unknown=AWHILE)
        partition = RemotePartition(0, cast(Any, None), follower, cast(Any, None), cast(Any, None), lambda: 0)
        ends: list[Execution] = []
        there.bench.start(given={"x": 1}, execution="one")
        partition.add("one", ends.append)
        await until(lambda: there.then is not None)
        there.end("one")
        await asyncio.sleep(0)
        there.read_on()
        await until(lambda: ends)
        assert [end.status for end in ends] == ["terminated"]
        follower.close()

    run(story)


def test_whoever_asks_while_no_broker_comes_back_hears_within_the_time_that_nothing_was_sent() -> None:
    async def story() -> None:
        follower = Journal().new_follower(unknown=FOR_EVER)
        sender, log = sender_to(follower)
        answers: asyncio.Queue[Answer] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        began = loop.time()
        sender.ask("one", TerminateExecution("enough"), answers.put_nowait, ENGINE)
        answer = await answers.get()
        assert isinstance(answer.error, LogUnreachable)
        assert "was not sent" in str(answer.error)
        assert loop.time() - began == pytest.approx(ANSWER_S, abs=0.1)
        assert log.end("commands", 0) == 0
        follower.close()

    run(story)


def test_that_a_broker_has_not_come_back_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        follower = Journal().new_follower(unknown=AWHILE)
        await follower.ready(0)
        follower.close()

    run(story)
    assert len([record for record in caplog.records if "cannot be followed yet" in record.message]) == 1


def test_a_follower_that_is_closed_while_no_broker_comes_back_gives_up() -> None:
    async def story() -> None:
        follower = Journal().new_follower(unknown=FOR_EVER)
        waiting = asyncio.ensure_future(follower.ready(0))
        await asyncio.sleep(0)
        follower.close()
        with pytest.raises(LogUnreachable, match="it is closed"):
            await waiting

    run(story)


def test_a_mistake_of_one_that_waits_for_an_incident_keeps_none_from_the_others(caplog: pytest.LogCaptureFixture) -> None:
    watchers = Watchers()
    told: list[Execution] = []
    watchers.add("one", mistaken, at_incident=True)
    watchers.add("one", told.append, at_incident=True)
    state = initial("one")
    state.status = "incident"
    watchers.look_at([state])
    assert (told, watchers.watched()) == ([state], [])
    assert "could not be told" in caplog.text


def test_a_mistake_of_one_whose_record_is_out_keeps_none_from_the_others(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        log = SharedMemory(1)
        outbox = RecordOutbox(MemoryClusterLog(log, log))
        told: list[object] = []
        outbox.put("commands", 0, b"one", mistaken)
        outbox.put("commands", 0, b"two", told.append)
        await outbox.settled()
        assert told == [None]
        assert "could not be told" in caplog.text

    run(story)


def test_a_follower_that_was_closed_follows_nothing_more() -> None:
    async def story() -> None:
        there = Journal()
        asked, answer = asyncio.Event(), asyncio.Event()

        async def slowly(partition: int) -> Checkpoint:
            asked.set()
            await answer.wait()
            return Checkpoint()

        follower = Follower(cast(Any, there), slowly, there.bench.engine.catalog.graph)
        follower.hear(0, lambda *_: None)
        await asked.wait()
        follower.close()
        answer.set()
        await asyncio.wait(follower._resuming or {asyncio.ensure_future(asyncio.sleep(0))})
        assert there.then is None

    run(story)
