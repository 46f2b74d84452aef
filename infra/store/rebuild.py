"""Rows that are made anew beside those that are there: how both are named, and how they are compared.

A rebuild has a number, and with the model's version it makes the version that a store knows the rows by: 3 as they were first
made, 1,000,003 of the first rebuild, and so on. A build that knows no rebuilds takes those for rows of another version.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from contracts.ports.read_models import Model, Table
from infra.store.statements import Dialect, stored_name

REBUILD: Final = 1_000_000
"""What a rebuild adds to the version that rows are known by."""


class Version(NamedTuple):
    """The version of a read model, and the number of the rebuild; 0: as they were first made."""

    version: int
    rebuild: int


def version_of(stored: int) -> Version:
    """What the version says that a store knows rows by."""
    rebuild, version = divmod(stored, REBUILD)
    return Version(version, rebuild)


def own_of(version: int, there: Mapping[int, bool]) -> int | None:
    """Of the versions that are there, and whether they are whole, the one that a build makes; None where there is none."""
    ours = sorted(stored for stored in there if stored % REBUILD == version)
    whole = [stored for stored in ours if there[stored]]
    return whole[-1] if whole else ours[0] if ours else None


def rebuilt_of(version: int, there: Mapping[int, bool]) -> int | None:
    """The one that is being made anew; None where none is."""
    own = own_of(version, there)
    return next((stored for stored in there if own is not None and stored % REBUILD == version and stored > own), None)


def being_rebuilt(models: Mapping[str, Model], rows: Iterable[tuple[str, int, bool, bytes]]) -> dict[str, bytes]:
    """The checkpoints of those that are being made anew, of rows that say a model, a version, whether it is whole, its checkpoint."""
    there: defaultdict[str, dict[int, bool]] = defaultdict(dict)
    checkpoints: dict[tuple[str, int | None], bytes] = {}
    for name, version, is_whole, checkpoint in rows:
        there[name][version] = bool(is_whole)
        checkpoints[name, version] = checkpoint
    found = {name: rebuilt_of(model.version, there[name]) for name, model in models.items()}
    return {name: checkpoints[name, version] for name, version in found.items() if version is not None}


def answering_of(version: int, there: Mapping[int, bool]) -> int | None:
    """The one that lists are answered from: of this version, else the last that is whole; None where no rows are whole."""
    whole = sorted((stored for stored, is_whole in there.items() if is_whole), key=version_of)
    return next((stored for stored in reversed(whole) if stored % REBUILD == version), whole[-1] if whole else None)


def comparing(dialect: Dialect, table: Table[Any], before: int, after: int) -> str:
    """How many rows stand in one of two makings alone, or differ; of one partition, named twice, where it is shared."""
    old, new = stored_name(table, before), stored_name(table, after)
    others = [column.name for column in table.columns if column.name not in table.key]
    differs = "IS DISTINCT FROM" if dialect.is_shared else "IS NOT"
    is_other = " OR ".join(f"a.{name} {differs} b.{name}" for name in others)
    lost_or_other = f"b.{table.key[0]} IS NULL" + (f" OR {is_other}" if is_other else "")
    where = f"a.partition = {dialect.mark} AND " if dialect.is_shared else ""
    return (
        f"SELECT (SELECT count(*) FROM {old} a LEFT JOIN {new} b ON {_joined(dialect, table)} WHERE {where}({lost_or_other}))"
        f" + (SELECT count(*) FROM {new} a LEFT JOIN {old} b ON {_joined(dialect, table)} WHERE {where}b.{table.key[0]} IS NULL)"
    )


def _joined(dialect: Dialect, table: Table[Any]) -> str:
    return " AND ".join(f"a.{name} = b.{name}" for name in _key(dialect, table.key))


def _key(dialect: Dialect, key: Iterable[str]) -> Iterator[str]:
    if dialect.is_shared:
        yield "partition"
    yield from key
