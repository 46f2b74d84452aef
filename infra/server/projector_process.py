"""The projector's process beside a server: started with it, told when there is something new, started again when it dies."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from types import MappingProxyType
from typing import Final, NamedTuple

from infra.settings.model import READ_MODELS_VARIABLE

RESTART_PAUSE_S: Final = 0.1
RESTART_PAUSE_MAX_S: Final = 5.0
TELL_AFTER_S: Final = 0.03
"""By so much lists lag behind where nobody waits for them."""
TELL_UNDER_LOAD_S: Final = 0.12
"""The same under load: a batch of 1,500 decisions costs a quarter less than five of 300."""
LOAD_FROM: Final = 50
"""So many records that were taken in since the last pause began are load,"""
LOAD_WITHIN_S: Final = 1.0
"""where that was no longer ago: what comes alone is told of soon, whatever came before."""
STOP_S: Final = 5.0
"""How long it may take to end after its stdin has."""
_PACKAGES: Final = str(Path(__file__).parents[2])
"""The folder that the engine's packages are in: first on the path of the child too, before any of the same names."""
_log = logging.getLogger("refold.projector")


class _Rebuild(NamedTuple):
    """Rows that are to be made anew: of which read models, how that is said, and whether it is stored."""

    names: frozenset[str]
    line: bytes
    stored: asyncio.Future[None]


class ProjectorProcess:
    """Runs the projector and knows how far it is. `on_progress` hears of a partition: see `ProjectorPool`."""

    def __init__(
        self,
        data: Path,
        nice: int,
        on_progress: Callable[[int, int, int], None],
        more: Sequence[str] = (),
        environment: Mapping[str, str] = MappingProxyType({}),
        tell_after_s: float = TELL_AFTER_S,
        now: Callable[[], float] = monotonic,
    ) -> None:
        words = ("-P", "-m", "infra.server.projector_program", "--data", str(data.absolute()), "--nice", str(nice), *more)
        self._command: tuple[str, ...] = (sys.executable, *words)
        self._on_progress, self._environment, self._tell_after_s = on_progress, environment, tell_after_s
        self._process: asyncio.subprocess.Process | None = None
        self._told: dict[int, bool] = {}
        """The partitions that it was told of and has not answered for, and whether all of their rows are wanted."""
        self._soon: asyncio.TimerHandle | None = None
        self._soon_partitions: set[int] = set()
        self._offsets: dict[int, int] = {}
        self._taken_in = 0
        """How many records the projector has said that it took in since the last pause began."""
        self._now, self._paused_at = now, now()
        """When that pause began."""
        self._own = b"own all\n"
        self._looks = 0
        self._looking: asyncio.Future[None] | None = None
        """Of the look that is under way."""
        self._next: asyncio.Future[None] | None = None
        """Of the one after it, which all share that have asked since."""
        self._rebuilds: dict[int, _Rebuild] = {}
        """What was asked for to be made anew and is not known to be stored yet, by its number."""
        self._rebuilds_asked = 0
        self.restarts = -1

    async def run(self) -> None:
        """Keep one running until cancelled."""
        pause = RESTART_PAUSE_S
        try:
            while True:
                self.restarts += 1
                if await self._run_once():
                    pause = RESTART_PAUSE_S
                await asyncio.sleep(pause)
                pause = min(2 * pause, RESTART_PAUSE_MAX_S)
        finally:
            await self._stop()

    async def _run_once(self) -> bool:
        """Run one until it ends; whether it got anywhere."""
        pipe = asyncio.subprocess.PIPE
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=pipe, stdout=pipe, env=child_environment(self._environment)
            )
        except OSError as error:  # too many processes or open files, or no memory: that may pass
            _log.warning("the projector cannot be begun: %s", error)
            return False
        assert self._process.stdout is not None
        self._told.clear()
        self._write(self._own)
        if self._looking is not None:
            self._write(b"look %d\n" % self._looks)
        for waiting in self._rebuilds.values():
            self._write(waiting.line)
        lines = 0
        while line := await self._process.stdout.readline():
            lines += 1
            self._hear(line.split())
        await self._process.wait()
        return lines > 1

    def _hear(self, words: list[bytes]) -> None:
        if words[0] == b"looked":
            if int(words[1]) == self._looks:
                self._looked()
            return
        if words[0] == b"rebuilding":
            rebuild = self._rebuilds.pop(int(words[1]), None)
            if rebuild is not None and not rebuild.stored.done():
                rebuild.stored.set_result(None)
            return
        partition, offset, lagging = map(int, words)
        self._told.pop(partition, None)
        self._taken_in += max(0, offset - self._offsets.get(partition, offset))
        self._offsets[partition] = offset
        self._on_progress(partition, offset, lagging)

    def _looked(self) -> None:
        """The look that was under way is done: begin the next one, if somebody waits for it."""
        done, self._looking, self._next = self._looking, self._next, None
        if self._looking is not None:
            self._ask_to_look()
        if done is not None and not done.done():
            done.set_result(None)

    def tell(self, partition: int = 0, of_all: bool = False) -> None:
        """There may be something new in a partition; `of_all`: no rows are to be held back. Once is enough until it has answered."""
        if self._process is not None and (partition not in self._told or of_all > self._told[partition]):
            self._told[partition] = of_all
            self._write(b"%d all\n" % partition if of_all else b"%d\n" % partition)

    def tell_soon(self, partition: int = 0) -> None:
        """The same in a moment, for all that comes until then: rows of larger batches cost less, and the engine has the cores meanwhile."""
        self._soon_partitions.add(partition)
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(self._pause_s(), self._tell_now)

    def _pause_s(self) -> float:
        """How long what comes is collected: longer while much does."""
        now = self._now()
        is_load = self._taken_in >= LOAD_FROM and now - self._paused_at <= LOAD_WITHIN_S
        self._taken_in, self._paused_at = 0, now
        return max(self._tell_after_s, TELL_UNDER_LOAD_S) if is_load else self._tell_after_s

    def _tell_now(self) -> None:
        self._soon = None
        for partition in self._soon_partitions:
            self.tell(partition)
        self._soon_partitions.clear()

    def own(self, partitions: Iterable[int] | None) -> None:
        """From now on it keeps these partitions up; None is all there are, and the default."""
        named = "all" if partitions is None else " ".join(map(str, sorted(partitions)))
        self._own = f"own {named}\n".encode()
        self._write(self._own)

    def look(self) -> asyncio.Future[None]:
        """Look at all partitions, also at what others have written and added; done when that is. It may take for ever.

        Many share what is given back: wait for it, and do not cancel it.
        """
        if self._looking is None:
            self._looking = asyncio.get_running_loop().create_future()
            self._ask_to_look()
            return self._looking
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        return self._next

    def rebuild(self, names: Sequence[str]) -> asyncio.Future[None]:
        """Have the rows of these read models made anew; done when it is stored that they are to be, which may take for ever.

        Who asks for the same meanwhile shares what is given back: wait for it, and do not cancel it.
        """
        asked = frozenset(names)
        for waiting in self._rebuilds.values():
            if waiting.names == asked:
                return waiting.stored
        self._rebuilds_asked += 1
        line = b"rebuild %d %s\n" % (self._rebuilds_asked, " ".join(names).encode())
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._rebuilds[self._rebuilds_asked] = _Rebuild(asked, line, stored)
        self._write(line)
        return stored

    def _ask_to_look(self) -> None:
        self._looks += 1
        self._write(b"look %d\n" % self._looks)

    def _write(self, line: bytes) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError, RuntimeError):  # it has just died, and its successor looks by itself
                self._process.stdin.write(line)

    async def _stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    @property
    def pid(self) -> int | None:
        """The id of the process that runs now."""
        return None if self._process is None or self._process.returncode is not None else self._process.pid


def child_environment(more: Mapping[str, str]) -> dict[str, str]:
    """Ours, for a program of the engine's own, except for where the read models are: that has been decided elsewhere."""
    path = os.environ.get("PYTHONPATH")
    ours = {name: value for name, value in os.environ.items() if name != READ_MODELS_VARIABLE}
    return {**ours, **more, "PYTHONPATH": f"{_PACKAGES}{os.pathsep}{path}" if path else _PACKAGES}
