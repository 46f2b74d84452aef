"""The result cache: one suite for all adapters."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import Caching, RunActivity
from contracts.ports.result_cache import Which
from infra.clock import ManualClock
from tests.workers.harness import Bench
from workers.running.memory_result_cache import MemoryResultCache
from workers.running.result_cache import cache_key
from workers.running.result_warming import PastResult, past_results, warm
from workers.running.sqlite_result_cache import SqliteResultCache

Make = Callable[..., Any]


@pytest.fixture(params=["memory", "sqlite"])
def make(request: pytest.FixtureRequest, clock: ManualClock, tmp_path: Path) -> Make:
    if request.param == "memory":
        return lambda **limits: MemoryResultCache(clock, **limits)
    return lambda **limits: SqliteResultCache(tmp_path / "cache.db", clock, **limits)


def test_an_output_is_there_until_it_expires(make: Make, clock: ManualClock) -> None:
    cache = make()
    cache.put("k", "code", b"1", ttl_ms=100)
    clock.advance(99)
    assert cache.get("k") == b"1"
    clock.advance(1)
    assert cache.get("k") is None


def test_a_new_output_replaces_the_old_one(make: Make) -> None:
    cache = make()
    cache.put("k", "code", b"1", ttl_ms=100)
    cache.put("k", "code", b"2", ttl_ms=100)
    assert cache.get("k") == b"2"


def test_a_ttl_of_nothing_keeps_nothing(make: Make) -> None:
    cache = make()
    cache.put("k", "code", b"1", ttl_ms=0)
    assert cache.get("k") is None


def test_outputs_of_a_kind_or_all_can_be_forgotten(make: Make) -> None:
    cache = make()
    for key, kind in (("a", "code"), ("b", "code"), ("c", "http_request"), ("d", "log")):
        cache.put(key, kind, b"1", ttl_ms=100)
    assert cache.invalidate(Which(kind="code")) == 2
    assert (cache.get("a"), cache.get("c")) == (None, b"1")
    assert cache.invalidate() == 2
    assert cache.get("c") is None


def test_what_has_expired_can_be_cleared_away(make: Make, clock: ManualClock) -> None:
    cache = make()
    cache.put("a", "code", b"1", ttl_ms=10)
    cache.put("b", "code", b"1", ttl_ms=20)
    clock.advance(10)
    assert (cache.prune(), cache.prune(), cache.get("b")) == (1, 0, b"1")


def test_where_there_is_no_room_the_first_to_expire_goes(make: Make) -> None:
    cache = make(entries_max=3)
    for number, ttl_ms in enumerate((50, 10, 30, 40)):
        cache.put(str(number), "code", b"1", ttl_ms=ttl_ms)
    assert [cache.get(str(number)) for number in range(4)] == [b"1", None, b"1", b"1"]


def test_an_output_may_be_as_large_as_allowed_and_no_larger(make: Make) -> None:
    cache = make(output_bytes_max=3)
    cache.put("a", "code", b"123", ttl_ms=10)
    cache.put("b", "code", b"1234", ttl_ms=10)
    assert (cache.get("a"), cache.get("b")) == (b"123", None)


def test_a_cache_in_a_file_outlives_its_process(clock: ManualClock, tmp_path: Path) -> None:
    first = SqliteResultCache(tmp_path / "cache.db", clock)
    first.put("k", "code", b"1", ttl_ms=100)
    first.close()
    assert SqliteResultCache(tmp_path / "cache.db", clock).get("k") == b"1"


def test_a_key_depends_on_the_kind_the_config_the_input_and_the_nodes_own_key() -> None:
    def key(kind: str = "k", config: bytes = b"{}", given: bytes = b"1", own: bytes | None = None, path: str = "n") -> str:
        return cache_key(RunActivity("e", path, 1, kind, config, given, caching=Caching(10, own)))

    keys = {key(), key(kind="other"), key(config=b'{"a":1}'), key(given=b"2"), key(own=b'"x"'), key(kind="k{}", config=b"")}
    assert len(keys) == 6
    assert key(path="elsewhere") == key()


# What is looked at.


def test_results_are_listed_by_key_with_what_they_are_and_their_hits(make: Make, clock: ManualClock) -> None:
    cache = make()
    cache.put("b", "code", b"12", 100, "w")
    clock.advance(10)
    cache.put("a", "log", b"1", 50, "v")
    cache.get("b")
    now = clock.now()
    assert cache.results() == [("a", "log", "v", 1, now, now + 50, 0), ("b", "code", "w", 2, now - 10, now + 90, 1)]
    assert [one.key for one in cache.results(after="a")] == ["b"]
    assert [one.key for one in cache.results(Which(workflow="v"))] == ["a"]
    assert len(cache.results(limit=1)) == 1
    clock.advance(50)
    assert [one.key for one in cache.results()] == ["b"]


def test_hits_and_what_was_computed_are_counted_by_kind_and_workflow(make: Make, clock: ManualClock) -> None:
    cache = make()
    cache.put("a", "code", b"1", 100, "w")
    cache.put("b", "code", b"1", 100, "v")
    for key in ("a", "a", "b", "not there"):
        cache.get(key)
    clock.advance(100)
    cache.get("a")
    assert cache.uses() == [("code", "v", 1, 1), ("code", "w", 2, 1)]


def test_results_are_forgotten_by_key_workflow_and_age(make: Make, clock: ManualClock) -> None:
    cache = make()
    cache.put("old", "code", b"1", 1_000, "w")
    clock.advance(100)
    for key, workflow in (("a", "w"), ("b", "v"), ("c", "v")):
        cache.put(key, "code", b"1", 1_000, workflow)
    assert cache.invalidate(Which(kept_before=clock.now())) == 1
    assert cache.invalidate(Which(key="a", workflow="v")) == 0
    assert cache.invalidate(Which(workflow="v", key="b")) == 1
    assert [one.key for one in cache.results()] == ["a", "c"]


def test_a_past_result_takes_no_place_and_counts_as_no_work(make: Make, clock: ManualClock) -> None:
    cache = make()
    cache.put("a", "code", b"new", 100, "w")
    cache.put("a", "code", b"past", 1_000, "w", is_new=False)
    cache.put("b", "code", b"past", 1_000, "w", is_new=False)
    assert (cache.get("a"), cache.get("b")) == (b"new", b"past")
    clock.advance(100)
    cache.put("a", "code", b"past", 1_000, "w", is_new=False)
    assert cache.get("a") == b"past"
    assert cache.uses() == [("code", "w", 3, 1)]


def test_a_file_of_a_build_before_is_begun_anew(tmp_path: Path, clock: ManualClock) -> None:
    old = sqlite3.connect(tmp_path / "cache.db")
    old.execute("CREATE TABLE result (key TEXT PRIMARY KEY, kind TEXT, expires_at INTEGER, output BLOB) WITHOUT ROWID")
    old.execute("INSERT INTO result VALUES ('a', 'code', 9999999999999, x'31')")
    old.commit()
    old.close()
    cache = SqliteResultCache(tmp_path / "cache.db", clock)
    assert cache.get("a") is None
    cache.put("a", "code", b"1", 100)
    assert cache.get("a") == b"1"
    cache.close()


# Past executions.

CACHES: dict[str, Any] = {
    "name": "w",
    "nodes": [
        {"id": "a", "type": "code", "config": {"source": "input * 2", "input": "{{ input.n }}"}, "cache": {"ttl": "1h"}},
        {"id": "b", "type": "code", "config": {"source": "input", "input": "1"}},
    ],
    "edges": [{"from": "a", "to": "b"}],
}


def run(bench: Bench, n: int) -> None:
    bench.start("w", {"n": n}, execution=f"x{n}")
    bench.move()
    assert bench.status(f"x{n}") == "completed"


def past(bench: Bench, n: int) -> list[PastResult]:
    return list(past_results(bench.entries(f"x{n}"), bench.engine.catalog.graph, bench.blobs.get))


def test_what_past_executions_gave_is_what_they_would_be_asked_again() -> None:
    bench = Bench()
    bench.publish(CACHES)
    run(bench, 21)
    (found,) = past(bench, 21)
    assert (found.activity.kind, found.activity.workflow, found.output) == ("code", "w", b"42")
    cache = MemoryResultCache(bench.clock)
    assert warm(cache, [found], bench.clock.now()) == 1
    assert cache.get(cache_key(found.activity)) == b"42"


def test_a_result_is_kept_for_what_is_left_of_its_time() -> None:
    bench = Bench()
    bench.publish(CACHES)
    run(bench, 1)
    (found,) = past(bench, 1)
    bench.clock.advance(3_600_000 - 1 - (bench.clock.now() - found.at))
    cache = MemoryResultCache(bench.clock)
    assert warm(cache, [found], bench.clock.now()) == 1
    assert cache.results()[0].expires_at == found.at + 3_600_000
    bench.clock.advance(1)
    assert warm(cache, [found], bench.clock.now()) == 0
    assert cache.get(cache_key(found.activity)) is None
