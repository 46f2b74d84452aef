"""The result cache: one suite for all adapters."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import Caching, RunActivity
from infra.clock import ManualClock
from workers.running.result_cache import MemoryResultCache, SqliteResultCache, cache_key

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
    assert cache.invalidate("code") == 2
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
