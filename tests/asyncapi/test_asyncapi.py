"""The AsyncAPI document: the official parser takes it, and it says what is sent."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from contracts.asyncapi import asyncapi_document
from contracts.public_events import BY_TYPE, PUBLIC_TYPES, encode_event
from tests.projections.public.test_public_events import HISTORIES, of_history

HERE = Path(__file__).parent
DOCUMENT = asyncapi_document("0.1.0", "orders")


def parse(document: dict[str, Any]) -> dict[str, Any]:
    """What the official parser says of a document."""
    node = shutil.which("node")
    if node is None or not (HERE / "node_modules" / "@asyncapi" / "parser").exists():
        pytest.skip("the official parser of AsyncAPI is not here: `make asyncapi-parser` installs it, with Node 20 or newer")
    command, content = [node, "check.cjs"], json.dumps(document)
    done = subprocess.run(command, input=content, capture_output=True, text=True, check=True, cwd=HERE, timeout=120)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def parsed() -> dict[str, Any]:
    return parse(DOCUMENT)


def test_the_official_parser_finds_nothing_wrong(parsed: dict[str, Any]) -> None:
    assert [one for one in parsed["found"] if one["severity"] < 2] == []


def test_the_official_parser_finds_every_way_with_every_type(parsed: dict[str, Any]) -> None:
    ways = ["orders.events", "/v1/events", "/v1/workflows/{name}/events", "/v1/executions/{id}/events", None]
    assert parsed["channels"] == [[way, len(PUBLIC_TYPES)] for way in ways]


def test_the_official_parser_would_find_what_is_wrong() -> None:
    wrong = parse(DOCUMENT | {"operations": {"x": {"action": "sends"}}})
    assert [one for one in wrong["found"] if one["severity"] == 0]


def test_parameters_are_those_of_the_address() -> None:
    for channel in DOCUMENT["channels"].values():
        assert re.findall(r"{(\w+)}", channel["address"] or "") == list(channel.get("parameters", {}))


def test_what_is_sent_fits_the_document() -> None:
    payloads = {message["name"]: message["payload"] for message in DOCUMENT["components"]["messages"].values()}
    assert payloads.keys() == BY_TYPE.keys()
    for folder in sorted(path.parent for path in HISTORIES.glob("*/history.jsonl"))[:8]:
        for event in of_history(folder):
            Draft7Validator({**payloads[event.type], "components": DOCUMENT["components"]}).validate(json.loads(encode_event(event)))
