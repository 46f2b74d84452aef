"""Nodes: the fields that every node may have, where they make no sense, and what kinds ask of the bodies around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from contracts.definitions import Retry
from domain.definition.configs import check_activity_config
from domain.definition.fields import marked_fields
from domain.definition.findings import Findings, listed
from domain.definition.graph_questions import GRAPH_KIND, check_ask
from domain.definition.kind_shape import KindShape
from domain.definition.names_check import check_variable, variables_known
from domain.definition.outline import Outline, OutlineBody, OutlineNode, bodies_around, config_of
from domain.definition.reach_check import check_cancel, check_compensate_nodes
from domain.definition.shape import read
from domain.definition.shape_words import duration_problem
from domain.nodes import CONTROL_KINDS

_ONLY_ACTIVITIES: Final = ("cache", "queue", "priority")
_TIMEOUTS_OF_ALL: Final = ("start_to_close", "schedule_to_close")


def check_node(outline: Outline, node: OutlineNode) -> None:
    """Everything about one node that is not its shape, its edges or its expressions."""
    _check_compensation(outline, node)
    _check_durations(outline.findings, node)
    if node.definition.mutex is not None:
        _check_mutex(outline.findings, node)
        _check_cancel_holds_none(outline.findings, node)
    if node.kind is None:
        return
    if not node.is_activity:
        _check_no_activity(outline.findings, node)
    elif node.definition.type == GRAPH_KIND:
        check_ask(outline, node)
    if node.definition.on_error == "continue" and node.ports == ():
        message = f"`on_error: continue` goes on by a port, and a `{node.definition.type}` has none"
        outline.findings.add(f"{node.path}.on_error", "nothing_to_continue", message, "remove it, or add an edge from its port `error`")
    if node.config is None:
        return
    if not node.is_activity:
        _add_problems(outline.findings, node.kind, node.id, node.config, f"{node.path}.config")
    check = _CHECKS.get(node.definition.type)
    if check is not None:
        check(outline, node, config_of(node))


def _add_problems(findings: Findings, kind: KindShape, node: str, config: Any, path: str) -> None:
    """What the kind itself finds wrong with a config that stands at this path."""
    for problem in kind.problems(node, config):
        findings.add(f"{path}.{problem.path}", problem.rule, problem.message, problem.fix)


def _check_no_activity(findings: Findings, node: OutlineNode) -> None:
    definition, kind = node.definition, node.definition.type
    for name in _ONLY_ACTIVITIES:
        if getattr(definition, name) is not None:
            message = f"`{name}` is for activities; `{kind}` is decided in the engine"
            findings.add(f"{node.path}.{name}", "only_for_activities", message, f"remove `{name}`")
    if "input" in definition.model_fields_set:
        message = f"`input` is for activities; `{kind}` is decided in the engine"
        findings.add(f"{node.path}.input", "only_for_activities", message, "remove it, or say it in `config`, where the kind knows `input`")
    if definition.timeouts is None:
        return
    for name in definition.timeouts.model_fields_set:
        if name not in _TIMEOUTS_OF_ALL and getattr(definition.timeouts, name) is not None:
            message = f"`{name}` is for activities; `{kind}` knows `start_to_close` and `schedule_to_close`"
            findings.add(f"{node.path}.timeouts.{name}", "timeout_not_known", message, "write `start_to_close`, or remove it")


def _check_compensation(outline: Outline, node: OutlineNode) -> None:
    undo = node.definition.compensate
    if undo is None:
        return
    path = f"{node.path}.compensate"
    if outline.findings.is_unreadable(f"{path}.type"):
        return
    kind = CONTROL_KINDS.get(undo.type)
    if kind is not None and kind.can_undo:
        _check_control_compensation(outline, node, kind, f"{path}.config")
    elif kind is not None:
        able = listed(name for name, one in CONTROL_KINDS.items() if one.can_undo)
        message = f"activities and {able} can undo something, found `{undo.type}`"
        fix = "name one of these; for several steps call a workflow by `sub_workflow`"
        outline.findings.add(f"{path}.type", "compensate_kind", message, fix)
    elif undo.type in outline.activities:
        check_activity_config(outline.activities[undo.type], undo.config, f"{path}.config", outline.findings)
    elif outline.strict_kinds:
        fix = outline.findings.did_you_mean(undo.type, outline.activities, "see the list of kinds")
        outline.findings.add(f"{path}.type", "unknown_kind", f"there is no activity kind `{undo.type}`", fix)


def _check_control_compensation(outline: Outline, node: OutlineNode, kind: KindShape, path: str) -> None:
    assert node.definition.compensate is not None
    config: Any = read(kind.Config, node.definition.compensate.config, path, outline.findings)
    if config is None:
        return
    for attribute, name, _, is_duration in marked_fields(kind.Config):
        if is_duration:
            check_duration(outline.findings, f"{path}.{name}", getattr(config, attribute))
    if kind.name == "set_variable":
        _check_variables(outline, node, config, path)
    _add_problems(outline.findings, kind, node.id, config, path)


def _check_cancel_holds_none(findings: Findings, node: OutlineNode) -> None:
    if node.definition.type == "cancel":
        message = f"`{node.id}` waits for the clean-up of others, which may wait for the mutex `{node.definition.mutex}` that it would hold"
        findings.add(f"{node.path}.mutex", "mutex_on_cancel", message, "remove the `mutex` of the cancel node")


def _check_mutex(findings: Findings, node: OutlineNode) -> None:
    for around in bodies_around(node.body):
        if around.owner is not None and around.owner.definition.mutex == node.definition.mutex:
            holder, name = around.owner.id, node.definition.mutex
            message = f"`{holder}` around this node holds the mutex `{name}` until it has ended: both would wait forever"
            findings.add(f"{node.path}.mutex", "nested_mutex", message, "remove the inner or the outer one, or use another name")
            return


# Durations and times.


def check_duration(findings: Findings, path: str, text: str | None) -> None:
    """A duration that stands in the definition as it is."""
    if text is not None and "{{" not in text and (problem := duration_problem(path, text)) is not None:
        findings.add(problem.path, problem.rule, problem.message, problem.fix)


def check_retry(findings: Findings, path: str, retry: Retry | None) -> None:
    """The durations of a retry policy."""
    if retry is not None:
        check_duration(findings, f"{path}.initial_delay", retry.initial_delay)
        check_duration(findings, f"{path}.max_delay", retry.max_delay)


def _check_durations(findings: Findings, node: OutlineNode) -> None:
    definition = node.definition
    for path, text in _durations(node):
        check_duration(findings, path, text)
    check_retry(findings, f"{node.path}.retry", definition.retry)
    if definition.compensate is not None:
        check_retry(findings, f"{node.path}.compensate.retry", definition.compensate.retry)


def _durations(node: OutlineNode) -> Iterator[tuple[str, str | None]]:
    definition = node.definition
    yield f"{node.path}.timeout", definition.timeout
    if definition.timeouts is not None:
        for name in definition.timeouts.model_fields_set:
            yield f"{node.path}.timeouts.{name}", getattr(definition.timeouts, name)
    if definition.cache is not None:
        yield f"{node.path}.cache.ttl", definition.cache.ttl
    if definition.compensate is not None:
        yield f"{node.path}.compensate.timeout", definition.compensate.timeout
    if node.config is not None:
        for attribute, name, _, is_duration in marked_fields(type(node.config)):
            if is_duration:
                yield f"{node.path}.config.{name}", getattr(node.config, attribute)


# What single kinds ask.


def _check_set_variable(outline: Outline, node: OutlineNode, config: Any) -> None:
    _check_variables(outline, node, config, f"{node.path}.config")


def _check_variables(outline: Outline, node: OutlineNode, config: Any, path: str) -> None:
    names = [("name", config.name)] if config.name is not None else [(f"values.{name}", name) for name in config.values or {}]
    scope = config.scope
    if scope == "loop" and not any(around.is_iteration for around in bodies_around(node.body)):
        fix = "write `scope: node`, or move the node into a loop"
        outline.findings.add(f"{path}.scope", "no_loop", "`scope: loop` needs a loop around", fix)
    elif scope == "workflow":
        for field, name in names:
            if name not in outline.root.declared and variables_known(outline, outline.root):
                message = f"the workflow declares no variable `{name}`"
                fix = f"add `variables: {{{name}: null}}` to the workflow"
                outline.findings.add(f"{path}.{field}", "unknown_variable", message, fix)
    elif scope is None:
        for field, name in names:
            check_variable(outline, node.body, f"{path}.{field}", name)


def _check_get_variable(outline: Outline, node: OutlineNode, config: Any) -> None:
    if not outline.findings.is_unreadable(f"{node.path}.config.name"):
        check_variable(outline, node.body, f"{node.path}.config.name", config.name)


def _check_leaving(outline: Outline, node: OutlineNode, config: Any) -> None:
    kind = node.definition.type
    for around in bodies_around(node.body):
        if around.is_iteration:
            return
        if around.label == "finally" and _has_loop_around(around):
            message = f"a `{kind}` cannot leave a `finally` for a loop around it: the clean-up would not end"
            outline.findings.add(node.path, "leaves_finally", message, "let the `finally` end, and leave the loop after the try")
            return
    message = f"a `{kind}` needs a loop around it, and there is none"
    outline.findings.add(node.path, "no_loop", message, "move it into the body of a loop, or use `end`")


def _has_loop_around(body: OutlineBody) -> bool:
    return any(around.is_iteration for around in bodies_around(body))


_CHECKS: Final[dict[str, Callable[[Outline, OutlineNode, Any], None]]] = {
    "set_variable": _check_set_variable,
    "get_variable": _check_get_variable,
    "break": _check_leaving,
    "continue": _check_leaving,
    "cancel": check_cancel,
    "compensate": check_compensate_nodes,
}
