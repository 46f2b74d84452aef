"""Server-sent events as callers read them: from a position, over reconnects and restarts, each event once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from projections.public.present import PUBLIC

from .conftest import FAILS, HELLO, WAITS, WORKS, Server
from .reading import Stream, ids

NAMES = {kind.__name__ for kind in PUBLIC}
Serve = Callable[..., Server]


def history(server: Server, execution: str) -> list[str]:
    events = server.get(f"/v1/executions/{execution}/history").json["events"]
    return [f"{execution}/{event['version']}" for event in events if event["type"] in NAMES]


def test_a_stream_from_the_beginning_tells_the_whole_history_and_ends_with_the_execution(server: Server) -> None:
    server.start("works", execution_id="streamed", wait=30)
    blocks = Stream(server, "/v1/executions/streamed/events?from=0").rest()
    assert ids(blocks) == history(server, "streamed")
    assert (blocks[0].event, blocks[0].id) == ("position", "0")
    assert (blocks[-1].event, blocks[-1].data["reason"]) == ("end", "ended")
    public = next(block for block in blocks if block.event == "message").data
    assert (public["specversion"], public["type"], public["subject"], public["workflow"], public["data"]["input"]["href"]) == (
        "1.0", "refold.execution.created", "streamed", "works", "/v1/executions/streamed",
    )  # fmt: skip


def test_whoever_comes_again_after_any_event_misses_nothing_and_hears_nothing_twice(server: Server) -> None:
    server.start("works", execution_id="cut", wait=30)
    whole = [block for block in Stream(server, "/v1/executions/cut/events?from=0").rest() if block.event == "message"]
    for number, block in enumerate(whole):
        rest = Stream(server, "/v1/executions/cut/events?from=0", last_event_id=block.id).rest()
        assert ids(rest) == [one.data["id"] for one in whole[number + 1 :]]


def test_a_stream_from_now_tells_what_comes(server: Server) -> None:
    server.start("waits", execution_id="now")
    stream = Stream(server, "/v1/executions/now/events")
    begin = next(stream.blocks)
    before = len(history(server, "now"))
    server.post("/v1/executions/now/signals/approved", {"ok": True})
    blocks = stream.rest()
    assert begin.event == "position"
    assert begin.id is not None
    assert ids(blocks) == history(server, "now")[before:]
    again = Stream(server, f"/v1/executions/now/events?from={begin.id}").rest()
    assert ids(again) == ids(blocks)


def test_an_operation_tells_who_follows_it_and_nobody_else(server: Server) -> None:
    begun = server.post("/v1/operations", {"action": "pause", "filter": "execution_id == 'nobody'"})
    assert begun.status == 201, begun.content
    operation = begun.json["operation_id"]
    blocks = Stream(server, f"/v1/executions/{operation}/events?from=0").rest()
    assert ids(blocks) == history(server, operation)
    assert (blocks[1].data["type"], blocks[-1].event) == ("refold.execution.created", "end")
    server.start("works", execution_id="after-it", wait=30)
    for block in Stream(server, "/v1/events?from=0").blocks:
        assert block.event != "message" or block.data["subject"] != operation
        if block.event == "message" and block.data["subject"] == "after-it":
            break


def test_of_an_execution_that_has_ended_nothing_more_is_waited_for(server: Server) -> None:
    server.start("works", execution_id="over", wait=30)
    assert [block.event for block in Stream(server, "/v1/executions/over/events").rest()] == ["position", "end"]


def test_one_workflow_types_and_a_filter_are_told_of_alone(server: Server) -> None:
    first = Stream(server, "/v1/workflows/fails/events?type=execution.failed&type=refold.node.failed")
    second = Stream(server, "/v1/events?filter=data.failure.type%20%3D%3D%20%27order.refused%27%20%26%26%20subject%20%3D%3D%20%27no%27")
    next(first.blocks)
    next(second.blocks)
    server.start("works", wait=30)
    server.start("fails", execution_id="no", wait=30)
    assert [block.data["type"] for block in first.take(2)] == ["refold.node.failed", "refold.execution.failed"]
    assert [block.data["subject"] for block in second.take(2)] == ["no", "no"]
    first.close()
    second.close()


def test_an_end_that_a_type_leaves_out_ends_the_stream_all_the_same(server: Server) -> None:
    server.start("waits", execution_id="typed")
    stream = Stream(server, "/v1/executions/typed/events?type=signal.received&from=0")
    server.post("/v1/executions/typed/signals/approved", {})
    blocks = stream.rest()
    assert [block.data.get("type") for block in blocks] == [None, "refold.signal.received", None]
    assert blocks[-1].data["reason"] == "ended"


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/v1/executions/none/events", 404, "there is no execution none"),
        ("/v1/workflows/none/events", 404, "none"),
        ("/v1/events?from=yesterday", 422, "found yesterday"),
        ("/v1/events?from=0:1,0:2", 422, "expected 0 for the beginning"),
        ("/v1/events?from=0:9999999999999999999", 422, "expected 0 for the beginning"),
        ("/v1/events?from=0:99999", 422, "the journal ends at"),
        ("/v1/events?from=7:3", 422, "partition 7, which the log does not have"),
        ("/v1/events?type=node.faild", 422, "node.faild"),
        ("/v1/events?filter=status%20%3D%3D%201", 422, "unknown name `status`"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_was_expected(server: Server, path: str, status: int, said: str) -> None:
    answer = server.get(path)
    assert answer.status == status
    assert said in answer.json["detail"]


def test_of_a_stream_the_head_alone_can_be_asked_for(server: Server) -> None:
    answer = server.ask("HEAD", "/v1/events")
    assert (answer.status, answer.headers["content-type"].partition(";")[0], answer.content) == (200, "text/event-stream", b"")


def test_a_stream_goes_on_over_kills_and_restarts_without_gap_or_double(serve: Serve) -> None:
    paths = ("/v1/events", "/v1/workflows/waits/events")
    seen: list[list[str]] = [[], []]
    last = ["0", "0"]
    made: list[tuple[str, str]] = []

    def read(server: Server, count: Callable[[int], int]) -> None:
        for number, path in enumerate(paths):
            stream = Stream(server, path, last_event_id=last[number])
            for block in stream.take(count(number)):
                last[number] = str(block.id)
                seen[number].append(block.data["id"])
            stream.close()

    for life in range(4):
        server = serve()
        server.publish(WAITS, WORKS)
        for number in range(4):
            made += [("waits", f"{life}-{number}"), ("works", f"{life}-{number}-w")]
            server.start("waits", execution_id=made[-2][1])
            server.start("works", execution_id=made[-1][1], wait=30)
            server.post(f"/v1/executions/{made[-2][1]}/signals/approved", {})
        read(server, lambda _: 5)  # the rest is read from the journal, by the next server
        if life < 3:
            server.kill()
    of_all, of_one = (
        [one for kind, name in made if kind in kinds for one in history(server, name)] for kinds in (("waits", "works"), ("waits",))
    )
    read(server, lambda number: (len(of_all), len(of_one))[number] - len(seen[number]))
    assert sorted(seen[0]) == sorted(of_all)
    assert sorted(seen[1]) == sorted(of_one)
    for name in {name for _, name in made}:
        versions = [int(one.rpartition("/")[2]) for one in seen[0] if one.startswith(f"{name}/")]
        assert versions == sorted(versions)


def test_a_server_that_stops_ends_its_streams_at_once_and_says_why(serve: Serve) -> None:
    server = serve()
    server.publish(HELLO, WAITS, WORKS, FAILS)
    streams = [Stream(server, "/v1/events") for _ in range(3)]
    for stream in streams:
        next(stream.blocks)
    assert server.stop() == 0
    ends: list[Any] = [stream.rest()[-1] for stream in streams]
    assert [(end.event, end.data["reason"]) for end in ends] == [("end", "stopping")] * 3


def test_events_have_the_source_that_the_settings_name(serve: Serve) -> None:
    server = serve(engine={"event_source": "https://refold.example/shop"})
    server.publish(WORKS)
    server.start("works", execution_id="of-ours", wait=30)
    events = [block.data for block in Stream(server, "/v1/executions/of-ours/events?from=0").rest() if block.event == "message"]
    assert {event["source"] for event in events} == {"https://refold.example/shop"}
