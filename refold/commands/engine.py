"""Starting an engine, and reading a data folder, for a command."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts import values
from contracts.errors import Rejected
from contracts.journal import Checkpoint
from domain.history import Entry, Folded, Unreadable, read_entries
from domain.state import Execution
from infra.engine import Engine
from infra.garbage import look_rarely
from infra.settings import EngineSettings
from infra.wiring import Reader, open_engine, open_reader
from refold.commands.output import BadInput
from workers.refold import entries_of, refold

PARTITION = 0


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an engine works and what it may touch."""

    data: Path
    files: Path | None = None
    allow_private_addresses: bool = False

    def settings(self) -> EngineSettings:
        """The settings of an engine here. Raises BadInput for a folder of files that is none."""
        if self.files is not None and not self.files.is_dir():
            raise BadInput(f"--files {self.files}: expected a folder, found {'a file' if self.files.exists() else 'nothing'}")
        return EngineSettings(data=self.data, files=self.files, allow_private_addresses=self.allow_private_addresses)


class _StderrHandler(logging.Handler):
    """Writes what activities log to stderr, whatever stderr is at that moment: a live view may stand in its way."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        sys.stderr.write(f"{self.format(record)}\n")


@contextmanager
def engine_at(place: Place, must_exist: bool = False) -> Iterator[Engine]:
    """An engine that holds the data folder. With `must_exist` a missing folder is refused instead of made."""
    look_rarely()
    settings = place.settings()
    if must_exist:
        with open_reader(settings):
            pass
    logger = logging.getLogger("refold")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler := _StderrHandler())
    try:
        with open_engine(settings) as engine:
            yield engine
    finally:
        logger.removeHandler(handler)


@contextmanager
def reader_at(data: Path) -> Iterator[Reader]:
    """A reader of a data folder that another process may hold."""
    with open_reader(EngineSettings(data=data)) as reader:
        yield reader


def all_entries(reader: Reader, checkpoint: Checkpoint | None = None) -> Iterator[Entry | Unreadable]:
    """All decisions that count."""
    return read_entries(reader.log.read("journal", PARTITION), checkpoint or Checkpoint())


def entries_at(reader: Reader, execution: str) -> list[Entry]:
    """The decisions of one execution. Raises Rejected where there is none of that id."""
    found = list(entries_of(reader.log, PARTITION, execution))
    if not found:
        raise unknown_execution(execution)
    return found


def unknown_execution(execution: str) -> Rejected:
    """There is no execution of that id."""
    return Rejected("unknown_execution", f"there is no execution {execution}; `refold list` shows those there are", execution=execution)


def folded_at(reader: Reader, execution: str) -> Folded:
    """An execution as it is now. Raises Rejected where there is none of that id."""
    folded = refold(reader.catalog.graph, entries_at(reader, execution))
    assert folded is not None
    return folded


def value_at(reader: Reader, value: bytes | None) -> Any:
    """The JSON of a stored value, be it a blob or not; None for none."""
    if value is None:
        return None
    if values.is_reference(value):
        try:
            value = reader.blobs.get(values.blob_of(value))
        except KeyError:
            return {"missing_blob": value.decode().removeprefix("@")}
    return values.decode(value)


def output_of(data: Path, state: Execution) -> Any:
    """The output of an execution that has ended."""
    if state.output is None or not values.is_reference(state.output):
        return None if state.output is None else values.decode(state.output)
    with reader_at(data) as reader:
        return value_at(reader, state.output)
