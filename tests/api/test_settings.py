"""`/v1/settings`: what a server tells of itself, so that nobody has to guess with which settings it was started."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

from infra.settings.about import about
from infra.settings.model import EngineSettings, ServerSettings
from infra.settings.sources import known
from refold.client.blocking import Client
from tests.api.conftest import Server

ROOT = Path(__file__).parents[2]


def test_each_setting_stands_there_with_where_it_comes_from(serve: Callable[..., Server]) -> None:
    server = serve("--set", "live_max=4321")
    with Client(server.url) as client:
        found = client.server_settings()
    rows = {row["name"]: row for row in found["settings"]}
    assert list(rows) == [*EngineSettings.model_fields, *ServerSettings.model_fields]
    assert set(rows) <= set(known())
    assert (rows["live_max"]["value"], rows["live_max"]["origin"], rows["live_max"]["place"]) == (4321, "flag", "--set")
    assert (rows["lane"]["origin"], rows["lane"]["place"]) == ("environment", "REFOLD_LANE")
    assert (rows["inbox_max"]["origin"], rows["inbox_max"]["place"]) == ("default", None)
    assert all(row["meaning"] for row in rows.values())
    assert (found["data"], found["log"]) == (str(server.data), None)


def test_a_password_in_an_address_is_shown_to_nobody_and_what_a_program_has_set_says_so() -> None:
    engine = EngineSettings(read_models="postgresql://ada:hunter2@db/x", log="kafka://a:1")
    rows = {row.name: row for row in about(engine, ServerSettings(), {}, 0).settings}
    assert (rows["read_models"].value, rows["read_models"].origin) == ("postgresql://ada:***@db/x", "program")
    assert (rows["port"].value, rows["port"].origin) == (8080, "default")


def test_extras_are_those_of_this_build_each_with_what_is_installed_of_it(server: Server) -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    found = {one["name"]: one for one in server.get("/v1/settings").json["extras"]}
    assert set(found) == set(wanted)
    assert found["credentials"]["is_installed"]
    assert [one["name"] for one in found["credentials"]["libraries"]] == ["authlib", "cryptography", "eventsourcing"]
