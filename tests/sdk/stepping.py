"""An activity of many steps, each of which notes in a file that it runs, for workers in processes of their own that are killed."""

from __future__ import annotations

import os
import time
from functools import partial
from typing import Any

import refold


@refold.activity
def climb(given: dict[str, Any], context: refold.ActivityContext) -> dict[str, int]:
    """Take so many steps; what each gives depends on the one before. With a `gate`, a file, only as many as it has bytes by then."""

    def note(number: int, before: int) -> int:
        place = os.open(given["file"], os.O_WRONLY | os.O_APPEND)
        os.write(place, f"{number} {context.attempt} {os.getpid()}\n".encode())
        os.close(place)
        return before + number

    height = 0
    for number in range(given["steps"]):
        while "gate" in given and number >= os.stat(given["gate"]).st_size:
            time.sleep(0.005)
        height = context.step(f"step {number}", partial(note, number, height))
    return {"height": height, "attempt": context.attempt}
