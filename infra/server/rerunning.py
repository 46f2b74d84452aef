"""Re-running many recorded histories by another version, on as many cores as are wanted.

Each process reads definitions and blobs itself; it is given histories as they lie in the journal.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from typing import Final, NamedTuple, TypeAlias

from contracts.errors import SHORTAGES, reason_of
from domain.definition.canonical import load_canonical
from domain.definition.compile import compile_definition
from domain.execution.deciding import ReadBlob
from domain.execution.evolve import initial
from domain.execution.history import GraphOf
from domain.replay.rerun import Version
from domain.replay.tape import Tape
from domain.replay.what_if import Comparison, End, what_if
from infra.server.reader_wiring import Reader, open_reader, open_shared_reader
from infra.settings.model import EngineSettings
from projections.execution_columns import execution_filter, names_of
from projections.execution_list import row_of
from workers.reading.corpus import Corpus, Stored, decisions_of

History: TypeAlias = tuple[str, Sequence[Stored]]
FEW: Final = 500
"""So many executions are compared in one process, as others would take longer to begin."""
HISTORIES_MAX: Final = 100_000
"""So many histories are held at a time, as they lie in the journal: the last ones that began. A filter picks out of these."""
CHUNK: Final = 100
"""So many histories go to a process at a time."""


class Wish(NamedTuple):
    """What is to decide: the workflow, version (0: none that is published), hash and canonical JSON of a definition.

    With a `filter` only executions for whose rows it is true, are compared, as they are at `now_ms` (since 1970).
    """

    workflow: str
    version: int
    hash: str
    content: bytes
    filter: str | None = None
    now_ms: int = 0


class Comparer:
    """Compares histories, in one process."""

    def __init__(self, wish: Wish, graph_of: GraphOf, read_blob: ReadBlob) -> None:
        graph = compile_definition(load_canonical(wish.content), wish.hash, wish.version)
        self._version = Version(graph, wish.workflow, wish.version, wish.hash)
        self._graph_of, self._read_blob = graph_of, read_blob
        self._filter = None if wish.filter is None else execution_filter(wish.filter, wish.now_ms)

    def compare(self, histories: Iterable[History]) -> Iterator[Comparison]:
        """Those that the filter takes; one that cannot be read is told as such."""
        for execution, stored in histories:
            try:
                found = self._one(execution, stored)
            except SHORTAGES:
                raise
            except Exception as error:  # whatever a history holds, the others are compared
                found = Comparison(execution, "not_decided", End("unknown", None, None), None, reason=reason_of(error))
            if found is not None:
                yield found

    def _one(self, execution: str, stored: Sequence[Stored]) -> Comparison | None:
        decisions = decisions_of(stored)
        graph = self._graph_of(getattr(decisions[0].command, "definition", ""))
        tape = Tape(graph, initial(execution), decisions)
        if self._filter is not None and not self._filter.takes(names_of(row_of(tape.state, tape.now_by))):
            return None
        return what_if(tape, self._version, self._read_blob)


def compare_all(reader: Reader, settings: EngineSettings, wish: Wish, histories: Iterable[History], jobs: int) -> Iterator[Comparison]:
    """Compare them, in their order; with several `jobs` in so many processes."""
    if jobs == 1:
        yield from Comparer(wish, reader.catalog.graph, reader.blobs.get).compare(histories)
        return
    rest = iter(histories)
    chunks = iter(lambda: list(islice(rest, CHUNK)), [])
    with ProcessPoolExecutor(jobs, get_context("spawn"), _begin, (settings, wish)) as pool:
        waiting: deque[Future[list[Comparison]]] = deque()
        for chunk in chunks:
            waiting.append(pool.submit(_compare, chunk))
            if len(waiting) > 2 * jobs:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def compare_corpus(
    reader: Reader, settings: EngineSettings, wish: Wish, against: str, most: int | None, since: int, jobs: int | None
) -> list[Comparison]:
    """Compare the recorded executions of a workflow: the last `most` that began since then, and that the filter takes.

    Without `jobs` there are as many as there are cores, where that pays.
    """
    corpus = Corpus(against, HISTORIES_MAX if most is None or wish.filter else min(most, HISTORIES_MAX), since)
    corpus.read(reader.log, reader.log.partitions)
    histories = list(corpus.histories())
    own = jobs or (1 if len(histories) <= FEW else os.cpu_count() or 1)
    found = list(compare_all(reader, settings, wish, histories, own))
    return found if most is None else found[-most:]


_comparers: list[Comparer] = []
"""That of this process, where it is one that `compare_all` began."""


def _begin(settings: EngineSettings, wish: Wish) -> None:
    reader = (open_reader if settings.log is None else open_shared_reader)(settings).__enter__()  # until the process ends
    _comparers.append(Comparer(wish, reader.catalog.graph, reader.blobs.get))


def _compare(histories: list[History]) -> list[Comparison]:
    (comparer,) = _comparers
    return list(comparer.compare(histories))
