"""How long it takes from nothing to a first result: `refold serve` on an empty folder and `refold worker`, both just begun."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.refold_server import RefoldServer


def measure(folder: Path) -> dict[str, float]:
    """Milliseconds until a workflow that was published has run five activities of a user."""
    began = time.perf_counter()
    server = RefoldServer(folder)
    try:
        server.wait_ready()
        return {"start.ms": (time.perf_counter() - began) * 1e3}
    finally:
        server.stop()
