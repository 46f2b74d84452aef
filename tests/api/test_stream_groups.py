"""Readers of streams, moved by hand: whoever is slow, early or late is told each event once, and holds up nobody."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.requests import Requests
from api.streams.group import LINGER_S
from api.streams.position import Places, read_position
from api.streams.reader import SLOW_S, Batch, Form, Reader, Why
from api.streams.selection import select
from api.streams.server_sent import EventStream
from api.streams.streams import BEAT_S, Streams
from contracts.commands import SendSignal
from contracts.errors import InvalidInput, Overloaded
from contracts.positions import Positions
from tests.workers.feeding import Fed
from tests.workers.harness import Bench, payload, sequence

SIGNALLED = {"name": "s", "nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}]}


class Timer:
    def __init__(self, at: float, do: Callable[[], object]) -> None:
        self.at, self.do, self.is_cancelled = at, do, False

    def cancel(self) -> None:
        self.is_cancelled = True


class HandLoop:
    """See `api.streams.reader.Loop`: time passes when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_soon(self, callback: Callable[[], object]) -> Timer:
        return self.call_later(0, callback)

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        self.timers.append(Timer(self.now + delay, callback))
        return self.timers[-1]

    def advance(self, seconds: float) -> None:
        """What comes due meanwhile is done, the earliest first."""
        until = self.now + seconds
        while due := [one for one in self.timers if not one.is_cancelled and one.at <= until]:
            first = min(due, key=lambda one: one.at)
            self.timers.remove(first)
            self.now = max(self.now, first.at)
            first.do()
        self.now = until


class Kept:
    """A sink that keeps what it is told; `is_full` as a test says."""

    form: Form | None = None

    def __init__(self) -> None:
        self.is_full = False
        self.told: list[bytes] = []
        self.positions: list[str] = []
        self.beats = self.batches = 0
        self.why: Why | None = None
        self._then: Callable[[], None] | None = None

    def tell(self, batch: Batch) -> None:
        assert self.why is None
        self.batches += 1
        self.told += [entry.content for entry in batch.entries]
        self.positions += [entry.position for entry in batch.entries]

    def say_position(self, position: str) -> None:
        self.positions.append(position)

    def beat(self) -> None:
        self.beats += 1

    def when_room(self, then: Callable[[], None]) -> None:
        self._then = then

    def make_room(self) -> None:
        self.is_full = False
        then, self._then = self._then, None
        if then is not None:
            then()

    def end(self, why: Why) -> None:
        self.why = why


class World:
    """An engine with streams beside it."""

    def __init__(self, folder: Path, **limits: Any) -> None:
        self.bench = Bench()
        self.bench.publish(sequence("noop", "noop"), SIGNALLED)
        self.fed, self.loop = Fed(self.bench, folder), HandLoop()
        self.streams = Streams(self.fed.feed, Requests(), Positions(False), loop=self.loop, **limits)
        self._signals = 0

    def open(self, start: str | None = "0", **of: Any) -> tuple[Kept, Reader]:
        sink = Kept()
        places: Places | None = None if start is None else read_position(start, "from")
        return sink, self.streams.open(select(**of), places, sink)

    def work(self, execution: str | None = None) -> None:
        self.bench.start(**({} if execution is None else {"execution": execution}))
        self.fed.move()

    def settle(self) -> None:
        """Everything is told, and whoever has caught up is with its group."""
        for _ in range(8):
            self.fed.move()
            self.loop.advance(0.5)


def test_whoever_has_caught_up_is_told_together_with_the_others(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.work()
    first, _ = world.open()
    world.settle()
    second, _ = world.open(None)
    world.settle()
    assert len(world.fed.feed._subscribed) == 1
    before = len(first.told)
    world.work()
    world.settle()
    assert before > 0
    assert second.told == first.told[before:] != []


def test_many_are_told_of_a_burst_at_once_and_one_without_delay(tmp_path: Path) -> None:
    batches = []
    for count in (100, 1):
        (folder := tmp_path / str(count)).mkdir()
        world = World(folder)
        readers = [world.open(None)[0] for _ in range(count)]
        world.settle()
        for _ in range(3):
            world.work()
            world.loop.advance(0.0001)
        world.loop.advance(100 * LINGER_S)
        assert len({reader.batches for reader in readers}) == 1
        batches.append((readers[0].batches, len(readers[0].told)))
    (of_many, events), (of_one, same) = batches
    assert (of_many, events) == (1, same)
    assert of_one > 3


def test_one_that_takes_no_more_goes_on_where_it_stood_while_others_go_ahead(tmp_path: Path) -> None:
    world = World(tmp_path)
    (slow, _), (quick, _) = world.open(None), world.open(None)
    world.settle()
    world.work()
    world.settle()
    slow.is_full = True
    for _ in range(3):
        world.work()
    world.settle()
    assert len(slow.told) < len(quick.told)
    slow.make_room()
    world.work()
    world.settle()
    assert slow.told == quick.told
    assert len(world.fed.feed._subscribed) == 1


def test_one_that_reads_nothing_for_long_is_cut_off_and_can_go_on_from_its_position(tmp_path: Path) -> None:
    world = World(tmp_path)
    (slow, _), (quick, _) = world.open(), world.open()
    world.work()
    world.settle()
    slow.is_full = True
    world.work()
    world.settle()
    world.loop.advance(SLOW_S)
    assert slow.why == "slow"
    again, _ = world.open(slow.positions[-1])
    world.settle()
    assert slow.told + again.told == quick.told
    assert world.streams.count == 2


@pytest.mark.parametrize("seed", range(12))
def test_at_any_pace_and_with_any_reconnects_each_is_told_each_event_once(seed: int, tmp_path: Path) -> None:
    chance, world = random.Random(seed), World(tmp_path)
    kinds: list[dict[str, Any]] = [{}, {"workflow": "w"}, {"types": ["node.completed"]}, {"filter": "data.version > 2"}]
    readers = [(kind, [world.open(**kind)]) for kind in kinds for _ in range(2)]
    for _ in range(60):
        match chance.randrange(5):
            case 0 | 1:
                world.bench.start(chance.choice(["w", "s"]))
            case 2:
                sink, _ = chance.choice(readers)[1][-1]
                sink.make_room() if sink.is_full else setattr(sink, "is_full", True)
            case 3:
                kind, lives = chance.choice(readers)
                sink, reader = lives[-1]
                reader.close()
                lives.append(world.open(sink.positions[-1] if sink.positions else "0", **kind))
            case _:
                world.loop.advance(chance.choice([0.01, 0.2, 1]))
        world.bench.engine.step()
        world.fed.project()
        world.fed.beside.turn()
    for _, lives in readers:
        lives[-1][0].make_room()
    world.settle()
    for kind, lives in readers:
        whole, _ = world.open(**kind)
        world.settle()
        assert [one for sink, _ in lives for one in sink.told] == whole.told != []


def test_a_heartbeat_says_where_the_stream_is_if_that_has_moved(tmp_path: Path) -> None:
    world = World(tmp_path)
    sink, _ = world.open(None, workflow="s")
    world.settle()
    world.loop.advance(BEAT_S)
    assert (sink.beats, len(sink.positions)) == (1, 1)
    world.work()
    world.settle()
    world.loop.advance(BEAT_S)
    assert sink.told == []
    assert sink.positions[-1] == f"0:{world.bench.engine.owner.position}"


def test_the_end_of_its_execution_ends_a_stream(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.bench.start("s", execution="a")
    world.fed.move()
    sink, _ = world.open(execution="a")
    world.settle()
    assert sink.why is None
    world.bench.ask("a", SendSignal("s1", "go", payload(1)))
    world.settle()
    assert sink.why == "ended"
    assert world.fed.feed._subscribed == set()
    assert world.streams.count == 0


def test_there_are_so_many_readers_and_no_more(tmp_path: Path) -> None:
    world = World(tmp_path, streams_max=2)
    _, (_, second) = world.open(), world.open(None)
    with pytest.raises(Overloaded, match="the limit is 2"):
        world.open()
    with pytest.raises(Overloaded, match="the limit is 2"):  # before the head of an answer is sent
        EventStream(world.streams, select(), None)
    second.close()
    world.open()


def test_who_comes_while_all_are_ended_is_told_to_come_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    before, _ = world.open()
    world.streams.close()
    after, _ = world.open()
    assert (before.why, after.why, world.streams.count) == ("stopping", "stopping", 0)


def test_an_event_that_cannot_be_written_ends_the_stream_and_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path)
    (one, _), (other, _) = world.open(), world.open(None)
    world.settle()

    def fails(*_: Any) -> Any:
        raise ValueError("cannot be written")

    monkeypatch.setattr("api.streams.selection.events_of", fails)
    world.work()
    world.settle()
    assert (one.why, other.why) == ("failed", "failed")


@pytest.mark.parametrize("text", ["", "x", "0:1,0:2", "0:1,", "0:-1", "0:1.", "1:" + "9" * 19, "0:1 ", "٣:1", "0:1," * 2000])
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="expected 0 for the beginning"):
        read_position(text, "from")
