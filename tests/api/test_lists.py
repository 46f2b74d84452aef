"""Lists that are watched, moved by hand: whoever watches one is told its rows whenever they are others, also at the very beginning."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from api.streams.lists import AGAIN_S, UNTIL_S, Listed, Lists
from contracts.errors import Overloaded

from .test_stream_groups import World


async def some_turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def pass_by(world: World, seconds: float) -> None:
    """So much time passes, and what was begun meanwhile is done."""
    for _ in range(round(seconds / AGAIN_S)):
        world.loop.advance(AGAIN_S)
        await some_turns()


def test_rows_that_come_late_are_told_though_nothing_happens_after(tmp_path: Path) -> None:
    async def story() -> None:
        world, told, rows = World(tmp_path), list[bytes](), [b"[]"]

        async def find(listed: Listed) -> bytes:
            return rows[0]

        end = await Lists(world.fed.feed, find, loop=world.loop).watch(Listed(None, (), None, 50), told.append)
        rows[0] = b"[1]"  # of what was decided before, and stood in no read model then
        await pass_by(world, 2 * UNTIL_S)
        assert told == [b"[]", b"[1]"]
        assert world.loop.timers == []
        end()

    asyncio.run(story())


def test_so_many_different_lists_are_watched_and_one_more_once_nobody_watches_another(tmp_path: Path) -> None:
    async def story() -> None:
        world = World(tmp_path)

        async def find(listed: Listed) -> bytes:
            return b"[]"

        lists = Lists(world.fed.feed, find, lists_max=1, loop=world.loop)
        ends = [await lists.watch(Listed(None, (), None, 50), lambda rows: None) for _ in range(2)]
        with pytest.raises(Overloaded, match="the limit is 1"):
            await lists.watch(Listed("other", (), None, 50), lambda rows: None)
        for end in ends:
            end()
        await lists.watch(Listed("other", (), None, 50), lambda rows: None)

    asyncio.run(story())
