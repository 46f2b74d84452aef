"""The one place that picks adapters, with `reader_wiring.py`: for an engine on a data folder or in memory, and a process of a cluster."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from contracts.commands import Command
from contracts.errors import LogError, LogFull
from contracts.journal import NONCE_BYTES
from contracts.ports.activities import ActivityKind
from contracts.ports.blobs import Blobs, SealedStore
from contracts.ports.clock import Clock
from contracts.ports.event_topic import EventTopic
from contracts.ports.log import Log
from contracts.ports.result_cache import ResultCache
from contracts.ports.snapshots import Snapshots
from contracts.positions import Positions
from domain.definition.kind_description import described_activity, described_control
from domain.nodes import CONTROL_KINDS, KINDS
from infra.chance import Chance
from infra.clock import SystemClock
from infra.credentials.store import CredentialStore
from infra.files.belonging import check_blobs_fit, check_log_is_there, note
from infra.files.blobs import FileBlobs, MemoryBlobs
from infra.files.data_folder import DataFolder
from infra.files.shelf import FolderShelf
from infra.files.shelf_at import shelf_at
from infra.files.snapshots import FileSnapshots, MemorySnapshots
from infra.keys.blobs import DroppingKeys, FileSealedStore, MemorySealedStore, SealingBlobs
from infra.keys.cipher import check_can_seal
from infra.keys.file import FileVault
from infra.keys.opening import OpeningLog
from infra.keys.ring import KeyRing, MemoryVault
from infra.keys.shared import SharedKeys
from infra.log.memory import MemoryLog
from infra.log.sqlite import SqliteLog
from infra.server.alone import Alone, Bell, Waker, is_there
from infra.server.credential_wiring import credential_store
from infra.server.engine import Engine
from infra.server.reader_wiring import keys_to_read, open_partitioned_reader, place_of_keys, rows_to_trim
from infra.server.retention import RetentionSetup
from infra.server.shared_retention import PIECES, SharedRetentionSetup, SweptBlobs
from infra.settings.mcp_servers import mcp_servers_in
from infra.settings.model import READ_MODELS_VARIABLE, EngineSettings
from workers.archive.blob_sweep import Grace
from workers.cluster.ports import ClusterLog
from workers.partition.breaker_book import BreakerBook
from workers.partition.catalog import Catalog
from workers.partition.neighbours import Neighbours, Reports
from workers.partition.owner import Owner
from workers.partition.resources import Resources
from workers.partition.sealing import UNSEALED, Sealing
from workers.partition.standing import journal_of
from workers.reading.partitioned_reader import PartitionedReader
from workers.running.activities import BUILT_IN, load_kinds
from workers.running.activity_settings import ActivitySettings
from workers.running.activity_worker import ActivityWorker
from workers.running.channels.settings import ChannelSettings
from workers.running.desk import Desk
from workers.running.memory_channel import MemoryChannel
from workers.running.memory_result_cache import MemoryResultCache
from workers.running.redaction import Redaction
from workers.running.sqlite_result_cache import SqliteResultCache
from workers.running.system import SYSTEM_KINDS, system_kinds
from workers.tasks.gateway import TaskTopics
from workers.tasks.leases import TaskLeases

if TYPE_CHECKING:
    from infra.log.kafka.group_offsets import GroupCheckpoints
    from infra.log.kafka.log import KafkaLog


def activity_settings(settings: EngineSettings) -> ActivitySettings:
    """What activities may do, by the engine's settings."""
    return ActivitySettings(
        files=settings.files,
        data=settings.data,
        allow_private_addresses=settings.allow_private_addresses,
        allow_unsandboxed=settings.allow_unsandboxed,
        bubblewrap=settings.bubblewrap,
        concurrency=settings.concurrency,
        code_processes=settings.code_processes,
        output_bytes_max=settings.output_bytes_max,
        redaction=Redaction(settings.redact),
        mcp_servers=mcp_servers_in(settings.mcp_servers),
        channels=channel_settings(settings),
    )


def channel_settings(settings: EngineSettings) -> ChannelSettings:
    """How people are told of human tasks, by the engine's settings."""
    return ChannelSettings(
        public_url=settings.public_url,
        smtp=settings.smtp,
        smtp_tls=settings.smtp_tls,
        smtp_credential=settings.smtp_credential,
        mail_from=settings.mail_from,
        slack_url=settings.slack_url,
        slack_token=settings.slack_token,
    )


def activity_kinds(settings: EngineSettings) -> dict[str, ActivityKind]:
    """The activity kinds at hand: built in, and brought by installed packages; none may be called like control flow."""
    return {name: kind for name, kind in load_kinds(activity_settings(settings)).items() if name not in CONTROL_KINDS}


def built_in_kinds(settings: EngineSettings) -> frozenset[str]:
    """The names of the kinds that come with Refold, those of its own workflows included."""
    return SYSTEM_KINDS.union(make(activity_settings(settings)).name for make in BUILT_IN)


def described_kinds(activities: Mapping[str, ActivityKind]) -> list[dict[str, Any]]:
    """All node kinds for people and editors."""
    return [*map(described_control, KINDS), *map(described_activity, activities.values())]


@contextmanager
def open_engine(settings: EngineSettings, clock: Clock | None = None) -> Iterator[Engine]:
    """An embedded engine that has claimed its partition. Raises LogHeld where another process holds the data folder."""
    with open_alone(settings, clock) as alone:
        yield Engine(alone)


@contextmanager
def open_alone(
    settings: EngineSettings, clock: Clock | None = None, remote: bool = False, waker: Waker | None = None, address: str | None = None
) -> Iterator[Alone]:
    """What an embedded engine consists of, its partition claimed; with `remote`, kinds it does not have wait for workers elsewhere.

    `address` is where it can be asked while it holds the data folder. Raises LogHeld where another process holds it.
    """
    assert settings.log is None, "a log that processes share is served by one of them"
    clock = clock or SystemClock()
    if settings.data is None:
        log, blobs, sealing = sealed(MemoryLog(), MemoryBlobs(), KeyRing(MemoryVault()), MemorySealedStore(), settings.erasable)
        stores = log, blobs, MemorySnapshots()
        with closing(credential_store(settings, clock)) as credentials:
            yield from _run(
                build_alone(
                    settings, *stores, clock, MemoryResultCache(clock), remote, waker=waker, sealing=sealing, credentials=credentials
                )
            )
        return
    folder = DataFolder(settings.data)
    with folder.hold(address):
        check_log_is_there(folder)
        log = SqliteLog(folder.log)
        cache = SqliteResultCache(folder.path / "cache.db", clock)
        vault, credentials = FileVault(folder.keys), credential_store(settings, clock)
        try:
            opening, blobs, sealing = sealed(
                log, FileBlobs(folder.blobs), KeyRing(vault), FileSealedStore(folder.sealed), settings.erasable
            )
            alone = build_alone(
                settings, opening, blobs, FileSnapshots(folder.snapshots), clock, cache, remote,
                waker=waker, check_ground=log.check_ground, sealing=sealing, credentials=credentials,
            )  # fmt: skip
            check_blobs_fit(folder, journal_of(log, alone.owner.partition))
            yield from _run(alone, folder)
        finally:
            credentials.close()
            vault.close()
            cache.close()
            log.close()


@contextmanager
def open_retention(settings: EngineSettings, is_projected: bool = False) -> Iterator[RetentionSetup]:
    """What is needed to archive and remove what has ended from the log of a data folder, which is there.

    `is_projected`: its read models are kept up meanwhile.
    """
    assert settings.data is not None
    folder = DataFolder(settings.data)
    archive = None if settings.archive is None else shelf_at(settings.archive)
    with closing(SqliteLog(folder.log, read_only=True)) as log:
        rows = rows_to_trim(settings, is_projected)
        yield RetentionSetup(log, FileBlobs(folder.blobs), FolderShelf(folder.pieces), archive, rows, settings.remove_unarchived)


@contextmanager
def open_shared_retention(settings: EngineSettings, blobs: Blobs) -> Iterator[SharedRetentionSetup]:
    """The same for a log on Kafka: pieces lie beside the bundles, where all reach them who may own a partition."""
    from infra.server.kafka import blobs_to_sweep, open_kafka_log

    assert settings.log is not None
    archive = None if settings.archive is None else shelf_at(settings.archive)
    pieces = None if settings.archive is None else shelf_at(f"{settings.archive.rstrip('/')}/{PIECES}")
    with closing(open_kafka_log(settings.log)) as log, blobs_to_sweep(settings.log) as (topic, of_sweep):
        swept = SweptBlobs(topic, of_sweep, Grace.of_hours(settings.blobs_grace_h))
        yield SharedRetentionSetup(log, log.kept(), blobs, pieces, archive, settings.remove_unarchived, swept)


def sealed(log: Log, blobs: Blobs, keys: KeyRing, store: SealedStore, is_default: bool) -> tuple[Log, Blobs, Sealing]:
    """Log and blobs as those read them who have the keys, and what an owner seals with. Raises LogError where it cannot, and must."""
    missing = check_can_seal() if is_default else ""
    if missing:
        raise LogError(f"with the setting `erasable` all executions are sealed, and {missing}")
    sealing_blobs = SealingBlobs(blobs, keys, store)
    return OpeningLog(log, keys), sealing_blobs, Sealing(DroppingKeys(keys, store), sealing_blobs, is_default)


def open_with_loss(folder: DataFolder, read_only: bool) -> SqliteLog:
    """The log of a data folder, whatever it has lost: see `infra/server/loss.py`. Raises LogError where it is damaged otherwise."""
    return SqliteLog(folder.log, read_only=read_only, accepts_loss=True)


def _run(alone: Alone, folder: DataFolder | None = None) -> Iterator[Alone]:
    alone.owner.claim()
    _note(alone, folder)
    try:
        yield alone
    finally:
        alone.stop()
        _note(alone, folder)


def _note(alone: Alone, folder: DataFolder | None) -> None:
    if folder is not None and alone.owner.is_in_charge:
        with suppress(LogFull):  # it is behind then, which is no harm
            note(folder, alone.owner.checkpoint)


def build_alone(
    settings: EngineSettings, log: Log, blobs: Blobs, snapshots: Snapshots, clock: Clock, cache: ResultCache | None = None,
    remote: bool = False, lease_ms: int | None = None, waker: Waker | None = None, check_ground: Callable[[], None] = is_there,
    sealing: Sealing = UNSEALED, credentials: CredentialStore | None = None,
) -> Alone:  # fmt: skip
    """What an engine on the given adapters consists of; it has claimed nothing yet."""
    told = waker or Bell()
    reports: Reports = deque()

    def report(execution: str, command: Command) -> None:
        reports.append((execution, command))
        if not told.is_set():  # setting takes a lock
            told.set()

    desk = Desk()
    kinds = {**activity_kinds(settings), **system_kinds(desk, channel_settings(settings))}
    executor: Literal["threads", "inline"] = "threads" if settings.threads else "inline"
    limits, channel = activity_settings(settings), MemoryChannel()
    local = ActivityWorker(kinds, limits, report, clock, blobs, cache, executor, channel=channel, credentials=credentials)
    lease_ms = lease_ms or round(settings.lease_s * 1000)
    worker = TaskLeases(local, kinds, limits, report, clock, blobs, lease_ms, cache, channel) if remote else local
    catalog = Catalog(log, clock, retention_ms=settings.retention_ms, retention_of_tests_ms=settings.retention_of_tests_ms)
    resources = Resources(log, clock)
    breakers = BreakerBook(resources)
    neighbours = Neighbours(reports, told.wake, sealing=sealing, breakers=breakers)
    owner = Owner(
        log, catalog, blobs, snapshots, clock, worker, nonce=lambda: secrets.token_bytes(NONCE_BYTES),
        inbox_max=settings.inbox_max, live_max=settings.live_max, neighbours=neighbours,
    )  # fmt: skip
    return Alone(
        owner, worker, catalog, resources, breakers, clock, log, told, Chance().bits, channel, desk, cache, check_ground,
        credentials,
    )  # fmt: skip


def build_engine(
    settings: EngineSettings,
    log: Log,
    blobs: Blobs,
    snapshots: Snapshots,
    clock: Clock,
    cache: ResultCache | None = None,
    remote: bool = False,
    lease_ms: int | None = None,
    sealing: Sealing = UNSEALED,
    credentials: CredentialStore | None = None,
) -> Engine:
    """An engine on the given adapters; it has claimed nothing yet."""
    return Engine(build_alone(settings, log, blobs, snapshots, clock, cache, remote, lease_ms, sealing=sealing, credentials=credentials))


def projector_arguments(settings: EngineSettings) -> tuple[str, ...]:
    """What a projector beside a server is started with, besides its data folder."""
    keys = ("--keys", str(settings.keys.absolute())) if settings.keys else ()
    return ("--log", settings.log, *keys) if settings.log else ()


def projector_environment(settings: EngineSettings) -> dict[str, str]:
    """What it finds in its environment: an address that may hold a password does not belong into a command line."""
    return {READ_MODELS_VARIABLE: settings.read_models} if settings.read_models else {}


LOOKING_ROLES: Final = frozenset({"api", "projector"})
"""What a process may do on a log that is a copy whose original may live."""


class SharedParts(NamedTuple):
    """What a process needs of a log on Kafka that others use too, and of its own data folder, which nobody else needs."""

    data: Path
    node: str
    log: KafkaLog
    blobs: Blobs
    topic_of_blobs: Blobs
    snapshots: Snapshots
    of_snapshots: KafkaLog
    reader: PartitionedReader
    cache: ResultCache
    keys: SharedKeys
    credentials: CredentialStore
    is_fenced: bool
    """Whether the log is a copy whose original may live."""

    def look_again(self) -> None:
        """Take notice of partitions that were added. Raises LogUnreachable."""
        self.of_snapshots.look_again()
        self.log.look_again()

    def keep_out(self) -> None:
        """From now on nobody may ask the synchronous log in this thread: it has an event loop, which must not stand still."""
        for log in (self.log, self.of_snapshots):
            log.keep_out()

    def shared(self, on_problem: Callable[[str, int, LogError], None]) -> ClusterLog:
        """The log as the event loop uses it."""
        from infra.server.kafka import shared_log

        return shared_log(self.log, on_problem)

    def event_topic(self, retention_h: float, positions: Positions) -> EventTopic:
        """Where public events are written."""
        from infra.server.kafka import event_topic

        return event_topic(self.log, retention_h, positions)

    def webhook_checkpoints(self) -> GroupCheckpoints:
        """Where the checkpoints of webhooks are kept."""
        from infra.server.kafka import webhook_checkpoints

        return webhook_checkpoints(self.log)

    def task_topics(self) -> TaskTopics:
        """What tasks are taken from."""
        from infra.server.kafka import KafkaTaskTopics

        return KafkaTaskTopics(self.log.address)


@contextmanager
def open_shared(settings: EngineSettings, address: str | None, roles: Sequence[str]) -> Iterator[SharedParts]:
    """The parts of a process of a cluster. Raises LogHeld where another process holds the data folder, LogError.

    LogFenced where the log is a copy whose original may live, and the process would do more than show it.
    """
    from infra.server.kafka import is_fenced, open_kafka_log, shared_stores

    assert settings.data is not None
    assert settings.log is not None
    _check_can_seal(settings)
    fenced = is_fenced(settings.log, may_look=set(roles) <= LOOKING_ROLES)
    folder = DataFolder(settings.data)
    with ExitStack() as opened:
        opened.enter_context(folder.hold(address))
        log = opened.enter_context(closing(open_kafka_log(settings.log)))
        blobs, snapshots, of_snapshots = opened.enter_context(shared_stores(settings.log, folder.blobs, settings.blobs_grace_h))
        keys = SharedKeys(place_of_keys(settings) if settings.keys else None, opened.enter_context(keys_to_read(settings)), blobs.sealed)
        sealing_blobs = SealingBlobs(blobs, keys.to_read, blobs.sealed)
        reader = opened.enter_context(open_partitioned_reader(settings, sealing_blobs))
        cache = opened.enter_context(closing(SqliteResultCache(folder.path / "cache.db", SystemClock())))
        credentials = opened.enter_context(closing(credential_store(settings, SystemClock())))
        stores = log, sealing_blobs, blobs, snapshots, of_snapshots, reader, cache, keys, credentials
        yield SharedParts(folder.path, folder.node(), *stores, fenced)


def _check_can_seal(settings: EngineSettings) -> None:
    """Raise LogError where all executions are to be sealed, and cannot be."""
    if settings.erasable and settings.keys is None:
        raise LogError("with the setting `erasable` all executions are sealed: name the folder of their keys with the setting `keys`")
    if settings.keys is not None and (missing := check_can_seal()):
        raise LogError(f"with the setting `keys` executions are sealed, and {missing}")
