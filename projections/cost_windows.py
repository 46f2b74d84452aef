"""Windows of costs: the rows of days added up, by day or over all, for those by whom it is asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal, TypeAlias

from contracts.times import rfc3339
from contracts.usage import NANO
from projections.analytics_windows import SYSTEM, spread
from projections.costs import CostRecord, OnlyOf, Spent

ByDay: TypeAlias = Literal["day", "all"]
GROUPS: Final = ("workflow", "version", "node", "model", "prompt")
"""What can be told apart beside the window."""


def only_of(workflow: str | None, version: int | None, node: str | None, model: str | None, prompt: str | None) -> OnlyOf:
    """What is wanted, with a prompt as people write it: `reply`, all versions, or `reply@4`. Raises ValueError for one that is none."""
    name, at, number = (prompt or "").partition("@")
    if at and not (number.isascii() and number.isdigit() and len(number) < 10):
        raise ValueError(f"expected a prompt like reply or reply@4, found {prompt!r}")
    return OnlyOf(workflow, version, node, model, None if prompt is None else name, int(number) if at else None)


def names_system(workflow: str | None) -> bool:
    """Whether a workflow is one of the engine's own, which are told of where they are named."""
    return workflow is not None and workflow.startswith(SYSTEM)


def groups_in(text: str) -> frozenset[str]:
    """What is told apart, of names with commas between them. Raises ValueError for one that there is not."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in names if name not in GROUPS]:
        raise ValueError(f"expected some of {', '.join(GROUPS)}, found {unknown[0]!r}")
    return frozenset(names)


def cost_windows(records: Iterable[CostRecord], by: ByDay, group: frozenset[str], has_system: bool = False) -> list[dict[str, Any]]:
    """The windows in their order, each as JSON shows it; `has_system`: also of the engine's own workflows."""
    found: dict[tuple[Any, ...], Spent] = {}
    for record in records:
        if record.workflow.startswith(SYSTEM) and not has_system:
            continue
        is_apart = [name in group for name in GROUPS]
        values = (record.workflow, record.version, record.node, record.model, (record.prompt, record.prompt_version))
        key = (record.day if by == "day" else None, *(value if apart else None for value, apart in zip(values, is_apart, strict=True)))
        spent = found.get(key)
        if spent is None:
            spent = found[key] = Spent()
        spent.add(record)
    # Of a column all keys have a value, or none has: they can be compared.
    return [_window(key, found[key]) for key in sorted(found, key=lambda one: tuple(value for value in one if value is not None))]


def _window(key: tuple[Any, ...], spent: Spent) -> dict[str, Any]:
    day, workflow, version, node, model, prompt = key
    counts = spent.counts
    tokens = {name: counts[f"{name}_tokens"] for name in ("input", "output", "cached", "cache_written", "reasoning", "unmeasured")}
    return {
        "at": None if day is None else rfc3339(day),
        "workflow": workflow,
        "version": version,
        "node": node,
        "model": model,
        "prompt": None if prompt is None else _written(*prompt),
        **{name: counts[name] for name in ("calls", "errors", "repairs", "unmeasured", "unpriced")},
        "tokens": tokens,
        "usd": counts["usd"] / NANO,
        "lost": {
            "attempts": counts["lost"],
            "calls": counts["lost_calls"],
            "tokens": counts["lost_tokens"],
            "usd": counts["lost_usd"] / NANO,
        },
        "first_token": spread(spent.first_token),
    }


def _written(prompt: str, version: int) -> str:
    """As a node names it; empty for what was asked without a prompt of the registry."""
    return f"{prompt}@{version}" if prompt else ""
