"""An activity that notes in a file that it began and ended, for workers in processes of their own."""

from __future__ import annotations

import os
import time
from typing import Any

import refold


@refold.activity
def note(given: dict[str, Any], context: refold.ActivityContext) -> str:
    """Note, take its time or wait for a file, note again. Gives heartbeats meanwhile."""

    def write(what: str) -> None:
        place = os.open(given["file"], os.O_WRONLY | os.O_APPEND)
        os.write(place, f"{what} {context.task} {os.getpid()}\n".encode())
        os.close(place)

    write("begin")
    ends_at = time.monotonic() + given["seconds"]
    while time.monotonic() < ends_at or (given["gate"] and not os.path.exists(given["gate"])):
        if context.wait_cancelled(0.05):
            write("stopped")
            return "stopped"
        context.heartbeat()
    write("end")
    return "noted"


@refold.activity
def pass_on(given: dict[str, Any], context: refold.ActivityContext) -> dict[str, Any]:
    """Note that it began, and give what was given."""
    place = os.open(given["file"], os.O_WRONLY | os.O_APPEND)
    os.write(place, f"begin {context.task} {os.getpid()}\n".encode())
    os.close(place)
    return given
