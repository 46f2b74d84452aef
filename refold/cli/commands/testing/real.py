"""What runs for real in tests: kinds that come with Refold here, and a user's own in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from contracts.commands import CompleteActivity, FailActivity, RunActivity
from contracts.failure import Failure, details_of
from contracts.ids import idempotency_key
from contracts.values import decode, encode
from infra.clock import SystemClock
from refold.cli.commands.output import BadInput
from workers.running.activities import is_built_in, load_kinds
from workers.running.activity_settings import ActivitySettings
from workers.running.attempt import Attempt
from workers.running.performance import Performance

PURE: Final = frozenset({"code", "log", "noop"})
"""The kinds that touch nothing outside: `real: ["*"]` means these."""


def schemas_of_results(module: str | None) -> dict[str, Any]:
    """The JSON Schemas of what kinds of activities give, as far as they say it."""
    found = {name: schema for name, kind in load_kinds(ActivitySettings()).items() if (schema := getattr(kind, "gives", None)) is not None}
    if module is not None:
        with on_call(module) as called:
            found |= {name: schema for name, schema in called.kinds.items() if schema is not None}
    return found


class Real:
    """Runs attempts for real, one at a time. `module` is of the user's own activities, `files` the folder of `read_file` and its like."""

    def __init__(self, module: str | None, files: Path | None) -> None:
        settings = ActivitySettings(files=files)
        self._kinds = load_kinds(settings)
        self._performance = Performance(self._kinds, settings, None, None)
        self._module, self._called = module, None
        self._on_call: Any = None
        self._clock = SystemClock()

    def __enter__(self) -> Real:
        if self._module is not None:
            self._on_call = on_call(self._module)
            self._called = self._on_call.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        for kind in self._kinds.values():
            close = getattr(kind, "close", None)
            if close is not None:
                close()
        if self._on_call is not None:
            self._on_call.__exit__(None, None, None)

    def perform(self, activity: RunActivity, is_named: bool) -> CompleteActivity | FailActivity | None:
        """See `domain.testing.world.Perform`."""
        if self._called is not None and activity.kind in self._called.kinds:
            return self._called.perform(activity) if is_named else None
        kind = self._kinds.get(activity.kind)
        if kind is None or not (is_named or (is_built_in(kind) and activity.kind in PURE)):
            return None
        return self._performance.of(Attempt(activity, _unheard, self._clock))


def _unheard(execution: str, command: Any) -> None:
    """Progress is told to nobody."""


class OnCall:
    """A process with a user's activities: see `refold/worker/on_call.py`."""

    def __init__(self, process: subprocess.Popen[bytes], module: str) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._module = process, module
        self._calls, self._answers = process.stdin, process.stdout
        self.kinds: Mapping[str, Any] = self._line()["kinds"]

    def _line(self) -> dict[str, Any]:
        line = self._answers.readline()
        if not line:
            raise BadInput(f"{self._module}: its process has ended ({self._process.wait()}); what it said stands above")
        found: dict[str, Any] = msgspec.json.decode(line)
        return found

    def perform(self, activity: RunActivity) -> CompleteActivity | FailActivity:
        """Run one attempt there."""
        task = {
            "task": f"{activity.path}@{activity.attempt}", "execution": activity.execution, "workflow": activity.workflow,
            "path": activity.path, "attempt": activity.attempt, "kind": activity.kind,
            "idempotency_key": idempotency_key(activity.execution, activity.path),
            "config": decode(activity.config), "input": decode(activity.input),
        }  # fmt: skip
        try:
            self._calls.write(encode(task) + b"\n")
            self._calls.flush()
        except BrokenPipeError:
            pass  # `_line` says so
        answer = self._line()
        error = answer.get("error")
        if error is None:
            return CompleteActivity(activity.path, activity.attempt, encode(answer["output"]))
        details = None if error["details"] is None else details_of(error["details"])
        failure = Failure(error["type"], error["message"], details)
        return FailActivity(activity.path, activity.attempt, failure, error["retryable"])


@contextmanager
def on_call(module: str) -> Iterator[OnCall]:
    """A process with the activities of a module, for as long as the block lasts. Raises BadInput where it cannot start."""
    command = [sys.executable, "-P", "-m", "refold.worker.on_call", module]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield OnCall(process, module)
        finally:
            for pipe in _pipes(process):
                pipe.close()
            process.wait()


def _pipes(process: subprocess.Popen[bytes]) -> Iterable[Any]:
    return (pipe for pipe in (process.stdin, process.stdout) if pipe is not None)
