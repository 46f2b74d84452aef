"""Agents on a log on Kafka, under a budget: what is recorded is asked of no model and no tool again, whichever engine is killed."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

from tests.ai.agent_kills import CALLS_A_TURN, TURNS, World, check, definition, running_world
from tests.api.conftest import Server
from tests.kafka.played_engine import until
from tests.kafka.test_shared_serving import Serve, serve  # noqa: F401  # a fixture

KILLS = 3
CALLS = (TURNS - 1) * CALLS_A_TURN


def within(budget: dict[str, int], url: str) -> dict[str, Any]:
    return {**definition(url), "settings": {"budget": budget}}


def goes_on(world: World, chance: random.Random) -> None:
    enough = world.asked + chance.randrange(5, 60)
    until(lambda: world.asked >= enough, "nobody is asked any more")


def ended(server: Server, execution: str) -> Any:
    answer = server.get(f"/v1/executions/{execution}")
    return answer.json if answer.status == 200 and answer.json["status"] not in ("created", "running") else None


def counted(server: Server, execution: str) -> tuple[int, int]:
    """What the history counts: requests to models, and calls of tools."""
    events = server.get(f"/v1/executions/{execution}/history?limit=2000").json["events"]
    data = [event["data"] for event in events if event["type"] == "UsageCounted"]
    return sum(len(one.get("calls", ())) for one in data), sum(one["amount"]["tool_calls"] for one in data if "amount" in one)


def test_what_is_recorded_is_asked_once_whichever_engine_is_killed(serve: Serve) -> None:  # noqa: F811
    chance = random.Random(7)
    with running_world() as world:
        servers = [serve(f"s{number}", "--allow-private-addresses") for number in range(2)]
        servers[0].publish(within({"model_calls": 100, "tool_calls": 200}, world.url))
        until(lambda: servers[1].get("/v1/workflows/looks").status == 200)
        begun: list[str] = []
        for kill in range(KILLS):
            begun += [one.start("looks")["execution_id"] for one in servers]
            goes_on(world, chance)
            servers.pop(0).kill()
            servers.append(serve(f"s{kill + 2}", "--allow-private-addresses"))
        last = servers[-1]
        ends = [until(partial(ended, last, one), f"{one} does not end") for one in begun]
        for end in ends:
            assert (end["status"], end["output"]["turns"], end["output"]["tool_calls"]) == ("completed", TURNS, CALLS), end
        check(world, begun, KILLS, len(begun))
        assert {counted(last, one) for one in begun} == {(TURNS, CALLS)}
