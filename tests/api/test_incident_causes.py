"""A cause of incidents finds its incidents: by what the list of causes says of it."""

from __future__ import annotations

import json
from urllib.parse import quote

from .conftest import Server


def test_the_incidents_of_a_cause_are_found_by_its_four_parts(server: Server) -> None:
    node = {"id": "check", "type": "fail", "config": {"type": "order.odd", "message": "{{ input }}"}}
    server.post("/v1/workflows", {"name": "causes", "nodes": [node]})
    at = 0
    for name, message in (("c-1", 'no "order" A-1'), ("c-2", 'no "order" A-2'), ("c-3", "no order")):
        at = server.post("/v1/workflows/causes/executions?wait=30", {"input": message, "execution_id": name}).json["position"]
    causes = server.get(f"/v1/incidents/causes?min_position={at}").json["causes"]
    (cause,) = [one for one in causes if one["workflow"] == "causes" and one["count"] == 2]
    assert cause["message"] == 'no "order" #'
    same = " && ".join(
        f"{column} == {json.dumps(cause[name])}"
        for column, name in (("workflow", "workflow"), ("node", "node"), ("error.type", "type"), ("error.shape", "message"))
    )
    found = server.get(f"/v1/incidents?filter={quote(same)}").json["incidents"]
    assert [one["execution_id"] for one in found] == ["c-1", "c-2"]
