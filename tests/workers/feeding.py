"""A feed beside an engine that is moved by hand: what is to be done soon, later or beside is done when a test says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from contracts.journal import Checkpoint
from contracts.ports.feed import Selector, Subscription, Told
from contracts.ports.log import Log
from domain.execution.history import Entry, Unreadable, read_entries
from infra.store.sqlite import SqliteReadModels
from projections.public.origin import origin_of
from projections.registry import READ_MODELS
from tests.workers.harness import Bench
from workers.partition.owner import Owner
from workers.partition.round import Made
from workers.reading.backlog import Backlog, Piece
from workers.reading.journal_feed import Feed, Note, Wants
from workers.reading.owner_feed import OwnerGround
from workers.reading.projector import Projector


class ByHand:
    """See `workers.reading.owner_feed.Beside`. With `is_slow`, what is read arrives only when `finish` says so."""

    def __init__(self, backlog: Backlog) -> None:
        self.backlog, self.is_slow = backlog, False
        self.due: list[Callable[[], None]] = []
        self.postponed: list[Callable[[], None]] = []
        self.reading: list[Callable[[], None]] = []
        self.reads = 0
        self.error: Exception | None = None

    def read(
        self, partition: int, start: Checkpoint | int, end: int, selector: Selector, then: Callable[[Piece | Exception], None]
    ) -> None:
        self.reads += 1
        try:
            if self.error is not None:
                raise self.error
            piece: Piece | Exception = self.backlog.read(partition, start, end, selector)
        except Exception as error:
            piece = error
        self.reading.append(lambda: then(piece))
        if not self.is_slow:
            self.finish()

    def finish(self) -> None:
        """What was read arrives."""
        reading, self.reading = self.reading, []
        for arrive in reading:
            arrive()

    def soon(self, do: Callable[[], None]) -> None:
        self.due.append(do)

    def later(self, do: Callable[[], None]) -> None:
        self.postponed.append(do)

    def turn(self) -> bool:
        """What is due is done; whether there was anything."""
        due, self.due = self.due, []
        for do in due:
            do()
        return bool(due)

    def turn_all(self) -> None:
        """Until nothing is due any more."""
        while self.turn():
            pass

    def wait(self) -> None:
        """What was put off is done."""
        postponed, self.postponed = self.postponed, []
        for do in postponed:
            do()


class Fed:
    """A bench with a feed of its engine."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.bench = bench
        self.models = SqliteReadModels(folder / "rows.db", READ_MODELS)
        self.models.reset()
        self.beside = ByHand(Backlog(bench.log, lambda _: self.models))
        self.feed = Feed(OwnerGround(bench.engine.owner, self.beside))

    def project(self) -> None:
        """Bring the read models up to date."""
        projector = Projector(self.bench.log, self.bench.engine.catalog, self.models)
        while projector.step():
            pass

    def move(self) -> None:
        """Move the engine, and tell what there is to tell after each step."""
        while self.bench.engine.step():
            self.beside.turn_all()
        self.beside.turn_all()


class AtOnce(OwnerGround):
    """Tells of all rounds since it was last asked to at once, as where a journal is followed; origins are those that decisions say."""

    def __init__(self, owner: Owner, beside: ByHand) -> None:
        super().__init__(owner, beside)
        self._owner, self._found, self._base = owner, list[Told](), owner.position
        owner.hearers.add(self._hear)

    def _hear(self, base: int, made: Sequence[Made]) -> None:
        self._found += [Told(self._owner.partition, base + index, one.decision, origin_of(one.decision)) for index, one in enumerate(made)]

    def join(self, partition: int, note: Note, wants: Wants) -> None:
        self._note = note
        note(partition, self._base, (), self._owner.checkpoint)

    def tell(self) -> None:
        """Tell of what has come."""
        found, self._found = self._found, []
        base, self._base = self._base, self._owner.position
        self._note(self._owner.partition, base, found, self._owner.checkpoint)


class Listener:
    """A subscriber that keeps what it is told."""

    def __init__(self, feed: Feed, selector: Selector | None = None, after: Mapping[int, int] | None = None) -> None:
        self.told: list[Told] = []
        self.batches: list[int] = []
        self.subscription: Subscription = feed.subscribe(selector or Selector(), self.take, after)

    def take(self, told: Sequence[Told]) -> None:
        self.batches.append(len(told))
        self.told += told

    @property
    def offsets(self) -> list[int]:
        return self.offsets_of(0)

    def offsets_of(self, partition: int) -> list[int]:
        return [one.offset for one in self.told if one.partition == partition]


def counting(log: Log, start: int = 0, wanted: Callable[[Entry], bool] = lambda entry: True, partition: int = 0) -> list[int]:
    """The offsets of the decisions that count, from one on."""
    found: list[int] = []
    for entry in read_entries(log.read("journal", partition), Checkpoint()):
        assert not isinstance(entry, Unreadable)
        if entry.offset >= start and wanted(entry):
            found.append(entry.offset)
    return found
