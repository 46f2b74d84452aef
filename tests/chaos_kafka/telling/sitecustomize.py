"""Every process of a chaos run says on SIGUSR2 what its tasks and threads wait for. Found by Python itself, as it is on the path."""

from __future__ import annotations

import asyncio
import faulthandler
import signal
import sys
from types import FrameType


def _tell(number: int, frame: FrameType | None) -> None:
    loop = asyncio._get_running_loop()
    for task in asyncio.all_tasks(loop) if loop is not None else ():
        task.print_stack(limit=8, file=sys.stderr)
        awaited = task.get_coro()
        while (inner := getattr(awaited, "cr_await", None)) is not None:
            frame_of = getattr(inner, "cr_frame", None)
            sys.stderr.write(f"    awaits {inner!r} {frame_of.f_lineno if frame_of else ''}\n")
            awaited = inner
    faulthandler.dump_traceback(sys.stderr)
    sys.stderr.flush()


signal.signal(signal.SIGUSR2, _tell)
