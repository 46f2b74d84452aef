"""A worker in this process, for tests that look at what it does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import refold
from tests.protocol.host import Host


@contextmanager
def working(host: Host, *activities: Any, **more: Any) -> Iterator[refold.Worker]:
    """A worker in a thread of this process."""
    worker = refold.Worker(activities, host.url, stop_grace_s=5, **more)
    thread = threading.Thread(target=lambda: asyncio.run(worker.serve()), daemon=True)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join(10)
        assert not thread.is_alive()
