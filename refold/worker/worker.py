"""The worker: runs a program's activities in this process, for a server, or for the log on Kafka itself.

tasks ──► a thread of the in_hand, or the event loop for `async` functions ──► outcomes
  ▲                                                                            │
  └──────────────── the transport: `http.py` or `kafka.py` ◄───────────────────┘
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from refold.worker.activities import Activity, ActivityContext
from refold.worker.http import HttpTransport
from refold.worker.in_hand import InHand
from refold.worker.transport import ServerRefuses, Terms, Transport

SERVER_DEFAULT: Final = "http://127.0.0.1:8080"
CREDITS_DEFAULT: Final = 200
CONCURRENCY_DEFAULT: Final = 32
STOP_GRACE_S: Final = 30.0

_log = logging.getLogger("refold.worker")


class Worker:
    """Runs activities for a server, or with `log` for a log on Kafka, until it is stopped.

    `concurrency` is how many plain functions run at a time, `credits` how many tasks are in hand at most, `async` ones included.
    Raises ValueError for a server or a log that cannot be one.
    """

    def __init__(
        self,
        activities: Iterable[Activity[..., Any]],
        server: str | None = None,
        queues: Sequence[str] = ("default",),
        concurrency: int = CONCURRENCY_DEFAULT,
        credits: int = CREDITS_DEFAULT,
        name: str | None = None,
        stop_grace_s: float = STOP_GRACE_S,
        log: str | None = None,
    ) -> None:
        self._activities = _by_name(activities)
        self._concurrency = concurrency
        self.name = name or f"{socket.gethostname()}-{os.getpid()}-{os.urandom(3).hex()}"
        terms = Terms(
            name=self.name,
            has_own_name=name is not None,
            kinds=tuple(self._activities),
            queues=tuple(queues),
            concurrency=concurrency,
            credits=max(credits, concurrency),
            stop_grace_s=stop_grace_s,
            async_kinds=frozenset(kind for kind, one in self._activities.items() if one.is_async),
        )
        self._transport = _transport(server, log, terms)
        self._is_stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self) -> None:
        """Run until SIGTERM, Ctrl-C or `stop`. Raises ServerRefuses where the server does not want this worker."""
        with asyncio.Runner(loop_factory=_fast_loop()) as runner:
            runner.run(self.serve(handle_signals=True))

    def stop(self) -> None:
        """Take nothing more, let what runs end, hand back what waits. May be called from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ask_to_stop)
        else:
            self._ask_to_stop()

    async def serve(self, handle_signals: bool = False) -> None:
        """The same on a loop that runs."""
        self._loop = asyncio.get_running_loop()
        if handle_signals:
            for number in (signal.SIGTERM, signal.SIGINT):
                self._loop.add_signal_handler(number, self._ask_to_stop)
        in_hand = InHand(self._activities, self._concurrency, self._loop, self._transport.on_gone)
        _log.info("worker %s offers %s to %s", self.name, ", ".join(sorted(self._activities)), self._transport)
        try:
            await self._transport.work(in_hand)
        finally:
            in_hand.close()

    def _ask_to_stop(self) -> None:
        if not self._is_stopping:
            self._is_stopping = True
            self._transport.stop()


def _transport(server: str | None, log: str | None, terms: Terms) -> Transport:
    """What was said goes before what stands in the environment."""
    if not server and not log:
        server, log = _in_environment(os.environ)
    if server and log:
        raise ValueError(f"a worker works for a server or for a log, not for both: {server} and {log}")
    if not log:
        return HttpTransport(server or SERVER_DEFAULT, terms)
    from refold.kafka.address import check_installed, parse_address

    check_installed()
    address = parse_address(log)
    from refold.worker.kafka import KafkaTransport

    return KafkaTransport(address, terms)


def _in_environment(environment: Mapping[str, str]) -> tuple[str | None, str | None]:
    return environment.get("REFOLD_SERVER"), environment.get("REFOLD_LOG")


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it is installed: a sequence of ten costs the worker 118 instead of 130 µs."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _by_name(activities: Iterable[Activity[..., Any]]) -> dict[str, Activity[..., Any]]:
    found: dict[str, Activity[..., Any]] = {}
    for one in activities:
        if not isinstance(one, Activity):
            raise TypeError(f"expected functions decorated with @refold.activity, found {one!r}")
        if found.setdefault(one.name, one) is not one:
            raise ValueError(f"two activities are called {one.name}; name one of them with @refold.activity(name=...)")
        one.prepare()
    if not found:
        raise ValueError("there is no activity to run; decorate a function with @refold.activity")
    return found


__all__ = ["ActivityContext", "ServerRefuses", "Worker"]
