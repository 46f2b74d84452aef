"""Uses are written down: who was given which version of a credential, when and what for, before it is handed out."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from contracts.credentials import UseRow
from contracts.errors import LogUnreachable, NoCredential
from contracts.ports.credentials import Use
from infra.clock import ManualClock
from infra.credentials import uses
from infra.credentials.master_keys import KeyFile
from infra.credentials.recorder import in_file
from infra.credentials.store import CredentialStore
from tests.credentials.conftest import Opens


def test_each_use_is_listed_the_latest_first(store: CredentialStore, opens: Opens, clock: ManualClock) -> None:
    begun = clock.now()
    store.create("crm", "bearer", {"token": "one"}, "ann")
    store.create("other", "bearer", {"token": "one"}, "ann")
    store.secret("crm", Use("x-1", "pay", 1, "order"))
    store.secret("other", Use("x-1", "pay", 1, "order"))
    clock.advance(5)
    store.rotate("crm", {"token": "two"}, "ann", 0)
    opens().secret("crm", Use(purpose="trigger orders"))
    store.delete("crm", "ann")
    for one in (store, opens()):
        assert one.uses("crm", 50) == [
            UseRow("crm", 2, begun + 5, purpose="trigger orders"),
            UseRow("crm", 1, begun, "x-1", "pay", 1, "order"),
        ]
    assert store.uses("crm", 1)[0].version == 2


def test_who_is_given_nothing_has_used_nothing(store: CredentialStore) -> None:
    assert store.uses("crm", 50) == []
    store.create("crm", "bearer", {"token": "one"}, "ann", workflows=["order"])
    with pytest.raises(NoCredential):
        store.secret("crm", Use("x-1", "pay", 1, "leak"))
    assert store.uses("crm", 50) == []


def test_a_use_that_cannot_be_written_down_is_none(tmp_path: Path, clock: ManualClock) -> None:
    store = CredentialStore(in_file(tmp_path / "credentials.db"), KeyFile(tmp_path / "master.key"), clock)
    store.create("crm", "bearer", {"token": "one"}, "ann")
    with sqlite3.connect(tmp_path / "credentials.db") as database:
        database.execute("DROP TABLE credential_uses")
    with pytest.raises(LogUnreachable, match="the credentials cannot be had"):
        store.secret("crm")


def test_the_last_ones_are_kept(store: CredentialStore, monkeypatch: pytest.MonkeyPatch, place: object) -> None:
    monkeypatch.setattr(uses, "USES_MAX", 4)
    monkeypatch.setattr(uses, "FORGET_EVERY", 5)
    monkeypatch.setattr(uses, "PAGE", 2)
    store.create("crm", "bearer", {"token": "one"}, "ann")
    for number in range(1, 11):
        store.secret("crm", Use("x-1", "pay", number, "order"))
    kept = [one.attempt for one in store.uses("crm", 50)]
    assert kept in ([10, 9, 8, 7], list(range(10, 0, -1))), "all of them where they are gone at the end of the process anyway"
