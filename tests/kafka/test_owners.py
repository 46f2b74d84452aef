"""Owners on Kafka: who may append is decided by the journal alone, whatever races, freezes, strays or is lost."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from contracts.codec import encode_decision, encode_record
from contracts.commands import SendSignal, StartExecution
from contracts.errors import AppendUnknown, Fenced, LogCorrupt, LogError, RecordTooLarge
from contracts.events import ExecutionStarted
from contracts.journal import Decision, JournalOpened, PartitionClaimed, Source
from infra.files.snapshots import MemorySnapshots
from refold.kafka.address import KafkaAddress
from tests.kafka.harness import DEADLINE_S, Journal, KafkaBench
from tests.kafka.test_log import make_anew, set_on_topic
from tests.kafka.topics import KafkaLogs, new_topics
from tests.workers.harness import sequence
from workers.partition.round import Answer

WAIT = {"name": "wait", "nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}]}
Open = Callable[..., KafkaBench]


@pytest.fixture
def address(broker: str) -> KafkaAddress:
    return new_topics(broker)


@pytest.fixture
def bench(address: KafkaAddress) -> Iterator[Open]:
    """Opens engines on one journal, as processes of their own would."""
    benches: list[KafkaBench] = []

    def open_bench(**settings: Any) -> KafkaBench:
        benches.append(KafkaBench(address, **settings))
        benches[-1].publish(sequence("noop", "noop"), WAIT)
        return benches[-1]

    yield open_bench
    for one in benches:
        one.log.close()


def test_an_execution_runs_to_its_end_and_its_history_is_what_the_engine_decides(bench: Open) -> None:
    one = bench()
    executions = [one.start(given={"x": number}) for number in range(20)]
    one.until_ended(*executions)
    assert one.verify().divergences == []
    assert Journal(one.log).verdicts["foreign"] == 0


def test_a_new_owner_goes_on_where_the_last_one_was(bench: Open) -> None:
    first = bench()
    execution = first.start()
    first.engine.step()
    second = bench()
    second.until_ended(execution)
    assert Journal(second.log).events_of(execution).count("NodeCompleted") == 2
    assert second.verify().divergences == []


# Races.


@pytest.mark.parametrize("attempt", range(3))
def test_of_owners_that_claim_at_once_no_two_are_believed(bench: Open, attempt: int) -> None:
    benches = [bench() for _ in range(4)]
    answered: list[list[str]] = [[] for _ in benches]
    together = threading.Barrier(len(benches))

    def race(place: int) -> None:
        one = benches[place]
        together.wait(DEADLINE_S)
        for number in range(15):
            name = f"{place}.{number}"
            one.start(execution=name, reply=lambda answer: answered[place].append(answer.execution))
            one.engine.step()
            one.clock.advance(150)

    threads = [threading.Thread(target=race, args=(place,)) for place in range(len(benches))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_S)
    journal = Journal(benches[0].log)
    told = [name for names in answered for name in names]
    assert journal.verdicts["claim"] > 4
    assert len(told) == len(set(told))
    for place, number in ((place, number) for place in range(4) for number in range(15)):
        created = journal.events_of(f"{place}.{number}").count("ExecutionCreated")
        assert created <= 1
        assert created == 1 or f"{place}.{number}" not in told
    last = bench()
    last.until_ended(*told)
    assert last.verify().divergences == []


def test_a_claim_that_loses_the_race_is_not_an_owner(address: KafkaAddress, bench: Open) -> None:
    slow, other = bench(), bench()

    def claim_too() -> None:
        other.log.append("journal", {0: [encode_record(PartitionClaimed(b"intruder", "other"))]})

    slow.log.after = claim_too
    with pytest.raises(Fenced):
        slow.engine.owner.claim()


FLOOD = """
import sys
from refold.kafka.address import parse_address
from tests.kafka.harness import KafkaBench
from tests.workers.harness import sequence

bench = KafkaBench(parse_address(sys.argv[1]))
bench.publish(sequence("noop", "noop"))
while not bench.engine.owner.metrics.stand_downs:
    bench.start(reply=lambda answer: print(answer.execution, flush=True))
    bench.engine.step()
print("stood down:", bench.engine.owner.metrics.last_stand_down, flush=True)
"""
"""Starts executions until it is thrown out; prints those that were answered."""


def test_a_frozen_owner_that_thaws_is_believed_by_nobody(address: KafkaAddress, bench: Open) -> None:
    process = subprocess.Popen([sys.executable, "-c", FLOOD, f"{address}"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        told = [process.stdout.readline().strip() for _ in range(20)]
        process.send_signal(19)
        new = bench()
        mine = new.start(execution="mine")
        new.until_ended(mine)
        process.send_signal(18)
        rest = [line.strip() for line in process.stdout]
        process.wait(DEADLINE_S)
    finally:
        process.kill()
        process.wait()
    told += [line for line in rest if not line.startswith("stood down")]
    assert rest[-1].startswith("stood down")
    new.until_ended(*told)
    later = new.start(execution="later")
    new.until_ended(later)
    journal = Journal(new.log)
    assert journal.verdicts["foreign"] > 0, "what it had decided before it froze came after the claim"
    assert new.engine.owner.metrics.stand_downs == 0
    assert all(journal.events_of(name).count("ExecutionCompleted") == 1 for name in [*told, mine, later])
    assert new.verify().divergences == []


# Strays.


def test_foreign_and_doubled_decisions_in_between_are_no_reason_to_stand_down(bench: Open) -> None:
    one, other = bench(), bench()
    one.engine.owner.claim()
    first = one.start()
    one.until_ended(first)
    [*_, (_, last)] = other.log.read("journal", 0)
    foreign, _ = encode_decision(Decision(Source(0, 999), "zombie", 1, 1, StartExecution(), (ExecutionStarted(),)), b"zombie!!", b"")
    one.log.before = lambda: [*other.log.append("journal", {0: [foreign, last]})].clear()
    second = one.start()
    one.until_ended(second)
    verdicts = Journal(one.log).verdicts
    assert (verdicts["foreign"], verdicts["doubled"]) == (1, 1)
    assert one.engine.owner.metrics.stand_downs == 0
    assert one.verify().divergences == []


def test_a_claim_in_between_makes_it_stand_down_and_nobody_is_answered(bench: Open) -> None:
    one, other = bench(), bench()
    one.engine.owner.claim()
    answers: list[Answer] = []
    one.log.before = other.engine.owner.claim
    execution = one.start(reply=answers.append)
    one.engine.step()
    assert answers == []
    assert one.engine.owner.metrics.stand_downs == 1
    assert Journal(one.log).events_of(execution) == []
    one.until_ended(execution)
    assert len(answers) == 1
    assert one.verify().divergences == []


def test_a_round_that_appends_nothing_is_not_answered_by_an_owner_that_was_thrown_out(bench: Open) -> None:
    one, other = bench(), bench()
    one.engine.owner.claim()
    one.start(execution="mine")
    one.until_ended("mine")
    other.engine.owner.claim()
    answers: list[Answer] = []
    one.start(execution="mine", reply=answers.append)
    one.engine.step()
    assert answers == []
    assert one.engine.owner.metrics.stand_downs == 1


def test_an_append_that_landed_unknown_is_decided_once(bench: Open) -> None:
    one = bench()
    answers: list[Answer] = []
    one.log.after = lambda: AppendUnknown("the answer got lost")
    execution = one.start(execution="mine", reply=answers.append)
    one.engine.step()
    assert answers == []
    one.until_ended(execution)
    assert [answer.error for answer in answers] == [None]
    assert Journal(one.log).events_of(execution).count("ExecutionCreated") == 1


# Sizes.


def test_a_round_larger_than_a_batch_goes_out_in_several(address: KafkaAddress, bench: Open) -> None:
    set_on_topic(address, "journal", max_message_bytes="131072")
    one = bench()
    executions = [one.start(given={"x": "y" * 20_000}) for _ in range(30)]
    one.until_ended(*executions)
    owner = one.engine.owner
    assert owner.metrics.stand_downs == 0
    assert owner.metrics.largest_round < 30
    assert one.verify().divergences == []


def test_a_decision_larger_than_the_log_takes_is_an_incident_and_the_partition_lives_on(bench: Open) -> None:
    one = bench(record_bytes_max=3_000)
    waiting = one.start("wait")
    one.move(time=False)
    assert isinstance(one.ask(waiting, SendSignal("s", "go", b'"%s"' % (b"x" * 5_000))).error, RecordTooLarge)
    refused: list[Answer] = []
    one.start(given={"x": "y" * 5_000}, reply=refused.append)
    one.move(time=False)
    assert isinstance(refused[0].error, RecordTooLarge)
    other = one.start()
    one.until_ended(other)
    assert "IncidentRaised" in Journal(one.log).events_of(waiting)
    assert one.engine.owner.metrics.stand_downs == 0


# What is lost.


def test_an_owner_does_not_go_on_in_a_journal_that_was_made_anew(
    broker: str, address: KafkaAddress, bench: Open, caplog: pytest.LogCaptureFixture
) -> None:
    one = bench()
    one.until_ended(one.start())
    place = KafkaLogs(broker)
    place.address = address
    make_anew(broker, place)
    answers: list[Answer] = []
    one.start(execution="late", reply=answers.append)
    one.until(lambda: one.engine.owner.metrics.stand_downs > 1)
    assert answers == []
    assert "the journal of partition 0" in one.engine.owner.metrics.last_stand_down
    assert "acknowledged" in caplog.text
    with pytest.raises(LogError, match="the journal of partition 0"):
        one.engine.owner.claim()


def test_an_owner_does_not_go_on_in_a_journal_of_another_id(broker: str, address: KafkaAddress, bench: Open) -> None:
    one = bench()
    one.until_ended(one.start())
    place = KafkaLogs(broker)
    place.address = address
    make_anew(broker, place)
    records = [encode_record(JournalOpened("another", 0, 1)), encode_record(PartitionClaimed(b"another!", "other"))]
    one.log.append("journal", {0: records})
    with pytest.raises(LogCorrupt, match="the journal of partition 0 is another; it was"):
        one.engine.owner.claim()


@pytest.mark.parametrize(
    ("first", "found"),
    [(JournalOpened("j", 3, 8), "begins with partition 3"), (PartitionClaimed(b"claim!!!", "n"), "begins with PartitionClaimed")],
    ids=["of another partition", "without a beginning"],
)
def test_a_journal_that_begins_with_anything_else_is_refused(address: KafkaAddress, first: Any, found: str, bench: Open) -> None:
    from infra.log.kafka.log import KafkaLog

    log = KafkaLog(address)
    log.append("journal", {0: [encode_record(first)]})
    log.close()
    with pytest.raises(LogCorrupt, match=found):
        KafkaBench(address)


@pytest.mark.parametrize("loss", ["another journal", "more than there is"])
def test_a_snapshot_that_does_not_fit_the_journal_is_said_loudly_and_not_used(
    broker: str, bench: Open, loss: str, caplog: pytest.LogCaptureFixture
) -> None:
    one = bench()
    other = KafkaBench(new_topics(broker) if loss == "another journal" else one.log.address)
    other.publish(sequence("noop", "noop"))
    other.until_ended(*[other.start() for _ in range(3)])
    if loss == "more than there is":
        other.engine.owner._checkpoint.offset += 1_000
    other.engine.owner.snapshot()
    other.log.close()
    one.snapshots = other.snapshots
    execution = one.restart().start("w")
    one.until_ended(execution)
    assert "the snapshot of partition 0 is thrown away: it" in caplog.text
    assert one.verify().divergences == []
    assert isinstance(one.snapshots, MemorySnapshots)
