"""The values of nodes: what stands at the places that rows name, found by folding one execution's own decisions."""

from __future__ import annotations

from collections.abc import Set

from contracts import events as e
from contracts.events import Event, carried, carried_failure
from contracts.failure import Failure
from contracts.journal import Decision
from contracts.ports.read_models import Place
from contracts.values import NULL
from domain.evolve import evolve
from domain.history import Entry, Folded
from domain.places import is_undo, locate, plain_data


class NodeValues:
    """Inputs, outputs and failures by place."""

    def __init__(self, places: Set[Place]) -> None:
        self._places = places
        self.inputs: dict[Place, bytes] = {}
        self.outputs: dict[Place, bytes] = {}
        self.failures: dict[str, Failure] = {}
        """The last failure by path."""

    def take(self, folded: Folded, entry: Entry) -> None:
        """Fold a decision and keep what is wanted of it."""
        decision, state = entry.decision, folded.state
        state.now = decision.now if decision.events else state.now
        for index, event in enumerate(decision.events):
            place = Place(entry.offset, index)
            if place in self._places:
                self._take_input(folded, event, place)
                self._take_output(folded, event, decision, place)
            self._take_failure(event, decision)
            evolve(folded.graph, state, event, decision)
            run = state.runs.get(getattr(event, "path", ""))
            if place in self._places and run is not None and place not in self.inputs:
                self.inputs[place] = run.data
        state.digest = entry.digest

    def _take_input(self, folded: Folded, event: Event, place: Place) -> None:
        """The input of a node that ends as it begins."""
        if not isinstance(event, e.NodeCompleted | e.NodeFailed | e.NodeSkipped | e.NodeCancelled):
            return
        run = folded.state.runs.get(event.path)
        data = getattr(event, "data", None) if run is None else run.data
        if data is None and not is_undo(event.path) and not isinstance(event, e.NodeSkipped):
            scope, node = locate(folded.graph, folded.state, event.path)
            data = plain_data(folded.graph, scope, node)
        if data is not None:
            self.inputs[place] = data

    def _take_output(self, folded: Folded, event: Event, decision: Decision, place: Place) -> None:
        if isinstance(event, e.NodeCancelled) and event.output is not None:
            self.outputs[place] = event.output
        elif isinstance(event, e.NodeCompleted):
            output = event.output
            if output is None:
                output = self.inputs.get(place) if event.passes else carried(decision.command)
            self.outputs[place] = NULL if output is None else output

    def _take_failure(self, event: Event, decision: Decision) -> None:
        if isinstance(event, e.NodeFailed | e.NodeRetried | e.IncidentRaised):
            failure = event.failure or carried_failure(decision.command)
            if failure is not None:
                self.failures[event.path] = failure
