"""The readers' rule: which records of a journal count, whoever wrote them and whenever they arrive.

The histories are written to a real log by owners that know only their nonce, and read back as every reader does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from contracts.codec import decode_record, encode_decision, encode_record, removed_record
from contracts.commands import StartExecution
from contracts.errors import LogCorrupt
from contracts.events import ExecutionStarted
from contracts.journal import Checkpoint, Decided, Decision, JournalOpened, PartitionClaimed, Record, Source, Verdict, chain, judge
from contracts.ports.log import Log
from infra.log.memory import MemoryLog
from infra.log.sqlite import SqliteLog


@pytest.fixture(params=["memory", "sqlite"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MemoryLog | SqliteLog]:
    with closing(MemoryLog() if request.param == "memory" else SqliteLog(tmp_path / "log.db")) as log:
        yield log


class Owner:
    """Writes a journal under a nonce of its own; looks at nothing, as an owner that has just thawed."""

    def __init__(self, log: Log, nonce: bytes) -> None:
        self._log = log
        self._nonce = nonce

    def claim(self) -> None:
        self.append(PartitionClaimed(self._nonce, f"node of {self._nonce!r}"))

    def decide(self, *offsets: int, partition: int = 0) -> None:
        """A round of one decision for each source offset."""
        self.append(*(self.decided(offset, partition) for offset in offsets))

    def decided(self, offset: int, partition: int = 0) -> Decided:
        source = Source(partition, offset, f"command {offset}")
        decision = Decision(source, "execution", 1, 1_763_700_000_000, StartExecution(), (ExecutionStarted(),))
        record = decode_record(encode_decision(decision, self._nonce, b"")[0])
        assert isinstance(record, Decided)
        return record

    def append(self, *records: Record) -> None:
        assert isinstance(self._log.append("journal", {0: [encode_record(record) for record in records]})[0], int)


def opened(log: Log) -> None:
    Owner(log, b"").append(JournalOpened("the journal", 0, 1))


def verdicts(log: Log, checkpoint: Checkpoint, end: int | None = None) -> list[Verdict]:
    """What the rule says of every record from the checkpoint on."""
    return [judge(checkpoint, offset, decode_record(content)) for offset, content in log.read("journal", 0, checkpoint.offset, end)]


def test_decisions_under_the_claim_in_force_count(log: Log) -> None:
    opened(log)
    owner = Owner(log, b"a")
    owner.claim()
    owner.decide(0, 1)
    owner.decide(5)
    checkpoint = Checkpoint()
    assert verdicts(log, checkpoint) == ["opened", "claim", "counts", "counts", "counts"]
    assert checkpoint == Checkpoint("the journal", offset=5, nonce=b"a", sources={0: 5}, mark=checkpoint.mark)


def test_a_decision_before_any_claim_is_foreign(log: Log) -> None:
    opened(log)
    Owner(log, b"a").decide(0)
    checkpoint = Checkpoint()
    assert verdicts(log, checkpoint) == ["opened", "foreign"]
    assert (checkpoint.foreign, checkpoint.sources) == (1, {})


def test_a_second_claimant_ends_the_first(log: Log) -> None:
    first, second = Owner(log, b"a"), Owner(log, b"b")
    first.claim()
    first.decide(0)
    second.claim()
    second.decide(1)
    first.decide(1)
    second.decide(2)
    checkpoint = Checkpoint()
    assert verdicts(log, checkpoint) == ["claim", "counts", "claim", "counts", "foreign", "counts"]
    assert (checkpoint.foreign, checkpoint.sources) == (1, {0: 2})


def test_what_a_frozen_owner_appends_when_it_thaws_changes_nothing(log: Log) -> None:
    frozen, other = Owner(log, b"a"), Owner(log, b"b")
    frozen.claim()
    frozen.decide(0)
    other.claim()
    other.decide(1)
    without = Checkpoint()
    verdicts(log, without)

    frozen.decide(1, 2, 3)
    checkpoint = Checkpoint()
    assert verdicts(log, checkpoint)[-3:] == ["foreign"] * 3
    assert (checkpoint.nonce, checkpoint.sources) == (without.nonce, without.sources)

    other.decide(2)  # the same command, decided by the owner in force, is not taken for a double of the foreign one
    assert verdicts(log, checkpoint) == ["counts"]


def test_an_owner_that_claims_again_is_believed_again(log: Log) -> None:
    first, second, again = Owner(log, b"a"), Owner(log, b"b"), Owner(log, b"c")
    for owner, offset in ((first, 0), (second, 1), (again, 2)):
        owner.claim()
        owner.decide(offset)
    assert verdicts(log, Checkpoint()) == ["claim", "counts"] * 3


def test_of_two_claims_without_anything_between_the_last_is_in_force(log: Log) -> None:
    first, second = Owner(log, b"a"), Owner(log, b"b")
    first.claim()
    second.claim()
    first.decide(0)
    second.decide(0)
    assert verdicts(log, Checkpoint()) == ["claim", "claim", "foreign", "counts"]


@pytest.mark.parametrize("again", [0, 1, 2])
def test_a_command_that_was_decided_already_is_doubled(log: Log, again: int) -> None:
    owner = Owner(log, b"a")
    owner.claim()
    owner.decide(0, 2)
    owner.decide(again)
    owner.decide(3)
    checkpoint = Checkpoint()
    assert verdicts(log, checkpoint) == ["claim", "counts", "counts", "doubled", "counts"]
    assert (checkpoint.doubled, checkpoint.foreign, checkpoint.sources) == (1, 0, {0: 3})


def test_a_new_owner_that_decides_again_what_the_old_one_had_stored_is_doubled(log: Log) -> None:
    old, new = Owner(log, b"a"), Owner(log, b"b")
    old.claim()
    old.decide(0, 1)
    new.claim()
    new.decide(1, 2)
    assert verdicts(log, Checkpoint()) == ["claim", "counts", "counts", "claim", "doubled", "counts"]


def test_each_source_partition_is_counted_by_itself(log: Log) -> None:
    owner = Owner(log, b"a")
    owner.claim()
    owner.decide(7)
    owner.decide(3, partition=1)
    owner.decide(3)
    owner.decide(4, partition=1)
    checkpoint = Checkpoint()
    assert verdicts(log, checkpoint) == ["claim", "counts", "counts", "doubled", "counts"]
    assert checkpoint.sources == {0: 7, 1: 4}


def test_a_reader_that_stops_anywhere_and_goes_on_from_its_stored_checkpoint_says_the_same(log: Log) -> None:
    opened(log)
    first, second = Owner(log, b"a"), Owner(log, b"b")
    first.claim()
    first.decide(0, 1, 1)
    second.claim()
    first.decide(2, 3)
    second.decide(1, 2, 3)
    first.decide(4)
    second.decide(4)
    whole = Checkpoint()
    said = verdicts(log, whole)
    for stop in range(len(said) + 1):
        before = Checkpoint()
        begun = verdicts(log, before, end=stop)
        stored = msgspec.msgpack.decode(msgspec.msgpack.encode(before), type=Checkpoint)
        assert begun + verdicts(log, stored) == said
        assert stored == whole


def test_a_digest_chains_over_what_came_before() -> None:
    one = chain(b"definition", b"body")
    assert len(one) == 16
    assert one == chain(b"definition", b"body")
    assert len({one, chain(b"another", b"body"), chain(b"definition", b"ybod"), chain(one, b"body")}) == 4


def test_a_record_out_of_its_place_is_no_record() -> None:
    with pytest.raises(LogCorrupt, match="at offset 3, expected 0"):
        judge(Checkpoint(), 3, JournalOpened("j", 0, 1))


def test_a_second_opening_changes_nothing() -> None:
    checkpoint = Checkpoint()
    judge(checkpoint, 0, JournalOpened("first", 0, 1))
    assert judge(checkpoint, 1, JournalOpened("second", 0, 1)) == "foreign"
    assert checkpoint.journal == "first"


def test_before_any_claim_no_decision_counts_not_even_one_without_a_nonce() -> None:
    assert judge(Checkpoint(), 0, Decided(b"", 0, 0, b"", b"")) == "foreign"


def test_a_reader_stands_where_it_would_stand_if_nothing_were_removed(log: MemoryLog | SqliteLog) -> None:
    opened(log)
    owner = Owner(log, b"a")
    owner.claim()
    owner.decide(0, 1)
    owner.decide(2, 3)
    owner.decide(4)
    whole = Checkpoint()
    verdicts(log, whole)
    log.remove(log.plan_removal(0, [2, 3, 4, 5], removed_record))
    left = Checkpoint()
    assert verdicts(log, left)[-2:] == ["removed", "counts"]
    assert left == whole


def test_a_reader_that_stands_within_what_is_removed_goes_on_behind_it(log: MemoryLog | SqliteLog) -> None:
    opened(log)
    owner = Owner(log, b"a")
    owner.claim()
    owner.decide(0, 1)
    owner.decide(2, 3)
    owner.decide(4)
    checkpoint = Checkpoint()
    verdicts(log, checkpoint, 4)
    log.remove(log.plan_removal(0, [2, 3, 4, 5], removed_record))
    assert verdicts(log, checkpoint) == ["removed", "counts"]
    assert checkpoint.sources == {0: 4}


@pytest.mark.parametrize("offset", [0, 1])
def test_what_is_no_decision_is_not_removed(log: MemoryLog | SqliteLog, offset: int) -> None:
    opened(log)
    owner = Owner(log, b"a")
    owner.claim()
    owner.decide(0)
    with pytest.raises(LogCorrupt, match="not to be removed"):
        log.plan_removal(0, [offset], removed_record)
