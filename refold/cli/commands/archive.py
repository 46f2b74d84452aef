"""`archive`: what is in bundles, and the proof of it, on a machine that needs nothing but them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from contracts.errors import ArchiveDamaged, Rejected
from contracts.ports.shelf import Shelf
from contracts.times import rfc3339
from domain.execution.history import Unreadable
from infra.files.shelf_at import shelf_at
from projections.history import HistoryPresenter
from refold.cli.commands.look import say_history
from refold.cli.commands.output import FAILED, OK, BadInput, complain, say, say_json, table
from refold.cli.commands.where import asks_a_server, checked_settings, engine_of, folder_of, server_of
from refold.cli.options import Where
from refold.client.requests import part
from refold.worker.logs import writing_logs
from workers.archive.bundle import Bundle
from workers.archive.joiner import SUFFIX
from workers.archive.proof import Proof, entry_of
from workers.archive.summary import summary_of

if TYPE_CHECKING:
    from refold.cli.commands.server import EngineClient


def make(where: Where, as_json: bool) -> int:
    """Archive and remove what is due."""
    from infra.server.retention import archive_now
    from infra.server.wiring import open_alone, open_retention

    if (client := _asked_server(where)) is not None:
        made = client.make_archive()
        if as_json:
            say_json(made)
        else:
            say(f"{_counted(made['archived'], 'execution')} archived, and {_counted(made['removed'], 'execution')} removed")
        return OK
    target = folder_of(where, "a server archives what is past its retention, as it is asked")
    settings = target.settings
    if settings.archive is None and not settings.remove_unarchived:
        raise BadInput("name the folder for bundles (setting `archive`), or say that what is in none may be removed (`remove_unarchived`)")
    with target.reader():
        pass
    with writing_logs(settings.log_format), open_alone(settings) as alone, open_retention(settings) as setup:
        archive_now(setup, alone)
        counted = alone.owner.metrics
    if as_json:
        say_json({"archived": counted.archived, "removed": counted.removed})
    else:
        into = f"archived into {settings.archive}, and removed" if settings.archive else "removed"
        say(f"{_counted(counted.removed, 'execution')} {into}")
    return OK


def list_bundles(where: Where, place: str | None, as_json: bool) -> int:
    """One line a bundle; what is damaged is told."""
    rows: list[dict[str, Any]] = []
    damaged = 0
    if place is None and (client := _asked_server(where)) is not None:
        for row in client.bundles():
            if (problem := row.pop("problem")) is None:
                rows.append(row)
            else:
                damaged += 1
                complain(f"the bundle {row['bundle']} is damaged: {problem}")
    else:
        for path in bundles_in(_place(where, place)):
            try:
                with opened(path) as bundle:
                    rows.append(summary_of(path.name, bundle, path.shelf.size(path.name)))
            except ArchiveDamaged as error:
                damaged += 1
                complain(str(error))
    if as_json:
        say_json(rows)
    else:
        columns = ("bundle", "partition", "executions", "decisions", "payloads", "bytes", "first", "last")
        table([name.upper() for name in columns], [[str(row[name]) for name in columns] for row in rows]) if rows else say("no bundles")
    return FAILED if damaged else OK


def show(where: Where, place: str, execution: str | None, as_json: bool) -> int:
    """The executions in a bundle, or the events of one."""
    with _at_hand(where, place) as there, opened(there) as bundle:
        if execution is None:
            lines = [_line(line) for line in sorted(bundle.index.executions, key=lambda line: (line.ended_at, line.execution))]
            if as_json:
                say_json(lines)
            else:
                headers = ("EXECUTION", "WORKFLOW", "STATUS", "CREATED", "ENDED", "DECISIONS")
                table(headers, [[*map(str, line.values())] for line in lines])
            return OK
        say_history(_events(place, bundle, execution), as_json)
    return OK


def verify(where: Where, place: str | None, as_json: bool) -> int:
    """Prove each, one line a bundle."""
    results: list[dict[str, Any]] = []
    for path in _to_prove(where, place):
        results.append(found := _proved(path))
        for problem in found["problems"]:
            complain(f"{path}: {problem}")
        if not as_json and "executions" in found:
            executions, decisions, payloads = found["executions"], found["decisions"], found["payloads"]
            say(
                f"{path.name}: {_counted(decisions, 'decision')} of {_counted(executions, 'execution')} decided again, "
                f"{_counted(payloads, 'payload')} by hash: {_counted(len(found['problems']), 'difference')}"
            )
    if as_json:
        say_json(results)
    return FAILED if any(found["problems"] for found in results) else OK


def _proved(path: There) -> dict[str, Any]:
    """What the proof of a bundle has found."""
    try:
        with opened(path) as bundle:
            proof = Proof(bundle).run()
    except ArchiveDamaged as error:
        return {"bundle": str(path), "problems": [str(error)]}
    verifier = proof.verifier
    return {
        "bundle": str(path),
        "journal": bundle.head.journal,
        "partition": bundle.head.partition,
        "executions": verifier.executions,
        "decisions": verifier.decisions,
        "events": verifier.events,
        "definitions": proof.definitions,
        "payloads": proof.payloads,
        "decided_under_language_1": list(map(str, verifier.decided_earlier)),
        "problems": [*proof.problems, *map(str, proof.divergences)],
    }


class There(NamedTuple):
    """A bundle, where it is kept."""

    shelf: Shelf
    name: str

    def __str__(self) -> str:
        return self.name if self.shelf.place == "." else f"{self.shelf.place}/{self.name}"


def bundles_in(place: str) -> list[There]:
    """The bundles at a place, or the one that is named. Raises ShelfError."""
    if place.endswith(SUFFIX) or Path(place).is_file():
        return [_existing(place)]
    shelf = shelf_at(place)
    return [There(shelf, name) for name in shelf.names() if name.endswith(SUFFIX)]


@contextmanager
def opened(there: There) -> Iterator[Bundle]:
    """A bundle. Raises ArchiveDamaged, which names it."""
    try:
        with there.shelf.open(there.name) as file:
            yield Bundle(file)
    except ArchiveDamaged as error:
        raise ArchiveDamaged(f"the bundle {there} is damaged: {error}") from None


def _place(where: Where, place: str | None) -> str:
    if place is not None:
        return place
    if (found := engine_of(checked_settings(where)).archive) is None:
        raise BadInput("name a bundle or a folder of bundles, or the setting `archive`")
    return found


def _asked_server(where: Where) -> EngineClient | None:
    """The server that is meant, if one is."""
    if not asks_a_server(checked_settings(where)):
        return None
    return server_of(where, "").client


@contextmanager
def _at_hand(where: Where, place: str) -> Iterator[There]:
    """A bundle here, or fetched from the server that is meant, for as long as it is needed."""
    if "/" in place or Path(place).is_file() or (client := _asked_server(where)) is None:
        yield _existing(place)
        return
    with TemporaryDirectory(prefix="refold-bundle-") as folder:
        (Path(folder) / place).write_bytes(client.read(f"/v1/archive/{part(place)}"))
        yield There(shelf_at(folder), place)


def _to_prove(where: Where, place: str | None) -> Iterator[There]:
    """The bundles that are meant: those of the server, fetched one by one, where one is meant and no place is."""
    client = _asked_server(where) if place is None else None
    if client is not None:
        names = [row["bundle"] for row in client.bundles()]
    elif place is not None and "/" not in place and place.endswith(SUFFIX) and not Path(place).is_file():
        names = [place]
    else:
        folder = _place(where, place)
        if not (paths := bundles_in(folder)):
            raise BadInput(f"there are no bundles in {folder}")
        yield from paths
        return
    if not names:
        raise BadInput("there are no bundles in the archive of the server")
    for name in names:
        with _at_hand(where, name) as there:
            yield there


def _existing(place: str) -> There:
    folder, slash, name = place.rpartition("/")
    there = There(shelf_at(folder if slash else "."), name)
    if name not in there.shelf.names():
        raise BadInput(f"there is no bundle {place}")
    return there


def _line(line: Any) -> dict[str, Any]:
    return {
        "execution_id": line.execution,
        "workflow": line.workflow,
        "status": line.status,
        "created_at": rfc3339(line.created_at),
        "ended_at": rfc3339(line.ended_at),
        "decisions": line.decisions,
    }


def _events(place: str, bundle: Bundle, execution: str) -> Iterator[dict[str, Any]]:
    line = bundle.line_of(execution)
    if line is None:
        raise Rejected("unknown_execution", f"there is no execution {execution} in {place}", execution=execution)
    presenter = HistoryPresenter()
    for offset, record in bundle.history_of(line).decisions:
        entry = entry_of(offset, record)
        if isinstance(entry, Unreadable):
            raise ArchiveDamaged(f"version {entry.first}: {entry.reason}")
        yield from (event.as_value() for event in presenter.present(entry.decision))


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
