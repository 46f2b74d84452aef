"""Validating: everything that is wrong with a definition, at once, each with its place and a way out.

    document ──shape──► definition ──outline──► bodies, nodes, edges ──► edges, joins, nodes, names, calls

What one problem makes unknown is not guessed at: a misspelt node id is told once, not again by each of its edges.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from contracts.definitions import LANGUAGE, NODES_MAX, Settings, WorkflowDefinition
from contracts.errors import InvalidDefinition, Problem
from domain.definition.ai_edges_check import check_ai_edges, check_tools
from domain.definition.budgets_check import check_budgets
from domain.definition.calls_check import check_calls
from domain.definition.document import NOT_AN_OBJECT, check_values
from domain.definition.edges_check import check_edges
from domain.definition.expose_check import check_expose
from domain.definition.findings import Findings, shown
from domain.definition.graph import ERROR_PORT
from domain.definition.heal_check import check_heal
from domain.definition.input_check import check_input_schema
from domain.definition.joins_check import check_joins
from domain.definition.models_in_use import check_models
from domain.definition.names_check import check_names
from domain.definition.nodes_check import check_duration, check_node, check_retry
from domain.definition.outline import Activities, Outline, OutlineBody, TooManyNodes, bodies_around, config_of, outline_of
from domain.definition.reserved_check import check_reserved
from domain.definition.shape import read
from domain.definition.shape_words import duration_problem
from domain.definition.text import TextFault
from domain.definition.texts import afters_in
from domain.definition.triggers_check import check_triggers
from domain.definition.ways import reach
from domain.expressions import parse_duration


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A definition, and what is wrong with it. There is a definition only where nothing is.

    `ports` are those of each node, by its path, where they are known and others than `out`.
    """

    definition: WorkflowDefinition | None = None
    problems: list[Problem] = field(default_factory=list)
    ports: dict[str, tuple[str, ...]] = field(default_factory=dict)


def check(document: Any, activities: Activities, strict_kinds: bool = True) -> Checked:
    """All problems of a document. With `strict_kinds` off, a kind that is not known is taken for an activity."""
    if (problem := _beyond_limits(document)) is not None:
        return Checked(problems=[problem])
    findings = Findings()
    definition = read(WorkflowDefinition, document, "", findings)
    ports: dict[str, tuple[str, ...]] = {}
    if definition is not None:
        try:
            outline = outline_of(definition, activities, findings, strict_kinds)
        except TooManyNodes:
            return Checked(problems=[_too_many()])
        _check_all(outline)
        ports = {node.path: node.ports for node in outline.nodes if node.ports is not None and node.ports != ("out",)}
    problems = findings.told()
    return Checked(definition=None if problems else definition, problems=problems, ports=ports)


def publishable(document: Any, activities: Activities, strict_kinds: bool = True) -> WorkflowDefinition:
    """The definition of a document in which nothing is wrong. Raises InvalidDefinition with all problems."""
    checked = check(document, activities, strict_kinds)
    if checked.definition is None:
        raise InvalidDefinition(checked.problems)
    return checked.definition


def _beyond_limits(document: Any) -> Problem | None:
    if not isinstance(document, dict):
        return Problem("", "not_an_object", NOT_AN_OBJECT.format(shown(document)), "begin with `name: my_workflow`")
    try:
        check_values(document)
    except TextFault as fault:
        return fault.problem
    nodes = document.get("nodes")
    return _too_many() if isinstance(nodes, list) and len(nodes) > NODES_MAX else None


def _too_many() -> Problem:
    message = f"the definition has more than {NODES_MAX:,} nodes, all bodies together (NODES_MAX)"
    return Problem("nodes", "too_large", message, "split it into several workflows, and call them by `sub_workflow`")


def _check_all(outline: Outline) -> None:
    findings = outline.findings
    check_reserved(outline)
    _check_language(outline.definition, findings)
    _check_settings(outline.definition.settings, findings)
    check_input_schema(outline.definition.input, findings)
    check_expose(outline.definition, findings)
    check_triggers(outline.definition, findings)
    for body in outline.bodies:
        _check_has_nodes(body, findings)
        check_edges(body, findings)
        check_ai_edges(body, findings)
        check_joins(body, findings)
        for node in reach(edge.target for edge in body.edges if edge.port == ERROR_PORT):
            node.behind_error = True
    _declare(outline)
    for node in outline.nodes:
        check_node(outline, node)
    check_models(outline)
    check_tools(outline)
    check_budgets(outline)
    check_heal(outline)
    check_names(outline)
    check_calls(outline)


def _check_has_nodes(body: OutlineBody, findings: Findings) -> None:
    if not body.nodes:
        what = "the workflow" if not body.path else "the body"
        path = f"{body.path}.nodes" if body.path else "nodes"
        findings.add(path, "no_nodes", f"{what} has no nodes", "add a node, e.g. `{id: first, type: noop}`")


def _check_language(definition: WorkflowDefinition, findings: Findings) -> None:
    if definition.language not in (None, LANGUAGE):
        message = f"this version of Refold publishes language {LANGUAGE}, found {definition.language}"
        findings.add("language", "language", message, "remove `language`: the present one is added")


def _check_settings(settings: Settings, findings: Findings) -> None:
    check_duration(findings, "settings.timeout", settings.timeout)
    check_duration(findings, "settings.retention", settings.retention)
    check_retry(findings, "settings.retry", settings.retry)
    for path, one in afters_in(settings):
        check_duration(findings, f"{path}.within", one.within)
        if duration_problem(path, one.within) is None and not parse_duration(one.within):
            findings.add(
                f"{path}.within", "out_of_range", "within no time nothing can have completed", "write how long ago at most, as `24h`"
            )


def _declare(outline: Outline) -> None:
    """The variables that `set_variable` declares: in its own body, or in the current iteration."""
    for node in outline.nodes:
        if node.definition.type != "set_variable" or node.config is None:
            continue
        config = config_of(node)
        names = {config.name} if config.name is not None else set(config.values or ())
        if config.scope == "node":
            node.body.declared |= names
        elif config.scope == "loop":
            around = next((body for body in bodies_around(node.body) if body.is_iteration), None)
            if around is not None:
                around.declared |= names
