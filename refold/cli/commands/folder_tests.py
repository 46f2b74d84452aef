"""A data folder's executions as tests."""

from __future__ import annotations

from collections.abc import Sequence

from contracts import values
from contracts.errors import Rejected
from contracts.key import NO_KEY
from domain.execution.history import Entry, begin, is_erasure
from domain.testing.record import recorded_test
from infra.server.reader_wiring import Reader
from refold.cli.commands.target import Value


def recorded(reader: Reader, entries: Sequence[Entry], name: str, file: str | None) -> Value:
    """An execution, by its decisions, as a file with tests. Raises Rejected where its values are sealed, or it is the engine's own."""
    folded = begin(entries[0], reader.catalog.graph, reader.blobs.get)
    if folded.state.key != NO_KEY or is_erasure(entries[0]):
        raise Rejected("sealed", f"execution {name} is sealed: its values are not copied into a test")
    found = recorded_test(
        folded.graph, folded.state, (entry.decision for entry in entries),
        lambda value: reader.blobs.get(values.blob_of(value)) if values.is_reference(value) else value, file,
    )  # fmt: skip
    return {"workflow": found.workflow, "text": found.text, "differences": [one.as_value() for one in found.differences]}
