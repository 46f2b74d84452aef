"""A server for tests: an engine with remote workers on a memory log, its worker routes over real HTTP, and faults on demand."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, cast

import msgspec
import uvicorn
from fastapi import FastAPI

from api.authorize import authorize
from api.operations.workers import WORKER_OPERATIONS
from api.routes import add_routes
from contracts.commands import CancelExecution, Envelope, RunActivity
from contracts.definitions import WorkflowDefinition
from contracts.journal import Checkpoint
from contracts.values import decode
from domain.execution.history import read_entries
from domain.execution.state import Execution
from domain.replay.verify import Verifier
from infra.clock import SystemClock
from infra.files.blobs import MemoryBlobs
from infra.files.snapshots import MemorySnapshots
from infra.log.memory import MemoryLog
from infra.server.wiring import build_engine
from infra.settings.model import EngineSettings
from workers.partition.refolding import entries_of
from workers.partition.round import Reply
from workers.tasks.leases import TaskLeases
from workers.tasks.polls import TaskEndpoint

T = TypeVar("T")
WAIT_S = 20.0


class Host:
    """The engine lives in the thread of the server's loop; tests ask it things with `call` and wait with `until`."""

    def __init__(self, lease_ms: int = 30_000, port: int = 0) -> None:
        self.log, self.blobs = MemoryLog(), MemoryBlobs()
        self.lease_ms = lease_ms
        self.asked: list[tuple[str, dict[str, Any]]] = []
        """Every request of a worker: `poll` or `results`, and its body."""
        self.answers: dict[str, list[int]] = {"poll": [], "results": []}
        """Statuses to answer the next requests with instead; a 503 comes after the results were taken in, a 413 or 429 before."""
        self.gates: dict[str, asyncio.Event] = {}
        """Answers of these places, `poll` or `results`, wait until it is open."""
        self.ended: dict[str, Execution] = {}
        self.is_unsure = False
        """Whether first attempts are handed out as ones that may have begun elsewhere."""
        self._changed = threading.Condition()
        self._changes = 0
        self._is_due = False
        self._timer: asyncio.TimerHandle | None = None
        self._port = port

    # Its life.

    def __enter__(self) -> Host:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True)
        self._thread.start()
        assert ready.wait(WAIT_S)
        return self

    def __exit__(self, *error: object) -> None:
        self.call(lambda: self.task_endpoint.close())
        self.loop.call_soon_threadsafe(setattr, self._server, "should_exit", True)
        self._thread.join(WAIT_S)

    async def _serve(self, ready: threading.Event) -> None:
        self.loop = asyncio.get_running_loop()
        self.build()
        app = FastAPI()
        self.app = app
        add_routes(app.router, WORKER_OPERATIONS, cast(Any, _Ready()), _TaskEndpoint(self), authorize)
        config = uvicorn.Config(self._noting(app), "127.0.0.1", self._port, log_level="error", timeout_graceful_shutdown=1, lifespan="off")
        self._server = uvicorn.Server(config)
        serving = asyncio.ensure_future(self._server.serve())
        while not self._server.started:
            await asyncio.sleep(0)
        self._port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        ready.set()
        await serving

    def build(self) -> None:
        """A new engine on the same log, as after a restart."""
        settings = EngineSettings(threads=False)
        clock = SystemClock()
        self.engine = build_engine(settings, self.log, self.blobs, MemorySnapshots(), clock, remote=True, lease_ms=self.lease_ms)
        assert isinstance(self.engine.worker, TaskLeases)
        self.remote = self.engine.worker
        run = self.remote.run
        self.remote.run = lambda activity: run(self._unsure(activity))  # type: ignore[method-assign]  # as one that comes from a topic again
        self.task_endpoint = TaskEndpoint(self.remote, self.submit, self.loop.call_soon)
        self.engine.owner.claim()

    def _unsure(self, activity: RunActivity) -> RunActivity:
        """The first attempt, as if another process might have begun it."""
        is_unsure = self.is_unsure and activity.attempt == 1
        return msgspec.structs.replace(activity, may_have_begun=True) if is_unsure else activity

    # Moving the engine.

    def submit(self, envelope: Envelope, reply: Reply | None) -> None:
        self.engine.owner.submit(envelope, reply)
        self.wake()

    def wake(self) -> None:
        if not self._is_due:
            self._is_due = True
            self.loop.call_soon(self._move)

    def _move(self) -> None:
        self._is_due = False
        if self._timer is not None:
            self._timer.cancel()
        if self.engine.step():
            self.wake()
        else:
            due = self.engine.next_due()
            if due is not None:
                self._timer = self.loop.call_later(max(0.001, (due - self.engine.clock.now()) / 1000), self.wake)
        self._tell()

    def _tell(self) -> None:
        with self._changed:
            self._changes += 1
            self._changed.notify_all()

    def _noting(self, app: Any) -> Any:
        """The app behind a look at what workers ask, and the faults of `answers`."""

        async def noted(scope: Any, receive: Any, send: Any) -> None:
            place = scope.get("path", "").rpartition("/")[2]
            if "/worker/" not in scope.get("path", ""):
                await app(scope, receive, send)
                return
            body = b""
            while True:
                message = await receive()
                body += message.get("body", b"")
                if not message.get("more_body"):
                    break
            self.asked.append((place, _read(body)))
            self._tell()
            messages = [{"type": "http.request", "body": body}]

            async def again() -> Any:
                return messages.pop() if messages else await receive()

            status = self._fault(place)
            if status not in (413, 426, 429):
                answered: list[Any] | None = [] if status == 503 else None
                await app(scope, again, self._gated(place, send if answered is None else _into(answered)))
            if status is not None:
                await _answer(send, status)

        return noted

    def _gated(self, place: str, send: Any) -> Any:
        gate = self.gates.get(place)

        async def sent(message: Any) -> None:
            if gate is not None:
                await gate.wait()
            await send(message)

        return sent

    def _fault(self, place: str) -> int | None:
        statuses = self.answers[place]
        if not statuses:
            return None
        return statuses[0] if statuses[0] == 426 else statuses.pop(0)

    # What tests ask.

    def call(self, function: Callable[[], T]) -> T:
        """Run a function in the engine's thread."""

        async def run() -> T:
            try:
                return function()
            finally:
                self.wake()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(WAIT_S)

    def until(self, holds: Callable[[], Any], timeout_s: float = WAIT_S) -> Any:
        """Wait until something holds; it is looked at whenever something has happened. Returns what it gave."""
        deadline = time.monotonic() + timeout_s
        while True:
            before = self._changes
            if found := holds():
                return found
            remaining = deadline - time.monotonic()
            assert remaining > 0, f"after {timeout_s} s this still does not hold"
            with self._changed:
                self._changed.wait_for(partial(self._has_changed_since, before), min(remaining, 1.0))

    def _has_changed_since(self, changes: int) -> bool:
        return self._changes != changes

    def publish(self, definition: dict[str, Any]) -> None:
        self.call(lambda: self.engine.publish(WorkflowDefinition.model_validate(definition)))

    def start(self, workflow: str, given: Any = None) -> str:
        def begin() -> str:
            execution = self.engine.start(workflow, given)
            self.engine.owner.watchers.add(execution, lambda state: self.ended.__setitem__(execution, state))
            return execution

        return self.call(begin)

    def run(self, kind: str, given: Any = None, config: dict[str, Any] | None = None, **node: Any) -> str:
        """Start an execution of one node."""
        name = f"only-{kind.replace('_', '-')}"
        nodes = [{"id": "n", "type": kind, "config": config or {}, **node}]
        self.publish({"name": name, "nodes": nodes, "settings": {"on_failure": "fail"}})
        return self.start(name, given)

    def end_of(self, execution: str, timeout_s: float = WAIT_S) -> Execution:
        """How an execution ended."""
        self.until(lambda: execution in self.ended, timeout_s)
        return self.ended[execution]

    def output_of(self, execution: str) -> Any:
        state = self.end_of(execution)
        assert state.status == "completed", state.failure
        return decode(state.output or b"null")

    def cancel(self, execution: str) -> None:
        self.call(lambda: self.engine.send(execution, CancelExecution()))

    def bodies(self, place: str) -> list[dict[str, Any]]:
        """What was asked at a place so far."""
        return [body for where, body in list(self.asked) if where == place]

    def results(self) -> list[dict[str, Any]]:
        """Every result that was handed in, repeated ones too."""
        return [result for body in self.bodies("results") for result in body["results"]]

    def commands(self, execution: str) -> list[Any]:
        """The commands that were decided for an execution."""
        return [entry.decision.command for entry in entries_of(self.log, 0, execution)]

    def verify(self) -> None:
        """Decide every decision again."""
        verifier = Verifier(self.engine.catalog.graph, self.blobs.get)
        self.call(lambda: verifier.run(read_entries(self.log.read("journal", 0), Checkpoint())))
        assert verifier.divergences == []


def _into(messages: list[Any]) -> Any:
    async def send(message: Any) -> None:
        messages.append(message)

    return send


async def _answer(send: Any, status: int) -> None:
    problem = {"type": "about:blank", "title": "on purpose", "status": status, "detail": "this engine speaks 7", "versions": [7]}
    headers = [(b"content-type", b"application/problem+json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(problem).encode()})


class _Ready:
    """A service of which the worker protocol asks one thing only."""

    def check_ready(self) -> None:
        """It always takes polls in."""


class _TaskEndpoint:
    """The task endpoint of whichever engine lives now."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host.task_endpoint, name)


def _read(body: bytes) -> Any:
    """What a worker said, as far as it can be read."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return {}
