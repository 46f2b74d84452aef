"""Names: whether every expression can be compiled, and whether what it names has a value where it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from contracts.definitions import WorkflowDefinition
from contracts.errors import ExpressionError, Problem
from domain.definition.compared_check import secrets_read
from domain.definition.findings import Findings, listed
from domain.definition.input_shapes import shape_of
from domain.definition.outline import HANDLER, Outline, OutlineBody, OutlineNode, all_ids_known, bodies_around, find_node, outline_of
from domain.definition.secret_places import secret_places
from domain.definition.texts import Text, texts_of
from domain.expressions import Program, Reference, Shapes, program, value
from domain.triggers import TRIGGER_NAMES

_OF_NODES: Final = ("output", "error")
_FIELDS: Final = {
    "execution": ("id", "workflow", "version", "started_at"),
    "iteration": ("item", "index", "parent"),
    "error": ("type", "message", "details", "node", "attempt", "cause"),
    "trigger": TRIGGER_NAMES,
}
_FIX: Final = "correct the expression; the reference of expressions lists names and functions"


def check_names(outline: Outline) -> None:
    """Every expression and every template, where it stands."""
    shapes = {"input": shape_of(outline.definition.input)}
    for text in texts_of(outline):
        for one in _programs(outline, text, shapes):
            for reference in one.references:
                _check_reference(outline, text, reference)
            if text.is_compared:
                _check_compared(outline, text, one)


def doubtful_names(definition: WorkflowDefinition) -> list[Problem]:
    """A warning for each field in a valid definition that an expression reads and that its input's schema does not name.

    There may be one where the schema allows other fields; so only names that are like one that it names are told.
    """
    findings = Findings()
    outline = outline_of(definition, {}, Findings(), strict_kinds=False)
    shapes = {"input": shape_of(definition.input)}
    for text in texts_of(outline):
        for one in (program(text.source),) if text.is_expression else value(text.source).programs:
            for said in one.check(shapes, findings.comparisons):
                findings.add(text.path, "doubtful_name", said, "correct it, or name it in the schema under `input`")
    return findings.told()


def _programs(outline: Outline, text: Text, shapes: Shapes) -> tuple[Program, ...]:
    """The expressions of a text that can be compiled; a fault is told once a text."""
    try:
        programs = (program(text.source),) if text.is_expression else value(text.source).programs
        for one in programs:
            one.check(shapes, outline.findings.comparisons)
    except ExpressionError as error:
        fix = "write it without braces: the whole field is one expression" if text.is_expression and "{{" in text.source else _FIX
        outline.findings.add(text.path, "expression", str(error), fix)
        return ()
    return programs


def _check_reference(outline: Outline, text: Text, reference: Reference) -> None:
    root, path = reference.root, reference.path
    if root in text.extra:
        pass
    elif root in text.without:
        message = f"`{root}` is not known here: this is asked before the execution begins"
        outline.findings.add(text.path, "name_not_here", message, "use `input`, `execution` or `trigger`")
        return
    elif root == "nodes":
        if path:
            _check_node(outline, text, path)
        return
    elif root == "vars":
        if path:
            check_variable(outline, text.body, text.path, path[0])
        return
    elif root in _PLACES and not _PLACES[root](text):
        outline.findings.add(text.path, "name_not_here", f"`{root}` has no value here: {_WHERE[root]}", _INSTEAD[root])
        return
    if path and root in _FIELDS and path[0] not in _FIELDS[root]:
        _tell_no_field(outline, text, root, path[0], _FIELDS[root])


def _check_compared(outline: Outline, text: Text, one: Program) -> None:
    places = secret_places(outline.definition.input)
    for name in () if places is None else secrets_read(one.tree, places):
        message = f"`{name}` is secret: as stored it is another text for each execution, so no two would have the same"
        outline.findings.add(text.path, "secret", message, "use a field that is no secret, such as a user name")


def _tell_no_field(outline: Outline, text: Text, what: str, name: str, known: tuple[str, ...]) -> None:
    fix = outline.findings.did_you_mean(name, known, f"write `{what}.{known[0]}`, for example")
    outline.findings.add(text.path, "unknown_name", f"`{what}` has no `{name}`; it has {listed(known)}", fix)


def _check_node(outline: Outline, text: Text, path: tuple[str, ...]) -> None:
    name = path[0]
    if find_node(text.body, name) is None:
        if all_ids_known(text.body):
            _tell_unknown_node(outline, text, name)
    elif len(path) > 1 and path[1] not in _OF_NODES:
        fix = f"write `nodes.{name}.output.{path[1]}`"
        outline.findings.add(text.path, "unknown_name", f"`nodes.{name}` has no `{path[1]}`; it has `output` and `error`", fix)


def _tell_unknown_node(outline: Outline, text: Text, name: str) -> None:
    visible = [one for around in bodies_around(text.body) for one in around.by_id]
    inside = next((node for node in outline.nodes if node.id == name), None)
    if inside is not None:
        container = _container_of(inside, text.body)
        hint = f"read it from `nodes.{container}.output`" if container else "give it on by a variable, or by the body's output"
        if _is_handler(text.body):
            hint = "the workflow's error handler sees `error`, `input` and `vars`: keep what it needs in a variable"
        message = f"`nodes.{name}` cannot be seen from here: it stands in another body ({inside.path})"
        outline.findings.add(text.path, "unknown_node", message, hint)
        return
    near = outline.findings.nearest(name, visible)
    fix = f"did you mean `nodes.{near}`?" if near else f"known here are {listed(visible)}" if visible else "use `data` or `input`"
    outline.findings.add(text.path, "unknown_node", f"there is no node `{name}` to be seen from here", fix)


def _container_of(node: OutlineNode, body: OutlineBody) -> str | None:
    """The node of this body (or one around) in which another node stands."""
    visible = list(bodies_around(body))
    owner = node.body.owner
    while owner is not None and owner.body not in visible:
        owner = owner.body.owner
    return owner.id if owner is not None else None


def _is_handler(body: OutlineBody) -> bool:
    return any(around.label == HANDLER for around in bodies_around(body))


# Variables.


def check_variable(outline: Outline, body: OutlineBody, path: str, name: str) -> None:
    """A name that no body around declares is a problem, unless some declaration could not be read."""
    around = list(bodies_around(body))
    if any(name in one.declared for one in around) or (_is_handler(body) and name in outline.root.declared):
        return
    if not all(variables_known(outline, one) for one in [*around, outline.root]):
        return
    known = sorted({one for place in [*around, *([outline.root] if _is_handler(body) else [])] for one in place.declared})
    near = outline.findings.nearest(name, known)
    fix = f"did you mean `{near}`?" if near else f"declare it under `variables: {{{name}: null}}` of the workflow or of a body around"
    outline.findings.add(path, "unknown_variable", f"the variable `{name}` is declared nowhere around", fix)


def variables_known(outline: Outline, body: OutlineBody) -> bool:
    """Whether all that the body declares could be read."""
    path = f"{body.path}.variables" if body.path else "variables"
    return not outline.findings.is_unreadable(path)


# Where names have a value.


def _has_iteration(text: Text) -> bool:
    if text.node is not None and text.node.on_cycle:
        return True
    return any(around.is_iteration for around in bodies_around(text.body))


def _has_error(text: Text) -> bool:
    if text.node is not None and text.node.behind_error:
        return True
    for around in bodies_around(text.body):
        if around.label.startswith("catch[") or around.label == HANDLER:
            return True
        if around.owner is not None and around.owner.behind_error:
            return True
    return False


def _never(text: Text) -> bool:
    return False


_PLACES: Final[dict[str, Callable[[Text], bool]]] = {
    "iteration": _has_iteration,
    "error": _has_error,
    "signal": _never,
    "item": _never,
    "index": _never,
    "acc": _never,
    "event": _never,
    "args": _never,
}
_WHERE: Final = {
    "iteration": "it belongs to bodies of loops and to nodes on a cycle",
    "error": "it belongs to a `catch`, to `settings.on_error`, and behind an error edge",
    "signal": "it belongs to the `filter` of a `wait_signal`",
    "item": "it belongs to the expressions of a `transform`",
    "index": "it belongs to the expressions of a `transform`",
    "acc": "it belongs to the `expression` of a `reduce`",
    "event": "it belongs to the triggers of type `event`",
    "args": "it belongs to the `when` of an agent's `approval`",
}
_INSTEAD: Final = {
    "iteration": "move the node into the loop's body, or read the loop's output",
    "error": "write `nodes.<id>.error`, or move the node behind an error edge",
    "signal": "the payload is the node's output: `data`, or `nodes.<id>.output`",
    "item": "in a loop write `iteration.item`",
    "index": "in a loop write `iteration.index`",
    "acc": "use a `transform` with `operation: reduce`",
    "event": "write `trigger.event`",
    "args": "in a tool the arguments are `data`",
}
