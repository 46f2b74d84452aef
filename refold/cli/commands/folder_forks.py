"""Forks in a data folder: what a new execution goes on from, read there."""

from __future__ import annotations

from contracts import values
from contracts.errors import Rejected
from domain.replay.edits import Edit
from domain.replay.forking import Made, Wish, fork, retry
from domain.replay.histories import RecordedHistories
from domain.replay.rerun import Version
from infra.server.reader_wiring import Reader
from projections.definitions import version_in
from refold.cli.commands.folder_reading import entries_at
from refold.cli.commands.target import Forking
from workers.partition.catalog import Catalog, versions_in


def forked(reader: Reader, catalog: Catalog, wanted: Forking) -> Made:
    """The creation of what is wanted. Raises Rejected, InvalidInput."""
    histories = RecordedHistories(lambda execution: entries_at(reader, execution), reader.catalog.graph, reader.blobs.get)
    edits = tuple(Edit(path, values.encode(value)) for path, value in wanted.sets.items())
    by = None if wanted.version is None else _version(catalog, histories.up_to(wanted.execution, 1).state.workflow, wanted.version)
    wish = Wish(wanted.execution, wanted.at, edits, by, wanted.until)
    return (retry if wanted.retries else fork)(histories, wish, reader.blobs.get)


def _version(catalog: Catalog, workflow: str, version: int) -> Version:
    versions = versions_in(catalog, workflow)
    try:
        found = version_in(versions, version)
    except Rejected as rejected:
        near = min((one.version for one in versions), key=lambda one: abs(one - version))
        raise Rejected(rejected.reason, f"{rejected.message}; the nearest one is {near}", workflow=workflow) from None
    return Version(catalog.graph(found.hash), workflow, found.version, found.hash)
