"""Sources: which command of a round is counted as what, so that a new owner knows where the last one stopped."""

from __future__ import annotations

from contracts.journal import Checkpoint, Source
from workers.partition.round import Answer, Item, Reply, TopicReply, records_of


class Sources:
    """The highest source so far: of what came from nowhere else, counted under `own`, and of `commands`."""

    def __init__(self, partition: int, own: int) -> None:
        self._partition, self._own = partition, own
        self._own_source = self._source = -1

    def begin(self, checkpoint: Checkpoint) -> None:
        """A round begins."""
        self._own_source, self._source = checkpoint.sources.get(self._own, -1), checkpoint.sources.get(self._partition, -1)

    def of(self, item: Item) -> Source:
        """A command from `commands` is the source of one decision; what else follows of it counts as the owner's own."""
        if item.offset > self._source:
            return Source(self._partition, item.offset, item.envelope.id)
        return Source(self._own, self._own_source + 1, item.envelope.id)

    def count(self, source: Source) -> None:
        """A decision with this source is made."""
        if source.partition == self._own:
            self._own_source = source.offset
        else:
            self._source = source.offset

    def answered(self, answers: list[tuple[Reply, Answer]], nonce: bytes) -> list[bytes]:
        """What became of commands that somebody elsewhere waits for, as records of the journal."""
        offsets = (reply.offset for reply, _ in answers if isinstance(reply, TopicReply))
        self._source = max(self._source, *offsets, -1)
        return records_of(answers, nonce, self._partition)

    def note(self, checkpoint: Checkpoint) -> None:
        """The round is durable: these sources are decided."""
        if self._own_source >= 0:
            checkpoint.sources[self._own] = self._own_source
        if self._own != self._partition and self._source >= 0:
            checkpoint.sources[self._partition] = max(self._source, checkpoint.sources.get(self._partition, -1))
