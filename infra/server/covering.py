"""Counting what recorded executions have taken of a definition, as they lie in the journal."""

from __future__ import annotations

from domain.replay.coverage import Covering
from infra.server.reader_wiring import Reader
from infra.server.rerunning import HISTORIES_MAX
from workers.reading.corpus import Corpus, decisions_of


def cover_corpus(reader: Reader, workflow: str, definition_hash: str, last: int) -> Covering:
    """What the last executions of a workflow that began have taken of one of its versions."""
    corpus = Corpus(workflow, min(last, HISTORIES_MAX))
    corpus.read(reader.log, reader.log.partitions)
    covering = Covering(reader.catalog.graph(definition_hash))
    for _, stored in corpus.histories():
        decisions = decisions_of(stored)
        covering.take(reader.catalog.graph(getattr(decisions[0].command, "definition", "")), decisions)
    return covering
