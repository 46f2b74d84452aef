"""Where an execution is that is in the log of a data folder no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from contracts.errors import ArchiveDamaged, Rejected
from infra.files.data_folder import DataFolder
from infra.files.shelf_at import shelf_at
from infra.settings.model import EngineSettings
from refold.cli.commands.output import hint
from workers.archive.bundle import Bundle


@contextmanager
def saying_where_archived(settings: EngineSettings) -> Iterator[None]:
    """Where an execution is asked for that is not there: the refusal says in which bundle it is, if it is in one."""
    try:
        yield
    except Rejected as refused:
        if refused.reason != "unknown_execution":
            raise
        raise _where_archived(settings, refused, refused.details["execution"]) from None


def _where_archived(settings: EngineSettings, unknown: Rejected, execution: str) -> Rejected:
    if not (bundle := archived_in(settings, execution)):
        return unknown
    text = f"execution {execution} is not in the log any more, but archived: `{hint(f'archive show {bundle} {execution}')}`"
    return Rejected("archived_execution", text, execution=execution)


def archived_in(settings: EngineSettings, execution: str) -> str:
    """The newest bundle of the archive, or what is on its way there, that holds an execution; empty where none does that can be read."""
    assert settings.data is not None
    for place in (str(DataFolder(settings.data).pieces), settings.archive):
        if place is None:
            continue
        shelf = shelf_at(place)
        for name in reversed(shelf.names()):
            try:
                with shelf.open(name) as file:
                    if Bundle(file).line_of(execution) is not None:
                        return f"{place}/{name}"
            except (ArchiveDamaged, KeyError):
                continue
    return ""
