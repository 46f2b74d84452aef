"""How read models stand, as people and programs look at it: how far each goes, what it lacks, what is being made of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from contracts.ports.read_models import Stand, StandIn


class _Of(NamedTuple):
    """What there is of a model in one partition: what lists are answered from, and what is being made."""

    partition: int
    end: int
    answering: Stand | None
    making: Stand | None


def stands_value(found: Iterable[StandIn], position_of: Callable[[int, int], int]) -> list[dict[str, Any]]:
    """Read models by name, as JSON shows them; `position_of` makes a position of a partition and an offset."""
    by_model: defaultdict[str, defaultdict[int, list[StandIn]]] = defaultdict(lambda: defaultdict(list))
    for one in found:
        by_model[one.stand.model][one.partition].append(one)
    return [_model(name, [_of(stands) for stands in partitions.values()], position_of) for name, partitions in sorted(by_model.items())]


def _of(stands: list[StandIn]) -> _Of:
    """Of several makings the last that is whole answers; one after it that is not is being made."""
    partition, end, _ = stands[0]
    ordered = sorted((one.stand for one in stands), key=lambda stand: (stand.version, stand.rebuild))
    whole = [stand for stand in ordered if stand.is_whole]
    answering = whole[-1] if whole else None
    making = None if ordered[-1].is_whole else ordered[-1]
    return _Of(partition, end, answering, making)


def _model(name: str, partitions: list[_Of], position_of: Callable[[int, int], int]) -> dict[str, Any]:
    answering = [one.answering for one in partitions if one.answering is not None]
    shown = answering or [one.making for one in partitions if one.making is not None]
    differing = [stand.differing for stand in answering if stand.differing is not None]
    sizes = [stand.bytes for stand in shown]
    return {
        "name": name,
        "version": max(stand.version for stand in shown),
        "rebuilds": max(stand.rebuild for stand in shown),
        "is_whole": len(answering) == len(partitions),
        "rows": sum(stand.rows for stand in shown),
        "bytes": None if None in sizes else sum(size or 0 for size in sizes),
        "lag": sum(one.end - (one.answering or one.making or _NONE).position for one in partitions),
        "differing": sum(differing) if differing else None,
        "building": _building(partitions),
        "partitions": [
            {"partition": one.partition, "position": position_of(one.partition, (one.answering or one.making or _NONE).position)}
            for one in partitions
        ],
    }


def _building(partitions: list[_Of]) -> dict[str, Any] | None:
    """How far what is being made has come, of all partitions in which that is so; None where nothing is."""
    making = [(one, one.making) for one in partitions if one.making is not None]
    if not making:
        return None
    return {
        "version": max(stand.version for _, stand in making),
        "rebuild": max(stand.rebuild for _, stand in making),
        "rows": sum(stand.rows for _, stand in making),
        "done": sum(stand.position for _, stand in making),
        "end": sum(one.end for one, _ in making),
    }


_NONE = Stand("", 0, 0, 0, is_whole=False, rows=0, bytes=0, differing=None)
