"""The catalog: what is kept of a published definition beside what it says."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from contracts.caller import Caller
from contracts.catalog import DefinitionPublished, DefinitionSource, SourceText, read_catalog_record
from contracts.definitions import WorkflowDefinition
from contracts.errors import LogCorrupt
from infra.clock import ManualClock
from infra.log.memory import MemoryLog
from workers.partition.catalog import Catalog, PassedOver, versions_in

ADA = Caller("ada", "request-1")
YAML = SourceText("yaml", b"# why\r\nname: w\nnodes: [{id: a, type: noop}]  # \xe2\x9c\x93")
JSON = SourceText("json", b'{"name": "w", "nodes": [{"id": "a", "type": "noop"}]}')


def definition(node: str = "a") -> WorkflowDefinition:
    return WorkflowDefinition.model_validate({"name": "w", "nodes": [{"id": node, "type": "noop"}]})


def catalog(log: MemoryLog) -> Catalog:
    return Catalog(log, ManualClock(1_000))


def records(log: MemoryLog) -> list[Any]:
    return [read_catalog_record(content) for _, content in log.read("definitions", 0)]


def test_who_published_a_version_and_its_text_outlive_the_process() -> None:
    log = MemoryLog()
    hash_ = catalog(log).publish(definition(), source=YAML, caller=ADA).hash
    (version,) = versions_in(catalog(log), "w")
    assert (version.published_by, version.published_at, version.source) == ("ada", 1_000, YAML)
    assert catalog(log).source(hash_) == YAML


def test_a_workflow_has_secrets_as_soon_as_a_version_has_and_each_version_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    known = catalog(MemoryLog())
    looked: list[str] = []
    secrets = known.secrets

    def watched(hash_: str) -> Any:
        looked.append(hash_)
        return secrets(hash_)

    monkeypatch.setattr(known, "secrets", watched)
    assert not known.has_secrets("w")
    first = known.publish(definition()).hash
    assert [known.has_secrets("w") for _ in range(3)] == [False] * 3
    secret = {"type": "object", "properties": {"password": {"type": "string", "writeOnly": True}}}
    second = known.publish(definition().model_copy(update={"input": secret})).hash
    assert [known.has_secrets("w") for _ in range(3)] == [True] * 3
    known.publish(definition("b"))
    assert known.has_secrets("w")
    assert looked == [first, second]


def test_version_and_text_are_one_batch_so_that_no_crash_parts_them() -> None:
    appended: list[int] = []

    class Watched(MemoryLog):
        def append(self, topic: Any, batches: Any) -> Any:
            appended.append(len(batches[0]))
            return super().append(topic, batches)

    catalog(Watched()).publish(definition(), source=YAML, caller=ADA)
    assert appended == [2]


def test_another_text_that_says_the_same_takes_its_place_and_makes_no_version() -> None:
    log = MemoryLog()
    known = catalog(log)
    known.publish(definition(), source=YAML)
    other = YAML._replace(text=YAML.text.replace(b"why", b"because"))
    assert known.publish(definition(), source=other).created is False
    assert [one.source for one in versions_in(catalog(log), "w")] == [other]


@pytest.mark.parametrize("again", [YAML, JSON, None])
def test_the_same_text_json_in_the_place_of_yaml_or_none_leave_nothing_behind(again: SourceText | None) -> None:
    log = MemoryLog()
    known = catalog(log)
    known.publish(definition(), source=YAML)
    before = log.end("definitions", 0)
    known.publish(definition(), source=again)
    assert (log.end("definitions", 0), known.source(known.resolve("w")[1])) == (before, YAML)


def test_who_activates_and_who_archives_stands_in_the_record() -> None:
    log = MemoryLog()
    known = catalog(log)
    known.publish(definition("a"))
    known.publish(definition("b"))
    known.activate("w", 1, ADA)
    known.archive("w", ADA)
    assert [(one.actor, one.correlation) for one in records(log)[-2:]] == [ADA, ADA]


def test_records_of_a_version_that_knew_no_text_are_read_as_they_were() -> None:
    log = MemoryLog()
    published = catalog(MemoryLog()).publish(definition())
    content = b'{"language":2,"name":"w","nodes":[{"id":"a","type":"noop"}]}'
    log.append("definitions", {0: [msgspec.msgpack.encode([1, "w", 1, published.hash, content, 7]), msgspec.msgpack.encode([3, "w", 8])]})
    (version,) = versions_in(catalog(log), "w")
    assert (version.status, version.published_at, version.published_by, version.source) == ("archived", 7, "", None)
    assert catalog(log).graph(published.hash) is not None


def test_a_text_of_nothing_that_is_published_is_passed_over() -> None:
    log = MemoryLog()
    log.append("definitions", {0: [msgspec.msgpack.encode(DefinitionSource("w", "0" * 64, *YAML, 1))]})
    found: list[Exception] = []
    told: PassedOver = lambda offset, content, error: found.append(error)  # noqa: E731
    known = catalog(log)
    known.hear_of_passed_over(told)
    assert [type(error) for error in found] == [LogCorrupt]
    assert known.publish(definition(), source=YAML).created


def test_two_that_publish_the_same_at_once_make_one_version_with_a_text() -> None:
    log = MemoryLog()
    one, other = catalog(log), catalog(log)
    one.publish(definition(), source=YAML)
    other.publish(definition(), source=YAML)
    assert [type(record) for record in records(log)] == [DefinitionPublished, DefinitionSource]
