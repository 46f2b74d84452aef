"""The pool of threads that activities run on, a worker's as well as the engine's own; on top of it, the most urgent first."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final, Generic, TypeVar

from refold.aging import Aging

T = TypeVar("T")
PRIORITY_MAX: Final = 9


class Pool(Generic[T]):
    """Runs what is added, so many at a time, in the order in which it came; grows as needed. All of it is for one thread.

    `attend` runs one and raises nothing.
    """

    def __init__(self, name: str, size: int, attend: Callable[[T], None]) -> None:
        self._name, self._size, self._attend = name, size, attend
        self._waiting: SimpleQueue[T | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._added = 0
        self._ended: list[int] = []
        """How many each thread has run: only the thread itself writes its number, so that nobody needs a lock."""

    @property
    def thread_count(self) -> int:
        """How many threads there are by now."""
        return len(self._threads)

    def add(self, one: T) -> None:
        """Run it when its turn has come."""
        self._waiting.put(one)
        self._added += 1
        if len(self._threads) < self._size and self._added - sum(self._ended) > len(self._threads):
            self._add_thread()

    def _add_thread(self) -> None:
        number = len(self._threads)
        thread = threading.Thread(target=self._serve, args=(number,), name=f"refold-{self._name}-{number + 1}", daemon=True)
        self._threads.append(thread)
        self._ended.append(0)
        thread.start()

    def close(self) -> None:
        """Every thread ends when nothing waits any more, and after what it runs."""
        for _ in self._threads:
            self._waiting.put(None)

    def join(self, deadline: float) -> bool:
        """Wait until all threads have ended, or until a time of the monotonic clock; whether they have."""
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _serve(self, number: int) -> None:
        """A thread of the pool. Nothing that an activity raises ends it."""
        next_one, attend, ended = self._waiting.get, self._attend, self._ended
        while (one := next_one()) is not None:
            attend(one)
            ended[number] += 1


class Waiting(Generic[T]):
    """What waits to be run, a level for each priority, 9 the most urgent; see `Aging`.

    Adding and taking may happen in any thread, without a lock.
    """

    def __init__(self) -> None:
        self._levels: dict[int, deque[T]] = {}
        self._urgent_first: tuple[deque[T], ...] = ()
        self._aging = Aging()
        self._lock = threading.Lock()

    def add(self, one: T, priority: int) -> None:
        """Put it at the end of its level; a priority out of range counts as the nearest."""
        level = self._levels.get(priority)
        if level is None:
            level = self._level(min(PRIORITY_MAX, max(0, priority)))
        level.append(one)

    def _level(self, priority: int) -> deque[T]:
        """A level of its own from the first time on that it is needed: most have one only."""
        with self._lock:
            level = self._levels.setdefault(priority, deque())
            self._urgent_first = tuple(self._levels[each] for each in sorted(self._levels, reverse=True))
            return level

    def take(self) -> T | None:
        """The next one, None if nothing waits."""
        levels = self._urgent_first
        if begin := self._aging.first(len(levels)):
            levels = levels[begin:] + levels[:begin]
        for level in levels:
            if level:
                try:
                    return level.popleft()
                except IndexError:  # another thread was faster
                    continue
        return None


class UrgentFirst(Generic[T]):
    """A pool in which the most urgent of what waits goes first: what it is given is tickets, each for the next one."""

    def __init__(self, name: str, size: int, attend: Callable[[T], None]) -> None:
        self._attend = attend
        self._waiting = Waiting[T]()
        self._pool = Pool[bool](name, size, self._attend_next)

    @property
    def thread_count(self) -> int:
        """How many threads there are by now."""
        return self._pool.thread_count

    def add(self, one: T, priority: int) -> None:
        """Run it when its turn has come."""
        self._waiting.add(one, priority)
        self._pool.add(True)

    def take(self) -> T | None:
        """One that waits, so that it is not run; None if nothing waits."""
        return self._waiting.take()

    def _attend_next(self, ticket: bool) -> None:
        one = self._waiting.take()
        if one is not None:
            self._attend(one)

    def close(self) -> None:
        """See Pool."""
        self._pool.close()

    def join(self, deadline: float) -> bool:
        """See Pool."""
        return self._pool.join(deadline)
