"""Lists that are watched, moved by hand: whoever watches one is told its rows whenever they are others, also at the very beginning."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import pytest

from api.streams.lists import AGAIN_S, LATE_S, LOAD_FROM, SHARE, Listed, Lists
from api.streams.watching import Changed, Found
from contracts.errors import LogError, LogUnreachable, Overloaded

from .test_stream_groups import HandLoop

LISTED = Listed(None, (), None, 50)
OF_ONE = Listed("order", (), None, 50)


class Ground:
    """Rows that follow a journal of one partition as far as a test lets them, and what asking for them takes."""

    def __init__(self, lists_max: int = 10) -> None:
        self.loop = HandLoop()
        self.end = self.reached = 5
        self.asked = 0
        self.cost_s = self.cpu_s = 0.0
        self.fails: LogError | None = None
        self.hearing: list[tuple[str | None, Changed]] = []
        self.lists = Lists(self.find, self.on_change, self.ends, lists_max, self.loop, lambda: self.cpu_s)

    async def find(self, listed: Listed) -> Found:
        self.asked += 1
        if self.fails is not None:
            raise self.fails
        return Found(b"[%d]" % self.reached, {0: self.reached}, self.cost_s)

    def on_change(self, workflow: str | None, then: Changed) -> Callable[[], None]:
        heard = (workflow, then)
        self.hearing.append(heard)
        return lambda: self.hearing.remove(heard)

    async def ends(self) -> Mapping[int, int]:
        if self.fails is not None:
            raise self.fails
        return {0: self.end}

    def decide(self, count: int = 1, is_shown: bool = True) -> None:
        self.end += count
        if is_shown:
            self.reached = self.end
        for _, then in self.hearing:
            then(0, self.end)

    async def watch(self, listed: Listed = LISTED) -> tuple[list[bytes], Callable[[], None]]:
        told = list[bytes]()
        return told, await self.lists.watch(listed, told.append)

    async def pass_by(self, seconds: float, each: Callable[[], None] = lambda: None) -> None:
        """So much time passes, and what was begun meanwhile is done."""
        for _ in range(round(seconds / AGAIN_S)):
            each()
            self.loop.advance(AGAIN_S)
            for _ in range(5):
                await asyncio.sleep(0)


def story(told: Callable[[Ground], Coroutine[Any, Any, None]], **limits: Any) -> None:
    async def run() -> None:
        await told(Ground(**limits))

    asyncio.run(run())


def test_a_change_is_told_a_quarter_of_a_second_later_and_then_nothing_is_asked() -> None:
    async def of(ground: Ground) -> None:
        told, _ = await ground.watch()
        ground.decide()
        ground.loop.advance(AGAIN_S / 2)
        ground.decide()
        await ground.pass_by(AGAIN_S)
        assert told == [b"[5]", b"[7]"]
        await ground.pass_by(60)
        assert ground.asked == 2
        assert ground.loop.timers == []

    story(of)


def test_rows_that_come_late_are_told_though_nothing_happens_after() -> None:
    async def of(ground: Ground) -> None:
        ground.end = 8  # of what was decided before, and stood in no read model then
        told, _ = await ground.watch()
        await ground.pass_by(60)
        ground.reached = 8
        await ground.pass_by(LATE_S)
        assert told == [b"[5]", b"[8]"]
        assert ground.loop.timers == []

    story(of)


def test_rows_that_do_not_come_are_asked_for_seldom_and_soon_again_once_they_do() -> None:
    async def of(ground: Ground) -> None:
        told, _ = await ground.watch()
        ground.decide(2, is_shown=False)
        await ground.pass_by(100)
        assert ground.asked < 100 / LATE_S + 10
        ground.reached = 6
        await ground.pass_by(LATE_S)
        ground.reached = 7
        await ground.pass_by(2 * AGAIN_S)
        assert told == [b"[5]", b"[6]", b"[7]"]

    story(of)


def test_under_load_asking_takes_its_share_of_the_process_and_no_more() -> None:
    async def of(ground: Ground) -> None:
        ground.cost_s = 0.01
        await ground.watch()

        def work() -> None:
            ground.decide(LOAD_FROM)
            ground.cpu_s += AGAIN_S * 0.8

        await ground.pass_by(100, work)
        assert 0.8 < ground.asked * ground.cost_s / (ground.cpu_s * SHARE) <= 1.05

    story(of)


def test_however_much_it_takes_a_list_is_asked_for_in_time_and_at_once_when_the_load_is_over() -> None:
    async def of(ground: Ground) -> None:
        ground.cost_s = 100.0
        told, _ = await ground.watch()
        await ground.pass_by(100, lambda: ground.decide(LOAD_FROM))
        assert 100 / LATE_S - 2 <= ground.asked <= 100 / LATE_S + 2
        await ground.pass_by(2 * AGAIN_S)
        assert told[-1] == b"[%d]" % ground.end
        assert ground.loop.timers == []

    story(of)


def test_little_is_told_four_times_a_second_whatever_it_takes() -> None:
    async def of(ground: Ground) -> None:
        ground.cost_s = 100.0
        told, _ = await ground.watch()
        await ground.pass_by(10, lambda: ground.decide(LOAD_FROM - 1))
        assert len(told) == 1 + 10 / AGAIN_S

    story(of)


def test_the_lists_of_all_share_what_asking_may_take() -> None:
    async def of(ground: Ground) -> None:
        ground.cost_s = 0.01
        _, end = await ground.watch(OF_ONE)
        await ground.watch()
        assert ground.lists.cost_s == pytest.approx(0.02)
        end()
        assert ground.lists.cost_s == pytest.approx(0.01)
        assert [workflow for workflow, _ in ground.hearing] == [None]

    story(of)


def test_a_list_that_ends_while_it_is_asked_for_costs_nothing_any_more() -> None:
    async def of(ground: Ground) -> None:
        ground.cost_s = 0.01
        told, end = await ground.watch()
        ground.decide()
        ground.loop.advance(AGAIN_S)
        end()
        await ground.pass_by(10)
        assert told == [b"[5]"]
        assert ground.lists.cost_s == 0
        assert ground.loop.timers == []

    story(of)


def test_all_who_watch_the_same_share_one_question() -> None:
    async def of(ground: Ground) -> None:
        first, _ = await ground.watch()
        second, _ = await ground.watch()
        asked = ground.asked
        ground.decide()
        await ground.pass_by(1)
        assert first == second == [b"[5]", b"[6]"]
        assert ground.asked == asked + 1

    story(of)


def test_a_list_that_cannot_be_asked_for_is_asked_for_again() -> None:
    async def of(ground: Ground) -> None:
        told, _ = await ground.watch()
        ground.fails = LogUnreachable("nobody answers")
        ground.decide()
        await ground.pass_by(10)
        ground.fails = None
        await ground.pass_by(1)
        assert told == [b"[5]", b"[6]"]
        assert ground.loop.timers == []

    story(of)


def test_so_many_different_lists_are_watched_and_one_more_once_nobody_watches_another() -> None:
    async def of(ground: Ground) -> None:
        ends = [(await ground.watch())[1] for _ in range(2)]
        with pytest.raises(Overloaded, match="the limit is 1"):
            await ground.watch(OF_ONE)
        for end in ends:
            end()
        await ground.watch(OF_ONE)

    story(of, lists_max=1)
