"""Evidence: all that a run leaves behind, read from the files when everything has stopped, for the audit to judge."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.errors import RefoldError
from contracts.journal import Checkpoint
from domain.execution.history import Entry, Unreadable, read_entries
from infra.files.data_folder import DataFolder
from infra.log.sqlite import SqliteLog
from infra.server.reader_wiring import open_projectors
from infra.settings.model import EngineSettings
from infra.store.statements import stored_name
from projections.registry import MODEL_OF
from projections.trail import unpack_offsets
from tests import preloaded

from .ledger import Asked
from .processes import Exit, Fault

Rows = dict[str, list[Any]]


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A line that a run of an activity left."""

    key: str
    execution: str
    path: str
    attempt: int
    kind: str
    run: str
    phase: str
    at: int
    worker: str = ""
    """Who ran it, where that is told."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a run left behind."""

    asked: tuple[Asked, ...]
    effects: tuple[Effect, ...]
    faults: tuple[Fault, ...]
    exits: tuple[Exit, ...]
    decisions: tuple[Entry, ...]
    """The decisions of the journal that count, by the readers' rule."""
    foreign: int
    doubled: int
    unreadable: tuple[str, ...]
    verified: tuple[int, int]
    """Exit code of `refold verify --all`, and how many decisions it decided again."""
    verify_said: str
    projection: Rows
    rebuilt: Rows
    said: str
    """What the servers wrote to stderr and stdout."""
    lease_ms: int


def read_effects(path: Path) -> tuple[Effect, ...]:
    """All whole lines; a kill may cut the last one of a process, never one in the middle."""
    lines = path.read_text().splitlines() if path.exists() else []
    return tuple(Effect(**json.loads(line)) for line in lines)


def read_journal(data: Path) -> tuple[tuple[Entry, ...], Checkpoint, tuple[str, ...]]:
    """The decisions that count, where reading ended, and what could not be read."""
    entries: list[Entry] = []
    unreadable: list[str] = []
    checkpoint = Checkpoint()
    try:
        log = SqliteLog(DataFolder(data).log, read_only=True)
        try:
            for entry in read_entries(log.read("journal", 0), checkpoint):
                if isinstance(entry, Unreadable):
                    unreadable.append(f"{entry.execution}, offset {entry.offset}: {entry.reason}")
                else:
                    entries.append(entry)
        finally:
            log.close()
    except RefoldError as error:
        unreadable.append(str(error))
    return tuple(entries), checkpoint, tuple(unreadable)


def verify(data: Path) -> tuple[tuple[int, int], str]:
    """What `refold verify --all` finds: its exit code, the decisions, and what it says."""
    done = preloaded.run("verify", "--all", "--json", "--data", data, timeout=600)
    try:
        decisions = int(json.loads(done.stdout)["decisions"])
    except (ValueError, KeyError):
        decisions = 0
    return (done.returncode, decisions), (done.stdout + done.stderr)[-2_000:]


def read_projection(data: Path) -> Rows:
    """All rows of the read models, and the offsets of the decisions that they say each execution has."""
    return rows_in(DataFolder(data).projection)


def rows_in(path: Path) -> Rows:
    """The same of one file; nothing where there is none."""
    if not path.exists():
        return {}
    names = {table.name: stored_name(table, model.version) for table, model in MODEL_OF.items()}
    connection = sqlite3.connect(path)
    try:
        rows: Rows = {
            table.name: connection.execute(f"SELECT * FROM {names[table.name]} ORDER BY {', '.join(table.key)}").fetchall()
            for table in MODEL_OF
        }
        found: dict[int, list[int]] = {}
        for number, packed in connection.execute(
            f"SELECT number, offsets FROM (SELECT number, piece, offsets FROM {names['pieces']} UNION ALL"
            f" SELECT number, 2 << 40, offsets FROM {names['executions']} WHERE offsets IS NOT NULL) ORDER BY number, piece"
        ):
            found.setdefault(number, []).extend(unpack_offsets(number, packed))
    finally:
        connection.close()
    return {**rows, "decisions": sorted(found.items())}


def bring_up(settings: EngineSettings) -> None:
    """Bring the read models up to the end of all journals, from where they are."""
    with open_projectors(settings, lambda *_: None) as projectors:
        own: Callable[[Any], None] | None = getattr(projectors, "own", None)
        if own is not None:
            own(None)
        projectors.look_at_all()


def differing(found: Rows, rebuilt: Rows) -> Iterator[str]:
    """The tables whose rows are others than those of a clean rebuild."""
    for table in sorted({*found, *rebuilt}):
        if found.get(table) != rebuilt.get(table):
            odd = [row for row in found.get(table, ()) if row not in rebuilt.get(table, ())][:2]
            yield f"{table}: {len(found.get(table, ()))} rows, rebuilt {len(rebuilt.get(table, ()))}; for example {odd}"
    if not rebuilt:
        yield "there are no read models"


def read_rebuilt(data: Path) -> tuple[Rows, Rows]:
    """The rows as the killed projectors left them, brought to the end of the journal, and those of a clean rebuild."""
    try:
        bring_up(EngineSettings(data=data))
        before = read_projection(data)
        for ending in ("", "-wal", "-shm"):
            DataFolder(data).projection.with_name(f"projection.db{ending}").unlink(missing_ok=True)
        bring_up(EngineSettings(data=data))
    except RefoldError:  # a damaged journal: said by who reads it
        return {}, {}
    return before, read_projection(data)


def gather(
    data: Path, effects: Path, asked: Iterable[Asked], faults: Iterable[Fault], exits: Iterable[Exit], said: str, lease_ms: int
) -> Evidence:
    """Read all of it."""
    decisions, checkpoint, unreadable = read_journal(data)
    verified, verify_said = verify(data)
    projection, rebuilt = read_rebuilt(data)
    return Evidence(
        asked=tuple(asked), effects=read_effects(effects), faults=tuple(faults), exits=tuple(exits), decisions=decisions,
        foreign=checkpoint.foreign, doubled=checkpoint.doubled, unreadable=unreadable, verified=verified, verify_said=verify_said,
        projection=projection, rebuilt=rebuilt, said=said, lease_ms=lease_ms,
    )  # fmt: skip


def outcomes(evidence: Evidence) -> Counter[tuple[str, str]]:
    """How many executions of which workflow have which status."""
    return Counter((row[2], row[4]) for row in evidence.rebuilt.get("executions", ()))
