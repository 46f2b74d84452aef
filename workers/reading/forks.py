"""Reading what a fork goes on from, with no more than it takes: from the last state before that a history was summed up in."""

from __future__ import annotations

from collections.abc import Iterator

from domain.execution.history import Entry, Folded
from domain.replay.forking import Made, Wish, fork, retry
from domain.replay.histories import RecordedHistories
from workers.reading.execution_reader import ExecutionReader


def forked(reader: ExecutionReader, execution: str, wish: Wish, retries: bool = False) -> Made:
    """The creation of a fork of an execution, or of one that goes on in the place of its failure. Raises as `fork` and `retry` do."""

    def window(name: str, version: int) -> tuple[Folded | None, Iterator[Entry]]:
        return reader.window(name, version, version + 1)

    histories = RecordedHistories(reader.entries, reader.graph, reader.blobs.get, window)
    return (retry if retries else fork)(histories, wish._replace(execution=execution), reader.blobs.get)
