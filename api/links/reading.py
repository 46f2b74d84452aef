"""What was filled in for a human task, as the command that answers it has it; and what is wrong with it, beside its field."""

from __future__ import annotations

from typing import Any

import msgspec

from api.links.form import is_filled, lines, read_form
from api.links.page import Asked
from contracts import values
from contracts.errors import InvalidInput
from contracts.sealed_value import has_sealed, hide


def shown(task: dict[str, Any]) -> dict[str, Any]:
    """A task as people may see it."""
    content = msgspec.json.encode(task)
    return msgspec.json.decode(hide(content), type=dict[str, Any]) if has_sealed(content) else task


def data_of(asked: Asked) -> tuple[Any, dict[str, str]]:
    """The data of an answer, and what is wrong with it. Who refuses to enter data enters none."""
    form, is_input = asked.task["form"], asked.task["kind"] == "data_input"
    agrees = asked.chosen == asked.task["ports"][0]["port"]
    if is_input and not agrees:
        return None, {}
    if not asked.fields or (not is_input and not is_filled(asked.fields, asked.given)):
        return None, {}
    return read_form(form, asked.fields, asked.given)


def edited(asked: Asked) -> str | None:
    """The content as somebody has changed it; None where nobody did."""
    before, given = asked.task["content"], asked.given.get("content")
    if given is None or not isinstance(before, str) or asked.task["kind"] != "review":
        return None
    after = lines(given)
    return None if after == lines(before) else after


def kept(value: Any) -> bytes | None:
    """As a command holds it."""
    return None if value is None else values.encode(value)


def with_problems(asked: Asked, invalid: InvalidInput) -> Asked:
    """Each problem beside its field; those of no field above them."""
    places = {f"/data{field.path}": field.name for field in asked.fields}
    found, others = dict[str, str](), list[str]()
    for problem in invalid.problems:
        path = next((one for one in places if problem.path == one or problem.path.startswith(f"{one}/")), None)
        name = places[path] if path is not None else problem.path[1:] if problem.path in ("/comment", "/content") else None
        if name is None:
            others.append(f"{problem.path}: {problem.message}")
        else:
            found.setdefault(name, problem.message)
    return asked._replace(problems=found, wrong="; ".join(others))
