"""Read models of a data folder, looked at and made anew by this process, which holds the folder for so long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

from infra.files.data_folder import DataFolder
from infra.server.reader_wiring import Reader, open_projectors, open_read_models
from infra.settings.model import EngineSettings
from projections.stands import stands_value
from refold.cli.commands.target import Done, Value
from workers.reading.projector_pool import ProjectorPool

PARTITION = 0


def read_models_of(reader: Reader, settings: EngineSettings) -> list[Value]:
    """How they stand. A folder that no server has kept rows of yet has none."""
    from contracts.ports.read_models import StandIn

    end = reader.log.end("journal", PARTITION)
    with open_read_models(settings) as models:
        return stands_value([StandIn(PARTITION, end, stand) for stand in models.stands()], lambda _, offset: offset)


def rebuild_of(settings: EngineSettings, names: Sequence[str]) -> Iterator[Done]:
    """Bring them up to date, and make the rows of these anew; how far that is, after each batch."""
    assert settings.data is not None
    with DataFolder(settings.data).hold(), open_projectors(settings, lambda *_: None) as projectors:
        projectors.own(None)
        projectors.look_at_all()
        projectors.rebuild(names)
        yield from _build(settings, projectors, names)


def _build(settings: EngineSettings, projectors: ProjectorPool, names: Sequence[str]) -> Iterator[Done]:
    with open_read_models(settings) as models, closing(models):
        end = models.checkpoint(names[0]).offset
        yield Done(0, end)
        while projectors.is_building:
            projectors.build()
            found = models.rebuilding()
            yield Done(min((found[name].offset for name in names if name in found), default=end), end)
