"""Permission to claim: a partition is assigned to us, whoever had it has let go, and what threw us out of it is known here by now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from workers.cluster.members import Members

WAIT_S: Final = 0.1


class MembersPermission:
    """Lives in the event loop. See `workers.cluster.owners.Permission`."""

    def __init__(self, members: Members, wake: Callable[[], None]) -> None:
        """`wake` lets what goes by the partitions that are ours look again."""
        self._members, self._wake = members, wake
        self._marks: dict[int, int] = {}
        self._news = asyncio.Event()

    def changed(self) -> None:
        """See Permission."""
        self._members.say_now()
        self._wake()

    def look_again(self) -> None:
        """The members have changed."""
        self._news.set()

    def stood_down(self, partition: int) -> None:
        """See Permission."""
        self._marks[partition] = self._members.mark()

    async def may_take(self, partition: int) -> bool:
        """See Permission."""
        while partition in self._members.mine:
            if self._members.may_take(partition) and self._members.confirmed_since(self._marks.get(partition, 0)):
                return True
            self._news.clear()
            waiting = asyncio.ensure_future(self._news.wait())
            await asyncio.wait({waiting}, timeout=WAIT_S)
            waiting.cancel()
        return False
