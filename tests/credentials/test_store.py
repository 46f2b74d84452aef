"""The store of credentials, in memory, in a file and in PostgreSQL: what is kept comes back, to who may have it alone."""

from __future__ import annotations

import asyncio
import pickle
import threading
from pathlib import Path

import pytest

from contracts.credentials import CredentialRow
from contracts.errors import LogCorrupt, NoCredential, Rejected
from contracts.ports.credentials import Secret, Use
from infra.clock import ManualClock
from infra.credentials.master_keys import KeyFile
from infra.credentials.recorder import Place, in_file, nowhere
from infra.credentials.store import CredentialStore
from tests.credentials.conftest import Opens

HOUR = 3_600_000


def test_what_is_kept_is_resolved_with_its_kind_and_version(store: CredentialStore) -> None:
    store.create("crm", "basic", {"username": "ann", "password": "s3cr3t"}, "ann")
    found = asyncio.run(store.resolve("crm"))
    assert (dict(found.values), found.kind, found.version, found.previous) == ({"username": "ann", "password": "s3cr3t"}, "basic", 1, None)


def test_what_is_not_there_has_a_name_for_it(store: CredentialStore) -> None:
    with pytest.raises(NoCredential, match=r"credential crm: there is none of that name; `refold credentials create`") as caught:
        store.secret("crm")
    assert (caught.value.reason, store.all()) == ("no_credential", [])


def test_a_secret_shows_itself_to_nobody(store: CredentialStore) -> None:
    store.create("crm", "bearer", {"token": "s3cr3t"}, "ann")
    found = store.secret("crm")
    assert "s3cr3t" not in f"{found!r} {found!s} {found} {[found]} {store.all()!r} {store.get('crm')!r} {vars(store)!r}"
    with pytest.raises(TypeError):
        pickle.dumps(found)


def test_creating_the_same_twice_is_once_and_another_is_refused(store: CredentialStore, opens: Opens) -> None:
    made = store.create("crm", "bearer", {"token": "s3cr3t"}, "ann")
    assert opens().create("crm", "bearer", {"token": "s3cr3t"}, "bob") == made
    with pytest.raises(Rejected, match="there is a credential crm already") as caught:
        store.create("crm", "bearer", {"token": "other"}, "ann")
    assert "other" not in str(caught.value)


def test_two_versions_count_as_long_as_a_rotation_overlaps(store: CredentialStore, opens: Opens, clock: ManualClock) -> None:
    store.create("crm", "bearer", {"token": "one"}, "ann")
    opens().rotate("crm", {"token": "two"}, "bob", HOUR)
    found = store.secret("crm")
    assert [one.values["token"] for one in found.valid] == ["two", "one"]
    clock.advance(HOUR - 1)
    assert store.secret("crm").previous is not None
    clock.advance(1)
    assert [one.values["token"] for one in store.secret("crm").valid] == ["two"]


def test_no_more_than_two_versions_count(store: CredentialStore) -> None:
    store.create("crm", "bearer", {"token": "one"}, "ann")
    store.rotate("crm", {"token": "two"}, "ann", HOUR)
    store.rotate("crm", {"token": "three"}, "ann", HOUR)
    assert [one.values["token"] for one in store.secret("crm").valid] == ["three", "two"]


def test_rotating_to_the_same_values_changes_nothing(store: CredentialStore) -> None:
    made = store.create("crm", "bearer", {"token": "one"}, "ann")
    assert store.rotate("crm", {"token": "one"}, "bob", HOUR) == made


def test_versions_tell_who_and_when(store: CredentialStore, clock: ManualClock) -> None:
    begun = clock.now()
    store.create("crm", "bearer", {"token": "one"}, "ann")
    clock.advance(1_500)
    row = store.rotate("crm", {"token": "two"}, "bob", HOUR)
    assert [tuple(one) for one in row.versions] == [(1, "ann", begun, begun + 1_500 + HOUR), (2, "bob", begun + 1_500, 0)]


def test_what_was_deleted_is_gone_also_for_those_who_have_used_it(store: CredentialStore, opens: Opens) -> None:
    store.create("crm", "bearer", {"token": "one"}, "ann")
    other = opens()
    assert other.secret("crm").values == {"token": "one"}
    store.delete("crm", "ann")
    store.delete("crm", "ann")
    for one in (store, other):
        with pytest.raises(NoCredential):
            one.secret("crm")
    with pytest.raises(Rejected, match="there is no credential nobody"):
        store.delete("nobody", "ann")


def test_a_name_can_be_taken_again_and_has_nothing_of_the_one_before(store: CredentialStore, opens: Opens) -> None:
    store.create("crm", "bearer", {"token": "one"}, "ann")
    store.rotate("crm", {"token": "two"}, "ann", HOUR)
    store.delete("crm", "ann")
    row = store.create("crm", "basic", {"username": "ann", "password": "three"}, "bob")
    found = opens().secret("crm")
    assert (row.versions[-1].number, dict(found.values), found.previous) == (3, {"username": "ann", "password": "three"}, None)


def test_only_the_workflows_that_are_named_may_use_it(store: CredentialStore) -> None:
    store.create("crm", "bearer", {"token": "one"}, "ann", workflows=["order"])
    assert store.secret("crm", Use(execution="x", workflow="order")).values == {"token": "one"}
    with pytest.raises(NoCredential, match="workflow leak may not use it; order may"):
        store.secret("crm", Use(execution="x", workflow="leak"))


def test_of_many_who_create_one_at_once_one_does(opens: Opens) -> None:
    outcomes: list[CredentialRow | Rejected] = []

    def create(store: CredentialStore, number: int) -> None:
        try:
            outcomes.append(store.create("crm", "bearer", {"token": f"token-{number}"}, f"by-{number}"))
        except Rejected as error:
            outcomes.append(error)

    threads = [threading.Thread(target=create, args=(opens(), number)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (made,) = [one for one in outcomes if isinstance(one, CredentialRow)]
    winner = made.versions[0].by.removeprefix("by-")
    assert opens().secret("crm").values == {"token": f"token-{winner}"}
    assert [one.reason for one in outcomes if isinstance(one, Rejected)] == ["credential_exists"] * 3


def test_rotations_of_many_at_once_all_count_one_after_the_other(opens: Opens) -> None:
    opens().create("crm", "bearer", {"token": "first"}, "ann")
    stores = [opens() for _ in range(4)]
    threads = [
        threading.Thread(target=store.rotate, args=("crm", {"token": f"token-{number}"}, "ann", HOUR))
        for number, store in enumerate(stores)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.number for one in opens().get("crm").versions] == [1, 2, 3, 4, 5]


def test_without_its_master_key_everything_is_shown_but_secrets(store: CredentialStore, opens: Opens, tmp_path: Path) -> None:
    store.create("crm", "bearer", {"token": "one"}, "ann", "the CRM")
    key = (tmp_path / "master.key").read_bytes()
    (tmp_path / "master.key").unlink()
    other = opens()
    (row,) = other.all()
    assert (row.name, row.summary, row.versions[0].by) == ("crm", "the CRM", "ann")
    assert row.missing == f"the master key is missing: there is no file {tmp_path}/master.key"
    with pytest.raises(NoCredential, match="the master key is missing: there is no file"):
        other.secret("crm")
    with pytest.raises(NoCredential, match="credential new: it cannot be kept: the master key is missing"):
        other.create("new", "bearer", {"token": "one"}, "ann")
    assert not (tmp_path / "master.key").exists(), "a key that was made in its place would hide that one is missing"
    (tmp_path / "master.key").write_bytes(key)
    assert other.secret("crm").values == {"token": "one"}


def test_the_wrong_master_key_is_told_from_the_right_one(store: CredentialStore, opens: Opens, tmp_path: Path) -> None:
    row = store.create("crm", "bearer", {"token": "one"}, "ann")
    (tmp_path / "master.key").unlink()
    KeyFile(tmp_path / "master.key").make()
    with pytest.raises(NoCredential, match=rf"master key {row.master_key} is missing: .*master\.key has"):
        opens().secret("crm")


def test_nothing_is_made_or_opened_before_there_is_anything_to_keep(tmp_path: Path, clock: ManualClock) -> None:
    store = CredentialStore(in_file(tmp_path / "data/credentials.db"), KeyFile(tmp_path / "data/master.key"), clock)
    assert store.all() == []
    with pytest.raises(NoCredential):
        store.secret("crm")
    assert not (tmp_path / "data").exists()


def test_what_is_stored_has_no_secret_in_plain_and_nobody_else_may_read_it(tmp_path: Path, clock: ManualClock) -> None:
    store = CredentialStore(in_file(tmp_path / "credentials.db"), KeyFile(tmp_path / "master.key"), clock)
    store.create("crm", "bearer", {"token": "s3cr3t-t0ken"}, "ann")
    files = sorted(tmp_path.iterdir())
    assert b"s3cr3t-t0ken" not in b"".join(file.read_bytes() for file in files)
    assert {file.name: oct(file.stat().st_mode & 0o777) for file in files if not file.name.endswith("-shm")} == {
        "credentials.db": "0o600",
        "credentials.db-wal": "0o600",
        "master.key": "0o600",
    }


def test_a_sealed_value_that_is_put_in_anothers_place_is_not_taken(tmp_path: Path, clock: ManualClock) -> None:
    import sqlite3

    store = CredentialStore(in_file(tmp_path / "credentials.db"), KeyFile(tmp_path / "master.key"), clock)
    store.create("low", "bearer", {"token": "harmless"}, "ann")
    store.create("high", "bearer", {"token": "precious"}, "ann")
    store.close()
    with sqlite3.connect(tmp_path / "credentials.db") as database:
        rows = dict(database.execute("SELECT originator_id, state FROM credential_events").fetchall())
        low = next(key for key, state in rows.items() if b'"low"' in state)
        high = next(state for state in rows.values() if b'"high"' in state)
        database.execute("UPDATE credential_events SET state = ? WHERE originator_id = ?", (high.replace(b'"high"', b'"low"'), low))
    with pytest.raises(NoCredential, match="this is not the key that it was sealed with"):
        CredentialStore(in_file(tmp_path / "credentials.db"), KeyFile(tmp_path / "master.key"), clock).secret("low")


def test_events_that_cannot_be_read_are_said_to_be_damaged(tmp_path: Path, clock: ManualClock) -> None:
    import sqlite3

    store = CredentialStore(in_file(tmp_path / "credentials.db"), KeyFile(tmp_path / "master.key"), clock)
    store.create("crm", "bearer", {"token": "one"}, "ann")
    store.close()
    with sqlite3.connect(tmp_path / "credentials.db") as database:
        database.execute("UPDATE credential_events SET state = ?", (b"{",))
    with pytest.raises(LogCorrupt, match="the credentials cannot be read"):
        store.all()


def test_events_of_a_later_version_are_said_to_be_unknown(place: Place, store: CredentialStore) -> None:
    from eventsourcing.persistence import StoredEvent

    from infra.credentials.aggregate import id_of

    store.create("crm", "bearer", {"token": "one"}, "ann")
    opened = place.open()
    opened.recorder.insert_events([StoredEvent(id_of("crm"), 2, "refold.credential.polished", b"{}")])
    with pytest.raises(LogCorrupt, match=r"refold\.credential\.polished"):
        store.secret("crm")
    opened.close()


def test_a_secret_has_both_versions_for_who_checks_what_others_send() -> None:
    before = Secret({"secret": "one"})
    assert [one.values["secret"] for one in Secret({"secret": "two"}, before).valid] == ["two", "one"]


def test_why_nothing_can_be_sealed_is_known_where_none_can_be_kept(tmp_path: Path, clock: ManualClock) -> None:
    sealed = CredentialStore(nowhere("name a database"), KeyFile(tmp_path / "master.key"), clock).sealed_values
    sealed.load_beside()
    for one in threading.enumerate():
        if one.name == "refold-sealed-values":
            one.join(20)
    assert (sealed.is_ready, "name a database" in sealed.why_not) == (False, True)
