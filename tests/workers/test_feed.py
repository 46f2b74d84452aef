"""The feed: what stands in the journal, and then what becomes durable; each decision once, in its order."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from contracts import events as e
from contracts.commands import SendSignal
from contracts.errors import AppendUnknown, LogUnreachable, Rejected
from contracts.ports.feed import Selector, Told
from tests.workers.feeding import AtOnce, Fed, Listener, counting
from tests.workers.harness import Bench, FaultyLog, another_claim, payload, sequence
from workers.reading.journal_feed import PIECE_RECORDS, Feed
from workers.reading.owner_feed import OwnerGround
from workers.reading.subscription import TURN_MAX, WAITING_MAX

SIGNALLED = {"name": "s", "nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}]}


def new(folder: Path) -> tuple[Bench, Fed]:
    bench = Bench()
    bench.publish(sequence("noop", "noop"), sequence("noop", name="other"), SIGNALLED)
    return bench, Fed(bench, folder)


def test_a_subscriber_is_told_of_what_becomes_durable_from_then_on(tmp_path: Path) -> None:
    bench, fed = new(tmp_path)
    bench.start()
    fed.move()
    begins = bench.engine.owner.position
    listener = Listener(fed.feed)
    bench.start()
    fed.move()
    assert listener.offsets == counting(bench.log, begins)
    assert listener.subscription.after() == {0: bench.engine.owner.position}


def test_what_lies_between_a_position_and_now_is_told_first(tmp_path: Path) -> None:
    bench, fed = new(tmp_path)
    for _ in range(3):
        bench.start()
        fed.move()
    for start in range(bench.engine.owner.position + 1):
        listener = Listener(fed.feed, after={0: start})
        fed.beside.turn_all()
        assert listener.offsets == counting(bench.log, start)


@pytest.mark.parametrize("is_slow", [False, True])
def test_wherever_one_cuts_in_nothing_is_missed_and_nothing_comes_twice(is_slow: bool, tmp_path: Path) -> None:
    """A subscription from each offset, at each moment of a run, whose reading arrives at each later moment."""
    for moment in range(12):
        for arrives in range(moment, 14):
            bench, fed = new(tmp_path)
            fed.beside.is_slow = is_slow
            listeners: list[Listener] = []
            for turn in range(14):
                bench.start()
                bench.engine.step()
                if turn == moment:
                    listeners += [Listener(fed.feed, after={0: start}) for start in range(bench.engine.owner.position + 1)]
                if turn == arrives:
                    fed.beside.finish()
                fed.beside.turn()
            fed.beside.is_slow = False
            fed.beside.finish()
            fed.move()
            for start, listener in enumerate(listeners):
                assert listener.offsets == counting(bench.log, start)


@pytest.mark.parametrize("is_slow", [False, True])
def test_a_takeover_in_between_changes_nothing_of_that(is_slow: bool, tmp_path: Path) -> None:
    for moment in range(10):
        for taken in range(10):
            log = FaultyLog()
            bench = Bench(log)
            bench.publish(sequence("noop", "noop"))
            fed = Fed(bench, tmp_path)
            fed.beside.is_slow = is_slow
            listeners: list[Listener] = []
            for turn in range(12):
                if turn == taken:
                    log.faults = [another_claim, None]
                    log.lands_anyway = False
                if turn == taken + 2:
                    log.faults, log.lands_anyway = [AppendUnknown("who knows")], True
                bench.start()
                bench.engine.step()
                log.lands_anyway = log.lands_anyway and bool(log.faults)
                bench.clock.advance(200)
                if turn == moment:
                    listeners = [Listener(fed.feed, after={0: start}) for start in range(bench.engine.owner.position + 1)]
                fed.beside.turn()
            fed.beside.is_slow = False
            fed.beside.finish()
            bench.clock.advance(10_000)
            fed.move()
            assert bench.engine.owner.metrics.stand_downs
            for start, listener in enumerate(listeners):
                assert listener.offsets == counting(log, start)


def test_one_execution_one_workflow_and_types_of_events_can_be_selected(tmp_path: Path) -> None:
    bench, fed = new(tmp_path)
    first = Listener(fed.feed, Selector(execution="a"))
    workflow = Listener(fed.feed, Selector(workflow="other"))
    ends = Listener(fed.feed, Selector(events=frozenset({e.ExecutionCompleted})))
    both = Listener(fed.feed, Selector(workflow="other", events=frozenset({e.ExecutionCompleted})))
    nothing = Listener(fed.feed, Selector(execution="a", workflow="other"))
    bench.start(execution="a")
    bench.start("other", execution="b")
    bench.start("other", execution="c")
    fed.move()
    assert first.offsets == counting(bench.log, wanted=lambda entry: entry.decision.execution == "a")
    assert workflow.offsets == counting(bench.log, wanted=lambda entry: entry.decision.execution in "bc")
    assert [type(one.decision.events[-1]) for one in ends.told] == [e.ExecutionCompleted] * 3
    assert {one.decision.execution for one in both.told} == {"b", "c"}
    assert nothing.told == []


def test_what_is_read_is_selected_alike_by_the_help_of_the_read_models(tmp_path: Path) -> None:
    bench, fed = new(tmp_path)
    bench.start("s", execution="a")
    bench.start("other", execution="b")
    fed.move()
    begins = bench.engine.owner.position
    bench.ask("a", SendSignal("go", "s1", payload(1)))
    fed.move()
    assert counting(bench.log, begins)
    signalled = Listener(fed.feed, Selector(workflow="s"), {0: begins})
    one = Listener(fed.feed, Selector(execution="b"), {0: 0})
    fed.beside.turn_all()
    assert signalled.told == []  # the read models do not know yet what workflow it is of
    fed.project()
    fed.beside.wait()
    fed.beside.turn_all()
    assert signalled.offsets == counting(bench.log, begins)
    assert one.offsets == counting(bench.log, wanted=lambda entry: entry.decision.execution == "b")


def test_one_that_is_held_costs_nothing_and_is_told_all_of_it_later(tmp_path: Path) -> None:
    bench, fed = new(tmp_path)
    listener = Listener(fed.feed)
    listener.subscription.hold()
    count = 0
    for a_round in (1, 400, 700, 900, 5):
        count += a_round
        for _ in range(a_round):
            bench.start("s")
        fed.move()
    assert listener.told == []
    [strand] = listener.subscription.strands.values()  # type: ignore[attr-defined]  # what it keeps is what is asked about
    assert len(strand._waiting) <= WAITING_MAX
    listener.subscription.go_on()
    fed.move()
    assert listener.offsets == counting(bench.log)
    assert len(listener.told) == count


def test_little_is_told_at_a_time_so_that_others_get_their_turn(tmp_path: Path) -> None:
    bench, fed = new(tmp_path)
    listener = Listener(fed.feed)
    for _ in range(3 * TURN_MAX):
        bench.start("s")
    bench.engine.step()
    fed.beside.turn()
    assert listener.batches == [TURN_MAX]
    fed.beside.turn_all()
    assert listener.batches == [TURN_MAX] * 3


def test_one_that_raises_harms_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bench, fed = new(tmp_path)

    def raises(told: Sequence[Told]) -> None:
        raise ValueError("a mistake")

    fed.feed.subscribe(Selector(), raises)
    listener = Listener(fed.feed)
    with caplog.at_level(logging.ERROR, "refold.feed"):
        execution = bench.start()
        fed.move()
    assert bench.status(execution) == "completed"
    assert listener.offsets == counting(bench.log)
    assert "could not be told" in caplog.text


def test_one_that_ends_within_its_own_call_is_told_nothing_more(tmp_path: Path) -> None:
    bench, fed = new(tmp_path)
    told: list[Told] = []

    def once(more: Sequence[Told]) -> None:
        told.extend(more)
        subscription.end()
        subscription.end()

    subscription = fed.feed.subscribe(Selector(), once, {0: 0})
    bench.start()
    fed.move()
    assert len({one.offset for one in told}) == len(told) == len(counting(bench.log)[: len(told)])
    before = len(told)
    bench.start()
    fed.move()
    assert len(told) == before


def test_the_owner_tells_nobody_where_nobody_subscribes(tmp_path: Path) -> None:
    bench, fed = new(tmp_path)
    owner = bench.engine.owner
    assert owner.hearers._all == ()
    first, second = Listener(fed.feed), Listener(fed.feed)
    assert len(owner.hearers._all) == 1
    first.subscription.end()
    second.subscription.end()
    assert owner.hearers._all == ()


def test_a_journal_that_cannot_be_read_is_read_again_later(tmp_path: Path) -> None:
    bench, fed = new(tmp_path)
    bench.start()
    fed.move()
    fed.beside.error = LogUnreachable("nobody answers")
    listener = Listener(fed.feed, after={0: 0})
    bench.start()
    fed.move()
    assert listener.told == []
    fed.beside.error = None
    fed.beside.wait()
    fed.move()
    assert listener.offsets == counting(bench.log)


def test_who_goes_on_after_what_it_was_told_misses_nothing(tmp_path: Path) -> None:
    bench, fed = new(tmp_path)
    told: list[int] = []
    after: dict[int, int] = {0: 0}
    for _ in range(6):
        listener = Listener(fed.feed, after=after)
        bench.start()
        bench.engine.step()
        fed.beside.turn()
        after = listener.subscription.after()
        listener.subscription.end()
        told += listener.offsets
    last = Listener(fed.feed, after=after)
    fed.move()
    assert told + last.offsets == counting(bench.log)


def test_a_position_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    bench, fed = new(tmp_path)
    begins = bench.engine.owner.position + 3
    listener = Listener(fed.feed, after={0: begins})
    for _ in range(4):
        bench.start()
        fed.move()
    assert listener.offsets == counting(bench.log, begins)


def test_what_waits_behind_more_than_is_read_at_a_time_comes_once(tmp_path: Path) -> None:
    """So much is told of at once that reading on begins more than a piece before the first decision that must be read."""
    bench, fed = new(tmp_path)
    bench.start("s", execution="before")
    fed.move()
    ground = AtOnce(bench.engine.owner, fed.beside)
    listener = Listener(Feed(ground), Selector(workflow="s"))
    begins = bench.engine.owner.position
    for _ in range(PIECE_RECORDS + 100):
        bench.start("other")
    wanted = ["a", "b", "c", "before"]
    for execution in wanted[:-1]:
        bench.start("s", execution=execution)
    bench.ask("before", SendSignal("go", "s1", payload(1)))
    fed.move()
    fed.project()
    ground.tell()
    fed.beside.turn_all()
    assert listener.offsets == counting(bench.log, begins, lambda entry: entry.decision.execution in wanted)


def test_who_is_refused_leaves_nothing_behind(tmp_path: Path) -> None:
    bench, fed = new(tmp_path)

    class Elsewhere(OwnerGround):
        def partition_of(self, execution: str) -> int:
            raise Rejected("unknown_execution", f"there is no partition for {execution}")

    feed = Feed(Elsewhere(bench.engine.owner, fed.beside))
    for _ in range(2):
        with pytest.raises(Rejected, match="no partition"):
            Listener(feed, Selector(execution="a"))
    assert feed._subscribed == set()


def test_each_is_told_with_its_origin_also_of_an_execution_whose_beginning_nobody_saw(tmp_path: Path) -> None:
    bench, fed = new(tmp_path)
    bench.start("s", execution="before")
    fed.move()
    ground = AtOnce(bench.engine.owner, fed.beside)
    listener = Listener(Feed(ground), Selector(with_origin=True))
    bench.start("other", execution="a")
    for number in (1, 2):
        bench.ask("before", SendSignal("go", f"s{number}", payload(1)))
        fed.move()
        fed.project()
        ground.tell()
        fed.beside.turn_all()
    found = {(one.decision.execution, one.origin and one.origin.workflow) for one in listener.told}
    assert found == {("before", "s"), ("a", "other")}
    assert listener.subscription.is_at_end()
    assert fed.beside.reads == 1  # from then on it is known


def test_one_is_at_the_end_only_once_it_was_told_everything(tmp_path: Path) -> None:
    bench, fed = new(tmp_path)
    bench.start("s")
    fed.move()
    listener = Listener(fed.feed, after={0: 0})
    assert not listener.subscription.is_at_end()
    fed.beside.turn_all()
    assert listener.subscription.is_at_end()
    listener.subscription.hold()
    bench.start("s")
    fed.move()
    assert not listener.subscription.is_at_end()


def test_the_owner_finds_only_what_somebody_may_want(tmp_path: Path) -> None:
    bench, fed = new(tmp_path)
    beside = OwnerGround(bench.engine.owner, fed.beside)
    noted: list[Told] = []
    wanted = {("one", "s"), ("two", "s")}
    beside.join(0, lambda partition, base, found, checkpoint: noted.extend(found), lambda *of: of in wanted)
    for execution, workflow in (("one", "s"), ("two", "other"), ("three", "s")):
        bench.start(workflow, execution=execution)
    bench.engine.step()
    assert {one.decision.execution for one in noted} == {"one"}


def test_what_is_wanted_follows_who_subscribes(tmp_path: Path) -> None:
    _, fed = new(tmp_path)
    first, second = Listener(fed.feed, Selector(workflow="s")), Listener(fed.feed, Selector(execution="one"))
    wants = fed.feed._tails[0].wants
    assert (wants("two", "s"), wants("one", "other"), wants("two", "other")) == (True, True, False)
    third = Listener(fed.feed)
    assert wants("two", "other")
    third.subscription.end()
    first.subscription.end()
    assert (wants("two", "s"), wants("one", "other")) == (False, True)
    second.subscription.end()
    assert not wants("one", "s")
