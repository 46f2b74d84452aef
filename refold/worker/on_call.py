"""A user's activities on call: a process that runs one after the other for whoever began it, and ends with it.

    python -m refold.worker.on_call MODULE          a line of JSON in, a line of JSON out, until the input ends

    {"kind": "charge", "path": "charge", "attempt": 1, "config": {}, "input": {"amount": 5}, …}   ──►   {"output": "paid"}
                                                                                                   or   {"error": {"type": …}}

It first says which kinds it has: `{"kinds": {"charge": SCHEMA or null}}`, each with the JSON Schema of what it gives, where its
function says that. What the program prints goes to stderr.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from typing import IO, Any, Final, get_type_hints

import msgspec

from refold.json_values import dumps, loads
from refold.worker.activities import Activity, ActivityContext
from refold.worker.command import load
from refold.worker.raised import told

_UNKNOWN: Final = (Any, None, type(None), object)


class OnCall:
    """The activities of a module. They are run in this thread, `async` ones on a loop of their own."""

    def __init__(self, activities: list[Activity[..., Any]]) -> None:
        self._activities = {one.name: one for one in activities}

    def kinds(self) -> dict[str, Any]:
        """The kinds with the schemas of what they give; None where nothing is said."""
        return {name: schema_of_result(one.function) for name, one in self._activities.items()}

    def answer(self, task: dict[str, Any]) -> bytes:
        """The line that says how an attempt ended. Never raises, but where the process is to end."""
        try:
            return b'{"output":%s}' % dumps(self._run(task))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit and its like: an activity must not end the process
            said = told(error)
            failure = {"type": said.type, "message": said.message, "details": said.details, "retryable": said.is_retryable}
            return dumps({"error": failure})

    def _run(self, task: dict[str, Any]) -> Any:
        one = self._activities[task["kind"]]
        context = ActivityContext(task, lambda *_: None)
        result = one.run(task["input"], task["config"], context)
        return asyncio.run(result) if one.is_async else result


def schema_of_result(function: Callable[..., Any]) -> dict[str, Any] | None:
    """The JSON Schema of what a function says it gives; None where it says nothing, or what has none."""
    try:
        annotation = get_type_hints(function, include_extras=True).get("return", Any)
        if annotation in _UNKNOWN:
            return None
        schema: dict[str, Any] = msgspec.json.schema(annotation)
    except Exception:  # whatever an annotation is
        return None
    return schema


def serve(calls: IO[bytes], answers: IO[bytes], target: str) -> int:
    """Answer calls until there are no more."""
    on_call = OnCall(load(target))
    answers.write(dumps({"kinds": on_call.kinds()}) + b"\n")
    answers.flush()
    for line in calls:
        answers.write(on_call.answer(loads(line)) + b"\n")
        answers.flush()
    return 0


def main() -> int:
    """Take the calls from stdin and answer on stdout, which is nobody else's from here on."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    calls = os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    return serve(calls, answers, sys.argv[1])


if __name__ == "__main__":
    sys.exit(main())
