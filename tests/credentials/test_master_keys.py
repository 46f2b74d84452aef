"""Master keys: in a file that is made once, in a variable, or wherever a package keeps them."""

from __future__ import annotations

import base64
import threading
from pathlib import Path

import pytest

from contracts.errors import KeyGone, LogError
from infra.credentials.master_keys import KeyFile, KeyVariable, MemoryKeys, master_keys_at

KEYS = [base64.b64encode(bytes([number]) * 32).decode() for number in range(3)]
ABOUT = b"credential crm"


def test_a_file_is_made_once_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"
    made = KeyFile(path)
    made.make()
    first = path.read_bytes()
    KeyFile(path).make()
    assert (path.read_bytes(), oct(path.stat().st_mode & 0o777), len(list(path.parent.iterdir()))) == (first, "0o600", 1)
    assert KeyFile(path).unwrap(made.wrap(b"data key", ABOUT), ABOUT) == b"data key"


def test_of_many_who_make_one_at_once_all_have_the_same(tmp_path: Path) -> None:
    keys = [KeyFile(tmp_path / "master.key") for _ in range(8)]
    threads = [threading.Thread(target=one.make) for one in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.current() for one in keys}) == 1


def test_what_was_wrapped_is_bound_to_what_it_is_about(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "master.key")
    keys.make()
    with pytest.raises(KeyGone):
        keys.unwrap(keys.wrap(b"data key", ABOUT), b"credential other")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"not base64!\n", "line 1: expected a master key, 32 bytes in base64"),
        (KEYS[0].encode() + b"\nc2hvcnQ=\n", "line 2: expected a master key, 32 bytes in base64"),
        (b"\xff\xfe\0", "line 1: expected a master key"),
    ],
)
def test_a_file_that_is_none_is_said_to_be_so_without_what_is_in_it(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(content)
    with pytest.raises(KeyGone, match=said) as caught:
        KeyFile(path).current()
    assert KEYS[0] not in str(caught.value)


def test_the_first_key_wraps_and_all_open(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.write_text(f"{KEYS[0]}\n")
    keys = KeyFile(path)
    before = keys.wrap(b"data key", ABOUT)
    path.write_text(f"{KEYS[1]}\n{KEYS[0]}\n")
    assert (keys.unwrap(before, ABOUT), keys.wrap(b"data key", ABOUT).master_key) == (b"data key", keys.current())
    assert keys.current() != before.master_key
    path.write_text(f"{KEYS[1]}\n")
    with pytest.raises(KeyGone, match=rf"master key {before.master_key} is missing: .* has {keys.current()}"):
        keys.unwrap(before, ABOUT)


def test_a_variable_has_keys_with_commas_between(tmp_path: Path) -> None:
    before = KeyVariable("KEYS", {"KEYS": KEYS[0]}).wrap(b"data key", ABOUT)
    keys = master_keys_at("env:KEYS", tmp_path, {"KEYS": f"{KEYS[1]},{KEYS[0]}"})
    assert keys.unwrap(before, ABOUT) == b"data key"
    with pytest.raises(KeyGone, match="the environment variable KEYS is not set"):
        master_keys_at("env:KEYS", tmp_path, {}).current()


def test_a_setting_names_a_file_a_variable_or_a_package(tmp_path: Path) -> None:
    assert master_keys_at(None, tmp_path, {}).place == f"{tmp_path}/master.key"
    assert master_keys_at(f"{tmp_path}/other.key", tmp_path, {}).place == f"{tmp_path}/other.key"
    assert master_keys_at(f"file:{tmp_path}/other.key", tmp_path, {}).place == f"{tmp_path}/other.key"
    assert isinstance(master_keys_at(None, None, {}), MemoryKeys)
    with pytest.raises(LogError, match=r"the setting `master_key` names vault:…; there are file, env"):
        master_keys_at("vault:transit/refold", tmp_path, {})
