"""A process: its parts, moved and begun in the order of the list, ended in the reverse one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from infra.server.driver import Moved
from infra.server.parts import PARTS
from infra.server.parts.context import Context
from infra.server.parts.part import Part
from infra.server.parts.running import Running


class Process:
    """The parts that have something to do here: those of one of its roles, where what they need is there."""

    def __init__(self, context: Context, parts: Sequence[Part] = PARTS, beside: Moved | None = None) -> None:
        """`beside` is moved behind them."""
        here = [part for part in parts if not part.roles or set(part.roles) & set(context.roles)]
        made = [(part.name, part.make(context)) for part in here]
        self.parts: dict[str, Running] = {name: running for name, running in made if running is not None}
        moved = list(self.parts.values())
        steps = [one.step for one in moved if _has(one, "step")]
        dues = [one.next_due for one in moved if _has(one, "next_due")]
        self._steps = (*steps, beside.step) if beside is not None else tuple(steps)
        self._dues = (*dues, beside.next_due) if beside is not None else tuple(dues)

    def step(self) -> bool:
        """Move all of them once; True when anything was done."""
        worked = False
        for step in self._steps:
            worked |= step()
        return worked

    def next_due(self) -> int | None:
        """When `step` will have something to do by itself (milliseconds since 1970), None as far as it knows."""
        return min((due for next_due in self._dues if (due := next_due()) is not None), default=None)

    async def start(self) -> None:
        """Begin, one after the other. Raises what the first raises that cannot."""
        for running in self.parts.values():
            await running.start()

    async def drain(self, stop_s: float) -> None:
        """Let what runs end. What one of them fails with is raised when all have been asked."""
        await self._end(lambda running: running.drain(stop_s))

    async def stop(self) -> None:
        """End now, all of them, though a second Ctrl-C cancels who waits for it. What one fails with is raised when all have ended."""
        ending = asyncio.ensure_future(self._end(lambda running: running.stop()))
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            await ending
            raise

    async def _end(self, end: Callable[[Running], Awaitable[None]]) -> None:
        failures: list[Exception] = []
        for running in reversed(self.parts.values()):
            try:
                await end(running)
            except Exception as error:
                failures.append(error)
        if failures:
            raise failures[0]


def _has(running: Running, name: str) -> bool:
    """Whether a part does more than nothing there."""
    return getattr(type(running), name) is not getattr(Running, name)
