"""The transport of a worker to a server: polls for tasks and hands in results over the worker protocol.

    poll ──► tasks ──► in hand ──► outcomes ──► results
      ▲                              (in batches: the next goes when the last was answered)
      └── what it takes more, and what it still has

Two connections: one always waits for tasks, the other hands in results. A task stays *in hand* until the server has given a
receipt for its end; so nothing is lost when a connection breaks, and what was not acknowledged is sent again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any, Final

from refold.client.connection import Answer, AsyncConnection, connect_async
from refold.errors import RefoldError, Unavailable
from refold.json_values import dumps, loads
from refold.worker.in_hand import InHand
from refold.worker.task_in_hand import TaskInHand
from refold.worker.transport import BACK_OFF_S, PROTOCOL, ServerRefuses, Terms

WAIT_S: Final = 20.0
ANSWER_GRACE_S: Final = 15.0
"""So much longer than a poll may take is waited for its answer."""
RESULTS_TIMEOUT_S: Final = 60.0
BATCH_MAX: Final = 500
BATCH_BYTES_MAX: Final = 8 * 1024 * 1024

_log = logging.getLogger("refold.worker")
_FATAL: Final = (400, 401, 403, 405, 415, 421, 426)


class _TooLarge(Unavailable):
    """The server, or what stands before it, takes no request of this size."""


class HttpTransport:
    """To one server. `credits` is how many tasks are in hand at most."""

    def __init__(self, server: str, terms: Terms) -> None:
        self._server, self._terms = server, terms
        self.name = terms.name
        self._is_stopping = False
        self._poll_now: asyncio.Task[Any] | None = None
        self._batch_max = BATCH_MAX

    def __str__(self) -> str:
        return self._server

    async def work(self, in_hand: InHand) -> None:
        """See Transport."""
        reporting = asyncio.create_task(self._report_on(in_hand))
        polling = asyncio.create_task(self._poll_on(in_hand))
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

    def on_gone(self, one: TaskInHand) -> None:
        """See Transport. The server hears of it by the next poll."""

    def stop(self) -> None:
        """See Transport."""
        self._is_stopping = True
        if self._poll_now is not None:
            self._poll_now.cancel()

    # Tasks.

    async def _poll_on(self, in_hand: InHand) -> None:
        """Poll until it is asked to stop, and on until nothing is in hand any more; then say good-bye."""
        connection = connect_async(self._server)
        failures = 0
        deadline = None
        loop = asyncio.get_running_loop()
        while True:
            if self._is_stopping:
                if deadline is None:
                    deadline = loop.time() + self._terms.stop_grace_s
                    in_hand.hand_back()
                if not in_hand.tasks or loop.time() >= deadline:
                    break
            try:
                self._poll_now = asyncio.ensure_future(self._poll(connection, in_hand))
                await self._poll_now
                failures = 0
            except asyncio.CancelledError:
                current = asyncio.current_task()
                if current is not None and current.cancelling():
                    raise
            except Unavailable as error:
                failures = await self._back_off(failures, error, "asked for tasks", in_hand)
        in_hand.cancel_all()
        await self._say_good_bye(connection)
        connection.close()

    async def _poll(self, connection: AsyncConnection, in_hand: InHand) -> None:
        wait_s = 0.2 if self._is_stopping else WAIT_S
        message = {
            "protocol": PROTOCOL,
            "worker": self.name,
            "kinds": [] if self._is_stopping else list(self._terms.kinds),
            "queues": self._terms.queues,
            "credits": 0 if self._is_stopping else max(0, self._terms.credits - len(in_hand.tasks)),
            "wait_s": wait_s,
            "running": in_hand.running,
        }
        answer = await connection.request("POST", "/v1/worker/poll", dumps(message), timeout_s=wait_s + ANSWER_GRACE_S)
        content = _content(answer)
        for task in content["cancel"]:
            in_hand.cancel(task)
        for task in content["tasks"]:
            in_hand.begin(task)

    async def _say_good_bye(self, connection: AsyncConnection) -> None:
        message = {
            "protocol": PROTOCOL,
            "worker": self.name,
            "kinds": [],
            "queues": self._terms.queues,
            "credits": 0,
            "wait_s": 0,
            "running": [],
        }
        with contextlib.suppress(RefoldError):
            await connection.request("POST", "/v1/worker/poll", dumps(message), timeout_s=2.0)

    # Results.

    async def _report_on(self, in_hand: InHand) -> None:
        """Hand in what there is, again and again; what was not acknowledged goes with the next batch."""
        connection = connect_async(self._server)
        failures = 0
        while True:
            await in_hand.has_news.wait()
            batch, results = _batch(in_hand, self._batch_max)
            ended = [one for one in batch if one.outcome is not None]
            if not results:
                continue
            body = b'{"protocol":%d,"worker":%s,"results":[%s]}' % (PROTOCOL, dumps(self.name), b",".join(results))
            try:
                answer = await connection.request("POST", "/v1/worker/results", body, timeout_s=RESULTS_TIMEOUT_S)
                content = _content(answer)
            except Unavailable as error:
                failures = await self._back_off(failures, error, "handed in results", in_hand)
                if isinstance(error, _TooLarge):
                    self._make_smaller(in_hand, batch)
                in_hand.tell_again(batch)
                continue
            failures = 0
            self._make_larger(batch)
            taken = {*content["accepted"], *(refusal["task"] for refusal in content["rejected"])}
            in_hand.tell_again([one for one in batch if one.task not in taken])
            refused = {refusal["task"]: refusal["reason"] for refusal in content["rejected"]}
            in_hand.recorded([one for one in batch if one.task in taken], refused)
            for one in batch:
                if one.must_tell_start and one.task in taken:
                    one.must_tell_start = False
            for one in ended:  # not those of the batch that have ended since: that is still to be told
                if one.task in taken:
                    in_hand.let_go(one)
            for task in content["cancel"]:
                in_hand.cancel(task)

    def _make_smaller(self, in_hand: InHand, batch: list[TaskInHand]) -> None:
        """Hand in less at a time; of a task that is too large alone it is said that it is."""
        self._batch_max = max(1, len(batch) // 2)
        if len(batch) == 1:
            in_hand.fail_as_too_large(batch[0])

    def _make_larger(self, batch: list[TaskInHand]) -> None:
        """As many as may be at a time were taken in: try a few more the next time. What was too large may have been a few large ones."""
        if len(batch) >= self._batch_max:
            self._batch_max = min(BATCH_MAX, self._batch_max + max(1, self._batch_max // 8))

    async def _back_off(self, failures: int, error: Unavailable, doing: str, in_hand: InHand) -> int:
        """Wait a little longer each time; the first time is told."""
        if not failures:
            _log.warning("the server did not answer when the worker %s, trying again: %s", doing, error)
        await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
        return failures + 1


def _batch(in_hand: InHand, most: int) -> tuple[list[TaskInHand], list[bytes]]:
    """What there is to report, up to a number and a size."""
    batch: list[TaskInHand] = []
    results: list[bytes] = []
    size = 0
    while len(batch) < most and len(results) < BATCH_MAX and size < BATCH_BYTES_MAX and (one := in_hand.next_news()) is not None:
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
