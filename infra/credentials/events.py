"""The events of credentials as they are recorded: read on in their order, and added to, each aggregate where nobody else was quicker."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError
from eventsourcing.persistence import (
    DatetimeAsISO,
    EventStore,
    IntegrityError,
    JSONTranscoder,
    Mapper,
    MapperDeserialisationError,
    PersistenceError,
    UUIDAsHex,
)
from eventsourcing.utils import TopicError, register_topic

from contracts.credentials import CredentialAct
from contracts.errors import LogCorrupt, LogFull, LogUnreachable
from infra.credentials.aggregate import EVENTS, KeptCredential, id_of, ms_of
from infra.credentials.opened import Opened
from infra.credentials.uses import Uses

PAGE: Final = 1_000
ACTS_MAX: Final = 100_000
TOPICS: Final[tuple[type[Any], ...]] = (KeptCredential, *EVENTS)
_COMMANDS: Final[dict[type[Any], str]] = {
    KeptCredential.Created: "CreateCredential",
    KeptCredential.Recreated: "CreateCredential",
    KeptCredential.Rotated: "RotateCredential",
    KeptCredential.AuthorizationBegun: "AuthorizeCredential",
    KeptCredential.Rewrapped: "RewrapCredential",
    KeptCredential.Deleted: "DeleteCredential",
}
_MAKES: Final = (KeptCredential.Created, KeptCredential.Recreated, KeptCredential.Rotated)
"""What makes another version."""
_NO_ROOM: Final = ("disk is full", "No space left")

for _known in TOPICS:
    register_topic(str(_known.TOPIC), _known)


class Events:
    """All credentials there ever were, by their names. One thread uses it at a time."""

    def __init__(self, opened: Opened) -> None:
        self._recorder, self.close, used = opened
        self.uses = Uses(used, _told)
        transcoder = JSONTranscoder()
        transcoder.register(UUIDAsHex())
        transcoder.register(DatetimeAsISO())
        self._mapper: Mapper[UUID] = Mapper(transcoder)
        self._store = EventStore(self._mapper, self._recorder)
        self._after: int | None = None
        self._by_id: dict[UUID, KeptCredential] = {}
        self._numbers: dict[str, int] = {}
        self.acts: list[tuple[int, CredentialAct]] = []
        """What people did, the last `ACTS_MAX`, each with its number."""

    def read_on(self) -> None:
        """Take notice of what others have recorded. Raises LogUnreachable, LogCorrupt."""
        while True:
            with _told():
                page = self._recorder.select_notifications(self._after, PAGE, inclusive_of_start=False)
            for one in page:
                with _told():
                    event: Any = self._mapper.to_domain_event(one)
                known = self._by_id.get(event.originator_id)
                if known is None or known.version < event.originator_version:  # ours are known before they are read
                    self._by_id[event.originator_id] = event.mutate(known)
                self._note(one.id, event)
                self._after = one.id
            if len(page) < PAGE:
                return

    def _note(self, number: int, event: Any) -> None:
        command, kept = _COMMANDS.get(type(event)), self._by_id[event.originator_id]
        if command is not None:
            makes = isinstance(event, _MAKES)
            self._numbers[kept.name] = self._numbers.get(kept.name, 0) + makes
            version = self._numbers[kept.name] if makes else 0
            self.acts.append((number, CredentialAct(command, kept.name, version, event.by, ms_of(event.timestamp))))
            del self.acts[:-ACTS_MAX]

    def all(self) -> list[KeptCredential]:
        """Those that there are, by name."""
        return sorted((one for one in self._by_id.values() if not one.is_deleted), key=lambda one: one.name)

    def find(self, id_: UUID) -> KeptCredential | None:
        """One, also one that was deleted."""
        return self._by_id.get(id_)

    def add(self, event_class: type[Any], to: KeptCredential | None, **fields: Any) -> bool:
        """Record that something has happened; False where somebody else was quicker. Raises LogFull, LogUnreachable.

        It counts once it is recorded, not before: what is in memory is read from there.
        """
        new = (id_of(fields["name"]), 1) if to is None else (to.id, to.version + 1)
        event = event_class(originator_id=new[0], originator_version=new[1], **fields)
        try:
            with _told():
                self._store.put([event])
        except _Overtaken:
            self.read_on()
            return False
        self.read_on()
        return True


class _Overtaken(Exception):
    """Somebody has recorded an event of this version first."""


@contextmanager
def _told() -> Iterator[None]:
    """What the library and its databases raise, in our words."""
    try:
        yield
    except IntegrityError:
        raise _Overtaken from None
    except (PersistenceError, sqlite3.Error, OSError) as error:
        said = str(error).strip() or type(error).__name__
        if any(sign in said for sign in _NO_ROOM):
            raise LogFull(f"there is no room for credentials: {said}") from None
        raise LogUnreachable(f"the credentials cannot be had: {said}") from None
    except (MapperDeserialisationError, TopicError, AggregateNotFoundError, AttributeError, KeyError) as error:
        raise LogCorrupt(f"the credentials cannot be read: {type(error).__name__}: {error}") from None
