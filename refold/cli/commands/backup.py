"""`backup` and `restore`: copies of a data folder, made beside whoever holds it, and put back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from infra.backup.backup import back_up as make_backup
from infra.backup.folder import BackupFolder
from infra.backup.restore import restore as put_back
from infra.clock import SystemClock
from infra.files.data_folder import DataFolder
from infra.files.fence import take_down
from infra.server.backup_source import FolderSource
from refold import __version__
from refold.cli.commands.output import OK, BadInput, hint, say, say_json
from refold.cli.commands.where import folder_of
from refold.cli.options import Where


def back_up(where: Where, destination: Path, as_json: bool) -> int:
    """Bring a backup of a data folder up to date. Raises LogError."""
    data = folder_of(where, "a backup is made of a data folder, on the machine where it is").data
    if destination.absolute().is_relative_to(data.absolute()):
        raise BadInput(f"{destination} lies in the data folder {data}: name a folder elsewhere, best on another disk")
    with closing(FolderSource(DataFolder(data))) as source, _progress("backing up") as told:
        report = make_backup(source, BackupFolder(destination), SystemClock().now(), __version__, told)
    if as_json:
        say_json({"position": report.position, "records": report.records, "blobs": report.blobs, "bytes": report.size})
    else:
        what = f"{report.records:,} records, {report.blobs:,} big values, {report.size:,} bytes"
        say(f"{destination} goes up to position {report.position}; new: {what}")
    return OK


def restore(source: Path | None, to: Path | None, at: int | None, resume: bool, as_json: bool) -> int:
    """Make a data folder of a backup, or let one run that was made so. Raises LogError."""
    if to is None:
        raise BadInput("--to DIR is missing: the data folder that the backup is put back into")
    if source is None and not resume:
        raise BadInput("SRC is missing: the folder of the backup; with --resume a copy that was made before is let run")
    position = None
    if source is not None:
        with _progress("putting back") as told:
            position = put_back(BackupFolder(source), DataFolder(to), at, SystemClock().now(), told).position
    elif at is not None:
        raise BadInput("--at is for putting a backup back, and needs SRC")
    fence = take_down(to) if resume else None
    if source is None and fence is None:
        raise BadInput(f"{to} is no copy that waits for --resume")
    position = position if fence is None else fence.position
    if as_json:
        say_json({"data": str(to), "position": position, "runs": resume})
    elif resume:
        say(f"{to} is at position {position}, and may run: make sure that the original does not")
    else:
        say(f"{to} is at position {position}. It is shown and verified, and runs nothing, as the original may live")
        say(f"verify it: {hint('verify --all', ['--data', str(to)])}; let it run: {hint('restore --resume', ['--to', str(to)])}")
    return OK


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Shows a bar on a terminal; elsewhere nothing."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what)
        yield lambda done, whole: bar.update(task, completed=done, total=whole)
