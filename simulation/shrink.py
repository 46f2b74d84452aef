"""Offloading: a plan that breaks a rule is made smaller, as long as the same rule breaks."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

import msgspec

from domain.definition.validate import check
from simulation.plan import Fault, Plan, Traits

TRIES_MAX: Final = 1_200
SHIFT_MAX: Final = 4
"""So many ticks a fault is moved by."""
SOON_MAX: Final = 12
"""Within so many ticks after a request most of what it calls for has begun."""
T = TypeVar("T")


def shrink(plan: Plan, fails: Callable[[Plan], bool], tries_max: int = TRIES_MAX) -> Plan:
    """The smallest plan found that still fails: shorter, with fewer executions, requests, faults and nodes."""
    tries = 0
    candidates = smaller(plan)
    while tries < tries_max and (candidate := next(candidates, None)) is not None:
        tries += 1
        if fails(candidate):
            plan = candidate
            candidates = smaller(plan)
    return plan


def smaller(plan: Plan) -> Iterator[Plan]:
    """Plans that are a little smaller, the boldest first."""
    replace = msgspec.structs.replace
    for ticks in sorted({plan.ticks // 4, plan.ticks // 2, plan.ticks * 3 // 4, plan.ticks - 1} - {plan.ticks}):
        if ticks > 0:
            yield replace(plan, ticks=ticks)
    for execution in dict.fromkeys(one.execution for one in plan.operations):
        yield replace(plan, operations=[one for one in plan.operations if one.execution != execution])
    for faults in _fewer(plan.faults):
        yield replace(plan, faults=faults)
    for operations in _fewer(plan.operations):
        yield replace(plan, operations=operations)
    used = {one.name for one in plan.operations if one.kind == "start"}
    kept = [one for one in plan.definitions if one["name"] in used]
    if kept and len(kept) < len(plan.definitions):
        yield replace(plan, definitions=kept)
    for traits in _plainer(plan.traits):
        yield replace(plan, traits=traits)
    for place, definition in enumerate(plan.definitions):
        for simpler in _simpler(definition):
            yield replace(plan, definitions=[*plan.definitions[:place], simpler, *plan.definitions[place + 1 :]])
    yield from _fewer_and_moved(plan)
    yield from _sooner(plan)


def _fewer_and_moved(plan: Plan) -> Iterator[Plan]:
    """Without a fault or a request, and another fault a little earlier or later: what is left out often only took time."""
    replace = msgspec.structs.replace
    for shift in (step for distance in range(1, SHIFT_MAX + 1) for step in (distance, -distance)):
        ticks = plan.ticks + max(shift, 0)
        for place, fault in enumerate(plan.faults):
            moved = replace(fault, at=max(fault.at + shift, 0))
            others = [*plan.faults[:place], *plan.faults[place + 1 :]]
            for left_out in range(len(others)):
                yield replace(plan, ticks=ticks, faults=_in_order(others[:left_out] + others[left_out + 1 :], moved))
            for left_out in range(len(plan.operations)):
                operations = [*plan.operations[:left_out], *plan.operations[left_out + 1 :]]
                yield replace(plan, ticks=ticks, operations=operations, faults=_in_order(others, moved))


def _sooner(plan: Plan) -> Iterator[Plan]:
    """Without a setting that only let time pass, such as what is waited for, and a fault soon after a request instead."""
    replace = msgspec.structs.replace
    for number, definition in enumerate(plan.definitions):
        for settings in _fewer_settings(definition):
            definitions = [*plan.definitions[:number], {**definition, "settings": settings}, *plan.definitions[number + 1 :]]
            for place, fault in enumerate(plan.faults):
                others = [*plan.faults[:place], *plan.faults[place + 1 :]]
                for at in (one.at + after for one in plan.operations for after in range(1, SOON_MAX + 1)):
                    yield replace(plan, definitions=definitions, faults=_in_order(others, replace(fault, at=at)))


def _fewer_settings(definition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    settings = definition.get("settings", {})
    for key in settings:
        fewer = {name: part for name, part in settings.items() if name != key}
        if _is_publishable({**definition, "settings": fewer}):
            yield fewer


def _in_order(faults: list[Fault], more: Fault) -> list[Fault]:
    return sorted([*faults, more], key=lambda fault: fault.at)


def _fewer(parts: Sequence[T]) -> Iterator[list[T]]:
    """All but a half, a quarter … and at last all but one."""
    size = len(parts)
    while size:
        for start in range(0, len(parts), size):
            yield [*parts[:start], *parts[start + size :]]
        size //= 2


def _plainer(traits: Traits) -> Iterator[Traits]:
    plain = Traits()
    if traits == plain:
        return
    yield plain
    for field in Traits.__struct_fields__:
        if getattr(traits, field) != getattr(plain, field):
            yield msgspec.structs.replace(traits, **{field: getattr(plain, field)})


def _simpler(definition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The definition without one of its nodes, or without one of the things that its nodes and settings say."""
    for number, _ in enumerate(_bodies(definition)):
        count = len(list(_bodies(definition))[number]["nodes"])
        for place in range(count):
            simpler = copy.deepcopy(definition)
            _drop_node(list(_bodies(simpler))[number], place)
            if _is_publishable(simpler):
                yield simpler
            for key in ("retry", "timeouts", "compensate", "on_error", "mutex", "when", "join", "losers"):
                without = copy.deepcopy(definition)
                if list(_bodies(without))[number]["nodes"][place].pop(key, None) is not None and _is_publishable(without):
                    yield without
    if "triggers" in definition:
        yield {key: part for key, part in definition.items() if key != "triggers"}
    for settings in _fewer_settings(definition):
        yield {**definition, "settings": settings}


def _bodies(value: Any) -> Iterator[dict[str, Any]]:
    """Every body of a definition, the outermost first."""
    if isinstance(value, dict):
        if isinstance(value.get("nodes"), list) and all(isinstance(node, dict) for node in value["nodes"]):
            yield value
        for part in value.values():
            yield from _bodies(part)
    elif isinstance(value, list):
        for part in value:
            yield from _bodies(part)


def _drop_node(body: dict[str, Any], place: int) -> None:
    name = body["nodes"].pop(place)["id"]
    edges = body.get("edges", [])
    body["edges"] = [edge for edge in edges if edge["to"] != name and edge["from"].partition(".")[0] != name]


def _is_publishable(definition: dict[str, Any]) -> bool:
    return not check(definition, {}, strict_kinds=False).problems
