"""The default sandbox: pydantic-monty, a Python subset interpreted in pooled processes without files, sockets or environment.

Each run has a session of its own in a process that serves one session at a time. Time, memory and recursion are limited
inside; from outside the process is killed on cancel and when it does not keep to its time. The pool replaces what is
killed or crashes.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from contracts.ports.activities import ActivityContext
from workers.running.activity_error import ActivityError, Cancelled
from workers.running.sandbox.job import CRASHED, PRINTED_CHARS_MAX, SYNTAX, Done, Job, check_output, code_error, memory_error, timeout_error
from workers.running.sandbox.syntax import NOT_KNOWN, unknown_syntax
from workers.running.watch import Watch

if TYPE_CHECKING:
    from pydantic_monty import Monty, MontyError, MontySession

GRACE_S: Final = 0.25
"""So much longer than its time limit a process may take to stop by itself before it is killed."""
WAIT_S: Final = 0.25
"""How often one who waits for a free process asks whether it was cancelled."""

_SOURCE_FILE: Final = "<python-input-0>"
_FINISH: Final = """
try:
    refold_main = main if str(type(main)) == "<class 'function'>" else None
except NameError:
    refold_main = None
if refold_main is None:
    try:
        refold_output = result
    except NameError:
        refold_output = None
else:
    refold_output = refold_main(input)
    if str(type(refold_output)) == "<class 'coroutine'>":
        refold_output = await refold_output
(refold_main is not None, refold_output)
"""


class MontySandbox:
    """Runs programs in a pool of monty processes, which starts with the first of them."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._free = threading.BoundedSemaphore(processes)
        self._lock = threading.Lock()
        self._pool: Monty | None = None

    def run(self, context: ActivityContext, job: Job) -> Done:
        """The program's result. Raises ActivityError, or Cancelled."""
        while not self._free.acquire(timeout=WAIT_S):
            context.heartbeat()
        try:
            return self._run(context, job)
        finally:
            self._free.release()

    def close(self) -> None:
        """End the processes."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.__exit__(None, None, None)

    def _open_pool(self) -> Monty:
        from pydantic_monty import Monty

        with self._lock:
            if self._pool is None:
                self._pool = Monty(max_processes=self._processes).__enter__()
            return self._pool

    def _run(self, context: ActivityContext, job: Job) -> Done:
        from pydantic_monty import MontyCrashedError, MontyError

        printed = _Printed()
        with self._open_pool().checkout(limits=_limits(job)) as session, Watch(context, job.timeout_s + GRACE_S, _killer(session)) as watch:
            try:
                output = _feed(session, job, printed)
            except MontyCrashedError as error:
                raise _crash(context, watch, job, str(error), printed.text) from None
            except MontyError as error:
                raise _failure(job, error, printed.text) from None
        check_output(output, job.output_bytes_max)
        return Done(output, printed.text)


class _Printed:
    """What the code prints, up to a length."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, stream: str, text: str) -> None:
        self.text += text[: PRINTED_CHARS_MAX - len(self.text)]


def _limits(job: Job) -> Any:
    return {
        "max_feed_duration_secs": job.timeout_s,
        "max_total_sleep_secs": job.timeout_s,
        "max_memory": job.memory_mb * 1024 * 1024,
    }


def _killer(session: MontySession) -> Any:
    pid = session.worker_pid
    assert pid is not None, "a session that was just opened has a process"

    def kill() -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    return kill


def _feed(session: MontySession, job: Job, printed: _Printed) -> Any:
    """The result by the rule of `Job`. The source is never parsed here: parsing is done where it can harm nobody."""
    names = {"input": job.input, "data": job.input}
    last = session.feed_run(job.source, inputs=names, print_callback=printed.write)
    if "main" not in job.source and (last is not None or "result" not in job.source):
        return last
    has_main, output = session.feed_run(_FINISH, print_callback=printed.write)
    return output if has_main or last is None else last


def _crash(context: ActivityContext, watch: Watch, job: Job, message: str, printed: str) -> BaseException:
    if context.is_cancelled:
        return Cancelled()
    if watch.is_late:
        return timeout_error(job, printed)
    return code_error(CRASHED, f"the sandbox ended: {message}", None, printed)


def _failure(job: Job, error: MontyError, printed: str) -> ActivityError:
    from pydantic_monty import MontyRuntimeError, MontySyntaxError

    inner = error.exception()
    name, message = type(inner).__name__, str(inner)
    if name == "TimeoutError" and message.startswith(("feed time limit", "turn time limit", "sleep limit")):
        return timeout_error(job, printed)
    if name == "MemoryError" and message.startswith(("memory limit", "the worker exceeded")):
        return memory_error(job, printed)
    line = _line(error) if isinstance(error, MontyRuntimeError | MontySyntaxError) else None
    if isinstance(error, MontySyntaxError):
        return code_error(SYNTAX, message, line, printed)
    if name == "NotImplementedError" and message.startswith(NOT_KNOWN):
        return code_error(SYNTAX, unknown_syntax(message), line, printed)
    if name == "ModuleNotFoundError":
        message += "; `sandbox: process` has all of Python's own modules"
    return code_error(name, message or name, line, printed)


def _line(error: Any) -> int | None:
    """The innermost line of the user's own source that the error came through."""
    lines = [frame.line for frame in error.traceback() if frame.filename == _SOURCE_FILE]
    return lines[-1] if lines else None
