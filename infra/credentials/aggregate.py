"""A credential as an aggregate of the `eventsourcing` library: what has happened to it, by whom and when. Secrets stand in it sealed.

Its events are a storage format: their topics and fields stay as they are, and what is new has a default, or another topic.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate

from contracts.credentials import Consent
from contracts.ports.master_keys import Wrapped

VERSIONS_MAX: Final = 100
"""So many of its last versions a credential tells of."""


class Version(NamedTuple):
    """A version of its values. `until` is when it stops to count beside the next one, in milliseconds since 1970; 0: not known yet."""

    number: int
    sealed: str
    by: str
    at: int
    until: int = 0


class KeptCredential(Aggregate):
    """See above. `versions` has the newest last; of those before the last two the values are gone from memory."""

    TOPIC = "refold.credential"

    class Event(Aggregate.Event):
        """What all events have."""

        by: str

    class Created(Event, Aggregate.Created):
        """It is there; once it was deleted, it is there again by `Recreated`."""

        TOPIC = "refold.credential.created"
        name: str
        kind: str
        summary: str
        workflows: list[str]
        master_key: str
        wrapped: str
        sealed: str

    class Recreated(Event):
        """It is there again, with another data key."""

        TOPIC = "refold.credential.recreated"
        kind: str
        summary: str
        workflows: list[str]
        master_key: str
        wrapped: str
        sealed: str

        def apply(self, aggregate: KeptCredential) -> None:
            """See Aggregate.Event."""
            aggregate.begin(self.kind, self.summary, self.workflows, self.master_key, self.wrapped)
            aggregate.add(self.sealed, self.by, ms_of(self.timestamp))

    class Rotated(Event):
        """It has other values; those before count beside them until then."""

        TOPIC = "refold.credential.rotated"
        sealed: str
        until: int

        def apply(self, aggregate: KeptCredential) -> None:
            """See Aggregate.Event."""
            aggregate.versions[-1] = aggregate.versions[-1]._replace(until=self.until)
            aggregate.add(self.sealed, self.by, ms_of(self.timestamp))

    class Rewrapped(Event):
        """Its data key is wrapped by another master key."""

        TOPIC = "refold.credential.rewrapped"
        master_key: str
        wrapped: str

        def apply(self, aggregate: KeptCredential) -> None:
            """See Aggregate.Event."""
            aggregate.wrapped = _wrapped(self.master_key, self.wrapped)

    class TokenAsked(Event):
        """Somebody asks for an access token; until then nobody else does."""

        TOPIC = "refold.credential.token_asked"
        until: int

        def apply(self, aggregate: KeptCredential) -> None:
            """See Aggregate.Event."""
            aggregate.asked_until = self.until

    class TokenGiven(Event):
        """There is another access token."""

        TOPIC = "refold.credential.token_given"
        sealed: str

        def apply(self, aggregate: KeptCredential) -> None:
            """See Aggregate.Event."""
            aggregate.tokens, aggregate.asked_until = self.sealed, 0
            if self.by:  # a person has authorized it; else it is one that was only replaced
                at = ms_of(self.timestamp)
                aggregate.authorization = ""
                aggregate.consent = Consent("given", at, self.by, given_at=at, given_by=self.by)

    class TokenRefused(Event):
        """Nobody asks any more, and there is none."""

        TOPIC = "refold.credential.token_refused"

        def apply(self, aggregate: KeptCredential) -> None:
            """See Aggregate.Event."""
            aggregate.asked_until = 0

    class AuthorizationBegun(Event):
        """A person was sent to authorize it."""

        TOPIC = "refold.credential.authorization_begun"
        sealed: str

        def apply(self, aggregate: KeptCredential) -> None:
            """See Aggregate.Event."""
            aggregate.authorization, aggregate.came_back = self.sealed, ""
            aggregate.consent = aggregate.consent._replace(stage="begun", at=ms_of(self.timestamp), by=self.by, said="")

    class CameBack(Event):
        """The person is back with a code, for which tokens are asked: nobody else can come back with the same."""

        TOPIC = "refold.credential.came_back"

        def apply(self, aggregate: KeptCredential) -> None:
            """See Aggregate.Event."""
            aggregate.authorization, aggregate.came_back = "", aggregate.authorization
            aggregate.consent = aggregate.consent._replace(stage="came_back", at=ms_of(self.timestamp), by=self.by)

    class ConsentRefused(Event):
        """The server has refused, in its own words, and whoever was sent is not waited for any more."""

        TOPIC = "refold.credential.consent_refused"
        said: str

        def apply(self, aggregate: KeptCredential) -> None:
            """See Aggregate.Event."""
            aggregate.authorization, aggregate.came_back = "", aggregate.came_back or aggregate.authorization
            aggregate.consent = aggregate.consent._replace(stage="refused", at=ms_of(self.timestamp), by=self.by, said=self.said)

    class Deleted(Event):
        """It is no more."""

        TOPIC = "refold.credential.deleted"

        def apply(self, aggregate: KeptCredential) -> None:
            """See Aggregate.Event."""
            aggregate.is_deleted = True

    def __init__(
        self, *, by: str, name: str, kind: str, summary: str, workflows: list[str], master_key: str, wrapped: str, sealed: str
    ) -> None:
        self.name = name
        self.number = 0
        self.versions: list[Version] = []
        self.begin(kind, summary, workflows, master_key, wrapped)
        self.add(sealed, by, ms_of(self.created_on))

    def begin(self, kind: str, summary: str, workflows: list[str], master_key: str, wrapped: str) -> None:
        """Be this from now on."""
        self.kind, self.summary, self.workflows = kind, summary, list(workflows)
        self.wrapped = _wrapped(master_key, wrapped)
        self.versions = [one._replace(sealed="") for one in self.versions]
        self.tokens = self.authorization = self.came_back = ""
        self.consent = Consent()
        self.asked_until = 0
        self.is_deleted = False

    def add(self, sealed: str, by: str, at: int) -> None:
        """Another version is the newest."""
        self.number += 1
        self.versions.append(Version(self.number, sealed, by, at))
        if len(self.versions) > 2:
            self.versions[-3] = self.versions[-3]._replace(sealed="")
        del self.versions[:-VERSIONS_MAX]

    @staticmethod
    def create_id(name: str) -> UUID:
        """The id of a name: two who make the same one at once meet at its first event."""
        return id_of(name)


def id_of(name: str) -> UUID:
    """What the aggregate of a name is called."""
    return uuid5(NAMESPACE_URL, f"refold:credential:{name}")


def ms_of(time: datetime) -> int:
    """Milliseconds since 1970."""
    return round(time.timestamp() * 1000)


def time_of(ms: int) -> datetime:
    """The same as the library has it."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def _wrapped(master_key: str, wrapped: str) -> Wrapped:
    return Wrapped(master_key, bytes.fromhex(wrapped))


EVENTS: Final[tuple[type[Any], ...]] = (
    KeptCredential.Created,
    KeptCredential.Recreated,
    KeptCredential.Rotated,
    KeptCredential.Rewrapped,
    KeptCredential.TokenAsked,
    KeptCredential.TokenGiven,
    KeptCredential.TokenRefused,
    KeptCredential.AuthorizationBegun,
    KeptCredential.CameBack,
    KeptCredential.ConsentRefused,
    KeptCredential.Deleted,
)
"""All that can happen to it."""
