"""`refold audit`, on a data folder and at a server."""

from __future__ import annotations

from tests.cli.conftest import CommandLine


def test_a_folder_and_a_server_on_it_say_the_same(filled: CommandLine) -> None:
    folder = filled("audit", "--json").json
    assert {row["command"] for row in folder} == {"PublishDefinition", "CreateExecution"}
    assert [row["execution_id"] for row in filled("audit", "--json", "--filter", "execution_id == 'good'").json] == ["good"]
    at = ("--server", filled.serve())
    assert filled("audit", "--json", *at).json == folder
    filled("signal", "waiting", "approved", "--no-continue", *at)
    assert filled("audit", "--command", "SendSignal", *at).out.splitlines()[1].split()[2:] == [
        "anonymous",
        "SendSignal",
        "waiting",
        "waits",
        "approved",
    ]
    assert "unknown name" in filled("audit", "--filter", "nobody == 1", *at, code=2).complaint
