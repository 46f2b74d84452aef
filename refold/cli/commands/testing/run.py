"""`test`: the cases in files are run, and how they went is said. Once, or again whenever a file has changed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from contracts.errors import RefoldError
from refold.cli.commands.output import FAILED, INVALID, OK, complain, report, say, say_json
from refold.cli.commands.testing import junit
from refold.cli.commands.testing.batch import Batch, How, run_files
from refold.cli.commands.testing.files import test_files
from refold.cli.commands.testing.renewing import renew
from refold.cli.commands.testing.tell import as_value, tell

LOOK_EVERY_S: Final = 0.3


class Wanted(NamedTuple):
    """What is to be tested, and how that is said."""

    paths: Sequence[Path]
    how: How
    junit: Path | None
    lists_all: bool
    as_json: bool


def run_tests(wanted: Wanted) -> int:
    """Run the tests. Exit code: 0 all passed; 1 some failed, or there are none; 2 where a file cannot be read."""
    files = test_files(wanted.paths)
    batch = run_files(files, wanted.how)
    for error in batch.unreadable:
        report(error)
    if wanted.junit is not None:
        junit.write(batch, wanted.junit)
    if wanted.as_json:
        say_json(as_value(batch))
    elif batch.ran:
        tell(batch, wanted.lists_all)
    return _code(wanted, files, batch)


def update(wanted: Wanted) -> None:
    """Write what failing cases expect as it was found."""
    renew(run_files(test_files(wanted.paths), wanted.how))


def _code(wanted: Wanted, files: Sequence[Path], batch: Batch) -> int:
    if batch.unreadable:
        return INVALID
    if not batch.ran:
        where = ", ".join(map(str, wanted.paths))
        if files and wanted.how.picked is not None:
            complain(f"no case in {where} has {wanted.how.picked!r} in its name: none was run, which is no success")
        else:
            complain(f"there are no tests in {where}: their files end in .test.yaml, .test.yml or .test.json")
        return FAILED
    return OK if all(one.result.verdict == "passed" for one in batch.ran) else FAILED


def watch(wanted: Wanted, goes_on: Callable[[], bool] = lambda: True) -> int:
    """Run the tests whenever a file of theirs has changed, until somebody interrupts it; the exit code is that of the last time."""
    code, seen = OK, None
    while goes_on():
        now = _stamps(wanted.paths)
        if now != seen:
            seen = now
            try:
                code = run_tests(wanted)
            except RefoldError as error:
                code = report(error)
            if not wanted.as_json:
                say("waiting for a change …")
            sys.stdout.flush()
        time.sleep(LOOK_EVERY_S)
    return code


def _stamps(paths: Sequence[Path]) -> dict[str, tuple[int, int]]:
    """The files that tests may hang on: those of a folder, and those beside a file."""
    folders = {path if path.is_dir() else path.parent for path in paths}
    found = {}
    for folder in folders:
        for file in folder.rglob("*"):
            if file.suffix in (".yaml", ".yml", ".json", ".py") and not any(
                part.startswith(".") for part in file.relative_to(folder).parts
            ):
                try:
                    stat = file.stat()
                except OSError:
                    continue
                found[str(file)] = (stat.st_mtime_ns, stat.st_size)
    return found
