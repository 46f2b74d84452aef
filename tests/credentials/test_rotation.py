"""The master key is rotated while credentials are used and written; killed anywhere, nothing is lost, and doing it again finishes it."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from contracts.errors import KeyGone, NoCredential
from contracts.ports.master_keys import Wrapped
from infra.clock import ManualClock
from infra.credentials.master_keys import KeyFile, KeyVariable
from infra.credentials.recorder import in_file
from infra.credentials.store import CredentialStore
from tests.credentials.conftest import Opens
from tests.credentials.test_master_keys import KEYS

ROOT = Path(__file__).parents[2]
NAMES = [f"c{number}" for number in range(5)]
DIES = """
import os, signal, sys
from pathlib import Path
from infra.clock import ManualClock
from infra.credentials import events, master_keys
from infra.credentials.master_keys import KeyFile
from infra.credentials.recorder import in_file
from infra.credentials.store import CredentialStore
folder, left = Path(sys.argv[1]), int(sys.argv[2])

def dying(do):
    def did(*arguments, **more):
        global left
        left -= 1
        if left == 0: os.kill(os.getpid(), signal.SIGKILL)
        made = do(*arguments, **more)
        left -= 1
        if left == 0: os.kill(os.getpid(), signal.SIGKILL)
        return made
    return did

master_keys.write_whole = dying(master_keys.write_whole)
events.Events.add = dying(events.Events.add)
CredentialStore(in_file(folder / "credentials.db"), KeyFile(folder / "master.key"), ManualClock(1)).rotate_master_key("ann")
"""


def opened(folder: Path) -> CredentialStore:
    return CredentialStore(in_file(folder / "credentials.db"), KeyFile(folder / "master.key"), ManualClock(1))


def test_all_are_wrapped_by_another_key_and_the_one_before_is_gone(store: CredentialStore, opens: Opens, tmp_path: Path) -> None:
    for name in NAMES:
        store.create(name, "bearer", {"token": f"of {name}"}, "ann")
    before = store.get(NAMES[0]).master_key
    old = (tmp_path / "master.key").read_text().strip()
    rotated = opens().rotate_master_key("ann")
    assert (rotated.master_key != before, rotated.rewrapped, list(rotated.missing)) == (True, len(NAMES), [])
    assert old not in (tmp_path / "master.key").read_text()
    for one in (store, opens()):
        assert [one.secret(name).values["token"] for name in NAMES] == [f"of {name}" for name in NAMES]
        assert {row.master_key for row in one.all()} == {rotated.master_key}


def test_what_was_deleted_before_can_be_opened_by_nobody_after_it(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.create("gone", "bearer", {"token": "s3cr3t"}, "ann")
    store.create("kept", "bearer", {"token": "s3cr3t"}, "ann")
    wrapped = store.get("gone").master_key
    store.delete("gone", "ann")
    store.rotate_master_key("ann")
    with pytest.raises(KeyGone):
        KeyFile(tmp_path / "master.key").unwrap(Wrapped(wrapped, b""), b"")


@pytest.mark.parametrize("moment", range(1, 2 * (len(NAMES) + 2) + 1))
def test_killed_at_any_moment_nothing_is_lost_and_again_finishes_it(tmp_path: Path, moment: int) -> None:
    store = opened(tmp_path)
    for name in NAMES:
        store.create(name, "bearer", {"token": f"of {name}"}, "ann")
    store.close()
    done = subprocess.run([sys.executable, "-P", "-c", DIES, str(tmp_path), str(moment)], env={"PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == -9
    after = opened(tmp_path)
    assert [after.secret(name).values["token"] for name in NAMES] == [f"of {name}" for name in NAMES]
    after.create("new", "bearer", {"token": "of new"}, "ann")
    rotated = after.rotate_master_key("ann")
    assert len((tmp_path / "master.key").read_text().split()) == 1
    last = opened(tmp_path)
    assert [last.secret(name).values["token"] for name in (*NAMES, "new")] == [f"of {name}" for name in (*NAMES, "new")]
    assert {row.master_key for row in last.all()} == {rotated.master_key}


@pytest.mark.parametrize("is_one", [False, True], ids=["processes", "threads"])
def test_rotated_under_load_no_use_fails_and_no_write_is_lost(opens: Opens, is_one: bool) -> None:
    one = opens()
    opens = (lambda: one) if is_one else opens
    opens().create("crm", "bearer", {"token": "of crm"}, "ann")
    failed: list[Exception] = []
    is_over = threading.Event()

    def use(store: CredentialStore) -> None:
        while not is_over.is_set():
            try:
                assert store.secret("crm").values == {"token": "of crm"}
            except Exception as error:
                failed.append(error)
                return

    def write(store: CredentialStore, writer: int) -> None:
        try:
            for number in range(15):
                store.create(f"w{writer}-{number}", "bearer", {"token": f"of w{writer}-{number}"}, "ann")
        except Exception as error:
            failed.append(error)

    users = [threading.Thread(target=use, args=(opens(),)) for _ in range(2)]
    writers = [threading.Thread(target=write, args=(opens(), number)) for number in range(2)]
    for thread in users + writers:
        thread.start()
    rotated = [opens().rotate_master_key("ann") for _ in range(3)]
    for thread in writers:
        thread.join()
    is_over.set()
    for thread in users:
        thread.join()
    assert failed == []
    assert len({one.master_key for one in rotated}) == 3
    last = opens()
    assert {name: last.secret(name).values["token"] for name in (row.name for row in last.all())} == {
        row.name: f"of {row.name}" for row in last.all()
    }
    assert len(last.all()) == 31


def test_one_whose_key_is_lost_is_named_and_keeps_nothing_else_from_being_rotated(
    store: CredentialStore, opens: Opens, tmp_path: Path
) -> None:
    store.create("lost", "bearer", {"token": "of lost"}, "ann")
    (tmp_path / "master.key").unlink()
    KeyFile(tmp_path / "master.key").make()
    other = opens()
    other.create("kept", "bearer", {"token": "of kept"}, "ann")
    rotated = other.rotate_master_key("ann")
    assert (rotated.rewrapped, list(rotated.missing)) == (1, ["lost"])
    assert opens().secret("kept").values == {"token": "of kept"}


def test_a_key_of_the_environment_is_put_first_by_who_has_set_it(tmp_path: Path, clock: ManualClock) -> None:
    def store(keys: str) -> CredentialStore:
        return CredentialStore(in_file(tmp_path / "credentials.db"), KeyVariable("KEYS", {"KEYS": keys}), clock)

    before = store(KEYS[0]).create("crm", "bearer", {"token": "of crm"}, "ann").master_key
    rotated = store(f"{KEYS[1]},{KEYS[0]}").rotate_master_key("ann")
    assert (rotated.rewrapped, rotated.master_key != before) == (1, True)
    assert store(KEYS[1]).secret("crm").values == {"token": "of crm"}


def test_there_is_nothing_to_rotate_before_there_is_a_key(store: CredentialStore) -> None:
    with pytest.raises(NoCredential, match="the master key is missing"):
        store.rotate_master_key("ann")
