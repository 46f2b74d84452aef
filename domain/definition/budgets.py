"""Budgets in a definition: what a compiled one knows of them, and of the models that it names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from contracts.definitions import Budget, Compensation, ModelUse
from contracts.errors import InvalidInput, Problem
from contracts.models import MODEL_KINDS, models_in
from contracts.usage import MEASURES, MICRO, NANO, Allowance, Rates
from domain.definition.graph import Asks, Graph, Node

HAVE_BUDGETS: Final = MODEL_KINDS | {"sub_workflow"}
"""The kinds of nodes that may have a `budget` of their own in their config."""


def limits_of(budget: Budget | None) -> Allowance:
    """What a budget allows."""
    if budget is None:
        return Allowance()
    usd = None if budget.usd is None else round(budget.usd * NANO)
    return Allowance(usd, budget.tokens, budget.model_calls, budget.tool_calls)


def limits_in(said: bytes) -> Allowance:
    """What a budget allows that is written as JSON. Raises InvalidInput for one that is none, or limits nothing."""
    try:
        budget = Budget.model_validate_json(said)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise InvalidInput([Problem(place, "budget", f"{place or 'budget'}: {first['msg']}", 'write {"usd": 1.5}')]) from None
    limits = limits_of(budget)
    if not limits.is_limit:
        raise InvalidInput([Problem("", "budget", f"nothing is limited: expected some of {', '.join(MEASURES)}", 'write {"usd": 1.5}')])
    return limits


def note_budgets(graph: Graph) -> None:
    """Which nodes ask models, what they may use, and what nothing but a table of prices can say the cost of."""
    if not graph.settings.models and not graph.spends and not any(node.type in HAVE_BUDGETS or _undoes(node) for node in graph.nodes):
        return
    named: dict[str, None] = {}
    for node in graph.nodes:
        if node.type in HAVE_BUDGETS:
            node.budget = _limits_in(node)
        if node.is_activity and (node.type in MODEL_KINDS or node.agency is not None):
            asking = node if node.agency is None else node.agency.agent
            node.asks = _note(graph, named, asking.definition.config, _config_of(asking))
        if (undo := _undoes(node)) is not None:
            node.undo_asks = _note(graph, named, undo.config, node.undo_written)
    graph.spends = graph.spends or any(node.budget.is_limit for node in graph.nodes)
    graph.models = tuple(named)


def _undoes(node: Node) -> Compensation | None:
    """The compensation of a node, where it asks a model."""
    undo = node.definition.compensate
    return undo if undo is not None and undo.type in MODEL_KINDS else None


def _note(graph: Graph, named: dict[str, None], written: Mapping[str, Any], config: Mapping[str, Any]) -> Asks:
    """How models are asked by a config, `written` and compiled; those that only a table knows the price of come to `named`."""
    graph.spends = True
    asks = _asks(written, config, graph.settings.models)
    if asks.rates is None and not asks.is_elsewhere:
        named.update(dict.fromkeys(_models_of(config)))
    return asks


def _limits_in(node: Node) -> Allowance:
    written = node.config.get("budget") if isinstance(node.config, dict) else getattr(node.config, "budget", None)
    if isinstance(written, Budget) or written is None:
        return limits_of(written)
    return limits_of(Budget.model_validate(written))


def _config_of(node: Node) -> Mapping[str, Any]:
    return node.config if isinstance(node.config, dict) else node.config.model_dump(exclude_none=True)


def _asks(written: Mapping[str, Any], config: Mapping[str, Any], models: Mapping[str, ModelUse]) -> Asks:
    named = written.get("model")
    use = models.get(named) if isinstance(named, str) else None
    rates = None if use is None or use.price is None else _rates(use)
    return Asks(config.get("base_url") is not None, rates)


def _rates(use: ModelUse) -> Rates:
    price = use.price
    assert price is not None
    cached = price.input if price.cached is None else price.cached
    return Rates(*(round(one * MICRO) for one in (price.input, price.output, cached, price.input)))


def _models_of(config: Mapping[str, Any]) -> list[str]:
    """The models that a config names as they are, without a template."""
    written = config.get("model")
    found = models_in(written) if isinstance(written, str | list) else []
    return [one for one in found if isinstance(one, str) and ":" in one and "{{" not in one]
