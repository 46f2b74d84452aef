"""The client process as its parent sees it: begun with a plan, let go, and asked what came of it."""

from __future__ import annotations

import subprocess
from types import TracebackType

import msgspec

from benchmarks.load import READY, Plan, Result
from benchmarks.processes import ROOT, python


class Client:
    """A client process that has built its requests and opened its connections."""

    def __init__(self, plan: Plan) -> None:
        words = python("-m", "benchmarks.load")
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self.pid = self._process.pid
        self._write(msgspec.json.encode(plan).decode())
        said = self._read()
        if said != READY:
            raise RuntimeError(f"the client is not ready: {said!r}")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, error_class: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.kill()
        self._process.communicate()

    def go(self) -> None:
        """Let it begin."""
        self._write("go")

    def result(self) -> Result:
        """Wait for what came of it."""
        return msgspec.json.decode(self._read(), type=Result)

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.endswith("\n"):
            raise RuntimeError(f"the client has ended with {self._process.wait()}, having said {line[-200:]!r}")
        return line


def carry_out(plan: Plan) -> Result:
    """Run a plan from its beginning to its end. Raises RuntimeError where an answer was not as expected."""
    with Client(plan) as client:
        client.go()
        return checked(client.result())


def checked(result: Result) -> Result:
    """The result. Raises RuntimeError where something was refused or not answered."""
    if result.refused or result.unanswered:
        raise RuntimeError(f"{result.unanswered} requests were not answered; refused: {result.refused[:3]}")
    return result
