"""What-if at a server: compared in a process of its own, which gives way to the engine; one request at a time."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Final

import msgspec

from api.service import Unavailable
from api.what_if import CoverageAsked, MigrationAsked, WhatIfAsked
from infra.server.projector_process import child_environment
from infra.settings.model import EngineSettings

NICE: Final = 10
"""By so much it gives way to the engine."""
LONGEST_S: Final = 60.0
"""So long it may take."""


class WhatIfDesk:
    """Lives in the event loop."""

    def __init__(self, settings: EngineSettings) -> None:
        self._data, self._log, self._keys = settings.data, settings.log, settings.keys
        self._is_busy = False

    async def compare(self, asked: WhatIfAsked | MigrationAsked | CoverageAsked) -> bytes:
        """What the version would change, as JSON. Raises Unavailable where another is compared, or it takes too long."""
        if self._data is None:
            raise Unavailable("no_folder", "this server keeps nothing: there are no recorded executions to compare")
        if self._is_busy:
            raise Unavailable("busy", "another version is being compared; come again in a moment", 2.0)
        self._is_busy = True
        try:
            return await self._compare(self._data, msgspec.json.encode({type(asked).__name__: asked}))
        finally:
            self._is_busy = False

    async def _compare(self, data: Path, request: bytes) -> bytes:
        words = ["-P", "-m", "infra.server.what_if_program", "--data", str(data.absolute()), "--nice", str(NICE)]
        words += ["--log", self._log] if self._log is not None else []
        words += ["--keys", str(self._keys)] if self._keys is not None else []
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, *words, stdin=pipe, stdout=pipe, stderr=pipe, env=child_environment({})
            )
        except OSError as error:
            raise Unavailable("no_process", f"no process for it can be begun: {error}") from None
        try:
            answer, complaints = await asyncio.wait_for(process.communicate(request), LONGEST_S)
        except TimeoutError:
            message = f"comparing takes longer than {LONGEST_S:g} s here: ask for fewer executions, or use `refold what-if`"
            raise Unavailable("too_long", message) from None
        finally:
            if process.returncode is None:  # it took too long, or nobody waits for it any more
                process.kill()
                await process.wait()
        if process.returncode:
            said = complaints.decode(errors="replace").strip().splitlines()
            raise Unavailable("not_compared", f"what was recorded could not be compared: {said[-1] if said else process.returncode}")
        return answer
