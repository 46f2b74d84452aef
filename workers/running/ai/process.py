"""The AI process: where the libraries of providers live, so that nobody else waits for their imports or holds their memory.

A second one, of another program (`workers/running/rag`), is where documents are read and searched.

It is started with the first call, serves all calls of this engine over one event loop that owns the connections, and ends with it. When
it dies, the calls that were under way fail as `worker.lost`, and the next call starts another one.
"""

from __future__ import annotations

import itertools
import logging
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Final, TypeAlias

import msgspec

from contracts.ports.activities import ActivityContext
from refold.extras import how_to_install
from workers.running.activity_error import ActivityError, Cancelled
from workers.running.ai.estimate import call_of, estimated
from workers.running.ai.wire import LENGTH_BYTES, Answer, Ask, Call, Called, Done, Fault, Piece, Said, Stop, Work, frame, read_said
from workers.running.watch import Watch

GRACE_S: Final = 60.0
"""So much longer than its time limit a call may take to say that it is over: the limit begins when the libraries are there."""
STOP_S: Final = 2.0
LOST: Final = "worker.lost"
_PACKAGES: Final = str(Path(__file__).parents[3])
"""The folder that the engine's packages are in: first on the path of the child too, before any of the same names."""
_PROGRAM: Final = "workers.running.ai.program"
_log = logging.getLogger("refold.ai")
_Queue = queue.SimpleQueue[Said | None]
_Asking: TypeAlias = Ask | Call | Work
_Outcome: TypeAlias = Answer | Called | Done | Fault


class AiProcess:
    """Asks models, from any thread."""

    def __init__(self, program: str = _PROGRAM) -> None:
        self._program = program
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._child: _Child | None = None
        self._is_closed = False

    @property
    def pid(self) -> int | None:
        """The process's id; None while there is none."""
        child = self._child
        return None if child is None else child.pid

    def ask(self, context: ActivityContext, ask: Ask, on_text: Callable[[str], None], is_repair: bool = False) -> Answer | Fault:
        """The answer, or why there is none; the attempt is told what it took. `on_text` gets the text as it comes.

        `is_repair`: an answer before did not match, and this is asked again for that. Raises ActivityError where nobody can be asked,
        Cancelled.
        """
        _check_installed()
        said = self._asked(context, ask, on_text)
        assert isinstance(said, Answer | Fault)
        context.note_call(call_of(ask, said, is_repair))
        return said

    def call(self, context: ActivityContext, call: Call) -> Called | Fault:
        """What a tool of an MCP server has given, or why it has not. Raises as `ask`."""
        _check_installed()
        said = self._asked(context, call, lambda text: None)
        assert isinstance(said, Called | Fault)
        return said

    def work(self, context: ActivityContext, work: Work) -> Done | Fault:
        """What has come of a work, or why nothing has; how far it is goes with the heartbeat. Raises as `ask`."""
        said = self._asked(context, work, lambda share: context.heartbeat(float(share)))
        assert isinstance(said, Done | Fault)
        return said

    def _asked(self, context: ActivityContext, ask: _Asking, on_text: Callable[[str], None]) -> _Outcome:
        ask = msgspec.structs.replace(ask, number=next(self._numbers))
        try:
            content = frame(ask)
        except (ValueError, UnicodeError, RecursionError) as error:
            raise ActivityError("input.invalid", f"the request cannot be sent: {error}", retryable=False) from None
        child, told = self._running(), _Queue()

        def stop() -> None:
            child.say(frame(Stop(number=ask.number)))
            told.put(None)

        child.waits[ask.number] = told
        try:
            child.say(content)  # before anybody can stop it: a stop that comes first is for nothing
            with Watch(context, ask.timeout_s + GRACE_S, stop) as watch:
                return _heard(told, watch, ask, on_text)
        finally:
            child.waits.pop(ask.number, None)

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._is_closed = True
            child, self._child = self._child, None
        if child is not None:
            child.end()

    def _running(self) -> _Child:
        with self._lock:
            if self._is_closed:
                raise ActivityError("worker.lost", "the engine is ending")
            if self._child is None or self._child.has_ended:
                self._child = _Child(self._program)
            return self._child


def _heard(told: _Queue, watch: Watch, ask: _Asking, on_text: Callable[[str], None]) -> _Outcome:
    while True:
        said = told.get()
        match said:
            case Piece():
                on_text(said.text)
            case Fault() if said.type == LOST and said.usage is None and isinstance(ask, Ask):
                return msgspec.structs.replace(said, usage=estimated(ask.messages, ""))
            case Answer() | Called() | Done() | Fault():
                return said
            case None:
                if not watch.is_late:
                    raise Cancelled
                return _late(ask)


def _late(ask: _Asking) -> Fault:
    within = f"within {ask.timeout_s:g} s"
    match ask:
        case Call():
            return Fault(number=ask.number, type="mcp.timeout", message=f"{ask.server.name} did not answer {within}")
        case Work():
            return Fault(number=ask.number, type="rag.timeout", message=f"it was not done {within} (config.timeout)")
    message = f"{ask.provider}:{ask.model} did not answer {within}"
    return Fault(number=ask.number, type="http.timeout", message=message, falls_back=True, usage=estimated(ask.messages, ""))


class _Child:
    """One process, with a thread that writes to it and one that reads: a process that stands still holds up nobody but its own calls."""

    def __init__(self, program: str) -> None:
        path = os.pathsep.join(filter(None, (_PACKAGES, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", program],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip
        self.pid = self._process.pid
        self.waits: dict[int, _Queue] = {}
        self.has_ended = False
        self._outbox = queue.SimpleQueue[bytes | None]()
        threading.Thread(target=self._write, name="ai-write", daemon=True).start()
        threading.Thread(target=self._read, name="ai-read", daemon=True).start()

    def say(self, content: bytes) -> None:
        """Say it when there is room; where nobody hears any more, who waits is told."""
        self._outbox.put(content)
        if self.has_ended:
            self._fail_all()

    def end(self) -> None:
        """Let it end by itself, else kill it."""
        self._outbox.put(None)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _write(self) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):
            while (content := self._outbox.get()) is not None:
                self._process.stdin.write(content)
                self._process.stdin.flush()
        with suppress(OSError):
            self._process.stdin.close()

    def _read(self) -> None:
        """Hand out what the process says, until it is gone; then nothing more comes for what it was asked."""
        assert self._process.stdout is not None
        with suppress(OSError, ValueError, msgspec.MsgspecError):
            while (content := _frame_from(self._process.stdout)) is not None:
                said = read_said(content)
                waiting = self.waits.get(said.number)
                if waiting is not None:
                    waiting.put(said)
        self._process.kill()
        self._process.wait()
        self._outbox.put(None)
        self.has_ended = True
        self._fail_all()

    def _fail_all(self) -> None:
        waits = list(self.waits.items())
        if waits:
            _log.warning("the AI process has ended with %s; %d calls were under way", self._process.returncode, len(waits))
        for number, waiting in waits:
            message = f"the AI process has ended ({self._process.returncode}) with the call under way"
            waiting.put(Fault(number=number, type=LOST, message=message))


def _frame_from(stream: IO[bytes]) -> bytes | None:
    head = stream.read(LENGTH_BYTES)
    if len(head) < LENGTH_BYTES:
        return None
    length = int.from_bytes(head, "big")
    content = stream.read(length)
    return content if len(content) == length else None


def _check_installed() -> None:
    if find_spec("pydantic_ai") is None:
        message = f"models are asked by libraries that are not installed here: {how_to_install('ai')}"
        raise ActivityError("ai.not_installed", message, retryable=False)
