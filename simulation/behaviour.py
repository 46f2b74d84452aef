"""How activities behave: by their own name, so that an attempt does the same whoever runs it, and however often."""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

from contracts.worker_protocol import ResultError
from simulation.chance import Chance
from simulation.definitions import ERROR_TYPES
from simulation.odd import odd_value
from workers.running.activity_error import ActivityError

BIG: Final = "x" * 70_000
"""Too big for an event."""


def answer_of(chance: Chance) -> dict[str, Any]:
    """What a model gives: most often calls of tools, of which some are there, and some arguments can be read."""
    said = {"type": "text", "text": chance.one_of("so", BIG) if chance.percent(5) else "so"}
    calls = [
        {"type": "tool_call", "id": "", "name": f"n{chance.number(1, 9)}", "arguments": chance.one_of("{}", '{"n": 1}', "{")}
        for _ in range(chance.number(0, 4))
    ]
    return {"message": {"role": "assistant", "parts": [said, *calls]}, "model": "openai:any", "usage": {"input_tokens": 1}}


class Doing(NamedTuple):
    """What an attempt comes to: a value or an error, after so many milliseconds; `never` says nothing at all."""

    output: Any = None
    error: ResultError | None = None
    after_ms: int = 0
    how: Literal["once", "twice", "never"] = "once"
    odd: bytes | None = None
    """What a worker elsewhere hands in instead of the value."""


class Behaviour:
    """What becomes of each attempt. Once calm, all of them succeed at once."""

    def __init__(self, seed: int, is_odd: bool = False) -> None:
        self._seed, self._is_odd = seed, is_odd
        self.is_calm = False

    def of(self, task: str, kind: str) -> Doing:
        """What the attempt of this name does."""
        doing = self._plain(task, kind)
        return doing if self.is_calm or not self._is_odd else doing._replace(odd=odd_value(self._seed, task))

    def _plain(self, task: str, kind: str) -> Doing:
        chance = Chance(self._seed, task)
        output = answer_of(chance) if kind == "llm" else {"n": chance.number(0, 3)} if kind != "undo" else None
        draw = chance.number(0, 99)
        if self.is_calm or draw < 30:
            return Doing(output)
        if draw < 48:
            return Doing(error=ResultError(type=chance.one_of(*ERROR_TYPES), message="it failed", retryable=draw < 46))
        if draw < 72:
            return Doing(output, after_ms=chance.one_of(5, 25, 60))
        if draw < 84:
            return Doing(output, after_ms=chance.one_of(160, 400))
        if draw < 90:
            return Doing(output, how="never")
        if draw < 92:
            return Doing({"n": 1, "big": BIG})
        return Doing(output, how="twice")

    def steps(self, task: str) -> tuple[str, ...]:
        """The steps that each attempt of a node takes, in their order: most take none."""
        node = task.rpartition("@")[0]
        chance = Chance(self._seed, f"{node} steps")
        return ("first", "second", "third")[: chance.number(1, 3)] if chance.percent(20) else ()

    def result_of(self, task: str, step: str) -> Any:
        """What a step gives, the same in each attempt."""
        return {"of": task.rpartition("@")[0], "step": step}

    def local(self, task: str, kind: str) -> Any:
        """The value of an attempt in the engine's own process. Raises ActivityError where it fails."""
        doing = self.of(task, kind)
        if doing.error is not None:
            raise ActivityError(doing.error.type, doing.error.message, retryable=doing.error.retryable)
        return doing.output
