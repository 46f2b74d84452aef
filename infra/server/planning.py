"""Planning a migration over recorded executions: those that are open and go by a version, as they lie in the journal."""

from __future__ import annotations

from collections.abc import Iterator

from api.what_if import MigrationAsked
from contracts.errors import SHORTAGES, reason_of
from domain.execution.evolve import initial
from domain.execution.obstacles import Obstacle
from domain.replay.migrate import Planned, plan
from domain.replay.rerun import Version
from domain.replay.tape import Tape
from infra.server.reader_wiring import Reader
from infra.server.rerunning import HISTORIES_MAX, History
from projections.execution_columns import execution_filter, names_of
from projections.execution_list import row_of
from workers.reading.corpus import Corpus, decisions_of


def plan_corpus(reader: Reader, asked: MigrationAsked) -> list[Planned]:
    """What would become of each. One that cannot be read is blocked, and says why."""
    corpus = Corpus(asked.workflow, HISTORIES_MAX, 0)
    corpus.read(reader.log, reader.log.partitions)
    return list(_planned(reader, asked, list(corpus.histories())))


def _planned(reader: Reader, asked: MigrationAsked, histories: list[History]) -> Iterator[Planned]:
    filter_ = None if asked.filter is None else execution_filter(asked.filter, asked.now_ms)
    version = Version(reader.catalog.graph(asked.hash), asked.workflow, asked.version, asked.hash)
    for execution, stored in histories:
        try:
            decisions = decisions_of(stored)
            graph = reader.catalog.graph(getattr(decisions[0].command, "definition", ""))
            tape = Tape(graph, initial(execution), decisions)
            state = tape.state
            if state.is_ended or state.test is not None or state.workflow_version != asked.before:
                continue
            if filter_ is None or filter_.takes(names_of(row_of(state, tape.now_by))):
                yield plan(tape, version, asked.names, asked.rehearses, reader.blobs.get)
        except SHORTAGES:
            raise
        except Exception as error:  # whatever a history holds, the others are planned
            yield Planned(execution, (Obstacle("blocked", "", f"its history cannot be followed: {reason_of(error)}"),))
