"""Healing: what has failed, or needs a person, and says how that is to be mended, calls for an execution of `refold.heal`.

It derives from what is recorded, as every effect does: its id from the execution and from what failed in it, so that twice is once.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from contracts import values
from contracts.commands import CreateExecution
from contracts.definitions import Heal, Settings
from contracts.ids import make_key_id
from contracts.models import models_in
from contracts.system import HEAL, is_system
from contracts.usage import Allowance
from domain.definition.budgets import limits_of
from domain.definition.graph import Graph
from domain.execution.state import Execution

FAILED: Final = "failed"
"""What is healed of an execution that has failed; of one that needs a person it is the number of the incident."""
TOKENS: Final = 2_000
"""So long an answer of a model may be, where nothing says how long."""


def about(state: Execution) -> str | None:
    """What of an execution is to be healed now; None where nothing is."""
    if state.status == "failed":
        return FAILED
    return next(iter(state.incidents), None)


def heal_key(execution: str, what: str, time: int = 0) -> str:
    """The idempotency key of a heal; `time` counts those that were asked for again, as the one before was declined or gave nothing."""
    return f"{execution}/{what}" + (f"/{time}" if time else "")


def heal_id(execution: str, what: str, time: int = 0) -> str:
    """The id of a heal: that which its key stands for."""
    return make_key_id(hashlib.sha256(f"{HEAL}/{heal_key(execution, what, time)}".encode()).hexdigest()[:32])


def heal_input(settings: Settings, heal: Heal, execution: str, workflow: str, what: str, actor: str) -> dict[str, Any]:
    """What a heal is begun with. A model by a name of the definition's own is told as what it stands for."""
    use = settings.models.get(heal.model) if isinstance(heal.model, str) else None
    given = {} if use is None else use.model_dump(include={"credential", "base_url", "max_tokens", "temperature"}, exclude_none=True)
    chain = None if heal.model is None else models_in(heal.model if use is None else use.use)
    return {
        "execution": execution,
        "about": what,
        "workflow": workflow,
        "model": chain,
        "asks": {"credential": None, "base_url": None, "max_tokens": TOKENS, **given},
        "auto": list(heal.auto),
        "per_day": heal.per_day,
        "assignees": list(heal.assignees),
        "last": heal.last,
        "actor": actor,
    }


def allowed(heal: Heal) -> Allowance | None:
    """What a heal may use of models; None where that is not limited."""
    found = limits_of(heal.budget)
    return found if found.is_limit else None


def begins_by_itself(graph: Graph, state: Execution) -> bool:
    """Whether a failure of this execution is healed without anybody asking: one that somebody waits for its parent sees to."""
    is_waited_for = state.parent is not None and not state.parent.detached
    return graph.settings.heal is not None and state.test is None and not is_waited_for and not is_system(state.workflow)


def creation(graph: Graph, state: Execution, what: str) -> CreateExecution:
    """The command that begins it; whoever sends it says which version there is."""
    heal = graph.settings.heal
    assert heal is not None, "a definition says what heals"
    given = heal_input(graph.settings, heal, state.execution, state.workflow, what, HEAL)
    return CreateExecution(HEAL, 0, "", values.encode(given), allowance=allowed(heal))


def models_asked(command: CreateExecution) -> tuple[str, ...]:
    """The models that a heal may ask, of which its definition knows nothing."""
    if command.workflow != HEAL or values.is_reference(command.input):
        return ()
    said = values.decode(command.input)
    chain = said.get("model") if isinstance(said, dict) else None
    return tuple(one for one in chain if isinstance(one, str)) if isinstance(chain, list) else ()
