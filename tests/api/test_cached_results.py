"""`/v1/cached-results`: which results are used again, how often; forgotten, and brought back from past executions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Server

CACHES: dict[str, Any] = {
    "name": "caches",
    "nodes": [{"id": "a", "type": "code", "config": {"source": "input * 2", "input": "{{ input.n }}"}, "cache": {"ttl": "1h"}}],
}


def run(server: Server, n: int) -> None:
    assert server.start("caches", {"n": n}, wait=30)["status"] == "completed"


def listed(server: Server) -> Any:
    return server.get("/v1/cached-results?workflow=caches").json


def test_results_are_listed_counted_forgotten_and_brought_back(serve: Callable[..., Server]) -> None:
    server = serve()
    server.publish(CACHES)
    for n in (1, 2, 1, 1):
        run(server, n)
    found = listed(server)
    assert sorted(one["hits"] for one in found["results"]) == [0, 2]
    assert found["uses"] == [{"kind": "code", "workflow": "caches", "hits": 2, "kept": 2, "rate": 0.5}]
    key = next(one["key"] for one in found["results"] if one["hits"])
    assert server.post("/v1/cached-results/invalidate", {"key": key, "kind": "log"}).json == {"count": 0}
    assert server.post("/v1/cached-results/invalidate", {"key": key}).json == {"count": 1}
    assert server.post("/v1/cached-results/invalidate", {"older_than": "1h"}).json == {"count": 0}
    assert server.post("/v1/cached-results/invalidate", {"all": True}).json == {"count": 1}
    server.kill()
    server = serve()
    assert listed(server)["results"] == []
    assert server.post("/v1/cached-results/warm", {"workflow": "caches"}).json == {"executions": 4, "results": 2, "unreadable": 0}
    assert len(listed(server)["results"]) == 2
    run(server, 2)
    assert sum(one["hits"] for one in listed(server)["results"]) == 1


def test_a_page_goes_on_behind_the_one_before(serve: Callable[..., Server]) -> None:
    server = serve()
    server.publish(CACHES)
    for n in range(3):
        run(server, n)
    first = server.get("/v1/cached-results?limit=2").json
    second = server.get(f"/v1/cached-results?limit=2&cursor={first['next']}").json
    keys = [one["key"] for page in (first, second) for one in page["results"]]
    assert (len(keys), keys, second["next"]) == (3, sorted(set(keys)), None)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("invalidate", {}, 422), ("invalidate", {"older_than": "soon"}, 422), ("invalidate", {"nobody": 1}, 422),
        ("warm", {"workflow": "nobody"}, 404), ("warm", {"workflow": "hello", "limit": 0}, 422),
        ("warm", {"workflow": "hello", "limit": 1_001}, 422), ("warm", {}, 422),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(server: Server, path: str, body: Any, status: int) -> None:
    assert server.post(f"/v1/cached-results/{path}", body).status == status
