"""The process sandbox: a fresh Python in bubblewrap's namespaces, with limits on memory, time, files and processes.

Inside there is a read-only system and interpreter, an empty environment, a small /tmp of its own and no network. The
whole group is killed on cancel and at the time limit. Without bubblewrap it refuses, unless unsandboxed runs are allowed.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from contracts.ports.activities import ActivityContext
from contracts.value_check import DIGITS_MAX
from contracts.values import encode
from workers.running.activity_error import ActivityError, Cancelled
from workers.running.activity_settings import ActivitySettings
from workers.running.sandbox import seccomp
from workers.running.sandbox.job import (
    CRASHED,
    MEMORY,
    NO_SANDBOX,
    OUTPUT_INVALID,
    OUTPUT_TOO_LARGE,
    PRINTED_CHARS_MAX,
    Done,
    Job,
    check_output,
    code_error,
    invalid_error,
    memory_error,
    timeout_error,
    too_large_error,
)
from workers.running.watch import Watch

PROCESSES_MAX: Final = 64
READ_BYTES: Final = 64 * 1024
ASK_S: Final = 0.25
"""How often a silent program is asked whether it has ended."""
TMP_BYTES: Final = 16 * 1024 * 1024

_PROGRAM: Final = (Path(__file__).parent / "program.py").read_text()
_SYSTEM: Final = ("/usr", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache")
_DEVICES: Final = ("/dev/null", "/dev/urandom")


class _Error(msgspec.Struct):
    type: str
    message: str
    line: int | None


class _Answer(msgspec.Struct):
    output: Any = None
    error: _Error | None = None


class ProcessSandbox:
    """Runs each program in a process of its own."""

    def __init__(self, settings: ActivitySettings) -> None:
        self._settings = settings

    def run(self, context: ActivityContext, job: Job) -> Done:
        """The program's result. Raises ActivityError, or Cancelled."""
        bubblewrap = shutil.which(self._settings.bubblewrap)
        if bubblewrap is not None:
            with _filter_descriptor() as descriptor:
                return _run(context, job, [*_jail(bubblewrap, descriptor), *_python()], descriptor)
        if self._settings.allow_unsandboxed:
            return _run(context, job, _python(), None)
        raise _no_sandbox(f"there is no program `{self._settings.bubblewrap}` here")


def _no_sandbox(found: str) -> ActivityError:
    message = f"`sandbox: process` needs bubblewrap, and {found}; install it, or allow unsandboxed code (setting `allow_unsandboxed`)"
    return ActivityError(NO_SANDBOX, message, retryable=False)


def _python() -> list[str]:
    return [os.path.realpath(sys.executable), "-I", "-S", "-X", "utf8", "-c", _PROGRAM]


def _jail(bubblewrap: str, filter_descriptor: int | None) -> list[str]:
    """The command line of the jail: nothing of the machine but what the interpreter needs, and that read-only.

    There is no `--new-session`: the process has a session of its own already, and a second one would take what is
    inside out of the group that is killed, before it is tied to the life of its parent.
    """
    command = [bubblewrap, "--unshare-all", "--die-with-parent", "--clearenv", "--cap-drop", "ALL"]
    for path in _readable():
        command += ["--ro-bind-try", path, path]
    for device in _DEVICES:
        command += ["--dev-bind", device, device]
    command += ["--size", str(TMP_BYTES), "--tmpfs", "/tmp", "--chdir", "/tmp", "--remount-ro", "/"]
    if filter_descriptor is not None:
        command += ["--seccomp", str(filter_descriptor)]
    return [*command, "--"]


def _readable() -> list[str]:
    """The system's libraries and what belongs to the interpreter, where it does not live among them."""
    interpreter = [sys.base_prefix, sysconfig.get_path("stdlib"), os.path.realpath(sys.executable)]
    return [*_SYSTEM, *(path for path in dict.fromkeys(interpreter) if not path.startswith("/usr/") and path not in ("/", "/usr"))]


@contextmanager
def _filter_descriptor() -> Iterator[int | None]:
    program = seccomp.filter_program()
    if program is None:
        yield None
        return
    reading, writing = os.pipe()
    try:
        os.write(writing, program)
        os.close(writing)
        yield reading
    finally:
        os.close(reading)


def _run(context: ActivityContext, job: Job, command: list[str], descriptor: int | None) -> Done:
    with tempfile.TemporaryFile() as request, tempfile.TemporaryFile() as complaints:
        request.write(_request(job))
        request.seek(0)
        passed = () if descriptor is None else (descriptor,)
        process = subprocess.Popen(
            command, stdin=request, stdout=subprocess.PIPE, stderr=complaints, env={}, cwd="/", start_new_session=True, pass_fds=passed
        )
        try:
            with Watch(context, job.timeout_s, lambda: _kill(process)) as watch:
                text = _read(process, job)
        finally:
            _kill(process)
            process.wait()
        if context.is_cancelled:
            raise Cancelled
        if watch.is_late:
            raise timeout_error(job)
        complaints.seek(0)
        return _done(job, text, process.returncode, complaints.read(4_000).decode(errors="replace"))


def _request(job: Job) -> bytes:
    return encode(
        {
            "source": job.source,
            "input": job.input,
            "timeout_s": job.timeout_s,
            "memory_mb": job.memory_mb,
            "output_bytes_max": job.output_bytes_max,
            "digits_max": DIGITS_MAX,
            "printed_chars_max": PRINTED_CHARS_MAX,
            "processes_max": PROCESSES_MAX,
        }
    )


def _read(process: subprocess.Popen[bytes], job: Job) -> bytes:
    """All that the program answers, or a little more than it may. What it left running and still holds the pipe is not waited for."""
    assert process.stdout is not None
    parts: list[bytes] = []
    bytes_left = _answer_bytes_max(job)
    with process.stdout as channel:
        poll = select.poll()
        poll.register(channel, select.POLLIN)
        while bytes_left >= 0:
            if not poll.poll(ASK_S * 1000):
                if _has_ended(process):
                    break
                continue
            part = os.read(channel.fileno(), READ_BYTES)
            if not part:
                break
            parts.append(part)
            bytes_left -= len(part)
    return b"".join(parts)


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it has ended; it is not reaped, so that its process group can still be killed by its number."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _answer_bytes_max(job: Job) -> int:
    """The output escaped to ASCII, and all that may be printed."""
    return (job.output_bytes_max + PRINTED_CHARS_MAX) * 6 + 64 * 1024


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _done(job: Job, text: bytes, status: int, complaint: str) -> Done:
    if len(text) > _answer_bytes_max(job):
        raise too_large_error(job.output_bytes_max)
    if complaint.startswith("bwrap: "):
        raise _no_sandbox(f"it does not work here: {complaint.removeprefix('bwrap: ').strip()}")
    try:
        first, _, rest = text.partition(b"\n")
        answer, printed = msgspec.json.decode(first, type=_Answer), msgspec.json.decode(rest, type=str)
    except (msgspec.DecodeError, RecursionError):
        raise code_error(CRASHED, f"the sandbox ended without an answer, exit status {status}: {complaint[-500:]}", None, "") from None
    if answer.error is not None:
        raise _failure(job, answer.error, printed)
    check_output(answer.output, job.output_bytes_max)
    return Done(answer.output, printed)


def _failure(job: Job, error: _Error, printed: str) -> ActivityError:
    if error.type == MEMORY:
        return memory_error(job, printed)
    if error.type == OUTPUT_INVALID:
        return invalid_error(error.message)
    if error.type == OUTPUT_TOO_LARGE:
        return too_large_error(job.output_bytes_max)
    return code_error(error.type, error.message, error.line, printed)
