"""The worker: runs a program's activities for a server, in this process, over the worker protocol.

    poll ──► tasks ──► a thread of the pool, or the event loop for `async` functions ──► outcomes ──► results
      ▲                                                                                    (in batches: the next goes
      └── what it takes more, and what it still has                                         when the last was answered)

Two connections: one always waits for tasks, the other hands in results. A task stays *in hand* until the server has given a
receipt for its end; so nothing is lost when a connection breaks, and what was not acknowledged is sent again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from refold.activities import Activity, ActivityContext
from refold.connection import Answer, AsyncConnection, connect_async
from refold.errors import RefoldError, Unavailable
from refold.json_values import dumps, loads
from refold.worker_pool import InHand, Pool

PROTOCOL: Final = 1
SERVER_DEFAULT: Final = "http://127.0.0.1:8080"
CREDITS_DEFAULT: Final = 200
CONCURRENCY_DEFAULT: Final = 32
WAIT_S: Final = 20.0
ANSWER_GRACE_S: Final = 15.0
"""So much longer than a poll may take is waited for its answer."""
RESULTS_TIMEOUT_S: Final = 60.0
BACK_OFF_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""The pauses before trying again; the last one goes on."""
STOP_GRACE_S: Final = 30.0
BATCH_MAX: Final = 500
BATCH_BYTES_MAX: Final = 8 * 1024 * 1024

_log = logging.getLogger("refold.worker")
_FATAL: Final = (400, 401, 403, 405, 426)


class _TooLarge(Unavailable):
    """The server, or what stands before it, takes no request of this size."""


class ServerRefuses(RefoldError):
    """The server does not want this worker; trying again would not help."""


class Worker:
    """Runs activities for a server until it is stopped.

    `concurrency` is how many plain functions run at a time, `credits` how many tasks are in hand at most, `async` ones included.
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
    ) -> None:
        self._activities = _by_name(activities)
        self._server = server or os.environ.get("REFOLD_SERVER") or SERVER_DEFAULT
        self._queues, self._concurrency, self._credits = tuple(queues), concurrency, max(credits, concurrency)
        self.name = name or f"{socket.gethostname()}-{os.getpid()}-{os.urandom(3).hex()}"
        self._stop_grace_s = stop_grace_s
        self._is_stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._poll_now: asyncio.Task[Any] | None = None
        self._batch_max = BATCH_MAX

    def run(self) -> None:
        """Run until SIGTERM, Ctrl-C or `stop`. Raises ServerRefuses where the server does not want this worker."""
        with asyncio.Runner(loop_factory=_fast_loop()) as runner:
            runner.run(self.serve(handle_signals=True))

    def stop(self) -> None:
        """Take nothing more, let what runs end, hand back what waits. May be called from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ask_to_stop)
        else:
            self._is_stopping = True

    async def serve(self, handle_signals: bool = False) -> None:
        """The same on a loop that runs."""
        self._loop = asyncio.get_running_loop()
        if handle_signals:
            for number in (signal.SIGTERM, signal.SIGINT):
                self._loop.add_signal_handler(number, self._ask_to_stop)
        pool = Pool(self._activities, self._concurrency, self._loop)
        _log.info("worker %s offers %s to %s", self.name, ", ".join(sorted(self._activities)), self._server)
        reporting = asyncio.create_task(self._report_on(pool))
        polling = asyncio.create_task(self._poll_on(pool))
        try:
            await asyncio.wait({reporting, polling}, return_when=asyncio.FIRST_COMPLETED)
            for done in (polling, reporting):
                if done.done():
                    done.result()
        finally:
            for task in (reporting, polling):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, RefoldError):
                    await task
            pool.close()

    def _ask_to_stop(self) -> None:
        if self._is_stopping:
            return
        self._is_stopping = True
        if self._poll_now is not None:
            self._poll_now.cancel()

    # Tasks.

    async def _poll_on(self, pool: Pool) -> None:
        """Poll until it is asked to stop, and on until nothing is in hand any more; then say good-bye."""
        connection = connect_async(self._server)
        failures = 0
        deadline = None
        assert self._loop is not None
        while True:
            if self._is_stopping:
                if deadline is None:
                    deadline = self._loop.time() + self._stop_grace_s
                    pool.hand_back()
                if not pool.in_hand or self._loop.time() >= deadline:
                    break
            try:
                self._poll_now = asyncio.ensure_future(self._poll(connection, pool))
                await self._poll_now
                failures = 0
            except asyncio.CancelledError:
                current = asyncio.current_task()
                if current is not None and current.cancelling():
                    raise
            except Unavailable as error:
                failures = await self._back_off(failures, error, "asked for tasks", pool)
        pool.cancel_all()
        await self._say_good_bye(connection)
        connection.close()

    async def _poll(self, connection: AsyncConnection, pool: Pool) -> None:
        wait_s = 0.2 if self._is_stopping else WAIT_S
        message = {
            "protocol": PROTOCOL,
            "worker": self.name,
            "kinds": [] if self._is_stopping else list(self._activities),
            "queues": self._queues,
            "credits": 0 if self._is_stopping else max(0, self._credits - len(pool.in_hand)),
            "wait_s": wait_s,
            "running": pool.running,
        }
        answer = await connection.request("POST", "/v1/worker/poll", dumps(message), timeout_s=wait_s + ANSWER_GRACE_S)
        content = _content(answer)
        for task in content["cancel"]:
            pool.cancel(task)
        for task in content["tasks"]:
            pool.begin(task)

    async def _say_good_bye(self, connection: AsyncConnection) -> None:
        message = {"protocol": PROTOCOL, "worker": self.name, "kinds": [], "queues": self._queues, "credits": 0, "wait_s": 0, "running": []}
        with contextlib.suppress(RefoldError):
            await connection.request("POST", "/v1/worker/poll", dumps(message), timeout_s=2.0)

    # Results.

    async def _report_on(self, pool: Pool) -> None:
        """Hand in what there is, again and again; what was not acknowledged goes with the next batch."""
        connection = connect_async(self._server)
        failures = 0
        while True:
            await pool.has_news.wait()
            batch, results = _batch(pool, self._batch_max)
            ended = [one for one in batch if one.outcome is not None]
            if not results:
                continue
            body = b'{"protocol":%d,"worker":%s,"results":[%s]}' % (PROTOCOL, dumps(self.name), b",".join(results))
            try:
                answer = await connection.request("POST", "/v1/worker/results", body, timeout_s=RESULTS_TIMEOUT_S)
                content = _content(answer)
            except Unavailable as error:
                failures = await self._back_off(failures, error, "handed in results", pool)
                if isinstance(error, _TooLarge):
                    self._make_smaller(pool, batch)
                pool.tell_again(batch)
                continue
            failures = 0
            taken = {*content["accepted"], *(refusal["task"] for refusal in content["rejected"])}
            pool.tell_again([one for one in batch if one.task not in taken])
            for one in batch:
                one.must_tell_start &= one.task not in taken
            for one in ended:  # not those of the batch that have ended since: that is still to be told
                if one.task in taken:
                    pool.let_go(one)
            for task in content["cancel"]:
                pool.cancel(task)

    def _make_smaller(self, pool: Pool, batch: list[InHand]) -> None:
        """Hand in less at a time; of a task that is too large alone it is said that it is."""
        self._batch_max = max(1, len(batch) // 2)
        if len(batch) == 1:
            pool.fail_as_too_large(batch[0])

    async def _back_off(self, failures: int, error: Unavailable, doing: str, pool: Pool) -> int:
        """Wait a little longer each time; the first time is told."""
        if not failures:
            _log.warning("the server did not answer when the worker %s, trying again: %s", doing, error)
        await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
        return failures + 1


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


def _batch(pool: Pool, most: int) -> tuple[list[InHand], list[bytes]]:
    """What there is to report, up to a number and a size."""
    batch: list[InHand] = []
    results: list[bytes] = []
    size = 0
    while len(batch) < most and size < BATCH_BYTES_MAX and (one := pool.next_news()) is not None:
        news = one.take_news()
        batch.append(one)
        results.extend(news)
        size += sum(map(len, news))
    return batch, results


def _content(answer: Answer) -> dict[str, Any]:
    """What the server answered. Raises Unavailable for what may pass, ServerRefuses for what will not."""
    if answer.status == 200:
        content: dict[str, Any] = loads(answer.body)
        return content
    said = answer.body.decode(errors="replace")
    with contextlib.suppress(ValueError):
        problem = loads(answer.body)
        said = str(problem.get("detail") or problem.get("title")) if isinstance(problem, dict) else said
    if answer.status in _FATAL:
        raise ServerRefuses(f"the server refuses this worker ({answer.status}): {said[:1_000]}")
    if answer.status == 413:
        raise _TooLarge(f"413: {said[:200]}")
    raise Unavailable(f"{answer.status}: {said[:200]}")


__all__ = ["ActivityContext", "ServerRefuses", "Worker"]
