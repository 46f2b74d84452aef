"""The part of the wiring that reads: the log of a data folder beside whoever writes it, and the read models. It brings no engine."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from contracts.errors import LogError
from contracts.ports.blobs import Blobs
from contracts.ports.keys import Keys, NoKeys
from contracts.ports.log import Log
from contracts.ports.read_models import ReadModels
from contracts.ports.snapshots import Snapshots
from contracts.positions import Positions
from infra.clock import SystemClock
from infra.files.blobs import FileBlobs
from infra.files.data_folder import DataFolder
from infra.files.snapshots import FileSnapshots
from infra.keys.blobs import FileSealedStore, SealingBlobs
from infra.keys.file import FileVault
from infra.keys.folder import FolderVault
from infra.keys.opening import OpeningLog
from infra.keys.ring import KeyRing
from infra.log.sqlite import SqliteLog
from infra.settings.model import EngineSettings
from infra.store.sqlite import SqliteReadModels
from infra.store.sqlite_file import copy
from infra.store.sqlite_trim import SqliteTrim
from projections.registry import READ_MODELS
from refold.extras import how_to_install
from workers.partition.catalog import Catalog
from workers.partition.resources import Resources
from workers.reading.partitioned_reader import PartitionedReader
from workers.reading.projector import Projector
from workers.reading.projector_pool import ProjectorPool


class Reader:
    """What is needed to read a data folder, beside whoever writes it."""

    def __init__(self, log: Log, catalog: Catalog, blobs: Blobs, snapshots: Snapshots, has_end: bool) -> None:
        self.log = log
        self.has_end = has_end
        """Whether it would be noticed if the log ended earlier than it did."""
        self.gives_room_back: bool = getattr(log, "gives_room_back", True)
        """Whether the file of the log can become smaller."""
        self.snapshots = snapshots
        self.catalog = catalog
        self.blobs = blobs

    @cached_property
    def resources(self) -> Resources:
        """What is made over the API beside definitions and executions, as it was when it was first asked for."""
        return Resources(self.log, SystemClock())


def open_log(settings: EngineSettings, read_only: bool = False) -> Log:
    """The log that the settings name, else the one in the data folder. Raises LogError where it cannot be used."""
    if settings.log is None:
        assert settings.data is not None
        return SqliteLog(DataFolder(settings.data).log, read_only=read_only)
    from infra.server.kafka import open_kafka_log

    return open_kafka_log(settings.log)


@contextmanager
def open_reader(settings: EngineSettings, blobs: Blobs | None = None) -> Iterator[Reader]:
    """The log of a data folder, to be read only; nobody has to let go of it."""
    assert settings.data is not None
    folder = DataFolder(settings.data)
    if settings.log is None:
        folder.check()
    with closing(open_log(settings, read_only=True)) as log, keys_to_read(settings) as keys:
        blobs = blobs or SealingBlobs(FileBlobs(folder.blobs), keys, FileSealedStore(folder.sealed))
        has_end = not isinstance(log, SqliteLog) or log.has_end_file
        yield Reader(OpeningLog(log, keys), Catalog(log, SystemClock()), blobs, FileSnapshots(folder.snapshots), has_end)


@contextmanager
def open_shared_reader(settings: EngineSettings) -> Iterator[Reader]:
    """A log that processes share, to be read beside them; its blobs are mirrored into a folder that is gone in the end."""
    from infra.server.kafka import blobs_to_read, check_is_whole

    assert settings.log is not None
    check_is_whole(settings.log)
    with (
        blobs_to_read(settings.log) as topic,
        keys_to_read(settings) as keys,
        open_reader(settings, SealingBlobs(topic, keys, topic.sealed)) as reader,
    ):
        yield reader


@contextmanager
def keys_to_read(settings: EngineSettings) -> Iterator[Keys]:
    """The keys of a data folder, or those that the processes of a log share, for who only reads: none is kept in memory.

    Raises LogError where their place is not there.
    """
    assert settings.data is not None
    if settings.log is not None and settings.keys is None:
        yield NoKeys("this process was told of no place for keys; name one with the setting `keys`")
        return
    vault = FileVault(DataFolder(settings.data).keys, read_only=True) if settings.log is None else FolderVault(place_of_keys(settings))
    with closing(vault):
        yield KeyRing(vault, ciphers_max=0)


def place_of_keys(settings: EngineSettings) -> Path:
    """The folder of the keys that the processes of a log share. Raises LogError where it is not there."""
    assert settings.keys is not None
    if not settings.keys.is_dir():
        raise LogError(f"there is no folder {settings.keys} for keys: make it, where all processes of this log see it, or mount it")
    return settings.keys


@contextmanager
def open_projectors(settings: EngineSettings, told: Callable[[int, int, int], None]) -> Iterator[ProjectorPool]:
    """What keeps the read models up with the log; `told` hears of a partition after each transaction: see `ProjectorPool`."""
    with open_reader(settings) as reader:
        models_of, are_shared = _models_of(settings, read_only=False), settings.read_models is not None
        projectors = ProjectorPool(reader.log, reader.catalog, models_of, told, are_shared)
        try:
            yield projectors
        finally:
            projectors.close()


@contextmanager
def open_read_models(settings: EngineSettings) -> Iterator[ReadModels]:
    """The rows that a server keeps in a data folder, to be read only; none where there are none."""
    with closing(_models_of(settings, read_only=True)(0)) as models:
        yield models


@contextmanager
def open_rows_apart(settings: EngineSettings, reader: Reader) -> Iterator[ReadModels]:
    """The rows of a data folder as far as its journal goes: those that a server keeps there, copied, with what they lack made apart."""
    assert settings.data is not None
    with TemporaryDirectory(prefix="refold-rows-") as apart:
        path = Path(apart) / "projection.db"
        copy(DataFolder(settings.data).projection, path)
        with closing(SqliteReadModels(path, READ_MODELS)) as models:
            projector = Projector(reader.log, reader.catalog, models)
            while projector.step() or projector.is_building:
                projector.build()
            yield models


@contextmanager
def open_partitioned_reader(settings: EngineSettings, blobs: Blobs | None = None) -> Iterator[PartitionedReader]:
    """What reads executions, with the help of the read models."""
    with open_reader(settings, blobs) as opened:
        models_of, lists_of = _models_of(settings, read_only=True), _models_of(settings, read_only=True)
        reader = PartitionedReader(opened.log, opened.catalog, opened.blobs, models_of, lists_of)
        try:
            yield reader
        finally:
            reader.close()


def rows_to_trim(settings: EngineSettings, is_kept_up: bool) -> SqliteTrim:
    """The rows that a server keeps in a data folder, to take some away. `is_kept_up`: it runs."""
    assert settings.data is not None
    return SqliteTrim(DataFolder(settings.data).projection, READ_MODELS, is_kept_up)


def positions_of(settings: EngineSettings) -> Positions:
    """How the positions of the log are made."""
    return Positions(is_divided=settings.log is not None)


def _models_of(settings: EngineSettings, read_only: bool) -> Callable[[int], ReadModels]:
    """What opens the read models of a partition."""
    assert settings.data is not None
    folder = DataFolder(settings.data)
    if settings.read_models is not None:
        return _models_in_postgres(settings, read_only)
    if settings.log is None:
        return lambda _: SqliteReadModels(folder.projection, READ_MODELS, read_only)
    return lambda partition: SqliteReadModels(folder.projection_of(partition), READ_MODELS, read_only, is_divided=True)


def _models_in_postgres(settings: EngineSettings, read_only: bool) -> Callable[[int], ReadModels]:
    """The same in the database that the settings name. Raises LogError where it cannot be used for this log."""
    assert settings.read_models is not None
    if settings.log is None:
        raise LogError("read models in PostgreSQL are those of a log on Kafka: name one with `--log`, or leave `read_models` out")
    if importlib.util.find_spec("psycopg") is None:
        raise LogError(f"read models in PostgreSQL need psycopg: {how_to_install('postgres')}")
    from infra.server.kafka import address_of
    from infra.store.postgres import models_in

    return models_in(settings.read_models, address_of(settings.log).prefix, READ_MODELS, read_only)
