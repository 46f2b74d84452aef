"""What `cancel` and `compensate` name: ids in reach, or paths like `per_year[3]/fan.left/n`."""

from __future__ import annotations

import re
from typing import Any, Final

from domain.definition.findings import listed
from domain.definition.outline import Outline, OutlineBody, OutlineNode, all_ids_known, bodies_around, find_node

_SEGMENT: Final = re.compile(r"([a-z][a-z0-9_]*)(?:#\d+)?((?:\.[a-z][a-z0-9_]*)?(?:\[\d+\])?)")


def check_cancel(outline: Outline, node: OutlineNode, config: Any) -> None:
    """The names are those of nodes in reach, and none is around this node."""
    around = {body.owner for body in bodies_around(node.body)}
    for index, name in enumerate(config.nodes):
        path = f"{node.path}.config.nodes[{index}]"
        found = _find(node.body, name)
        if found is None:
            if all_ids_known(node.body):
                _tell_unknown(outline, node, path, name)
        elif found is node or found in around:
            what = "this node itself" if found is node else "a container around this node"
            fix = "use `end` with `terminate`, `break` or `fail` to leave a body"
            outline.findings.add(path, "cancels_itself", f"`{name}` is {what}", fix)


def _tell_unknown(outline: Outline, node: OutlineNode, path: str, name: str) -> None:
    visible = [one for around in bodies_around(node.body) for one in around.by_id]
    message = f"there is no node `{name}` in reach: this body and those around have {listed(visible)}"
    fix = outline.findings.did_you_mean(name, visible, "write an id, or a path as in histories")
    outline.findings.add(path, "unknown_node", message, fix)


def _find(body: OutlineBody, name: str) -> OutlineNode | None:
    """The node that an id or a path means from within a body; None where there is none, as for the path of a body or an undoing."""
    found: OutlineNode | None = None
    here: OutlineBody | None = body
    selector = ""
    for number, segment in enumerate(name.split("/")):
        match = _SEGMENT.fullmatch(segment)
        if match is None or here is None:
            return None
        found = find_node(here, match[1]) if number == 0 else here.by_id.get(match[1])
        if found is None:
            return None
        selector = match[2]
        here = _body_of(found, selector)
    return None if selector else found


def _body_of(node: OutlineNode, selector: str) -> OutlineBody | None:
    """The body that a segment goes on into: `[3]` an iteration's, `.left` a branch, `.catch[0]` a catch."""
    return node.bodies.get("[]" if selector.startswith("[") else selector.removeprefix("."))


def check_compensate_nodes(outline: Outline, node: OutlineNode, config: Any) -> None:
    """The names are those of nodes anywhere in the definition that have a `compensate`."""
    for index, name in enumerate(config.nodes or ()):
        path = f"{node.path}.config.nodes[{index}]"
        last = _SEGMENT.fullmatch(name.split("/")[-1])
        named = [one for one in outline.nodes if last is not None and one.id == last[1]]
        can_undo = [one.id for one in outline.nodes if one.definition.compensate is not None]
        if not named:
            if all(one.is_named for one in outline.nodes):
                fix = outline.findings.did_you_mean(name, can_undo, "name a node that has a `compensate`")
                outline.findings.add(path, "unknown_node", f"there is no node `{name}`", fix)
        elif not any(one.definition.compensate is not None or outline.findings.is_unreadable(f"{one.path}.compensate") for one in named):
            can = f"; those that have are {listed(can_undo)}" if can_undo else ""
            outline.findings.add(path, "not_compensable", f"`{name}` has no `compensate`{can}", f"add a `compensate` to `{name}`")
