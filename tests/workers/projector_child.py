"""A projector as a process of its own, to be killed: `python -m tests.workers.projector_child LOG WHERE MODEL VERSION`.

It says `0 17` after each batch, and `done` at the end of the journal with nothing left to build. WHERE is a file, or the
address of a database with the prefix of its schema behind a blank. MODEL is of VERSION here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from contracts.ports.read_models import ReadModels
from infra.clock import SystemClock
from infra.log.sqlite import SqliteLog
from infra.store.postgres import models_in
from infra.store.sqlite import SqliteReadModels
from projections.read_model import ReadModel
from projections.registry import READ_MODELS
from workers.partition.catalog import Catalog
from workers.reading.projection import Sizes
from workers.reading.projector import Projector

SIZES = Sizes(batch_max=150, live_max=5, packed_max=10)


def raised(model: str, version: int) -> tuple[ReadModel, ...]:
    """All read models, one of them of this version."""
    return tuple(replace(one, version=version) if one.name == model else one for one in READ_MODELS)


def store_at(where: str, read_models: Sequence[ReadModel], read_only: bool = False) -> Callable[[int], ReadModels]:
    """What opens the read models of a partition there."""
    url, _, prefix = where.partition(" ")
    if prefix:
        return models_in(url, prefix, read_models, read_only)
    return lambda partition: SqliteReadModels(Path(where), read_models, read_only)


def main(log_path: str, where: str, model: str, version: str) -> None:
    """Project to the end."""
    read_models = raised(model, int(version))
    with closing(SqliteLog(Path(log_path), read_only=True)) as log, closing(store_at(where, read_models)(0)) as models:
        projector = Projector(log, Catalog(log, SystemClock()), models, read_models=read_models, sizes=SIZES)
        while True:
            is_more = projector.step()
            projector.build()
            print(0, projector.offset, flush=True)
            if not is_more and not projector.is_building:
                break
        print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
