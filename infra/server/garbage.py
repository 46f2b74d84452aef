"""Garbage: how often a process that holds an engine looks for cycles.

What an engine keeps grows with the executions that are open, and holds no cycles; what a decision leaves behind is freed by
counting references. Looking every 700 objects, as Python does, takes a quarter of the time while executions pile up, and
with 40,000 of them a look at everything stops the engine for 350 ms; with this it is 55 ms and nothing that could be measured.
`workers/partition/recovery.py` sets aside what was folded at the start.
"""

from __future__ import annotations

import gc
from typing import Final

LOOK_EVERY_OBJECTS: Final = 5_000
"""After so many new objects the young ones are looked at."""
LOOK_DEEPER_EVERY: Final = (20, 100)
"""After so many looks at the young ones those that stayed are looked at, and after so many of these all."""


def look_rarely() -> None:
    """Set it for this process, and set aside what was imported so far.

    For those who start an engine's process; a library does not decide this for its host.
    """
    gc.freeze()
    gc.set_threshold(LOOK_EVERY_OBJECTS, *LOOK_DEEPER_EVERY)
