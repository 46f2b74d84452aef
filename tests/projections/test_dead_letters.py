"""Dead letters as they are shown: what is in them, and what sending them again means."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from contracts.codec import encode_envelope
from contracts.commands import Envelope, SendSignal, StartExecution
from contracts.dead_letter import DeadLetter
from contracts.values import encode
from projections.dead_letters import SHOWN_BYTES_MAX, Letter, again, letter_value, readable
from tests.cluster.junk import JUNK

MAX = 10_000


@pytest.mark.parametrize(
    ("content", "form", "shown"),
    [
        (b'{"a": 12.50}', "json", {"a": 12.5}),
        (b"[1, 2]", "json", [1, 2]),
        (b'{"a": 1e400}', "text", '{"a": 1e400}'),
        (b'{"a": "\\ud800"}', "text", '{"a": "\\ud800"}'),
        (b"plain words\n", "text", "plain words\n"),
        ("Zürich ✓".encode(), "text", "Zürich ✓"),
        (b"a\x00b", "base64", b64encode(b"a\x00b").decode()),
        (b"\x1b[31m", "base64", b64encode(b"\x1b[31m").decode()),
        (b"\xff\xfe", "base64", "//4="),
        (b"", "text", ""),
        (b"[" * 5_000, "text", "[" * 5_000),
    ],
)
def test_content_is_shown_as_what_it_is(content: bytes, form: str, shown: Any) -> None:
    assert readable(content) == (form, shown)


def test_a_command_is_shown_by_its_fields_and_payloads_as_values() -> None:
    content = encode_envelope(Envelope("m", "order-7", SendSignal("s", "paid", b'{"amount": 12}'), "other"))
    fields = {"signal": "s", "name": "paid", "payload": {"amount": 12}}
    assert readable(content) == ("command", {"command": "SendSignal", "execution_id": "order-7", "fields": fields})


@pytest.mark.parametrize("content", [*JUNK, encode_envelope(Envelope("m", "e", StartExecution())), b"[" * 500, b'{"a":' * 3_000])
def test_whatever_is_in_a_letter_it_is_shown_as_json(content: bytes) -> None:
    letter = Letter(1, DeadLetter(content, "\ud7ff\x00", "commands/0@1", 2**63))
    for is_whole in (True, False):
        json.loads(encode(letter_value(letter, MAX, is_whole)))


@pytest.mark.parametrize("size", [SHOWN_BYTES_MAX, SHOWN_BYTES_MAX + 1])
def test_a_list_leaves_out_content_beyond_a_size(size: int) -> None:
    value = letter_value(Letter(1, DeadLetter(b"x" * size, "", "", 0)), MAX, is_whole=False)
    assert (value["content"] is None, value["form"] is None, value["size"]) == (size > SHOWN_BYTES_MAX, size > SHOWN_BYTES_MAX, size)


@pytest.mark.parametrize(
    ("origin", "content", "says", "topic"),
    [
        ("commands/3@77", b"junk", "appended to commands, partition 3", "commands"),
        ("activities.default.pay/0@1", b"junk", "appended to activities.default.pay, partition 0", "activities.default.pay"),
        ("journal/0@1", b"junk", "journal is written by the engine alone", ""),
        ("definitions/0@1", b"junk", "definitions is written by the engine alone", ""),
        ("commands/0@1", b"x" * MAX, "was cut", ""),
        ("order-7", b"junk", "it is no command", ""),
        ("", b"junk", "its origin is no topic", ""),
        ("commands/0@" + "9" * 30, b"junk", "is no topic", ""),
    ],
)
def test_what_sending_a_record_again_means_is_said(origin: str, content: bytes, says: str, topic: str) -> None:
    meaning = again(DeadLetter(content, "why", origin, 0), MAX)
    assert says in meaning.says
    assert (meaning.topic, meaning.is_possible) == (topic, bool(topic))


def test_a_command_is_given_wherever_it_was_found() -> None:
    content = encode_envelope(Envelope("m", "order-7", SendSignal("s", "paid", b"1"), "other"))
    meaning = again(DeadLetter(content, "there is no execution", "order-1", 0), MAX)
    assert meaning.envelope is not None
    assert meaning.says.startswith("SendSignal is given to execution order-7")
