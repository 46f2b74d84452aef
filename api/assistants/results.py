"""Results of executions for assistants: those of workflows that are tools, and of all others by their id, however long they take."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

from api.assistants.asking import Asking, patiently
from api.assistants.offers import KEY
from contracts.values import encode
from domain.definition.input_schema import check
from refold.client.requests import ENDED, Wait, new_key
from refold.errors import Refused, Unavailable

GET_RESULT: Final = "get_result"
Progress = Callable[[float, float | None, str | None], Awaitable[None]]
TOLD_EVERY_S: Final = 1.0
"""How often whoever waits is told how far it is."""
_KEY_SCHEMA: Final = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "description": "your own id for this call: the same call sent again with it starts nothing twice, and gives the same result",
}
GET_RESULT_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["execution_id"],
    "properties": {
        "execution_id": {"type": "string", "minLength": 1, "maxLength": 400},
        "wait": {"type": "number", "minimum": 0, "description": "how many seconds to wait for its end, where it has not ended"},
    },
    "additionalProperties": False,
}
GET_RESULT_SAYS: Final = (
    "The result of an execution, of whatever workflow: waits for its end for a while, and says what it waits for where it has not ended. "
    "An execution goes on by itself, for hours or days, whoever waits for it."
)


class Told(NamedTuple):
    """What a call gives: a value, and whether it is an error."""

    value: dict[str, Any]
    is_error: bool = False


class Waiting:
    """Waits for executions, so many seconds at most, and tells of progress meanwhile."""

    def __init__(self, client: Asking, wait_s: float, tell: Progress) -> None:
        self._client, self._wait_s, self._tell = client, wait_s, tell
        self._told_at, self._told = 0.0, 0.0

    async def run(self, workflow: str, given: Mapping[str, Any], key: str | None) -> Told:
        """Start an execution, once for a key, and wait for it. Raises Refused."""
        key = key or new_key()
        until = asyncio.get_running_loop().time() + self._wait_s
        try:
            begun = await patiently(lambda: self._client.start(workflow, dict(given), idempotency_key=key), until)
        except Unavailable as error:
            hint = f"Nobody knows whether it was started. Call the tool again with {KEY}={key!r}: then it is started once."
            return Told({"status": "unknown", "detail": str(error), KEY: key, "hint": hint}, True)
        return await self._result(begun, until)

    async def result(self, execution: str, wait_s: float) -> Told:
        """The result of an execution. Raises Refused, Unavailable."""
        until = asyncio.get_running_loop().time() + min(wait_s, self._wait_s)
        return await self._result(await patiently(lambda: self._client.get(execution), until), until)

    async def _result(self, execution: dict[str, Any], until: float) -> Told:
        loop, id_, wait = asyncio.get_running_loop(), execution["execution_id"], Wait(None)
        while execution["status"] not in ENDED and execution["status"] != "incident" and loop.time() < until:
            await self._tell_of(id_, until)
            await asyncio.sleep(min(wait.pause_s(execution), max(until - loop.time(), 0)))
            try:
                execution = await patiently(lambda: self._client.get(id_), until)
            except Unavailable:
                break
        return await self._told_of(execution)

    async def _told_of(self, execution: dict[str, Any]) -> Told:
        status, found = execution["status"], {name: execution[name] for name in ("execution_id", "workflow", "status")}
        if status == "completed":
            return Told({**found, "outcome": execution["outcome"], "output": execution["output"]})
        if status in ENDED:
            return Told({**found, "error": execution["error"]}, True)
        try:
            if status == "incident":
                hint = f"It needs a person (`resolve_incident`), and goes on then: `{GET_RESULT}` with this execution_id gives the result."
                return Told({**found, "incidents": await self._client.incidents(found["execution_id"]), "hint": hint})
            waits = (await self._client.state(found["execution_id"]))["waiting_for"]
        except (Unavailable, Refused):
            waits = None
        hint = f"It goes on by itself. Ask `{GET_RESULT}` with this execution_id later: it waits for the end, and gives the result."
        return Told({**found, "waiting_for": waits, "hint": hint})

    async def _tell_of(self, execution: str, until: float) -> None:
        """Tell how many events there are, and what the execution waits for; whoever has not asked for it hears nothing."""
        now = asyncio.get_running_loop().time()
        if now - self._told_at < TOLD_EVERY_S:
            return
        self._told_at = now
        try:
            state = await self._client.state(execution)
        except (Unavailable, Refused):
            return
        if state["version"] > self._told:
            self._told = state["version"]
            waits = ", ".join(f"{one['for']} {one['path']}".strip() for one in state["waiting_for"][:3])
            await self._tell(self._told, None, f"{state['status']}: waits for {waits}" if waits else state["status"])


class WorkflowTool(NamedTuple):
    """A workflow as a tool: `name` is that of the tool."""

    name: str
    workflow: str
    description: str
    schema: dict[str, Any]
    takes_key: bool
    """Whether the key is an argument beside the input, and not a field of it."""

    def split(self, arguments: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
        """The input and the key. Raises InvalidInput where an argument does not fit."""
        check(self.schema, dict(arguments), len(encode(arguments)))
        key = arguments.get(KEY) if self.takes_key else None
        return {name: value for name, value in arguments.items() if name != KEY or not self.takes_key}, key


def workflow_tools(found: list[dict[str, Any]], taken: frozenset[str]) -> list[WorkflowTool]:
    """The workflows that a server offers, as tools; one whose name another tool has stands behind `workflow_`."""
    return [_workflow_tool(one, taken) for one in found]


def _workflow_tool(found: Mapping[str, Any], taken: frozenset[str]) -> WorkflowTool:
    name, schema = found["name"], dict(found["input"])
    properties = schema.get("properties")
    own = dict(properties) if isinstance(properties, dict) else {}
    takes_key = KEY not in own
    if takes_key:
        schema["properties"] = {**own, KEY: _KEY_SCHEMA}
    return WorkflowTool(f"workflow_{name}" if name in taken else name, name, found["description"], schema, takes_key)
