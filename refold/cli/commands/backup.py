"""`backup` and `restore`: copies of a data folder or of a log on Kafka, made beside whoever holds it, and put back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from contracts.positions import position_of
from contracts.times import rfc3339
from infra.backup.backup import back_up as make_backup
from infra.backup.folder import BackupFolder
from infra.backup.restore import restore as put_back
from infra.clock import SystemClock
from infra.files.data_folder import DataFolder
from infra.files.fence import take_down
from infra.server.backup_source import FolderSource, ServerSource
from refold import __version__
from refold.cli.commands.folder import FolderTarget
from refold.cli.commands.output import OK, BadInput, hint, say, say_json
from refold.cli.commands.where import checked_settings, engine_of, target_of
from refold.cli.options import Where


def back_up(where: Where, destination: Path, as_json: bool) -> int:
    """Bring a backup of a data folder, or of a log that processes share, up to date. Raises LogError."""
    settings = checked_settings(where)
    engine = engine_of(settings)
    if engine.log is not None and settings.given["server"].origin != "flag":
        return _back_up_log(engine.log, destination, as_json)
    with closing(_source(where, destination)) as source, _progress("backing up") as told:
        report = make_backup(source, BackupFolder(destination), SystemClock().now(), __version__, told)
    if as_json:
        say_json({"position": report.position, "records": report.records, "blobs": report.blobs, "bytes": report.size})
    else:
        what = f"{report.records:,} records, {report.blobs:,} big values, {report.size:,} bytes"
        say(f"{destination} goes up to position {report.position}; new: {what}")
    return OK


def _back_up_log(url: str, destination: Path, as_json: bool) -> int:
    from infra.server.kafka import back_up_topics

    with _progress("backing up") as told:
        report = back_up_topics(url, BackupFolder(destination), SystemClock().now(), __version__, told)
    if as_json:
        said = {"positions": report.positions, "at": rfc3339(report.time), "records": report.records, "bytes": report.size}
        say_json(said)
    else:
        say(f"{destination} goes up to {rfc3339(report.time)}; new: {report.records:,} records, {report.size:,} bytes")
        say(f"positions: {', '.join(map(str, report.positions))}")
    return OK


def _source(where: Where, destination: Path) -> FolderSource | ServerSource:
    """What is to be backed up: a data folder, or what a server gives away of its own."""
    target = target_of(where)
    if isinstance(target, FolderTarget):
        target.check_place()
        if destination.absolute().is_relative_to(target.data.absolute()):
            raise BadInput(f"{destination} lies in the data folder {target.data}: name a folder elsewhere, best on another disk")
        return FolderSource(DataFolder(target.data))
    from refold.cli.commands.server import ServerTarget

    assert isinstance(target, ServerTarget)
    client = target.client
    return ServerSource(lambda path: client.read("/v1/backup" + path), lambda path: client.read_json("/v1/backup" + path))


def restore(source: Path | None, to: str | None, at: int | None, resume: bool, as_json: bool) -> int:
    """Make a data folder or a log of a backup, or let one run that was made so. Raises LogError."""
    if to is None:
        raise BadInput("--to is missing: the data folder, or the log on Kafka, that the backup is put back into")
    if source is None and not resume:
        raise BadInput("SRC is missing: the folder of the backup; with --resume a copy that was made before is let run")
    if source is None and at is not None:
        raise BadInput("--at is for putting a backup back, and needs SRC")
    if "://" in to:
        return _restore_log(source, to, at, resume, as_json)
    return _restore_folder(source, Path(to), at, resume, as_json)


def _restore_log(source: Path | None, to: str, at: int | None, resume: bool, as_json: bool) -> int:
    from infra.server.kafka import restore_topics, resume_log

    value: dict[str, Any] = {"log": to, "runs": resume}
    if source is not None:
        with _progress("putting back") as told:
            made = restore_topics(BackupFolder(source), to, at, SystemClock().now(), told)
        positions = [position_of(partition, end) for partition, end in sorted(made.ends.items())]
        value |= {"positions": positions, "at": rfc3339(made.time)}
        if not as_json:
            say(f"{to} is as it was at {rfc3339(made.time)}; positions: {', '.join(map(str, positions))}")
    if resume and not resume_log(to) and source is None:
        raise BadInput(f"{to} is no copy that waits for --resume")
    if as_json:
        say_json(value)
    elif resume:
        say(f"{to} may run: make sure that the original does not")
    else:
        say("it can be verified, and runs nothing yet, as the original may live")
        say(f"verify it: {hint('verify --all', ['--log', to])}; let it run: {hint('restore --resume', ['--to', to])}")
    return OK


def _restore_folder(source: Path | None, to: Path, at: int | None, resume: bool, as_json: bool) -> int:
    position = None
    if source is not None:
        with _progress("putting back") as told:
            position = put_back(BackupFolder(source), DataFolder(to), at, SystemClock().now(), told).position
    fence = take_down(to) if resume else None
    if source is None and fence is None:
        raise BadInput(f"{to} is no copy that waits for --resume")
    position = position if fence is None else fence.position
    if as_json:
        say_json({"data": str(to), "position": position, "runs": resume})
    elif resume:
        say(f"{to} is at position {position}, and may run: make sure that the original does not")
    else:
        say(f"{to} is at position {position}. It can be shown and verified, and runs nothing yet, as the original may live")
        say(f"verify it: {hint('verify --all', ['--data', str(to)])}; let it run: {hint('restore --resume', ['--to', str(to)])}")
    return OK


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Shows a bar on a terminal; elsewhere nothing."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what)
        yield lambda done, whole: bar.update(task, completed=done, total=whole)
