"""The shape: reading a part of a document as its model, and saying in our words what does not fit.

A part with faults is mended as well as can be (what is wrong is left out, or replaced by something neutral), so that
everything else about it can be checked in the same go.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from domain.definition.fields import annotation_at, field_at
from domain.definition.findings import Findings, joined
from domain.definition.shape_words import Fault, Keys, explain

Model = TypeVar("Model", bound=BaseModel)

ROUNDS_MAX: Final = 6
"""How often a part is mended before it is given up."""

_NEUTRAL: Final[dict[str, Any]] = {
    "type": "unreadable",
    "from": "unreadable",
    "to": "unreadable",
    "name": "unreadable",
    "port": "unreadable",
    "workflow": "{{ input }}",
    "signal": "unreadable",
    "execution": "{{ input }}",
    "condition": True,
    "expression": "true",
    "key": "true",
    "items": [],
    "times": 1,
    "count": 1,
    "x": 0,
    "y": 0,
    "body": {},
    "catch": {"body": {}},
    "nodes": {"id": "unreadable", "type": "unreadable"},
    "edges": {"from": "unreadable", "to": "unreadable"},
    "triggers": {},
    "cases": {"port": "unreadable"},
    "signals": {"name": "unreadable", "port": "unreadable"},
    "branches": {"unreadable": {}},
    "errors": "*",
    "retry_on": "*",
    "never_retry_on": "*",
    "ttl": "1s",
}
"""What stands for a required field, or for an item of a list, that cannot be read."""


def read(model: type[Model], raw: Any, path: str, findings: Findings) -> Model | None:
    """The part as its model, mended where it has faults; None where it cannot be. Faults go to the findings."""
    try:
        return model.model_validate(raw, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        faults = list(faults_of(error, raw))
    tell(model, raw, path, faults, findings)
    mended = copy.deepcopy(raw) if isinstance(raw, dict) else {}
    for _ in range(ROUNDS_MAX):
        _mend(model, mended, faults)
        try:
            return model.model_validate(mended, strict=True, by_alias=True, by_name=False)
        except ValidationError as error:
            faults = list(faults_of(error, mended))
            findings.add_unreadable((), (_place(path, fault.keys) for fault in faults))
    return None


def _place(path: str, keys: Keys) -> str:
    for key in keys:
        path = joined(path, key)
    return path


def tell(model: type[BaseModel], raw: Any, path: str, faults: list[Fault], findings: Findings) -> None:
    """Faults as problems: those of one union are one, and what a misspelt field leaves missing is not told."""
    problems, meant = explain(model, raw, path, _without_echoes(_one_each(faults)), findings)
    findings.add_unreadable((p for p in problems if not (p.rule == "missing_field" and p.path in meant)), meant)


def faults_of(error: ValidationError, raw: Any) -> Iterator[Fault]:
    """What pydantic found, placed in the document."""
    for one in error.errors(include_url=False):
        keys, of_key = _keys(raw, one["loc"], one["type"] == "missing")
        yield Fault(one, keys, of_key)


def _keys(raw: Any, loc: tuple[Any, ...], is_missing: bool) -> tuple[Keys, bool]:
    """Where in the document: pydantic's own words for the members of a union are left out."""
    keys: list[str | int] = []
    value = raw
    for number, part in enumerate(loc):
        if part == "[key]":
            return tuple(keys), True
        if (isinstance(value, dict) and part in value) or (isinstance(value, list) and isinstance(part, int) and part < len(value)):
            keys.append(part)
            value = value[part]
        elif is_missing and number == len(loc) - 1:
            keys.append(part)
    return tuple(keys), False


def _one_each(faults: list[Fault]) -> list[Fault]:
    """One fault a place. Of a union the members that fit least are left out: an object is told what is wrong inside it."""
    inside = {fault.keys[:length] for fault in faults for length in range(len(fault.keys))}
    deeper = [fault for fault in faults if fault.keys not in inside or not isinstance(fault.error["input"], dict | list)]
    several: dict[Keys, list[Fault]] = {}
    for fault in deeper:
        several.setdefault(fault.keys, []).append(fault)
    return [_as_union(same) for same in several.values()]


def _without_echoes(faults: list[Fault]) -> list[Fault]:
    """Without the ends of edges that only repeat a bad id."""
    bad_ids = {str(fault.error["input"]) for fault in faults if fault.keys[-1:] == ("id",)}

    def repeats(fault: Fault) -> bool:
        return fault.keys[-1:] in (("from",), ("to",)) and str(fault.error["input"]).partition(".")[0] in bad_ids

    return [fault for fault in faults if not repeats(fault)]


def _as_union(same: list[Fault]) -> Fault:
    if len(same) == 1:
        return same[0]
    first = same[0]
    return first._replace(error={**first.error, "type": "union", "types": [fault.error["type"] for fault in same]})


def _mend(model: type[BaseModel], document: Any, faults: list[Fault]) -> None:
    for fault in sorted(faults, key=lambda one: -len(one.keys)):
        if fault.keys:
            _mend_one(model, document, fault)


def _mend_one(model: type[BaseModel], document: Any, fault: Fault) -> None:
    around: Any = document
    for key in fault.keys[:-1]:
        around = around[key] if not isinstance(around, dict) or key in around else {}
    last = fault.keys[-1]
    if isinstance(around, list) and isinstance(last, int) and last < len(around):
        around[last] = _neutral(fault.keys, True)
    elif isinstance(around, dict):
        field = field_at(annotation_at(model, fault.keys[:-1]), str(last))
        if fault.of_key or field is None or not field.is_required():
            around.pop(last, None)
        else:
            around[last] = _neutral(fault.keys, False)


def _neutral(keys: Keys, in_list: bool) -> Any:
    name = next((key for key in reversed(keys) if isinstance(key, str)), "")
    if name == "id" and not in_list:
        return "unreadable_" + "_".join(str(key) for key in keys if isinstance(key, int))[:40]
    if name == "cases" and not in_list:
        return [{"port": "unreadable"}]
    found = _NEUTRAL.get(name, "unreadable")
    if name == "nodes" and in_list:
        return {**found, "id": "unreadable_" + "_".join(str(key) for key in keys if isinstance(key, int))[:40]}
    return copy.deepcopy(found)
