"""`archive`: what is in bundles, and the proof of it, on a machine that needs nothing but them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from contracts.errors import ArchiveDamaged, Rejected
from contracts.ports.shelf import Shelf
from contracts.times import rfc3339
from domain.execution.history import Unreadable
from infra.files.shelf_at import shelf_at
from projections.history import HistoryPresenter
from refold.cli.commands.look import say_history
from refold.cli.commands.output import FAILED, OK, BadInput, complain, say, say_json, table
from refold.cli.commands.where import checked_settings, engine_of, folder_of
from refold.cli.options import Where
from refold.worker.logs import writing_logs
from workers.archive.bundle import Bundle
from workers.archive.joiner import SUFFIX
from workers.archive.proof import Proof, entry_of


def make(where: Where, as_json: bool) -> int:
    """Archive and remove what is due."""
    from infra.server.retention import archive_now
    from infra.server.wiring import open_alone, open_retention

    target = folder_of(where, "a server archives by itself what is past its retention")
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
    for path in bundles_in(_place(where, place)):
        try:
            with opened(path) as bundle:
                rows.append(_row(path, bundle))
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
    with opened(_existing(place)) as bundle:
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
    folder = _place(where, place)
    if not (paths := bundles_in(folder)):
        raise BadInput(f"there are no bundles in {folder}")
    results: list[dict[str, Any]] = []
    for path in paths:
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


def _existing(place: str) -> There:
    folder, slash, name = place.rpartition("/")
    there = There(shelf_at(folder if slash else "."), name)
    if name not in there.shelf.names():
        raise BadInput(f"there is no bundle {place}")
    return there


def _row(path: There, bundle: Bundle) -> dict[str, Any]:
    lines, head = bundle.index.executions, bundle.head
    times = [line.ended_at for line in lines]
    return {
        "bundle": path.name,
        "journal": head.journal,
        "partition": head.partition,
        "executions": len(lines),
        "decisions": sum(line.decisions for line in lines),
        "payloads": len(bundle.index.payloads),
        "bytes": path.shelf.size(path.name),
        "first": rfc3339(min(times)) if times else "",
        "last": rfc3339(max(times)) if times else "",
    }


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
