"""`refold cached-results`, on a data folder and at a server."""

from __future__ import annotations

import pytest

from tests.cli.conftest import TINY, CommandLine


@pytest.mark.parametrize("place", ["folder", "server"])
def test_results_are_listed_forgotten_and_brought_back(refold: CommandLine, place: str) -> None:
    file = refold.file("tiny.yaml", TINY.replace("type: code,", "type: code, cache: {ttl: 1h},"))
    for _ in range(2):
        refold("run", file)
    at = ("--server", refold.serve()) if place == "server" else ()
    found = refold("cached-results", "list", "--json", *at).json
    assert (found["results"][0]["hits"], found["uses"][0]["rate"]) == (1, 0.5)
    assert refold("cached-results", "list", *at).out.splitlines()[-1].split() == ["code", "tiny", "1", "1", "50%"]
    assert refold("cached-results", "invalidate", "--kind", "code", *at).out == "1 result is forgotten\n"
    assert "found none" in refold("cached-results", "invalidate", *at, code=2).complaint
    assert refold("cached-results", "warm", "tiny", *at).out == "results kept for what is left of their time: 1, of executions: 2\n"
    assert len(refold("cached-results", "list", "--json", *at).json["results"]) == 1
    refold("cached-results", "warm", "nobody", *at, code=1)
