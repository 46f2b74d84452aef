"""What a process of a cluster consists of. Each constructor asks for what it needs, so the order is the only one there is.

members, tables ─► what goes out (outbox, sender) ─► rounds ─► the router ─► tasks (gateway) ─► owners ─► service, participation

api        takes commands and queries over HTTP, and gives tasks to workers that come over HTTP
owner      owns partitions
projector  keeps the read models up
worker     runs the built-in activity kinds
publisher  writes public events to their topic
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, Protocol, runtime_checkable
from uuid import uuid4

from api.requests import Requests
from api.version import build_version
from contracts.errors import LogError, RefoldError, UnknownRecord
from contracts.ids import counted_in
from contracts.journal import NONCE_BYTES, OWN, Checkpoint
from contracts.ports.activities import Report
from contracts.ports.event_topic import EventRecord, EventTopic
from contracts.ports.feed import Told
from contracts.ports.snapshots import Snapshots
from contracts.public_events import encode_event
from contracts.worker_protocol import Workers
from contracts.worker_topics import BUILT_IN, MEMBERS
from infra.clock import SystemClock
from infra.server.background import Background
from infra.server.beside import LoopBeside
from infra.server.cluster.known import ClusterKnows, Ends
from infra.server.cluster.participation import Participation
from infra.server.cluster.service import ClusterService
from infra.server.cluster.view import all_workers
from infra.server.driver import Driver
from infra.server.lookup import Lookup
from infra.server.progress import MakeProcess, Progress
from infra.server.projector_process import ProjectorProcess
from infra.server.read_threads import ReadThreads
from infra.server.reader_wiring import positions_of
from infra.server.wiring import (
    SharedParts,
    activity_kinds,
    activity_settings,
    built_in_kinds,
    channel_settings,
    projector_arguments,
    projector_environment,
)
from infra.settings.model import EngineSettings, ServerSettings
from projections.public.present import public_events
from workers.cluster.follower import Follower
from workers.cluster.follower_feed import FollowerGround
from workers.cluster.held_blobs import HeldBlobs
from workers.cluster.intake import Intake
from workers.cluster.locality import Locality
from workers.cluster.members import Members, Pace, Who
from workers.cluster.offload import Offloading
from workers.cluster.owned import Moves, Owned, OwnedTable
from workers.cluster.owners import Owners
from workers.cluster.permission import MembersPermission
from workers.cluster.ports import ClusterLog
from workers.cluster.projection_share import ProjectionShare
from workers.cluster.publisher import Publisher
from workers.cluster.publishing_lag import PublishingLag
from workers.cluster.record_outbox import RecordOutbox
from workers.cluster.rounds import Rounds
from workers.cluster.router import Router
from workers.cluster.sender import Sender
from workers.cluster.shared_channel import SharedChannel
from workers.partition.breaker_book import BreakerBook
from workers.partition.catalog import Catalog
from workers.partition.neighbours import Neighbours
from workers.partition.owner import Owner
from workers.partition.resources import Resources
from workers.partition.task_outbox import TaskOutbox
from workers.reading.journal_feed import Feed
from workers.running.activity_worker import ActivityWorker
from workers.running.desk import Desk
from workers.running.system import system_kinds
from workers.tasks.dead_letters import DeadLetters
from workers.tasks.gateway import Gateway
from workers.tasks.polls import Submit, TaskEndpoint
from workers.tasks.shared_leases import SharedTaskLeases

ROUND_MAX: Final = 250
"""So many commands of each partition are decided in a round: all of them wait for the same append."""
PROJECT_AFTER_S: Final = 0.1
"""By so much lists lag behind where nobody waits for them: each look at a partition is requests to a broker."""
DEFINITIONS: Final = "definitions"
RESOURCES: Final = "resources"


class BackgroundSnapshots:
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


class _TaskEndpoint(TaskEndpoint):
    """A task endpoint that also knows of the workers of others."""

    def __init__(self, members: Members, remote: SharedTaskLeases, submit: Submit, soon: Callable[[Callable[[], None]], None]) -> None:
        super().__init__(remote, submit, soon)
        self._members = members

    def workers(self) -> Workers:
        """See TaskEndpoint."""
        return all_workers(self._members, super().workers())


class Shared:
    """Everything of one process on a log that it shares."""

    def __init__(self, stores: SharedParts, engine: EngineSettings, settings: ServerSettings, address: str) -> None:
        self._stores, self._engine, self._retention_h = stores, engine, settings.events_retention_h
        self.clock, reader = SystemClock(), stores.reader
        self.desk = Desk()
        self._kinds = {**activity_kinds(engine), **system_kinds(self.desk, channel_settings(engine))} if settings.has_role("worker") else {}
        self._limits, self._built_in = activity_settings(engine), built_in_kinds(engine)
        self._snapshots, self._held = BackgroundSnapshots(stores.snapshots), HeldBlobs(stores.topic_of_blobs, stores.keys.store)
        self._home, self._backlog = reader.partition_of, reader.backlog()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.driver = Driver(self.clock, self._failed)
        self.owned, self._background, self.requests, self._reads = OwnedTable(), Background(), Requests(), ReadThreads(reader.courtesy)
        self.log: ClusterLog = stores.shared(self._on_problem)
        outbox = RecordOutbox(self.log)
        self.letters = DeadLetters(outbox.put, self.clock, stores.log.record_bytes_max, lambda: self.owned.is_in_charge(0))
        self._hear_of_unreadable()
        self.catalog = Catalog(stores.log, self.clock, True, engine.retention_ms, engine.retention_of_tests_ms)
        self.resources = Resources(stores.log, self.clock, is_followed=True)
        self.breakers = BreakerBook(self.resources)
        self._hear_of_passed_over()
        self.offloading = Offloading(stores.blobs, self.catalog, stores.keys.transit, stores.keys.has_place, engine.erasable)
        self.members = self._make_members(settings, address)
        self.channel = SharedChannel(self.log, self.members.who.incarnation, self.members.say_now)
        """Where the attempts that run here, or at workers that ask here, tell what no event carries; it reaches the other processes."""
        self.progress = Progress(self.owned.positions, self._checkpoint_of, self._projector_of(settings))
        self.rounds = Rounds(self.log, self.owned, self.clock, self._failed, self._held)
        self._end_of = partial(self.log.end, "journal")
        self._lookup = self._make_lookup()
        self._ends = Ends(self._lookup, self._end_of, self._home, self._background)
        self.follower = Follower(self.log, self._follow_from, self.catalog.graph, stores.keys.opened)
        self.feed = Feed(FollowerGround(self.follower, reader, LoopBeside(reader.backlog(), self._reads.pool)))
        sender = Sender(outbox, self.follower, self._home, self.members.who.incarnation)
        self.router = Router(self.owned, sender, self.follower, self.offloading, self._home, self._ends.of, self.progress.of)
        self.gateway = self._make_gateway(outbox)
        permission = MembersPermission(self.members, self.driver.wake)
        self.owners, self.webhook_checkpoints = self._make_owners(permission), stores.webhook_checkpoints()
        self.publishing_lag = PublishingLag(self._event_topic(), self.owned.positions)
        self.service = self._make_service()
        self.task_endpoint = self._make_task_endpoint() if settings.has_role("api") else None
        self.participation = self._make_participation(permission, outbox)
        self.roles, self.began_with = self.members.who.roles, reader.began_with

    # Its pieces.

    def _hear_of_passed_over(self) -> None:
        for topic, read in ((DEFINITIONS, self.catalog), (RESOURCES, self.resources)):
            read.hear_of_passed_over(partial(self.letters.from_thread, partial(self._on_passed_over, topic)))

    def _make_lookup(self) -> Lookup:
        knows = ClusterKnows(self.owned, self.rounds, self._end_of)
        return Lookup(self._stores.reader, self._reads, self.progress, positions_of(self._engine), knows)

    def _make_owners(self, permission: MembersPermission) -> Owners:
        return Owners(
            self.log, self.owned, self.rounds, self._make, self.clock, self.offloading, permission, self.router,
            self.gateway.ahead.let_out_of, self._failed, random.random,
        )  # fmt: skip

    def _make_task_endpoint(self) -> TaskEndpoint:
        return _TaskEndpoint(self.members, self.gateway.remote, self.gateway.submit, soon)

    def _make_gateway(self, outbox: RecordOutbox) -> Gateway:
        here = Locality(self.owned, self.rounds, self._home, self.members.is_held_elsewhere)
        offered = dict.fromkeys(BUILT_IN if kind in self._built_in else kind for kind in self._kinds)
        routes = [(queue, kind) for queue in self._engine.queue_names for kind in offered]
        topics, node = self._stores.task_topics(), self.members.who.node
        return Gateway(topics, routes, self._make_leases, self.router, here, outbox.put, node, self.letters)

    def _make_service(self) -> ClusterService:
        stores = self._stores
        return ClusterService(
            self.owners, self.rounds, self.router, self.members, self.letters, self.catalog, self.resources, self.feed, stores.reader,
            self._reads, self.progress, self._lookup, self._end_of, self.requests, self.clock, self._engine, self.channel, stores.cache,
            self.publishing_lag, stores.credentials, self.webhook_checkpoints,
        )  # fmt: skip

    def _make_participation(self, permission: MembersPermission, outbox: RecordOutbox) -> Participation:
        process = self.progress.process
        share = ProjectionShare(self.members, process) if self._engine.read_models and process is not None else None
        return Participation(
            self.log, self.members, permission, self.owners, self.gateway, self.letters, self.progress, share, outbox, self.follower,
            self.channel, self._look_again, self._failed,
        )  # fmt: skip

    # What is made later, or elsewhere.

    def _make(self, partition: int, moves: Moves) -> Owned:
        """The owner of a partition, with what is beside it."""
        stores, letters = self._stores, self.letters
        task_outbox = TaskOutbox(partition, self.gateway.ahead.put, stores.blobs, self.clock, stores.cache, self._built_in)
        log, blobs, sealing = stores.keys.of_owner(partition, stores.log, self._held, self._engine.erasable)
        neighbours = Neighbours(
            wake=self.rounds.wake,
            elsewhere=partial(self.router.carry, partition),
            tell_end=self._ends.tell,
            learn=self._learn,
            on_junk=lambda offset, content: letters.bury("journal", partition, offset, content, "it is no record of a journal"),
            counted_in=lambda workflow: counted_in(workflow, stores.reader.began_with),
            sealing=sealing,
            breakers=self.breakers,
        )
        owner = Owner(
            log, self.catalog, blobs, self._snapshots, self.clock, task_outbox,
            nonce=lambda: secrets.token_bytes(NONCE_BYTES), partition=partition, node=self.members.who.node, own=OWN,
            outbox=task_outbox, inbox_max=self._engine.inbox_max, live_max=self._engine.live_max, round_max=ROUND_MAX,
            neighbours=neighbours,
        )  # fmt: skip
        owner.hearers.add(task_outbox.note_decided)
        owner.hearers.add(partial(self.progress.heard, partition))
        intake = Intake(
            partition,
            task_outbox,
            self._home,
            self._limits.output_bytes_max,
            partial(letters.bury, "commands", partition),
            self._limits.redaction,
        )
        return Owned(owner, task_outbox, intake, moves)

    def _make_leases(self, report: Report, on_routes: Callable[[], None], on_done: Callable[[str], None]) -> SharedTaskLeases:
        stores, lease_ms = self._stores, round(self._engine.lease_s * 1000)
        local = ActivityWorker(
            self._kinds, self._limits, report, self.clock, stores.blobs, stores.cache, channel=self.channel, credentials=stores.credentials
        )
        clock, blobs = self.clock, stores.blobs
        return SharedTaskLeases(local, self._kinds, self._limits, report, clock, blobs, on_routes, on_done, lease_ms, self.channel)

    def _make_members(self, settings: ServerSettings, address: str) -> Members:
        log, letters = self.log, self.letters
        node, roles, version = settings.node or self._stores.node, settings.role_names, build_version()
        who = Who(node=node, incarnation=uuid4().hex, roles=roles, address=address, version=version)
        pace = Pace(session_s=settings.session_s, beat_s=settings.session_s / 6)

        async def store(record: bytes) -> None:
            answer = (await log.append(MEMBERS, {0: [record]}))[0]
            if isinstance(answer, LogError):
                raise answer

        return Members(
            who,
            store,
            pace,
            on_unreadable=lambda offset, content: letters.find(MEMBERS, offset, content, "it says nothing that is known"),
            on_newer=lambda offset, what: letters.leave(MEMBERS, 0, offset, what),
        )

    def _event_topic(self) -> EventTopic:
        return self._stores.event_topic(self._retention_h, positions_of(self._engine))

    async def reached(self, partition: int) -> int | None:
        """The offset up to which all have come of a journal who read on from where they are: rows, and who writes public events.

        None where nobody does. Raises LogError.
        """
        found = [await self.publishing_lag.published(partition)]
        if self.progress.process is not None or self._engine.read_models:
            found.append(await self._reads.run_list(self._stores.reader.reached, partition))
        found += self.members.rows_of_others(partition)
        return min((one for one in found if one is not None), default=None)

    def publisher(self) -> Publisher:
        """What writes public events for other systems."""
        positions, source = positions_of(self._engine), self._engine.event_source

        def present(told: Told) -> list[EventRecord]:
            position = positions.of(told.partition, told.offset)
            assert told.origin is not None, f"the origin of execution {told.decision.execution} is not told"
            key = told.decision.execution.encode()
            return [EventRecord(key, encode_event(event)) for event in public_events(told.decision, told.origin, position, source)]

        return Publisher(self.members, self.feed, self._event_topic(), present, lambda: self.participation.partitions, self.driver.fail)

    def _projector_of(self, settings: ServerSettings) -> MakeProcess | None:
        """Rows in the data folder are ours, of all partitions. Those in a database are everybody's: we do what nobody else does."""
        engine = self._engine
        reads = settings.has_role("api") or settings.has_role("publisher")
        if not (settings.has_role("projector") or (reads and not engine.read_models)):
            return None
        data, words, environment = self._stores.data, projector_arguments(engine), projector_environment(engine)
        return lambda note: ProjectorProcess(data, settings.projector_nice, note, words, environment, PROJECT_AFTER_S)

    def _hear_of_unreadable(self) -> None:
        """Whoever comes upon what nobody can read in a thread of its own tells of it."""
        letters = self.letters
        if isinstance(self._stores.topic_of_blobs, HearsOfUnreadable):
            self._stores.topic_of_blobs.on_unreadable = partial(letters.from_thread, letters.find, "blobs")
        if isinstance(self._stores.snapshots, HearsOfUnreadable):
            self._stores.snapshots.on_unreadable = partial(letters.from_thread, letters.bury, "snapshots")

    # What is asked of the whole.

    def _on_passed_over(self, topic: str, offset: int, content: bytes, error: RefoldError) -> None:
        if isinstance(error, UnknownRecord):
            self.letters.leave(topic, 0, offset, str(error))
        else:
            self.letters.find(topic, offset, content, str(error))

    def _on_problem(self, topic: str, partition: int, error: LogError) -> None:
        self.owners.on_problem(topic, partition, error)
        self.follower.on_problem(topic, partition, error)

    def _learn(self, then: Callable[[], None]) -> None:
        """See `CommandOutbox`."""

        async def learn() -> None:
            await self.offloading.learn()
            then()
            self.rounds.wake()

        self._background.begin(learn())

    async def _checkpoint_of(self, partition: int) -> Checkpoint:
        return await self._reads.run_list(self._stores.reader.checkpoint_of, partition)

    async def _follow_from(self, partition: int) -> Checkpoint:
        """Where a journal is followed from: where the rows stand, unless it begins behind that."""
        found = await self._checkpoint_of(partition)
        start = await self.log.start("journal", partition)
        return found if found.offset >= start else await self._reads.run(self._backlog.checkpoint_at, partition, start)

    async def _look_again(self) -> int:
        """Partitions were added: take notice of them everywhere."""
        await asyncio.get_running_loop().run_in_executor(None, self._stores.look_again)
        partitions = await self._reads.run(self._stores.reader.look_again)
        self.feed.look_again()
        return partitions

    def follow_others(self) -> None:
        """Take the definitions and resources that others write; from now on nobody may ask the synchronous log in this thread."""
        self.log.follow(DEFINITIONS, 0, self.catalog.offset, partial(_take, self.catalog.take))
        self.log.follow(RESOURCES, 0, self.resources.offset, partial(_take, self.resources.take))
        self._stores.keep_out()


def _take(take: Callable[[int, bytes], None], topic: str, partition: int, records: Iterable[tuple[int, int, bytes]], end: int) -> None:
    for offset, _, content in records:
        take(offset, content)


def soon(function: Callable[[], None]) -> None:
    """Run it when this turn of the loop is over."""
    asyncio.get_running_loop().call_soon(function)
