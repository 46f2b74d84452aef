"""The client process: keeps so many requests under way, each on a connection of its own that stays open, and takes the times.

    python -m benchmarks.load < plan        a `Plan` as one line of JSON; then a line that says go; the result is a line of JSON

It must not be what is measured: all requests are built before the clock starts, an answer is looked at and the next request
written in one callback, without tasks or futures (about 20 µs of CPU each).
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from benchmarks.steps import payload
from refold.client.connection import Address, Answer, Parser
from refold.errors import Unavailable

READY = "ready\n"
RETRY_S = 0.02
"""How long a client waits before it sends again what broke."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """How requests are made: `{n}` becomes a number, `{payload}` fresh JSON. An answer has to contain `expect`."""

    path: str
    body: str = "{payload}"
    key: str = ""
    """An `Idempotency-Key`; only with one is a request sent again when its connection broke."""
    expect: str = ""

    def build(self, address: Address, number: int) -> bytes:
        def filled(text: str) -> str:
            return text.replace("{n}", str(number)) if "{n}" in text else text

        body = filled(self.body)
        if "{payload}" in body:
            body = body.replace("{payload}", msgspec.json.encode(payload()).decode())
        headers = {"idempotency-key": filled(self.key)} if self.key else None
        return address.request("POST", filled(self.path), body.encode(), headers)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to do: the requests 0 … `count`, `outstanding` at a time. What is `held` is sent before, each on a connection of its own;
    the work has ended when everything is answered."""

    urls: list[str]
    """Where it is asked: connections take turns."""
    requests: Request
    count: int
    outstanding: int
    held: Request | None = None
    settle_s: float = 0.0
    """So long it waits between what is held and the rest."""
    limit_s: float = 600.0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. Times of requests in ms, in order."""

    seconds: float
    cpu_s: float
    times_ms: list[float]
    retries: int
    unanswered: int
    refused: list[str]
    """What was answered otherwise than expected, at most ten."""


class Line(asyncio.Protocol):
    """One connection: sends a request, takes the answer, asks for the next one."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._parser = Parser()
        self._transport: Any = None
        self.number = -1
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def send(self, number: int, request: bytes) -> None:
        self.number = number
        self._began = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        try:
            answer = self._parser.feed(data)
        except (ValueError, Unavailable) as error:
            answer = Answer(0, {}, str(error).encode())
        if answer is not None:
            number, self.number = self.number, -1
            self._load.answered(self, number, answer, time.perf_counter() - self._began)

    def connection_lost(self, error: Exception | None) -> None:
        self._load.broken(self)

    def close(self) -> None:
        self._transport.close()


class Load:
    """The requests of a plan, and what is left to do of them."""

    def __init__(self, plan: Plan) -> None:
        self._plan, self._addresses = plan, [Address(url) for url in plan.urls]
        self._expect = plan.requests.expect.encode()
        self._built = [plan.requests.build(self._addresses[0], number) for number in range(plan.count)]
        self._connected = 0
        self._next, self._open = 0, plan.count
        self._again: deque[int] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._has_ended = False
        self.on_end: Callable[[], None] = lambda: None
        self.times: list[float] = []
        self.retries = 0
        self.refused: list[str] = []

    async def connect(self, count: int) -> list[Line]:
        """So many connections, a few dozen at a time."""
        lines: list[Line] = []
        while len(lines) < count:
            some = min(64, count - len(lines))
            lines += await asyncio.gather(*(self._connect() for _ in range(some)))
        return lines

    async def _connect(self) -> Line:
        address, loop = self._addresses[self._connected % len(self._addresses)], asyncio.get_running_loop()
        self._connected += 1
        _, line = await loop.create_connection(lambda: Line(self), address.host, address.port)
        return line

    def send_next(self, line: Line) -> None:
        """Let a connection that is free have the next request, if there is one."""
        if self._again:
            number = self._again.popleft()
        elif self._next < len(self._built):
            number, self._next = self._next, self._next + 1
        else:
            return
        line.send(number, self._built[number])

    def answered(self, line: Line, number: int, answer: Answer, seconds: float) -> None:
        """A request is done, or goes again where the server said that it cannot be answered now."""
        if answer.status in (429, 502, 503) and self._plan.requests.key:
            self._send_again(number)
        else:
            if not 200 <= answer.status < 300 or self._expect not in answer.body:
                self._refuse(answer)
            self._open -= 1
            self.times.append(seconds)
        if self._open:
            self.send_next(line)
        else:
            self.end()

    def _refuse(self, answer: Answer) -> None:
        if len(self.refused) < 10:
            self.refused.append(f"{answer.status} {answer.body[:300].decode(errors='replace')}")

    def broken(self, line: Line) -> None:
        """A connection was lost: what it had asked for is asked again on another one."""
        if self._has_ended:
            return
        if line.number >= 0 and not self._plan.requests.key:
            self._refuse(Answer(0, {}, b"the connection broke"))
            self._open -= 1
            if not self._open:
                self.end()
        elif line.number >= 0:
            self._send_again(line.number)

    def _send_again(self, number: int) -> None:
        self.retries += 1
        self._again.append(number)
        task = asyncio.ensure_future(self._reopen())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reopen(self) -> None:
        while not self._has_ended:
            await asyncio.sleep(RETRY_S)
            try:
                self.send_next(await self._connect())
                return
            except OSError:
                continue

    @property
    def unanswered(self) -> int:
        return self._open

    def end(self) -> None:
        """Nothing is left to do, or the time is up."""
        if not self._has_ended:
            self._has_ended = True
            self.on_end()


class Held:
    """Requests that are sent beforehand and wait for their answers."""

    def __init__(self, plan: Plan) -> None:
        assert plan.held is not None
        self._plan = plan
        self._load = Load(msgspec.structs.replace(plan, requests=plan.held, held=None))
        self.done = asyncio.Event()
        self._load.on_end = self.done.set

    async def send(self) -> None:
        for line in await self._load.connect(self._plan.count):
            self._load.send_next(line)

    @property
    def load(self) -> Load:
        return self._load


async def run(plan: Plan) -> Result:
    """Carry a plan out. Says that it is ready, and waits for the line that says go."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    load = Load(plan)
    load.on_end = done.set
    held = Held(plan) if plan.held else None
    lines = await load.connect(plan.outstanding)
    if held is not None:
        await held.send()
        await asyncio.sleep(plan.settle_s)
    sys.stdout.write(READY)
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.readline)
    began, cpu = time.perf_counter(), time.process_time()
    for line in lines:
        load.send_next(line)
    await _until(done, plan.limit_s)
    if held is not None:
        await _until(held.done, plan.limit_s)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    loads = [load] if held is None else [load, held.load]
    return Result(
        seconds=seconds,
        cpu_s=cpu,
        times_ms=[one * 1e3 for one in loads[-1].times],
        retries=load.retries,
        unanswered=sum(one.unanswered for one in loads),
        refused=[said for one in loads for said in one.refused],
    )


async def _until(done: asyncio.Event, limit_s: float) -> None:
    try:
        await asyncio.wait_for(done.wait(), limit_s)
    except TimeoutError:
        return


def main() -> None:
    plan = msgspec.json.decode(sys.stdin.readline(), type=Plan)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        result = runner.run(run(plan))
    sys.stdout.write(msgspec.json.encode(result).decode() + "\n")


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it is installed, as the server has it."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


if __name__ == "__main__":
    main()
