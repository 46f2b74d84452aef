"""What a process of a cluster consists of, put together by its roles.

api        takes commands and queries over HTTP, and gives tasks to workers that come over HTTP
owner      owns partitions
projector  keeps the read models up
worker     runs the built-in activity kinds
"""

from __future__ import annotations

import asyncio
import random
import secrets
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, Protocol, runtime_checkable
from uuid import uuid4

from api.app import build_version
from contracts.errors import LogError, RefoldError, UnknownRecord
from contracts.journal import NONCE_BYTES, OWN
from contracts.ports.snapshots import Snapshots
from contracts.worker_protocol import Workers
from contracts.worker_topics import BUILT_IN, MEMBERS
from infra.clock import SystemClock
from infra.server.cluster.process import ClusterProcess
from infra.server.cluster.service import ClusterService
from infra.server.cluster.view import all_workers
from infra.server.projector_process import ProjectorProcess
from infra.server.serving import Serving, address_of, soon
from infra.server.wiring import (
    SharedParts,
    activity_kinds,
    activity_settings,
    built_in_kinds,
    open_shared,
    projector_arguments,
    projector_environment,
)
from infra.settings.model import EngineSettings, ServerSettings
from workers.cluster.held_blobs import HeldBlobs
from workers.cluster.intake import Intake
from workers.cluster.locality import Here
from workers.cluster.members import Members, Pace, Who
from workers.cluster.offload import Offloading
from workers.cluster.owned import Owned
from workers.cluster.owners import Owners
from workers.cluster.record_outbox import RecordOutbox
from workers.cluster.sender import Sender
from workers.partition.catalog import Catalog
from workers.partition.owner import Owner
from workers.partition.task_outbox import TaskOutbox
from workers.running.activity_worker import ActivityWorker
from workers.tasks.dead_letters import DeadLetters
from workers.tasks.gateway import Gateway
from workers.tasks.polls import Submit, TaskEndpoint
from workers.tasks.shared_leases import SharedTaskLeases

ROUND_MAX: Final = 250
"""So many commands of each partition are decided in a round: all of them wait for the same append."""
PROJECT_AFTER_S: Final = 0.1
"""By so much lists lag behind where nobody waits for them: each look at a partition is requests to a broker."""
DEFINITIONS: Final = "definitions"


async def serve_shared(
    engine: EngineSettings,
    settings: ServerSettings,
    listener: socket.socket,
    on_ready: Callable[[str], None],
) -> None:
    """Serve a log that is shared with other processes, until a signal comes."""
    with open_shared(engine, address_of(settings, listener)) as parts:
        built = Built(parts, engine, settings, address_of(settings, listener))
        try:
            await Serving(built, built.service, built.desk, settings, listener, on_ready).run()
        finally:
            built.service.close()


class _BackgroundSnapshots:
    """Saves in another thread: a partition's rounds do not wait for its snapshot. One at a time of each."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self._pool = ThreadPoolExecutor(1, "refold-snapshots")
        self._saving: set[int] = set()

    def save(self, partition: int, content: bytes) -> None:
        """Begin to save, unless an earlier one is under way."""
        if partition not in self._saving:
            self._saving.add(partition)
            self._pool.submit(self._save, partition, content)

    def _save(self, partition: int, content: bytes) -> None:
        try:
            self._snapshots.save(partition, content)
        except LogError:  # it costs time at the next takeover, nothing else
            pass
        finally:
            self._saving.discard(partition)

    def load(self, partition: int) -> bytes | None:
        """The last one that was saved whole."""
        return self._snapshots.load(partition)


@runtime_checkable
class HearsOfUnreadable(Protocol):
    """What reads a topic in threads of its own, and tells of records in it that nobody can read."""

    on_unreadable: Callable[..., None]


class _Desk(TaskEndpoint):
    """A worker desk that also knows of the workers of others."""

    def __init__(self, members: Members, remote: SharedTaskLeases, submit: Submit, soon: Callable[[Callable[[], None]], None]) -> None:
        super().__init__(remote, submit, soon)
        self._members = members

    def workers(self) -> Workers:
        """See TaskEndpoint."""
        return all_workers(self._members, super().workers())


class Built:
    """Everything of one process. See `infra.server.serving.Running`."""

    def __init__(self, parts: SharedParts, engine: EngineSettings, settings: ServerSettings, address: str) -> None:
        self._parts, self._engine = parts, engine
        self._clock = SystemClock()
        self._built_in = built_in_kinds(engine)
        self._snapshots = _BackgroundSnapshots(parts.snapshots)
        self._catalog = Catalog(parts.log, self._clock)
        shared = parts.shared(self._on_problem)
        self._shared = shared
        self._record_outbox = RecordOutbox(shared)
        self._owners = Owners(shared, self._make, self._clock, Offloading(parts.blobs, self._catalog), random.random)
        self._held = self._owners.rounds.held = HeldBlobs(parts.blobs)
        self.service = ClusterService(shared, self._owners, self._catalog, parts.reader, self._clock, engine)
        self._here = Here(self._owners, self.service.home)
        who = Who(
            node=settings.node or parts.node, incarnation=uuid4().hex, roles=settings.role_names, address=address, version=build_version()
        )
        self.service.sender = Sender(self._record_outbox, self.service.follower, self.service.home, who.incarnation)
        self.letters = DeadLetters(self._record_outbox.put, self._clock, parts.log.record_bytes_max, lambda: self._owners.is_in_charge(0))
        self._gateway = self._make_gateway(settings, who.node)
        self._owners.before_release = self._gateway.ahead.let_out_of
        pace = Pace(session_s=settings.session_s, beat_s=settings.session_s / 6)
        self.process = ClusterProcess(who, shared, self._record_outbox, self._owners, self.service, self._gateway, self._look_again, pace)
        self._hear_of_unreadable()
        self._here.is_held_elsewhere = self.process.members.is_held_elsewhere
        self.service.why_not_ready = self._why_not_ready
        self.failed = self.process.failed
        self.desk = _Desk(self.process.members, self._remote, self._gateway.submit, soon) if settings.has_role("api") else None
        self._projected: frozenset[int] | None = None
        self._has_projector = settings.has_role("projector") or (settings.has_role("api") and not engine.read_models)
        if self._has_projector:
            self._make_projector(settings.projector_nice)

    def _hear_of_unreadable(self) -> None:
        """Whoever comes upon what nobody can read tells of it."""
        letters, members = self.letters, self.process.members
        members.on_unreadable = lambda offset, content: letters.find(MEMBERS, offset, content, "it says nothing that is known")
        members.on_newer = lambda offset, what: letters.leave(MEMBERS, 0, offset, what)
        self.process.letters = self.service.letters = letters
        if isinstance(self._parts.blobs, HearsOfUnreadable):
            self._parts.blobs.on_unreadable = partial(letters.from_thread, letters.find, "blobs")
        if isinstance(self._parts.snapshots, HearsOfUnreadable):
            self._parts.snapshots.on_unreadable = partial(letters.from_thread, letters.bury, "snapshots")
        self._catalog.hear_of_passed_over(partial(letters.from_thread, self._on_passed_over))

    def _on_passed_over(self, offset: int, content: bytes, error: RefoldError) -> None:
        if isinstance(error, UnknownRecord):
            self.letters.leave(DEFINITIONS, 0, offset, str(error))
        else:
            self.letters.find(DEFINITIONS, offset, content, str(error))

    def _make_projector(self, nice: int) -> None:
        """Rows in the data folder are ours, of all partitions. Those in a database are everybody's: we do what nobody else does."""
        words, environment = projector_arguments(self._engine), projector_environment(self._engine)
        self.service.projector = ProjectorProcess(self._parts.data, nice, self.service.note_projected, words, environment, PROJECT_AFTER_S)
        if self._engine.read_models:
            self._share_projecting(frozenset())
            self.process.on_members = lambda: self._share_projecting(self.process.projected)

    def _share_projecting(self, partitions: frozenset[int]) -> None:
        if partitions != self._projected and self.service.projector is not None:
            self._projected = partitions
            self.service.projector.own(partitions)

    def _make(self, partition: int) -> Owned:
        dispatch = TaskOutbox(partition, self._gateway.ahead.put, self._parts.blobs, self._clock, self._parts.cache, self._built_in)
        owner = Owner(
            self._parts.log, self._catalog, self._held, self._snapshots, self._clock, dispatch,
            nonce=lambda: secrets.token_bytes(NONCE_BYTES), partition=partition, node=self.process.members.who.node, own=OWN,
            outbox=dispatch, inbox_max=self._engine.inbox_max, live_max=self._engine.live_max, round_max=ROUND_MAX,
        )  # fmt: skip
        owner.hearers.add(dispatch.note_decided)
        owner.hearers.add(lambda base, made: self.service.tell_projector(partition, owner.position))
        owner.look_up_end = lambda execution: self.service.look_up_end(execution, owner.watchers)
        owner.counted_in = self.service.counted_in
        owner.elsewhere = lambda item, delivered: self.service.carry(item, delivered, partition)
        owner.on_junk = lambda offset, content: self.letters.bury("journal", partition, offset, content, "it is no record of a journal")
        intake = Intake(partition, dispatch, self.service.home, activity_settings(self._engine).output_bytes_max)
        intake.on_unreadable = partial(self.letters.bury, "commands", partition)
        return Owned(owner, dispatch, intake)

    def _make_gateway(self, settings: ServerSettings, node: str) -> Gateway:
        kinds = activity_kinds(self._engine) if settings.has_role("worker") else {}
        offered = dict.fromkeys(BUILT_IN if kind in self._built_in else kind for kind in kinds)
        routes = [(queue, kind) for queue in self._engine.queue_names for kind in offered]
        limits = activity_settings(self._engine)
        gateway = Gateway(
            self._parts.task_topics(), routes, lambda: local.in_hand < limits.concurrency, self.service, self._here,
            self._record_outbox.put, node, self.letters,
        )  # fmt: skip
        local = ActivityWorker(kinds, limits, gateway.report, self._clock, self._parts.blobs, self._parts.cache)
        lease_ms = round(self._engine.lease_s * 1000)
        self._remote = SharedTaskLeases(local, kinds, limits, gateway.report, self._clock, self._parts.blobs, lease_ms)
        return gateway

    def _on_problem(self, topic: str, partition: int, error: LogError) -> None:
        self._owners.on_problem(topic, partition, error)
        self.service.follower.on_problem(topic, partition, error)

    async def _look_again(self) -> int:
        """Partitions were added: take notice of them everywhere."""
        await asyncio.get_running_loop().run_in_executor(None, self._parts.look_again)
        return await self.service.look_again()

    def _why_not_ready(self) -> str | None:
        members = self.process.members
        if not members.membership.is_settled:
            return "this process is not a member of its cluster yet"
        if not members.is_fresh:
            return f"the log {self._engine.log} does not answer: no heartbeat of this process has come back from it lately"
        return None

    # Running.

    async def start(self) -> None:
        """Take part."""
        self._gateway.start(self._remote)
        await self.process.start()
        self._shared.follow(DEFINITIONS, 0, self._catalog.offset, self._on_definitions)
        self._parts.keep_out()

    def _on_definitions(self, topic: str, partition: int, records: Iterable[tuple[int, int, bytes]], end: int) -> None:
        for offset, _, content in records:
            self._catalog.take(offset, content)

    async def drain(self, stop_s: float) -> None:
        """Let running activities end, then hand over what is owned."""
        await asyncio.get_running_loop().run_in_executor(None, self._remote.stop, stop_s)
        await self.process.leave()

    async def stop(self) -> None:
        """Let go of everything."""
        await self.process.close()
        self._owners.offloading.close()
