"""`analytics`: what happened in hours or days, of a data folder and of a server; the same from both."""

from __future__ import annotations

import pytest

from refold import Client
from refold.errors import Refused
from tests.cli.conftest import CommandLine


def test_what_happened_is_told_by_a_folder_and_by_a_server(filled: CommandLine) -> None:
    table = filled("analytics").out.splitlines()
    assert table[0].split()[:4] == ["FROM", "WORKFLOW", "STARTED", "ENDED"]
    told = filled("analytics", "--json", "--by", "all").json
    listed = filled("list", "--json").json
    assert {one["workflow"]: one["started"] for one in told} == {
        name: sum(row["workflow"] == name for row in listed) for name in {row["workflow"] for row in listed}
    }
    assert sum(one["ended"].get("completed", 0) for one in told) == sum(row["status"] == "completed" for row in listed)
    nodes = filled("analytics", "--json", "--by", "all", "--group", "workflow,version,node").json
    assert all(one["node"] and one["version"] == 1 for one in nodes)

    url = filled.serve()
    empty = {"REFOLD_DATA": ""}
    assert filled("analytics", "--json", "--by", "all", "--server", url, env=empty).json == told
    assert filled("analytics", "--json", "--by", "all", "--group", "workflow,version,node", "--server", url, env=empty).json == nodes
    assert filled("analytics", "--server", url, "--from", "2020-01-01T00:00:00Z", "--to", "2020-01-02", code=1, env=empty).complaint
    assert filled("analytics", "--server", url, "--workflow", "nobody", env=empty).out == "nothing happened in this time\n"


def test_what_cannot_be_asked_is_refused_with_a_way_out(filled: CommandLine) -> None:
    assert "--group: expected some of workflow, version, node, found 'status'" in filled("analytics", "--group", "status", code=2).complaint
    assert "--from: expected a time like" in filled("analytics", "--from", "yesterday", code=2).complaint
    with Client(filled.serve()) as client:
        for asked, says in (
            ({"group": "status"}, "group: expected some of"),
            ({"since": "yesterday"}, "from: expected a time like"),
            ({"since": "2026-01-01T00:00:00"}, "from: a time needs its zone"),
            ({"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "is not before"),
            ({"since": "2000-01-01T00:00:00Z"}, "at most 400 days"),
            ({"since": "9999-12-31T23:59:59.999Z"}, "is not before"),
            ({"until": "9999-12-31T23:59:59.999Z"}, "to: expected a time in the years 1970 to 9998"),
            ({"until": "0001-01-01T00:00:00Z"}, "to: expected a time in the years 1970 to 9998"),
        ):
            with pytest.raises(Refused, match=says) as refused:
                client.analytics(**asked)  # type: ignore[arg-type]  # of texts
            assert refused.value.status == 422
