"""Agents of pydantic-ai on recorded steps: each model request and each tool call of an agent is a step of the activity that runs it.

    agent.run ──► a model request, a tool call ──► recorded: its result
                                               └─ else: done, recorded, its result

An attempt that was broken off so asks no model again for what it has answered, and calls no tool again that has ended. Built on the
public surface for durable engines, `pydantic_ai.durable_exec`. Outside of an activity the agent runs as it does without.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Final
from weakref import WeakKeyDictionary

from pydantic_ai.durable_exec import (
    JSON_CODEC,
    BaseDurabilityCapability,
    CallableOperationBackend,
    DurabilityEngineSpec,
    DurableOperationBackend,
    DurableOperationId,
    JournalOperationNamer,
    RoleBasedOperationConfig,
    conversation_id_from_run_id,
)
from pydantic_ai.models import Model
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import AgentDepsT, RunContext

from refold.errors import Cancelled
from refold.worker.activities import ActivityContext, current_activity
from refold.worker.steps import NAME_LENGTH_MAX

DIGEST_LENGTH: Final = 16


class _Names:
    """The names of the steps of one attempt: each is given once, and the same one in each attempt."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self.runs = 0

    def of(self, operation: str, asked_by: RunContext[Any] | None) -> str:
        """By run and turn, and of a tool by the id of its call: calls run beside each other, so their order says nothing.

        Providers repeat ids from turn to turn, and some within one; what has the same name then is counted.
        """
        name = operation
        if asked_by is not None:
            call = asked_by.tool_call_id
            name = f"{operation} {asked_by.run_id} {asked_by.run_step}" + (f" {call}" if call else "")
        if len(name) > NAME_LENGTH_MAX - 10:
            digest = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:DIGEST_LENGTH]
            name = f"{name[: NAME_LENGTH_MAX - 10 - DIGEST_LENGTH - 1]} {digest}"
        name = name.encode(errors="replace").decode()
        self._taken[name] += 1
        return name if self._taken[name] == 1 else f"{name} #{self._taken[name]}"


_names: WeakKeyDictionary[ActivityContext, _Names] = WeakKeyDictionary()


def _names_of(context: ActivityContext) -> _Names:
    names = _names.get(context)
    if names is None:
        names = _names[context] = _Names()
    return names


class _Backend(CallableOperationBackend[None]):
    """Runs each durable unit as a recorded step."""

    async def execute(
        self,
        *,
        operation_id: DurableOperationId,
        name: str,
        body: Callable[[], Awaitable[object]],
        cache_key: tuple[object, ...],
        config: None,
    ) -> object:
        """See pydantic-ai."""
        context = current_activity()
        assert context is not None, "it is asked only where there is an activity"
        asked_by = next((one for one in cache_key if isinstance(one, RunContext)), None)
        return await context.step_async(_names_of(context).of(name, asked_by), body)


class RefoldDurability(BaseDurabilityCapability[AgentDepsT]):
    """A capability of a pydantic-ai agent: in an activity its model requests and tool calls are recorded steps.

        agent = Agent("openai:gpt-5.6-luna", name="support", capabilities=[RefoldDurability()])

        @refold.activity
        async def answer(mail: str) -> str:
            return (await agent.run(mail)).output

    The agent needs a name, which its steps are known by: it has to stay as long as attempts are open. Requests are sent once, without
    the client's own retries: trying again is the node's `retry`.
    """

    engine_spec: ClassVar[DurabilityEngineSpec] = DurabilityEngineSpec(
        engine_name="Refold",
        durable_unit_noun="step",
        durable_container_noun="activity",
        codec=JSON_CODEC,
        cancellation_error_types=(Cancelled,),
        toolset_lifecycles={"function": "enter-always", "mcp": "enter-in-durable-unit", "dynamic": "enter-never"},
    )

    def __init__(self, *, models: Mapping[str, Model] | None = None, name: str | None = None) -> None:
        super().__init__(models=models, name=name)

    @property
    def in_durable_context(self) -> bool:
        """Whether it runs in an activity."""
        return current_activity() is not None

    def get_durable_operation_backend(self) -> DurableOperationBackend[None]:
        """See pydantic-ai."""
        namer = JournalOperationNamer(self.name, default_model_id=self.default_model_id or "default")
        return _Backend(namer=namer, config=RoleBasedOperationConfig(model=None, event=None, capability=None, tool=None))

    def get_model_settings(self) -> ModelSettings:
        """One request is one request: no client tries by itself again."""
        return ModelSettings(max_retries=0)

    def get_default_run_id(self) -> str | None:
        """The same in each attempt: runs of agents are counted, in the order in which they begin."""
        context = current_activity()
        if context is None:
            return None
        names = _names_of(context)
        names.runs += 1
        return f"run{names.runs}"

    def get_default_conversation_id(self, run_id: str) -> str | None:
        """The same in each attempt, and no other execution's."""
        context = current_activity()
        return None if context is None else conversation_id_from_run_id(f"{context.idempotency_key}/{run_id}")

    async def get_run_start_time(self, run_id: str) -> datetime | None:
        """When the first attempt began the run."""
        context = current_activity()
        if context is None:
            return None
        name = _names_of(context).of(f"{self.name}__run_start_time {run_id}", None)
        return datetime.fromisoformat(await context.step_async(name, lambda: datetime.now(UTC).isoformat()))
