"""A topic of blobs in memory, processes that store and refer, and sweepers that die, freeze and stand between each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from contracts.errors import LogCorrupt
from contracts.ports.blob_topic import BlobId, Marked, Standing, Stored
from infra.clock import ManualClock
from workers.archive.blob_sweep import BlobSweep, Grace

HOUR = 3_600_000
MINUTE = 60_000
GRACE = Grace(36 * HOUR)
LEAN = 12 * HOUR
"""So long a process leans on what it has appended."""
LANDS = 24 * HOUR
"""So long after it was stored a blob is referred to, at the latest."""
SIZE = 100


class Died(Exception):
    """The process of a sweeper was killed."""


class MemoryBlobTopic:
    """Everything that was ever appended, and where it begins by now. See BlobTopic."""

    def __init__(self) -> None:
        self.records: list[BlobId | Stored | Marked | None] = []
        """A piece that is not the last one is its blob's name."""
        self.first = 0
        self.before_change: Callable[[], None] = _nothing
        self.after_deletion: Callable[[], None] = _nothing

    def start(self) -> int:
        return self.first

    def end(self) -> int:
        return len(self.records)

    def read(self, offset: int, end: int) -> Iterator[Standing]:
        for at in range(max(offset, self.first), end):
            record = self.records[at]
            whole = None if isinstance(record, BlobId) or (isinstance(record, Stored) and record.first < self.first) else record
            yield Standing(at, SIZE if isinstance(record, BlobId | Stored) else 1, whole)

    def append(self, blob: BlobId, pieces: int = 1, between: Callable[[], None] = lambda: None) -> None:
        """Append a blob; something else is done between its pieces."""
        first = len(self.records)
        for number in range(pieces):
            if number:
                between()
            self.records.append(blob if number < pieces - 1 else Stored(blob, first, len(self.records), pieces * SIZE))
        if self.first > first:  # its beginning is gone
            self.append(blob, pieces)

    def mark(self, marked: Marked) -> None:
        self.before_change()
        self.records.append(marked)

    def carry(self, stored: Stored) -> None:
        self.before_change()
        if stored.first < self.first:
            raise LogCorrupt("another sweeper was here")
        self.append(stored.id, stored.last - stored.first + 1)

    def delete_before(self, offset: int) -> None:
        self.before_change()
        self.first = max(self.first, offset)
        self.after_deletion()

    def there(self) -> set[BlobId]:
        """The blobs that can be read."""
        return {one.of.id for one in self.read(self.first, self.end()) if isinstance(one.of, Stored)}

    @property
    def size(self) -> int:
        return sum(one.size for one in self.read(self.first, self.end()))


class References:
    """See Needed."""

    def __init__(self, blobs: set[BlobId]) -> None:
        self._blobs = blobs

    def needs(self, blob: BlobId) -> bool:
        return blob in self._blobs


class World:
    """Moved by chance. What is in `journal` is referred to; what is on its way comes there by its time."""

    def __init__(self, chance: Random, names: int = 12, sweepers: int = 2) -> None:
        self.chance, self.clock, self.topic = chance, ManualClock(1_700_000_000_000), MemoryBlobTopic()
        self.names = [BlobId(f"{number:064}") for number in range(names)]
        self.journal: list[tuple[int, BlobId]] = []
        """Since when what is referred to."""
        self.on_its_way: list[tuple[int, BlobId]] = []
        self.lately: list[dict[BlobId, int]] = [{}, {}, {}]
        self.depth = 0
        self.busy: set[int] = set()
        """The sweepers that are in the middle of something."""
        self.topic.before_change, self.topic.after_deletion = self._interrupt, self.check
        self.sweepers = [self._new_sweeper() for _ in range(sweepers)]

    def _referred_to(self) -> set[BlobId]:
        return {blob for _, blob in self.journal}

    def _new_sweeper(self) -> BlobSweep:
        return BlobSweep(self.topic, self._needs, self.clock, GRACE, gain_min=1)

    def _needs(self) -> References:
        found = References(self._referred_to())
        self._interrupt()
        return found

    def _interrupt(self) -> None:
        """Before a sweeper changes something: it may die, or others go on while it stands still, for days even."""
        luck = self.chance.random()
        if luck < 0.02:
            raise Died
        if luck < 0.1 and self.depth < 2:
            self.depth += 1
            for _ in range(self.chance.choice([1, 5, 60])):
                self.move()
            self.depth -= 1

    def move(self) -> None:
        """Something happens, sweepers look, and time passes."""
        chance = self.chance
        chance.choice([self._store, self._store, self._copy, self._drop, self._restart, *[_nothing] * 5])()
        for number in range(len(self.sweepers)):
            if chance.random() < 0.98:
                self._look(number)
        self.pass_time(chance.choice([0, 5 * MINUTE, 10 * MINUTE]))
        if chance.random() < 0.003:
            self._sleep()

    def pass_time(self, ms: int) -> None:
        """What is on its way arrives when it is time, and is there."""
        until = self.clock.now() + ms
        self.on_its_way.sort()
        before = len(self.journal)
        while self.on_its_way and self.on_its_way[0][0] <= until:
            self.journal.append((until, self.on_its_way.pop(0)[1]))
        self.clock.set(until)
        if len(self.journal) > before:
            self.check()

    def check(self) -> None:
        """Everything that is referred to is there."""
        lost = self._referred_to() - self.topic.there()
        assert not lost, f"lost: {lost}"

    def _sleep(self) -> None:
        """All of it stands still for days; what was on its way goes on within an hour."""
        until = self.clock.now() + self.chance.randint(1, 100) * HOUR
        self.clock.set(until)
        self.on_its_way = [(max(at, until + self.chance.randrange(GRACE.sweep_ms)), blob) for at, blob in self.on_its_way]

    def _store(self) -> None:
        """A process stores a blob, unless it has of late, and refers to it some time later, or dies before."""
        lately, blob = self.chance.choice(self.lately), self.chance.choice(self.names)
        now = self.clock.now()
        if now - lately.get(blob, -LEAN) >= LEAN:
            self.topic.append(blob, self.chance.choice([1, 1, 3]), self._between)
            lately[blob] = now
        if self.chance.random() < 0.7:
            self.on_its_way.append((now + self.chance.choice([0, self.chance.randrange(LANDS), LANDS - 1]), blob))

    def _between(self) -> None:
        if self.chance.random() < 0.3 and self.depth < 2:
            self.depth += 1
            self._look(0)
            self.depth -= 1

    def _copy(self) -> None:
        """What is read of one execution becomes the input of another; the first may be gone by then."""
        if self.journal:
            self.on_its_way.append((self.clock.now() + self.chance.randrange(GRACE.sweep_ms), self.chance.choice(self.journal)[1]))

    def _drop(self) -> None:
        """A journal is cut, of what has stood there for an hour."""
        self.chance.shuffle(self.journal)
        most, until = self.chance.choice([1, 1, len(self.journal)]), self.clock.now() - GRACE.sweep_ms
        self.journal = [one for number, one in enumerate(self.journal) if number >= most or one[0] > until]

    def _restart(self) -> None:
        if self.chance.random() < 0.1:
            number = self.chance.randrange(len(self.sweepers))
            if number not in self.busy:
                self.sweepers[number] = self._new_sweeper()
            self.chance.choice(self.lately).clear()

    def _look(self, number: int) -> None:
        if number in self.busy:
            return
        self.busy.add(number)
        try:
            self.sweepers[number].look()
        except Died:
            self.sweepers[number] = self._new_sweeper()
        finally:
            self.busy.remove(number)


def _nothing() -> None: ...
