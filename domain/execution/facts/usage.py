"""What the facts about budgets and the use of models mean."""

from __future__ import annotations

from typing import Final

from contracts import events as e
from contracts.commands import CompleteActivity, CreateExecution, FailActivity
from contracts.usage import Amount, ModelCall
from domain.definition.budgets import limits_of
from domain.definition.graph import Graph
from domain.execution.facts.runs import Applier, Cause
from domain.execution.paths import node_named, owner_of
from domain.execution.spending import NOTHING, Reserved, Spending, account_of
from domain.execution.state import Execution


def begun(graph: Graph, command: CreateExecution) -> Spending | None:
    """What an execution begins with; None where its definition asks no models, and nobody above has a budget."""
    if not graph.spends and command.allowance is None:
        return None
    limits = limits_of(graph.settings.budget)
    if command.allowance is not None:
        limits = limits.narrowed(command.allowance)
    return Spending(limits, {price.model: price for price in command.prices})


def calls_in(event: e.UsageCounted, cause: Cause) -> tuple[ModelCall, ...]:
    """The calls that are counted."""
    if event.calls is not None:
        return event.calls
    command = cause.command
    return command.calls if isinstance(command, CompleteActivity | FailActivity) else ()


def amount_of(event: e.UsageCounted, cause: Cause) -> Amount:
    """How much is counted; a call without a price costs nothing that anybody knows."""
    if event.amount is not None:
        return event.amount
    found = NOTHING
    for call, cost in zip(calls_in(event, cause), event.costs, strict=False):
        found = found.and_(Amount(cost or 0, call.tokens, 1))
    return found


def _reserved(graph: Graph, state: Execution, event: e.BudgetReserved, cause: Cause) -> None:
    spending = _spending(state)
    node = node_number(graph, state, event.path)
    spending.reserve(event.child or event.path, Reserved(node, event.attempt, event.amount, event.model, bool(event.child)))


def _counted(graph: Graph, state: Execution, event: e.UsageCounted, cause: Cause) -> None:
    spending = _spending(state)
    reserved = spending.release(event.child or event.path)
    node = reserved.node if reserved is not None else node_number(graph, state, event.path)
    amount = amount_of(event, cause)
    spending.used = spending.used.and_(amount)
    spending.by_node[node] = spending.of_node(node).and_(amount)
    spending.estimated = spending.estimated.and_(amount if event.is_estimate else _unmeasured(event, cause))


def _unmeasured(event: e.UsageCounted, cause: Cause) -> Amount:
    found = NOTHING
    for call, cost in zip(calls_in(event, cause), event.costs, strict=False):
        if not call.is_measured:
            found = found.and_(Amount(cost or 0, call.tokens, 1))
    return found


def _raised(graph: Graph, state: Execution, event: e.BudgetRaised, cause: Cause) -> None:
    spending = _spending(state)
    if event.path:
        node = node_number(graph, state, event.path)
        before = spending.raised.get(node, graph.nodes[node].budget)
        spending.raised[node] = before.replaced(event.limits)
    else:
        spending.limits = spending.limits.replaced(event.limits)


def node_number(graph: Graph, state: Execution, path: str) -> int:
    """The number of the node that a path is a part of: a turn of an agent is a part of the agent. -1 where there is none."""
    while path:
        run = state.runs.get(path)
        node = node_named(graph, path) if run is None else graph.nodes[run.node]
        if node is not None:
            return account_of(node).number
        around, slash, _ = path.rpartition("/")
        path = owner_of(around) if slash else ""
    return -1


def _spending(state: Execution) -> Spending:
    if state.spending is None:
        state.spending = Spending()
    return state.spending


APPLIERS: Final[dict[type, Applier]] = {
    e.BudgetReserved: _reserved,
    e.UsageCounted: _counted,
    e.BudgetRaised: _raised,
}
