"""The projector's process beside a server: started with it, told when there is something new, started again when it dies."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

RESTART_PAUSE_S: Final = 0.1
RESTART_PAUSE_MAX_S: Final = 5.0
TELL_AFTER_S: Final = 0.03
"""By so much lists lag behind where nobody waits for them."""
STOP_S: Final = 5.0
"""How long it may take to end after its stdin has."""
_PACKAGES: Final = str(Path(__file__).parents[1])
"""The folder that the engine's packages are in: first on the path of the child too, before any of the same names."""


class ProjectorProcess:
    """Runs the projector and knows how far it is. `on_progress` is called whenever that has changed."""

    def __init__(self, data: Path, nice: int, on_progress: Callable[[int], None], log: str | None = None) -> None:
        self._command: tuple[str, ...] = (
            sys.executable,
            "-P",
            "-m",
            "infra.projector",
            "--data",
            str(data.absolute()),
            "--nice",
            str(nice),
        )
        self._command += ("--log", log) if log else ()
        self._on_progress = on_progress
        self._process: asyncio.subprocess.Process | None = None
        self._is_told = False
        self._soon: asyncio.TimerHandle | None = None
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
        self._is_told = True
        self._process = await asyncio.create_subprocess_exec(*self._command, stdin=pipe, stdout=pipe, env=_environment())
        assert self._process.stdout is not None
        lines = 0
        while line := await self._process.stdout.readline():
            lines += 1
            self._is_told = False
            self._on_progress(int(line))
        await self._process.wait()
        return lines > 1

    def tell(self) -> None:
        """There may be something new. Once is enough until it has answered."""
        if self._is_told or self._process is None or self._process.stdin is None:
            return
        self._is_told = True
        with suppress(OSError, RuntimeError):  # it has just died, and its successor looks by itself
            self._process.stdin.write(b"\n")

    def tell_soon(self) -> None:
        """The same in a moment, for all that comes until then: rows of larger batches cost less, and the engine has the cores meanwhile."""
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(TELL_AFTER_S, self._tell_now)

    def _tell_now(self) -> None:
        self._soon = None
        self.tell()

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


def _environment() -> dict[str, str]:
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{_PACKAGES}{os.pathsep}{path}" if path else _PACKAGES}
