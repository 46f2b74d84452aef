"""Triggers: whether each is of a kind that there is, says what its kind asks for, and names in its expressions what `trigger` has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.definitions import WorkflowDefinition
from contracts.errors import ExpressionError, Problem
from domain.definition.fields import marked_fields
from domain.definition.findings import Findings, listed
from domain.definition.nodes_check import check_duration
from domain.definition.shape import read
from domain.expressions import Program, program, value
from domain.triggers import EVERY, TRIGGER_KINDS, TriggerKind

_FIX = "correct the expression; the reference of expressions lists names and functions"


def check_triggers(definition: WorkflowDefinition, findings: Findings) -> None:
    """All triggers of a definition."""
    seen: dict[str, str] = {}
    claimed: dict[tuple[str, str], str] = {}
    for index, raw in enumerate(definition.triggers):
        path = f"triggers[{index}]"
        if findings.is_unreadable(path):
            continue
        config = check_trigger(raw, path, findings)
        if config is None or findings.is_unreadable(f"{path}.id"):
            continue
        first = seen.setdefault(config.id, path)
        if first != path:
            message = f"the id `{config.id}` is taken: {first} has it"
            findings.add(f"{path}.id", "duplicate_id", message, f"write `{config.id}_2`, for example")
        claim = TRIGGER_KINDS[config.type].claims(config)
        if claim is not None and (other := claimed.setdefault(claim, path)) != path:
            field, value_ = claim
            findings.add(f"{path}.{field}", "taken", f"`{value_[:100]}` is taken: {other} has it", f"write another {field}")


def check_trigger(raw: Mapping[str, Any], path: str, findings: Findings) -> Any:
    """One trigger; its config as the model of its kind, None where that cannot be told."""
    kind = _kind_of(raw, path, findings)
    if kind is None:
        return None
    before = findings.count
    config = read(kind.Config, dict(raw), path, findings)
    if config is None:
        return None
    for field in marked_fields(kind.Config):
        if field.is_duration:
            check_duration(findings, f"{path}.{field.name}", getattr(config, field.attribute))
    if findings.count == before:
        for problem in kind.problems(config):
            findings.add(f"{path}.{problem.path}", problem.rule, problem.message, problem.fix)
    _check_input(kind, config, f"{path}.input", findings)
    for at, source in kind.expressions(config):
        _check_programs(kind, [program(source)], f"{path}.{at}", findings)
    return config


def problems_of(raw: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with one trigger that stands by itself."""
    findings = Findings()
    check_trigger(raw, "", findings)
    return [problem._replace(path=problem.path.removeprefix(".")) for problem in findings.told()]


def _kind_of(raw: Mapping[str, Any], path: str, findings: Findings) -> TriggerKind | None:
    name = raw.get("type")
    if isinstance(name, str) and name in TRIGGER_KINDS:
        return TRIGGER_KINDS[name]
    if name is None:
        findings.add(
            path, "missing_field", "`type` is missing: what kind of trigger it is", f"add `type: …`, one of {listed(TRIGGER_KINDS)}"
        )
    elif not isinstance(name, str):
        findings.add(
            f"{path}.type", "wrong_type", f"`type`: expected a text, found {name!r}"[:200], f"write one of {listed(TRIGGER_KINDS)}"
        )
    else:
        fix = findings.did_you_mean(name, TRIGGER_KINDS, f"there are {listed(TRIGGER_KINDS)}")
        findings.add(f"{path}.type", "unknown_kind", f"there is no kind of trigger `{name[:100]}`", fix)
    return None


def _check_input(kind: TriggerKind, config: Any, path: str, findings: Findings) -> None:
    if "input" not in config.model_fields_set:
        return
    for at, text in _texts(path, config.input):
        try:
            programs = value(text).programs
        except ExpressionError as error:
            findings.add(at, "expression", str(error), _FIX)
        else:
            _check_programs(kind, programs, at, findings)


def _texts(path: str, given: Any) -> Iterator[tuple[str, str]]:
    """The strings with a template in a value, each with its path."""
    waiting = [(path, given)]
    while waiting:
        at, one = waiting.pop()
        if isinstance(one, str) and "{{" in one:
            yield at, one
        elif isinstance(one, dict):
            waiting.extend((f"{at}.{key}", item) for key, item in reversed(one.items()))
        elif isinstance(one, list):
            waiting.extend((f"{at}[{index}]", item) for index, item in reversed(list(enumerate(one))))


def _check_programs(kind: TriggerKind, programs: Any, path: str, findings: Findings) -> None:
    """Whether expressions can be compiled, and read nothing but what the trigger has."""
    known = (*EVERY, *kind.gives)
    for one in programs:
        try:
            one.check({}, findings.comparisons)
        except ExpressionError as error:
            findings.add(path, "expression", str(error), _FIX)
            continue
        _check_references(kind, one, known, path, findings)


def _check_references(kind: TriggerKind, one: Program, known: tuple[str, ...], path: str, findings: Findings) -> None:
    for reference in one.references:
        if reference.root in kind.extra:
            continue
        if reference.root != "trigger":
            message = f"`{reference.root}` is not known here: this is asked before anything is started"
            findings.add(path, "name_not_here", message, f"use `trigger`, which has {listed(known)}")
        elif reference.path and reference.path[0] not in known:
            name = reference.path[0]
            fix = findings.did_you_mean(name, known, f"write `trigger.{known[0]}`, for example")
            findings.add(path, "unknown_name", f"`trigger` of a `{kind.name}` has no `{name}`; it has {listed(known)}", fix)
