"""The credentials of a data folder: kept beside the log, by whoever asks, also while a server holds the folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from api.operations.credentials import all_needs, shown, shown_use, still_needed
from contracts.errors import Rejected
from domain.expressions.durations import parse_duration
from infra.clock import SystemClock
from infra.credentials.store import CredentialStore
from infra.files.data_folder import DataFolder
from infra.server.credential_wiring import credential_store
from refold.cli.commands.output import BadInput
from refold.cli.commands.target import Value
from workers.partition.catalog import versions_in

if TYPE_CHECKING:
    from refold.cli.commands.folder import FolderTarget

ACTOR = "command line"


class FolderKeeper:
    """Does in a data folder what a client asks of a server."""

    def __init__(self, target: FolderTarget) -> None:
        target.check_place()
        self._target = target

    @contextmanager
    def _store(self) -> Iterator[CredentialStore]:
        store = credential_store(self._target.settings, SystemClock())
        try:
            yield store
        finally:
            store.close()

    def credentials(self) -> list[Value]:
        """All, by name."""
        with self._store() as store:
            used = store.last_uses()
            return [shown(one, used=used.get(one.name)) for one in store.all()]

    def credential(self, name: str) -> Value:
        """One, and what names it."""
        with self._store() as store:
            return shown(store.get(name), self._needs(name), store.last_uses().get(name))

    def create_credential(
        self, name: str, kind: str, values: dict[str, str], summary: str = "", workflows: list[str] | None = None
    ) -> Value:
        """Keep one."""
        with self._store() as store:
            return shown(store.create(name, kind, values, ACTOR, summary, list(dict.fromkeys(workflows or []))))

    def rotate_credential(self, name: str, values: dict[str, str], overlap: str = "1h") -> Value:
        """Give it other values."""
        try:
            overlap_ms = parse_duration(overlap)
        except ValueError as error:
            raise BadInput(f"--overlap: {error}") from None
        with self._store() as store:
            return shown(store.rotate(name, values, ACTOR, overlap_ms))

    def credential_uses(self, name: str, limit: int = 50) -> list[Value]:
        """Who was given one."""
        with self._store() as store:
            return [shown_use(one) for one in store.uses(name, limit)]

    def begin_authorization(self, name: str, redirect_uri: str) -> Value:
        """Where a person is to go."""
        with self._store() as store:
            return {"url": store.consents.begin(name, redirect_uri, ACTOR)}

    def finish_authorization(self, name: str, state: str, code: str) -> Value:
        """Somebody has come back."""
        with self._store() as store:
            return shown(store.consents.finish(name, state, code, ACTOR))

    def rotate_master_key(self) -> Value:
        """Have another master key open all of them."""
        with self._store() as store:
            rotated = store.rotate_master_key(ACTOR)
            return {**rotated._asdict(), "missing": list(rotated.missing)}

    def delete_credential(self, name: str, force: bool = False) -> Value:
        """Keep it no more."""
        needs = self._needs(name)
        if needs and not force:
            raise Rejected("credential_needed", still_needed(name, needs))
        with self._store() as store:
            store.delete(name, ACTOR)
        return {"name": name, "needed_by": needs}

    def _needs(self, name: str) -> list[Value]:
        """What names it, where there is a log."""
        if not DataFolder(self._target.data).exists:
            return []
        with self._target.reader() as reader:
            catalog = reader.catalog
            active = [versions_in(catalog, one)[(catalog.active(one) or 0) - 1] for one in catalog.names()]
            return all_needs(active, []).get(name, [])
