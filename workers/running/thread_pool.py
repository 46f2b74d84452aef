"""A pool of threads for the activities of one kind, which grows as needed: a kind that hangs keeps no other waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from workers.running.attempt import Attempt
from workers.running.waiting import Waiting


class ThreadPool:
    """Runs attempts, the most urgent first, so many at a time. `attend` runs one and raises nothing."""

    def __init__(self, name: str, size: int, attend: Callable[[Attempt], None]) -> None:
        self._name, self._size, self._attend = name, size, attend
        self._waiting = Waiting()
        self._tickets: SimpleQueue[bool] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._owed = 0
        """How many attempts wait for a thread or have one."""

    def add(self, attempt: Attempt) -> None:
        """Run it when its turn has come."""
        self._waiting.add(attempt)
        self._tickets.put(True)
        with self._lock:
            self._owed += 1
            is_needed = self._owed > len(self._threads) < self._size
        if is_needed:
            thread = threading.Thread(target=self._serve, name=f"refold-{self._name}-{len(self._threads) + 1}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def take(self) -> Attempt | None:
        """One that waits, so that it is not run; None if nothing waits."""
        return self._waiting.take()

    def close(self) -> None:
        """Every thread ends after the attempt that it runs."""
        for _ in self._threads:
            self._tickets.put(False)

    def join(self, deadline: float) -> bool:
        """Wait until all threads have ended, or until a time of the monotonic clock; whether they have."""
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _serve(self) -> None:
        """A thread of the pool: one ticket, one attempt. Nothing that an activity raises ends it."""
        while self._tickets.get():
            attempt = self._waiting.take()
            if attempt is not None:
                self._attend(attempt)
                with self._lock:
                    self._owed -= 1
