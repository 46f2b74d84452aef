"""The store of credentials: what they are, sealed, and what opens them for whoever may use them.

    values ─► sealed with the data key of the credential ─► an event          master key ─► wraps the data key ─► in the event, too
    a name ─► its newest version ─► the data key, unwrapped and kept in memory ─► its values, for a worker, and for nobody else

Nothing is loaded or opened before the first one is made, or asked for where there is one.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import msgspec

from contracts.credentials import CREDENTIALS_MAX, KINDS, OWN_NAME, CredentialAct, CredentialRow, Rotated, UseRow, VersionRow
from contracts.errors import KeyGone, NoCredential, Overloaded, Rejected
from contracts.ports.clock import Clock
from contracts.ports.credentials import NO_USE, Secret, Use
from contracts.ports.master_keys import MasterKeys, Wrapped
from infra.credentials.recorder import Place
from infra.credentials.sealed_values import SealedValues
from infra.keys.cipher import KEY_BYTES, Cipher
from workers.running.egress.addresses import Allow, is_public

if TYPE_CHECKING:
    from infra.credentials.aggregate import KeptCredential, Version
    from infra.credentials.consents import Consents
    from infra.credentials.events import Events
    from infra.credentials.token_keeper import TokenKeeper

WRITES_MAX: Final = 10
"""So often one who writes tries again, where others were quicker."""


class CredentialStore:
    """See `Credentials` and `CredentialsAtHand`. May be used from any thread; all but `resolve` may wait for a disk or a database."""

    def __init__(
        self,
        place: Place,
        keys: MasterKeys,
        clock: Clock,
        chance: Callable[[int], bytes] = secrets.token_bytes,
        is_allowed: Allow = is_public,
    ) -> None:
        """`is_allowed` says which addresses a token endpoint may have."""
        self.place, self.keys, self._clock, self._chance = place, keys, clock, chance
        self._is_allowed = is_allowed
        self._lock = threading.RLock()
        self._events: Events | None = None
        self._ciphers: dict[str, tuple[Wrapped, Cipher]] = {}

    def close(self) -> None:
        """Let go of everything. Closing twice is once."""
        with self._lock:
            if self._events is not None:
                self._events.close()
                self._events = None
            self._ciphers.clear()

    # Using.

    async def resolve(self, name: str, use: Use = NO_USE) -> Secret:
        """See Credentials."""
        return await asyncio.to_thread(self.secret, name, use)

    def secret(self, name: str, use: Use = NO_USE) -> Secret:
        """See CredentialsAtHand."""
        with self._lock:
            events = self._looked()
            kept = None if events is None else _of(events, name)
            if events is None or kept is None:
                raise NoCredential(name, "there is none of that name; `refold credentials create` makes one")
            if use.workflow and kept.workflows and use.workflow not in kept.workflows:
                raise NoCredential(name, f"workflow {use.workflow} may not use it; {', '.join(kept.workflows)} may")
            is_asked_for = kept.kind == "oauth2"
            newest, before = kept.versions[-1], kept.versions[-2:-1]
            previous = None
            if before and before[0].sealed and before[0].until > self._clock.now():
                previous = self._opened(kept, before[0])
            secret = self._opened(kept, newest, previous)
            events.uses.add(name, newest.number, use, self._clock.now())
        return self.tokens.secret(name) if is_asked_for else secret

    @cached_property
    def tokens(self) -> TokenKeeper:
        """The access tokens of those of kind `oauth2`."""
        from infra.credentials.token_keeper import TokenKeeper
        from infra.credentials.tokens import TokenEndpoint

        return TokenKeeper(self, TokenEndpoint(self._is_allowed, self._clock.now))

    @cached_property
    def consents(self) -> Consents:
        """See CredentialKeeper."""
        from infra.credentials.consents import Consents

        return Consents(self, self.tokens.endpoint)

    @cached_property
    def sealed_values(self) -> SealedValues:
        """What seals the texts that schemas mark as secret."""
        return SealedValues(self)

    def open_values(self, sealed: Iterable[str], execution: str, use: Use) -> Mapping[str, str]:
        """See CredentialsAtHand."""
        return self.sealed_values.opened(sealed, execution, use)

    def keep_secret(self, text: str, about: str) -> str:
        """See CredentialKeeper."""
        return self.sealed_values.kept(text, about)

    def kept_secret(self, stored: str, about: str, use: Use) -> str:
        """See CredentialKeeper."""
        return self.sealed_values.text_of(stored, about, use)

    def note_use(self, name: str, use: Use) -> None:
        """Write a use down. Raises NoCredential where there is none of the name, LogError."""
        with self._lock:
            events = self._looked()
            kept = None if events is None else _of(events, name)
            if events is None or kept is None:
                raise NoCredential(name, "there is none of that name")
            events.uses.add(name, kept.versions[-1].number, use, self._clock.now())

    def opened(self, name: str) -> tuple[KeptCredential, Mapping[str, str], Cipher]:
        """One of them, its values, and what opens what is sealed with its data key. Raises NoCredential, LogError."""
        with self._lock:
            events = self._looked()
            kept = None if events is None else _of(events, name)
            if kept is None:
                raise NoCredential(name, "it was deleted meanwhile")
            return (
                copy(kept),
                self._opened(kept, kept.versions[-1]).values,
                self._cipher(kept),
            )  # as it was: it counts if nobody was quicker

    def record(self, event_class: Any, kept: KeptCredential, by: str, **fields: Any) -> bool:
        """Record an event; False where somebody else was quicker."""
        with self._lock:
            return self._add(event_class, kept, by=by, **fields)

    def now(self) -> int:
        """Milliseconds since 1970."""
        return self._clock.now()

    def _opened(self, kept: KeptCredential, version: Version, previous: Secret | None = None) -> Secret:
        try:
            content = self._cipher(kept).unseal(bytes.fromhex(version.sealed), _about(kept.name, version.number))
        except KeyGone as error:
            raise NoCredential(kept.name, str(error)) from None
        return Secret(msgspec.json.decode(content, type=dict[str, str]), previous, kept.kind, version.number)

    def _cipher(self, kept: KeptCredential) -> Cipher:
        """With the data key. Raises KeyGone."""
        known = self._ciphers.get(kept.name)
        if known is None or known[0] != kept.wrapped:
            known = kept.wrapped, Cipher(self.keys.unwrap(kept.wrapped, _about(kept.name)))
            self._ciphers[kept.name] = known
        return known[1]

    # Looking.

    def all(self) -> list[CredentialRow]:
        """All that there are, by name."""
        with self._lock:
            events = self._looked()
            return [] if events is None else [self._row(one) for one in events.all()]

    def get(self, name: str) -> CredentialRow:
        """One of them. Raises Rejected where there is none."""
        with self._lock:
            return self._row(self._known(name))

    def acts(self) -> list[tuple[int, CredentialAct]]:
        """See CredentialKeeper."""
        with self._lock:
            events = self._looked()
            return [] if events is None else list(events.acts)

    def uses(self, name: str, limit: int) -> list[UseRow]:
        """Its last uses, the latest first, also of one that was deleted."""
        with self._lock:
            events = self._looked()
            return [] if events is None else events.uses.latest(name, limit)

    def last_uses(self) -> Mapping[str, UseRow]:
        """See CredentialKeeper. Others get their turn between."""
        while True:
            with self._lock:
                events = self._looked()
                if events is None or not events.uses.read_on():
                    return {} if events is None else dict(events.uses.last)

    def _row(self, kept: KeptCredential) -> CredentialRow:
        versions, missing = [VersionRow(one.number, one.by, one.at, one.until) for one in kept.versions], self._missing(kept)
        values = self._opened(kept, kept.versions[-1]).values if kept.kind == "oauth2" and not missing else {}
        consent = self.consents.at(kept, self._clock.now()) if values.get("authorize_url") else None
        return CredentialRow(kept.name, kept.kind, kept.summary, kept.workflows, kept.wrapped.master_key, versions, missing, consent)

    def _missing(self, kept: KeptCredential) -> str:
        try:
            self._cipher(kept)
        except KeyGone as error:
            return str(error)
        return ""

    def _known(self, name: str) -> KeptCredential:
        events = self._looked()
        kept = None if events is None else _of(events, name)
        if kept is None:
            raise Rejected("unknown_credential", f"there is no credential {name}")
        return kept

    def _looked(self, make: bool = False) -> Events | None:
        """What is recorded by now; None where nothing ever was."""
        if self._events is None:
            if not (make or self.place.exists()):
                return None
            opened = self.place.open()
            from infra.credentials.events import Events

            self._events = Events(opened)
        self._events.read_on()
        return self._events

    # Writing.

    def create(
        self, name: str, kind: str, values: Mapping[str, str], by: str, summary: str = "", workflows: Sequence[str] = ()
    ) -> CredentialRow:
        """Keep a new one; the same once more is once. Raises Rejected for a name that is taken, LogError."""
        _check_not_own(name)
        return self.keep(name, kind, values, by, summary, workflows)

    def keep(
        self, name: str, kind: str, values: Mapping[str, str], by: str, summary: str = "", workflows: Sequence[str] = ()
    ) -> CredentialRow:
        """The same, also of the engine's own."""
        assert kind in KINDS, f"the kind is checked before: {kind}"
        with self._lock:
            for _ in range(WRITES_MAX):
                events = self._looked(make=True)
                assert events is not None
                before = events.find(_id(name))
                if before is not None and not before.is_deleted:
                    if self._is_same(before, values, kind, summary, workflows):
                        return self._row(before)
                    raise Rejected("credential_exists", f"there is a credential {name} already; rotate it, or delete it first")
                if len(events.all()) >= CREDENTIALS_MAX:
                    raise Rejected("too_many", f"there are {CREDENTIALS_MAX:,} credentials already, the most there may be")
                if self._begin(events, before, name, kind, values, by, summary, list(workflows)):
                    return self._row(self._known(name))
            raise _busy(name)

    def _begin(
        self, events: Events, before: KeptCredential | None, name: str, kind: str, values: Mapping[str, str], by: str, summary: str,
        workflows: list[str],
    ) -> bool:  # fmt: skip
        from infra.credentials.aggregate import KeptCredential

        if not events.all():
            self.keys.make()
        number = 1 if before is None else before.number + 1
        data_key = self._chance(KEY_BYTES)
        sealed = Cipher(data_key).seal(_written(values), _about(name, number)).hex()
        named = {"name": name, "originator_topic": KeptCredential.TOPIC} if before is None else {}
        try:
            with self.keys.holding():
                wrapped = self.keys.wrap(data_key, _about(name))
                return events.add(
                    KeptCredential.Created if before is None else KeptCredential.Recreated, before, timestamp=self._now(), by=by, **named,
                    kind=kind, summary=summary, workflows=workflows, master_key=wrapped.master_key, wrapped=wrapped.content.hex(),
                    sealed=sealed,
                )  # fmt: skip
        except KeyGone as error:
            raise NoCredential(name, f"it cannot be kept: {error}") from None

    def rotate(self, name: str, values: Mapping[str, str], by: str, overlap_ms: int) -> CredentialRow:
        """Let it have these values; those before count beside them for so long. The same values again change nothing.

        Raises Rejected for one that is not there, NoCredential where it cannot be opened, LogError.
        """
        from infra.credentials.aggregate import KeptCredential

        _check_not_own(name)
        with self._lock:
            for _ in range(WRITES_MAX):
                kept = self._known(name)
                if dict(self._opened(kept, kept.versions[-1]).values) == dict(values):
                    return self._row(kept)
                sealed = self._cipher(kept).seal(_written(values), _about(name, kept.number + 1)).hex()
                until = self._clock.now() + overlap_ms
                if self._add(KeptCredential.Rotated, kept, by=by, sealed=sealed, until=until):
                    return self._row(self._known(name))
            raise _busy(name)

    def delete(self, name: str, by: str) -> None:
        """Keep it no more; once it was deleted, again is the same. Raises Rejected where there never was any."""
        from infra.credentials.aggregate import KeptCredential

        _check_not_own(name)
        with self._lock:
            for _ in range(WRITES_MAX):
                events = self._looked()
                kept = None if events is None else events.find(_id(name))
                if kept is None:
                    raise Rejected("unknown_credential", f"there is no credential {name}")
                self._ciphers.pop(name, None)
                if kept.is_deleted or self._add(KeptCredential.Deleted, kept, by=by):
                    return
            raise _busy(name)

    def rotate_master_key(self, by: str) -> Rotated:
        """Have another master key wrap all of them, while they are used and written; again after it was broken off finishes it.

        The key before is taken away once nothing is wrapped by it: what was deleted until then can be opened by nobody any more.
        Raises NoCredential where there is no master key.
        """
        try:
            self.keys.begin_rotation()
            rewrapped = 0
            for _ in range(WRITES_MAX):
                rewrapped += sum(self._rewrap(name, by) for name in self._wrapped_before())
                with self._lock:  # before the keys' own lock, as whoever writes takes them
                    if self.keys.finish_rotation(lambda: not self._wrapped_before()):
                        missing = [one.name for one in self.all() if one.missing]
                        return Rotated(self.keys.current(), rewrapped, missing)
        except KeyGone as error:
            raise NoCredential("of any name", str(error)) from None
        raise _busy("of any name")

    def _wrapped_before(self) -> list[str]:
        """Those that can be opened, and are wrapped by another master key than the current one."""
        with self._lock:
            events, current = self._looked(), self.keys.current()
            kept = [] if events is None else events.all()
            return [one.name for one in kept if one.wrapped.master_key != current and not self._missing(one)]

    def _rewrap(self, name: str, by: str) -> bool:
        """Have the current master key wrap its data key. False where it was deleted, or others were quicker: it is looked at again."""
        from infra.credentials.aggregate import KeptCredential

        with self._lock, self.keys.holding():
            events = self._looked()
            kept = None if events is None else _of(events, name)
            if kept is None or kept.wrapped.master_key == self.keys.current():
                return False
            wrapped = self.keys.wrap(self.keys.unwrap(kept.wrapped, _about(name)), _about(name))
            return self._add(KeptCredential.Rewrapped, kept, by=by, master_key=wrapped.master_key, wrapped=wrapped.content.hex())

    def _add(self, event_class: Any, kept: KeptCredential, **fields: Any) -> bool:
        assert self._events is not None
        return self._events.add(event_class, kept, timestamp=self._now(), **fields)

    def _is_same(self, kept: KeptCredential, values: Mapping[str, str], kind: str, summary: str, workflows: Sequence[str]) -> bool:
        if (kept.kind, kept.summary, kept.workflows) != (kind, summary, list(workflows)):
            return False
        return dict(self._opened(kept, kept.versions[-1]).values) == dict(values)

    def _now(self) -> Any:
        from infra.credentials.aggregate import time_of

        return time_of(self._clock.now())


def _check_not_own(name: str) -> None:
    if name == OWN_NAME:
        raise Rejected("own_credential", f"{name} is the engine's own: without it nothing can be read of what it has sealed")


def _of(events: Events, name: str) -> KeptCredential | None:
    kept = events.find(_id(name))
    return None if kept is None or kept.is_deleted else kept


def _id(name: str) -> Any:
    from infra.credentials.aggregate import id_of

    return id_of(name)


def _about(name: str, version: int = 0) -> bytes:
    """What a sealed value, or with 0 a wrapped key, is bound to: of none can be made another's."""
    return f"refold credential\0{name}\0{version}".encode()


def _written(values: Mapping[str, str]) -> bytes:
    return msgspec.json.encode(dict(sorted(values.items())))


def _busy(name: str) -> Overloaded:
    return Overloaded(f"credential {name}: others write it all the time")
