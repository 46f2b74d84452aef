"""Redaction: what the rules of a setting find is recorded nowhere, and no rule takes long."""

from __future__ import annotations

import json
import logging
import re
from math import inf
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from contracts.commands import Caching, Command, CompleteActivity, FailActivity, ReportProgress, RunActivity
from contracts.failure import Failure, details_of
from contracts.ids import activity_key
from contracts.ports.activities import ActivityContext
from contracts.sealed_value import HIDDEN
from contracts.worker_protocol import LogLine, Poll, Result, ResultError
from contracts.worker_topics import encode_result
from infra.clock import ManualClock
from infra.files.blobs import MemoryBlobs
from infra.settings.model import EngineSettings
from workers.cluster.intake import Intake
from workers.running.activity_error import ActivityError, failure_of
from workers.running.activity_settings import ActivitySettings
from workers.running.activity_worker import ActivityWorker
from workers.running.memory_result_cache import MemoryResultCache
from workers.running.redaction import NO_REDACTION, Redaction, rule_problem
from workers.running.result_cache import cached
from workers.tasks.leases import TaskLeases

CARD = r"\b\d{4}-\d{4}-\d{4}-\d{4}\b"
RULES = (CARD, "field:ssn")
NUMBER = "4111-1111-1111-1111"


@pytest.fixture
def redaction() -> Redaction:
    return Redaction(RULES)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (f"card {NUMBER}, or {NUMBER}", "card •••, or •••"),
        ("4111-1111-1111-11112", "4111-1111-1111-11112"),
        (f"é{HIDDEN} {NUMBER} ü", f"é{HIDDEN} ••• ü"),
        ("", ""),
        ("\0", "\0"),
    ],
)
def test_what_is_found_in_a_text_is_hidden(redaction: Redaction, given: str, found: str) -> None:
    assert redaction.text(given) == found


def test_in_json_texts_names_and_whatever_stands_under_a_name_are_hidden(redaction: Redaction) -> None:
    given = {"a": [NUMBER, {NUMBER: 1}], "ssn": {"deep": [1, None]}, "list": [{"ssn": 7}, {"ssns": 8}], "n": 2**64, "x": 1.5}
    assert json.loads(redaction.json(json.dumps(given).encode())) == {
        "a": ["•••", {"•••": 1}], "ssn": "•••", "list": [{"ssn": "•••"}, {"ssns": 8}], "n": 2**64, "x": 1.5,
    }  # fmt: skip
    assert json.loads(redaction.json(b'{"s\\u0073n": 1}')) == {"ssn": "•••"}
    assert json.loads(redaction.json(b'{"s\\u0073n": 1, "odd": "\\ud800"}')) == "•••"
    assert json.loads(Redaction([CARD]).json(b'{"odd": "\\ud800 4111-1111-1111-1111"}')) == {"odd": "•••"}
    assert redaction.json(b'{"n": 1e400, "big": 18446744073709551617}') == b'{"n": 1e400, "big": 18446744073709551617}'


def test_without_rules_nothing_is_touched() -> None:
    content = b'{"ssn": "4111-1111-1111-1111"}'
    assert not NO_REDACTION
    assert NO_REDACTION.json(content) is content
    result = Result(task="t")
    assert NO_REDACTION.result(result) is result


@pytest.mark.parametrize("rule", ["(", "(?=x)", r"(a)\1", "x*", "", "field:", "a{1000}{1000}"])
def test_a_rule_that_cannot_be_used_is_refused(rule: str) -> None:
    assert rule_problem(rule)
    with pytest.raises(ValueError, match=r"regular expression|empty|field"):
        Redaction([rule])
    with pytest.raises(ValidationError):
        EngineSettings(redact=(rule,))


def test_a_setting_is_a_list_or_a_text_of_lines() -> None:
    assert EngineSettings.model_validate({"redact": f"{CARD}\n\n field:ssn"}).redact == RULES
    assert EngineSettings.model_validate({"redact": list(RULES)}).redact == RULES
    EngineSettings(redact=("a",) * 100)
    with pytest.raises(ValidationError):
        EngineSettings(redact=("a",) * 101)


def test_what_would_take_too_much_work_is_hidden_as_a_whole() -> None:
    """`a(.*z)?` looks through the rest of the text for each a: a million of them would be a million millions of steps."""
    evil = Redaction(["a(.*z)?"])
    assert evil.text("a" * 1_000_000) == HIDDEN
    assert json.loads(evil.json(json.dumps(["a" * 1_000_000] * 3).encode())) == [HIDDEN] * 3
    assert evil.text("b" * 1_000_000) == "b" * 1_000_000
    assert Redaction(["(a+)+$"]).text("a" * 50_000 + "b") == "a" * 50_000 + "b"


def test_a_deep_value_is_looked_through() -> None:
    deep = b'{"a":' * 199 + b'{"ssn":1}' + b"}" * 199
    assert b'{"ssn":"\xe2\x80\xa2' in Redaction(["field:ssn"]).json(deep)


class Telling:
    """A kind that says a number in every way that it has."""

    name, summary, Config = "telling", "tells", None

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        context.log(f"card {NUMBER}", card=NUMBER, ssn=7)
        context.heartbeat(0.5, {"card": NUMBER})
        if config.get("fails"):
            raise ValueError(f"no card {NUMBER}")
        return {"card": NUMBER, "ssn": 7}


@pytest.mark.parametrize("fails", [False, True])
def test_what_an_activity_gives_back_and_says_is_redacted_before_it_is_recorded(fails: bool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    reports: list[Command] = []
    settings, cache = ActivitySettings(redaction=Redaction(RULES)), MemoryResultCache(ManualClock(1))
    worker = ActivityWorker(
        {"telling": Telling()}, settings, lambda _, command: reports.append(command), ManualClock(1), cache=cache, executor="inline"
    )
    worker.run(RunActivity("e", "n", 1, "telling", json.dumps({"fails": fails}).encode(), b"null"))
    while worker.step():
        pass
    progress, end = reports
    assert isinstance(progress, ReportProgress)
    assert isinstance(end, FailActivity if fails else CompleteActivity)
    said = repr(reports) + caplog.text + repr([vars(record) for record in caplog.records])
    assert "4111" not in said
    assert re.search(r"ssn\W+7", said) is None
    assert HIDDEN in caplog.text


def test_what_a_worker_elsewhere_reports_is_redacted_too(redaction: Redaction) -> None:
    result = Result(
        task="t",
        output=msgspec.Raw(json.dumps({"ssn": 1, "c": NUMBER}).encode()),
        error=ResultError(type="x", message=f"no {NUMBER}", details={"ssn": 1}),
        detail=msgspec.Raw(b'"4111-1111-1111-1111"'),
        log=[LogLine(message=NUMBER, fields=msgspec.Raw(b'{"ssn":1}')), LogLine(message="plain")],
    )
    found = msgspec.json.encode(redaction.result(result)).decode()
    assert "4111" not in found
    assert '"ssn":1' not in found
    assert found.count(HIDDEN) == 7
    junk = Result(task="t", output=msgspec.Raw(b'{"ssn": \xff}'))
    assert bytes(redaction.result(junk).output) == b'"\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"'  # type: ignore[arg-type]  # it is there


def test_a_failure_keeps_its_kind(redaction: Redaction) -> None:
    found = redaction.failure(Failure("card.refused", f"no {NUMBER}", {"ssn": 1}))
    assert (found.type, found.message, found.details) == ("card.refused", "no •••", {"ssn": "•••"})


def test_in_details_with_a_number_beyond_64_bits_it_is_found_too(redaction: Redaction) -> None:
    details = details_of({"ssn": 1, "c": NUMBER, "n": 2**64})
    assert isinstance(details, bytes)
    found = redaction.failure(Failure("x", "", details)).as_value()["details"]
    assert found == {"ssn": "•••", "c": "•••", "n": 2**64}


def test_details_that_are_too_deep_or_too_large_and_so_a_text_tell_nothing_that_stands_under_a_name() -> None:
    deep: Any = {"ssn": 7, 'a"b': 8}
    for _ in range(150):
        deep = [deep]
    rules = Redaction(("field:ssn", 'field:a"b'))
    for given in (deep, {"ssn": 7, "much": "x" * 20_000}, {"ssn": 7, "odd": object()}, {'a"b': 8, "deep": deep}):
        failure = failure_of(ActivityError("x", "", details=given))
        assert isinstance(failure.details, str)
        assert rules.failure(failure).details == HIDDEN
        reported = Result(task="t", error=ResultError(type="x", message="", details=failure.details))
        assert rules.result(reported).error.details == HIDDEN  # type: ignore[union-attr]  # it is there
    assert Redaction(("field:pin",)).failure(failure_of(ActivityError("x", "", details=deep))).details[0] == "["
    assert rules.failure(Failure("x", "", "no ssn")).details == "no ssn"


def test_what_is_no_json_is_hidden_as_a_whole_where_names_are_looked_for(redaction: Redaction) -> None:
    assert redaction.fields({"a": {"ssn": 7, "n": inf}, "b": inf}) == {"a": HIDDEN, "b": "inf"}
    assert Redaction((CARD,)).fields({"a": {"n": inf, "c": NUMBER}}) == {"a": "{'n': inf, 'c': '•••'}"}
    deep = b'{"a":' * 5_000 + b'{"ssn":7}' + b"}" * 5_000
    assert json.loads(redaction.json(deep)) == HIDDEN
    assert json.loads(redaction.json(b'"\xff"')) == HIDDEN


DEEP = b"[" * 400 + b'{"ssn":7}' + b"]" * 400


@pytest.mark.parametrize(
    "said",
    [b'"error":{"type":"x","details":%b}' % DEEP, b'"output":1,"log":[{"message":"","fields":{"ssn":7,"n":1e400,"d":%b}}]' % DEEP],
)
def test_an_odd_report_of_a_worker_on_kafka_stops_nobody_and_tells_nothing(said: bytes) -> None:
    intake = Intake(0, NoOutbox(), lambda execution: 0, 1_000, lambda *_: None, Redaction(RULES))  # type: ignore[arg-type]  # nothing of it is asked
    item = intake.item(0, b'{"protocol":1,"worker":"w","task":"%b",%b}' % (activity_key("e", "n", 1).encode(), said))
    assert item is not None
    assert isinstance(item.envelope.command, FailActivity | CompleteActivity)
    assert '"ssn":7' not in str(item)


def test_of_a_worker_elsewhere_nothing_is_recorded_or_cached_that_a_rule_finds() -> None:
    clock, blobs, cache = ManualClock(0), MemoryBlobs(), MemoryResultCache(ManualClock(0))
    settings = ActivitySettings(redaction=Redaction(RULES))
    local = ActivityWorker({}, settings, lambda *_: None, clock, blobs, executor="inline")
    leases = TaskLeases(local, {}, settings, lambda *_: None, clock, blobs, cache=cache)
    activity = RunActivity("e", "n", 1, "theirs", b"{}", b"null", caching=Caching(60_000))
    leases.run(activity)
    [task] = leases.poll(Poll(protocol=1, worker="w", kinds=("theirs",), credits=1, wait_s=0)).tasks
    done = leases.receive("w", Result(task=task.task, output=msgspec.Raw(b'{"ssn":7,"c":"4111-1111-1111-1111"}')))
    assert isinstance(done, CompleteActivity)
    assert json.loads(done.output) == {"ssn": "•••", "c": "•••"}
    assert cached(cache, activity) == done.output


class NoOutbox:
    """Nobody asks it."""


def test_what_a_worker_on_kafka_has_written_goes_into_the_journal_without_it() -> None:
    intake = Intake(0, NoOutbox(), lambda execution: 0, 1_000, lambda *_: None, Redaction(RULES))  # type: ignore[arg-type]  # nothing of it is asked
    content = encode_result("w", Result(task=activity_key("e", "n", 1), output=msgspec.Raw(b'{"ssn":7}')))
    item = intake.item(0, content)
    assert item is not None
    assert item.envelope.command == CompleteActivity("n", 1, '{"ssn":"•••"}'.encode())
