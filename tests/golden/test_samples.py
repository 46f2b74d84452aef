"""One stored sample an event and a command: it must be readable for ever, with the values it was written with."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tests.histories.write import SAMPLES, STRUCTS


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_a_stored_sample_still_says_what_it_said(struct: Any) -> None:
    path = SAMPLES / f"{struct.__name__}.json"
    assert path.exists(), "write it: python -m tests.histories.write"
    sample = json.loads(path.read_text())
    found = msgspec.msgpack.decode(bytes.fromhex(sample["record"]), type=struct)
    assert {name: repr(getattr(found, name)) for name in sample["fields"]} == sample["fields"]


def test_no_sample_is_of_something_unknown() -> None:
    assert {path.stem for path in SAMPLES.glob("*.json")} == {struct.__name__ for struct in STRUCTS}
