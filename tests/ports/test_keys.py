"""What every vault of keys promises, and what a ring of keys makes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codec import open_record, pack
from contracts.errors import KeyGone, KeysMissing, LogCorrupt, LogUnreachable
from contracts.journal import Sealed, SealedBody
from contracts.key import NO_KEY, first_key
from infra.keys.blobs import MemorySealedStore
from infra.keys.cipher import KEY_BYTES, NONCE_BYTES, Cipher
from infra.keys.file import FileVault
from infra.keys.folder import FolderVault
from infra.keys.ring import AHEAD, KeyRing, MemoryVault, Vault
from infra.keys.transit import SealedTransit

Make = Callable[[], Vault]
KEYS = [bytes([number]) * KEY_BYTES for number in (1, 2, 3)]


@pytest.fixture(params=["memory", "file", "folder"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """The same vault as somebody else opens it; in memory there is but one."""
    memory = MemoryVault()
    if request.param == "folder":
        return lambda: owned(tmp_path)
    return (lambda: memory) if request.param == "memory" else (lambda: FileVault(tmp_path / "keys"))


def owned(folder: Path, partition: int = 0, journal: str = "a journal", end: int | None = None) -> FolderVault:
    """A folder of keys as the owner of a partition opens it."""
    vault = FolderVault(folder, partition)
    vault.begin(journal, first_key(partition) if end is None else end)
    return vault


def test_keys_are_numbered_from_0_and_found_again(make: Make) -> None:
    assert make().add(KEYS[:2]) == 0
    assert make().add(KEYS[2:]) == 2
    assert [make().get(number) for number in range(-1, 4)] == [None, *KEYS, None]


def test_a_key_that_was_thrown_away_is_gone_for_all_and_no_other_is(make: Make) -> None:
    vault, other = make(), make()
    vault.add(KEYS)
    assert other.get(1) == KEYS[1]
    for _ in range(2):
        vault.throw_away([1, 7, -1])
    assert [one.get(number) for one in (vault, other) for number in range(3)] == [KEYS[0], None, KEYS[2]] * 2
    assert vault.add(KEYS[:1]) == 3, "its number is never used again"


def test_numbers_that_were_given_are_not_given_again_where_their_keys_are_lost(make: Make) -> None:
    assert make().add(KEYS, 100) == 100
    assert make().add(KEYS[:1], 50) == 103
    assert [make().get(number) for number in (0, 99, 100, 102, 103, 104)] == [None, None, KEYS[0], KEYS[2], KEYS[0], None]
    ring = KeyRing(make())
    assert ring.take() == 104
    ring.begin_at(104 + AHEAD // 2, "a journal")
    assert ring.take() == 104 + AHEAD // 2
    ring.begin_at(1_000, "a journal")
    assert [ring.take(), ring.take()] == [1_000, 1_001]


@pytest.mark.parametrize("number", [2**36, 2**48, 2**62, 2**63, 2**64])
def test_a_number_that_no_key_can_have_names_none(make: Make, number: int) -> None:
    vault = make()
    vault.add(KEYS)
    vault.throw_away([number])
    assert vault.get(number) is None


@pytest.mark.parametrize("number", [2**63, 2**64 - 1])
def test_a_record_that_names_such_a_key_is_one_that_nobody_can_read(make: Make, number: int) -> None:
    vault = make()
    vault.add(KEYS)
    record = Sealed(b"nonce678", 0, 1, pack(SealedBody("x", 1, 1, number, b"sealed")), bytes(16))
    assert open_record(pack(record), KeyRing(vault)) == pack(record)


def test_where_there_are_no_keys_none_is_found_or_thrown_away(make: Make) -> None:
    assert make().get(0) is None
    make().throw_away([0])
    assert make().get(0) is None


def test_a_key_that_was_thrown_away_stands_nowhere_in_the_folder(tmp_path: Path) -> None:
    vault = FileVault(tmp_path / "keys")
    vault.add(KEYS)
    vault.throw_away([1])
    contents = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert list(contents) == [tmp_path / "keys"]
    assert KEYS[1] not in contents[tmp_path / "keys"]
    assert KEYS[2] in contents[tmp_path / "keys"]
    assert (tmp_path / "keys").stat().st_mode & 0o077 == 0, "for nobody else to read"


@pytest.mark.parametrize("cut", [0, 5, 32, 40, 63, 64])
def test_what_a_kill_has_left_half_written_harms_no_key(tmp_path: Path, cut: int) -> None:
    FileVault(tmp_path / "keys").add(KEYS[:1])
    whole = (tmp_path / "keys").read_bytes()
    (tmp_path / "keys").write_bytes(whole[:cut])
    vault = FileVault(tmp_path / "keys")
    first = vault.add(KEYS[1:])
    assert [vault.get(first), vault.get(first + 1)] == KEYS[1:]
    assert vault.get(0) == (KEYS[0] if cut == 64 else KEYS[1] if first == 0 else vault.get(0))


def test_a_file_of_something_else_is_taken_for_no_keys(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("what is this? it is longer than a head of keys")
    with pytest.raises(LogCorrupt, match="no file of keys"):
        FileVault(tmp_path / "keys").get(0)


def test_where_the_folder_was_taken_away_no_keys_are_made(tmp_path: Path) -> None:
    with pytest.raises(LogUnreachable, match="no folder"):
        FileVault(tmp_path / "gone" / "keys").add(KEYS)


def test_a_ring_makes_keys_ahead_and_gives_none_twice() -> None:
    vault = MemoryVault()
    rings = [KeyRing(vault), KeyRing(vault)]
    taken = [ring.take() for _ in range(AHEAD + 3) for ring in rings]
    assert len(set(taken)) == len(taken)


def test_what_was_sealed_is_read_with_its_key_about_the_same_alone() -> None:
    vault = MemoryVault()
    ring = KeyRing(vault)
    one, other = ring.take(), ring.take()
    sealed = ring.seal(one, b"content", b"about")
    assert b"content" not in sealed
    assert ring.unseal(one, sealed, b"about") == b"content"
    for key, content, about in ((other, sealed, b"about"), (one, sealed, b"else"), (one, sealed[:-1], b"about"), (one, b"", b"about")):
        with pytest.raises(KeyGone):
            ring.unseal(key, content, about)


def test_after_a_key_was_thrown_away_nobody_seals_or_reads_with_it() -> None:
    vault = MemoryVault()
    ring, reader = KeyRing(vault), KeyRing(vault, ciphers_max=0)
    key = ring.take()
    sealed = ring.seal(key, b"content", b"")
    assert reader.unseal(key, sealed, b"") == b"content"
    ring.throw_away([key])
    for one in (ring, reader):
        with pytest.raises(KeyGone):
            one.unseal(key, sealed, b"")
        with pytest.raises(KeyGone):
            one.seal(key, b"more", b"")


@given(st.binary(max_size=40), st.binary(max_size=40), st.binary(max_size=40), st.binary(max_size=40))
def test_a_nonce_is_shared_only_by_what_is_the_same(one: bytes, about: bytes, other: bytes, about_other: bytes) -> None:
    cipher = Cipher(KEYS[0])
    nonces = cipher.seal(one, about)[:NONCE_BYTES], cipher.seal(other, about_other)[:NONCE_BYTES]
    assert (nonces[0] == nonces[1]) == ((one, about) == (other, about_other))


def test_a_name_tells_nothing_and_differs_by_key() -> None:
    ring = KeyRing(MemoryVault())
    one, other = ring.take(), ring.take()
    assert ring.name(one, "a") == ring.name(one, "a") != ring.name(other, "a")
    assert len(ring.name(one, "a")) == 64


def test_partitions_have_no_number_in_common_and_all_are_read_by_anybody(tmp_path: Path) -> None:
    first = [owned(tmp_path, partition).add(KEYS[partition : partition + 1]) for partition in range(3)]
    assert first == [first_key(partition) for partition in range(3)]
    reader = FolderVault(tmp_path)
    assert [reader.get(number) for number in first] == KEYS
    owned(tmp_path, 1, end=first[1] + 1).throw_away([*first])
    assert [reader.get(number) for number in first] == [KEYS[0], None, KEYS[2]], "a partition's owner throws away its own alone"


def test_two_owners_at_once_give_no_number_twice(tmp_path: Path) -> None:
    given: list[int] = []

    def give() -> None:
        ring = KeyRing(owned(tmp_path, 3))
        given.extend(ring.take() for _ in range(5 * AHEAD))

    threads = [Thread(target=give) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(given)) == len(given) == 20 * AHEAD
    assert all(FolderVault(tmp_path).get(number) is not None for number in given)


def test_who_was_owner_before_seals_with_no_key_of_who_is_it_now(tmp_path: Path) -> None:
    before, now = KeyRing(owned(tmp_path)), KeyRing(owned(tmp_path))
    last = before.take()
    now.begin_at(last + 1, "a journal")
    given = [now.take() for _ in range(AHEAD)]
    assert not {before.take() for _ in range(AHEAD)} & set(given)


def test_a_folder_without_the_keys_of_a_journal_is_not_their_place(tmp_path: Path) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    for folder in (here, elsewhere):
        folder.mkdir()
    end = owned(here).add(KEYS) + len(KEYS)
    owned(here, end=end)
    with pytest.raises(KeysMissing, match=r"there is no .*0\.journal"):
        owned(elsewhere, end=end)
    with pytest.raises(KeysMissing, match="names the journal a journal"):
        owned(here, journal="another")
    (elsewhere / "0.journal").write_text("a journal\n")  # they are lost for ever, says somebody
    assert owned(elsewhere, end=end).add(KEYS, end) == end


def test_a_key_is_not_thrown_away_where_its_place_is_gone(tmp_path: Path) -> None:
    vault = owned(tmp_path)
    vault.add(KEYS)
    (tmp_path / "0.journal").rename(tmp_path / "away")
    with pytest.raises(LogUnreachable, match="is gone"):
        vault.throw_away([0])


def test_a_value_on_its_way_is_read_with_its_command_alone() -> None:
    store = MemorySealedStore()
    transit = SealedTransit(store)
    one, same = transit.seal(b"content"), transit.seal(b"content")
    assert one != same
    assert b"content" not in b"".join(store._contents[NO_KEY].values())
    assert (transit.opened(one), transit.opened(same)) == (b"content", b"content")
    store.drop(NO_KEY)
    with pytest.raises(LogCorrupt, match="lost"):
        transit.opened(one)
