"""The published schemas of public events: none of them changes in a way that a consumer would notice.

A file of `tests/golden/public` is one number of one type, as it was published; it is never changed. After a type has got a field that
may be missing, raise its number in `contracts/public_events.py` and write its file:

    REFOLD_RENEW_SCHEMAS=1 python -m pytest tests/golden/test_public.py

Any other change is a new type beside the old one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from contracts.public_events import PUBLIC_TYPES, PublicType
from contracts.public_schema import data_schema

FOLDER = Path(__file__).parent / "public"
PUBLISHED = sorted(FOLDER.glob("*.json"))
NOW = {one.name: one for one in PUBLIC_TYPES}


def golden(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def faults(was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What a consumer who knows the old schema would stumble over."""
    found = shape_faults("", was, now)
    for name, shape in was.get("$defs", {}).items():
        found += shape_faults(f"{name}: ", shape, now.get("$defs", {}).get(name, {}))
    return found


def shape_faults(where: str, was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    found = []
    for name, field in was["properties"].items():
        if name not in now.get("properties", {}):
            found.append(f"{where}the field {name} is gone")
        elif now["properties"][name] != field:
            found.append(f"{where}the field {name} was {field} and is {now['properties'][name]}")
    gone = set(was["required"]) - set(now.get("required", []))
    return found + [f"{where}the field {name} may be missing now" for name in sorted(gone)]


@pytest.mark.parametrize("one", PUBLIC_TYPES, ids=lambda one: one.name)
def test_a_schema_is_the_one_that_was_published_under_its_number(one: PublicType) -> None:
    path, now = FOLDER / f"{one.name}.{one.number}.json", data_schema(one)
    if os.environ.get("REFOLD_RENEW_SCHEMAS") and not path.exists():
        path.write_text(json.dumps(now, indent=1) + "\n")
    assert path.exists(), f"{one.type} has no file of number {one.number}: see the beginning of this file"
    assert golden(path) == now, f"the schema of {one.type} has changed: raise its number"


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_who_knows_a_published_schema_understands_what_is_sent_now(path: Path) -> None:
    name, _, number = path.stem.rpartition(".")
    assert name in NOW, f"refold.{name} was published and is gone"
    assert int(number) <= NOW[name].number
    assert faults(golden(path), data_schema(NOW[name])) == []


def test_what_a_consumer_would_stumble_over_is_found() -> None:
    was = golden(FOLDER / "execution.failed.1.json")
    changes: tuple[Callable[[dict[str, Any]], object], ...] = (
        lambda schema: schema["properties"].pop("failure"),
        lambda schema: schema["required"].remove("version"),
        lambda schema: schema["properties"].update(version={"type": "string"}),
        lambda schema: schema["$defs"]["PublicFailure"]["properties"].pop("node"),
    )
    for break_it in changes:
        now = deepcopy(was)
        break_it(now)
        assert len(faults(was, now)) == 1
    more = deepcopy(was)
    more["properties"]["more"] = {"type": "string"}
    assert faults(was, more) == []
