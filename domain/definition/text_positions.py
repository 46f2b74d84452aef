"""Where in a definition's text a problem stands: line and column, and the node that it belongs to.

Only asked where something is wrong: the text is gone through once more, and the path of each value noted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, TypeAlias

import yaml

from contracts.errors import Problem
from domain.definition.document_yaml import LOADER
from domain.definition.findings import joined

_JSON_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')
_LAST_STEP: Final = re.compile(r"(\[\d+\]|\.?[^.\[\]]*)$")

Token: TypeAlias = "tuple[str, Any, int, int]"
"""What begins or ends (`{`, `[`, `end`, `value`), a scalar's value, line and column from 1."""


class _Open(NamedTuple):
    path: str
    is_list: bool
    state: dict[str, Any]
    """`count` of a list; `key` of an object, None where the next scalar is a key."""


def located(problems: list[Problem], text: str | bytes, document: Any) -> list[Problem]:
    """The problems of a text's document, each with the line and column of the nearest value around it, and its node's id."""
    readable = text.decode("utf-8-sig", "replace") if isinstance(text, bytes) else text.removeprefix("\ufeff")
    positions, nodes = _positions(readable), _node_ids(document)
    return [_located(problem, positions, nodes) for problem in problems]


def _located(problem: Problem, positions: dict[str, tuple[int, int]], nodes: dict[str, str]) -> Problem:
    told = problem.path
    while told not in positions and told:
        told = _around(told)
    inside = problem.path
    while inside and inside not in nodes:
        inside = _around(inside)
    node = nodes.get(inside, "")
    line, column = positions.get(told, (0, 0)) if problem.path else (0, 0)
    return problem._replace(line=line, column=column, node=node)


def _around(path: str) -> str:
    """The path without its last step; of a name that is no step at all, as much as makes it shorter."""
    shorter = _LAST_STEP.sub("", path)
    return shorter if len(shorter) < len(path) else path[:-1]


def _node_ids(document: Any) -> dict[str, str]:
    """The ids of all nodes by their path in the document."""
    found: dict[str, str] = {}
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting:
        path, value = waiting.pop()
        items: Iterator[tuple[str | int, Any]] = iter(())
        if isinstance(value, dict):
            items = iter(value.items())
        elif isinstance(value, list):
            items = enumerate(value)
            if path == "nodes" or path.endswith(".nodes"):
                ids = [(index, one.get("id")) for index, one in enumerate(value) if isinstance(one, dict)]
                found |= {f"{path}[{index}]": name for index, name in ids if isinstance(name, str)}
        waiting.extend((joined(path, step), inner) for step, inner in items if isinstance(inner, dict | list))
    return found


def _positions(text: str) -> dict[str, tuple[int, int]]:
    """The line and column of each value by its path; of a field it is where its name stands."""
    positions: dict[str, tuple[int, int]] = {}
    open_: list[_Open] = []
    try:
        for kind, value, line, column in _tokens(text):
            _note(positions, open_, kind, value, (line, column))
    except (yaml.YAMLError, RecursionError):
        return {}
    return positions


def _note(positions: dict[str, tuple[int, int]], open_: list[_Open], kind: str, value: Any, at: tuple[int, int]) -> None:
    if kind == "end":
        open_.pop()
        return
    path = ""
    if open_:
        around = open_[-1]
        if around.is_list:
            path = joined(around.path, around.state["count"])
            around.state["count"] += 1
            positions.setdefault(path, at)
        elif around.state["key"] is None:
            around.state["key"] = str(value)
            positions.setdefault(joined(around.path, str(value)), at)
            return
        else:
            path = joined(around.path, around.state["key"])
            around.state["key"] = None
    if kind in "{[":
        open_.append(_Open(path, kind == "[", {"count": 0, "key": None}))


def _tokens(text: str) -> Iterator[Token]:
    return _json_tokens(text) if _is_json(text) else _yaml_tokens(text)


def _is_json(text: str) -> bool:
    try:
        return text.lstrip().startswith(("{", "[")) and json.loads(text) is not None
    except (ValueError, RecursionError):
        return False


def _json_tokens(text: str) -> Iterator[Token]:
    line, line_start, seen = 1, 0, 0
    for found in _JSON_TOKEN.finditer(text):
        word, start = found.group(), found.start()
        line += text.count("\n", seen, start)
        line_start = max(line_start, text.rfind("\n", seen, start) + 1)
        seen = start
        if word in "{[":
            yield word, None, line, start - line_start + 1
        elif word in "]}":
            yield "end", None, line, start - line_start + 1
        elif word not in ",:":
            yield "value", json.loads(word, strict=False) if word[0] == '"' else word, line, start - line_start + 1


def _yaml_tokens(text: str) -> Iterator[Token]:
    kinds = {"MappingStartEvent": "{", "SequenceStartEvent": "[", "MappingEndEvent": "end", "SequenceEndEvent": "end"}
    for event in yaml.parse(text, Loader=LOADER):
        name, mark = type(event).__name__, event.start_mark
        if mark is None:
            continue
        if name in kinds:
            yield kinds[name], None, mark.line + 1, mark.column + 1
        elif name in ("ScalarEvent", "AliasEvent"):
            yield "value", getattr(event, "value", None), mark.line + 1, mark.column + 1
