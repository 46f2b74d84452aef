"""What the facts about the definition of an execution mean."""

from __future__ import annotations

from typing import Final

from contracts import events as e
from domain.definition.graph import Graph
from domain.execution.carrying import carry_over, changed_from
from domain.execution.facts.runs import Applier, Cause
from domain.execution.renaming import Renaming
from domain.execution.state import Execution


def _changed(graph: Graph, state: Execution, event: e.DefinitionChanged, cause: Cause) -> None:
    new, renaming = graph.others(event.definition), Renaming(event.names)
    before = None if event.is_undone else changed_from(graph, new, state, event.names, renaming)
    carry_over(graph, new, state, renaming)
    state.definition, state.workflow_version, state.changed = event.definition, event.version, before


APPLIERS: Final[dict[type, Applier]] = {e.DefinitionChanged: _changed}
