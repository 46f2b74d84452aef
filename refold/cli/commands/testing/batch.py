"""Running the cases of files: in this process, or shared out over several. What is found is the same, in the same order."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, Final, NamedTuple

from contracts.errors import InvalidDefinition
from domain.testing.case import Result, run_case
from domain.testing.coverage import Coverage, Taken
from refold.cli.commands.output import BadInput
from refold.cli.commands.testing.files import Loaded, load
from refold.cli.commands.testing.real import Real, schemas_of_results

CASES_AT_A_TIME: Final = 50
"""So many cases of a file one process takes at a time."""
PROCESSES_MAX: Final = 256


class How(NamedTuple):
    """How cases are run: the module of the user's own activities, the folder of files, what is picked, in how many processes."""

    module: str | None = None
    files: Path | None = None
    picked: str | None = None
    processes: int = 1
    covers: bool = False


class Ran(NamedTuple):
    """How a case of a file went; `line` is where it stands there."""

    file: str
    line: int
    result: Result
    seconds: float

    def as_value(self) -> dict[str, Any]:
        """The same as JSON shows it."""
        return {"file": self.file, "line": self.line, "seconds": round(self.seconds, 6), **self.result.as_value()}


class Batch(NamedTuple):
    """How the cases went, what could not be read, how long it took, and what was covered of each workflow, by its file."""

    ran: list[Ran]
    unreadable: list[InvalidDefinition]
    seconds: float
    covered: dict[str, Coverage]


class _Part(NamedTuple):
    """Some cases of a file, by their places there."""

    file: Path
    numbers: Sequence[int]


def run_files(files: Sequence[Path], how: How) -> Batch:
    """Run the cases in files. Raises BadInput where one cannot be read at all."""
    began = time.perf_counter()
    outputs = schemas_of_results(how.module)
    loaded, unreadable = _load_all(files, outputs)
    parts = list(_parts(loaded, how.picked))
    found = _shared_out(parts, how) if how.processes > 1 and len(parts) > 1 else _here(parts, loaded, how)
    ran: list[Ran] = []
    taken = Taken()
    for some, seen in found:
        ran += some
        taken.seen |= seen
    covered = {one.suite.file.workflow: taken.of(_first(one)) for one in loaded} if how.covers else {}
    return Batch(ran, unreadable, time.perf_counter() - began, covered)


def _first(one: Loaded) -> Any:
    return next(iter(one.suite.graphs.values()))


def _load_all(files: Sequence[Path], outputs: dict[str, Any]) -> tuple[list[Loaded], list[InvalidDefinition]]:
    loaded, unreadable = [], []
    for file in files:
        try:
            loaded.append(load(file, outputs))
        except InvalidDefinition as error:
            unreadable.append(error)
    return loaded, unreadable


def _parts(loaded: Iterable[Loaded], picked: str | None) -> Iterator[_Part]:
    wanted = None if picked is None else picked.casefold()
    for one in loaded:
        names = [f"{one.file}::{planned.name}".casefold() for planned in one.suite.cases]
        numbers = [number for number, name in enumerate(names) if wanted is None or wanted in name]
        for start in range(0, len(numbers), CASES_AT_A_TIME):
            yield _Part(one.file, numbers[start : start + CASES_AT_A_TIME])


def _here(parts: Iterable[_Part], loaded: Iterable[Loaded], how: How) -> Iterator[tuple[list[Ran], set[str]]]:
    by_file = {one.file: one for one in loaded}
    with Real(how.module, how.files) as real:
        for part in parts:
            yield _run_part(by_file[part.file], part.numbers, real, how.covers)


def _run_part(loaded: Loaded, numbers: Iterable[int], real: Real, covers: bool) -> tuple[list[Ran], set[str]]:
    ran, taken = [], Taken()
    for number in numbers:
        planned = loaded.suite.cases[number]
        began = time.perf_counter()
        result = run_case(loaded.suite, planned, real.perform)
        if covers and result.found is not None:
            taken.take(result.found.happened)
        if result.found is not None:  # what has happened is told by its differences, and does not go from process to process
            result = result._replace(found=result.found._replace(happened=[]))
        ran.append(Ran(str(loaded.file), loaded.lines.get(planned.at, 0), result, time.perf_counter() - began))
    return ran, taken.seen


# In several processes.


def _shared_out(parts: Sequence[_Part], how: How) -> Iterator[tuple[list[Ran], set[str]]]:
    begins = "fork" if sys.platform == "linux" else "spawn"
    pool = ProcessPoolExecutor(min(how.processes, len(parts)), multiprocessing.get_context(begins), _begin, (how,))
    with pool:
        yield from pool.map(_take_part, parts)


_HOW: How = How()


def _begin(how: How) -> None:
    global _HOW  # a process of a pool has no other place for what it is begun with
    _HOW = how


@cache
def _loaded(file: Path, module: str | None) -> Loaded:
    return load(file, {})


@cache
def _real(module: str | None, files: Path | None) -> Real:
    real = Real(module, files).__enter__()
    Finalize(None, real.__exit__, (None, None, None), exitpriority=1)  # such a process runs nothing else at its end
    return real


def _take_part(part: _Part) -> tuple[list[Ran], set[str]]:
    return _run_part(_loaded(part.file, _HOW.module), part.numbers, _real(_HOW.module, _HOW.files), _HOW.covers)


def processes_for(text: str) -> int:
    """How many processes `-j` asks for: a number, or `auto` for as many as there are cores. Raises BadInput."""
    if text == "auto":
        return os.cpu_count() or 1
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= PROCESSES_MAX:
        raise BadInput(f"-j: expected a number from 1 to {PROCESSES_MAX}, or `auto`, found {text!r}")
    return int(text)
