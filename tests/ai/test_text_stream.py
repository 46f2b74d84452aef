"""What a model says, as server-sent events: each piece once, by whoever comes late, comes again, or comes again in the middle of a word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.streams.text_stream import Telling, read_places
from contracts.errors import InvalidInput
from contracts.ports.lossy_channel import Passing
from tests.ai.fake import Fake, Reply
from tests.api.conftest import Server
from tests.api.reading import Block, Stream
from workers.running.memory_channel import MemoryChannel

WORDS = ("One", " two", " three", " four.")


@pytest.fixture
def server(tmp_path: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("OPENAI_API_KEY", "any")
    made = Server(tmp_path / "data", "--allow-private-addresses")
    config = {"model": "openai:gpt-4o", "base_url": fake.base("openai"), "prompt": "hi"}
    made.publish(
        {"name": "asks", "nodes": [{"id": "n", "type": "llm", "config": config, "retry": {"max_attempts": 2, "initial_delay": "1ms"}}]}
    )
    try:
        yield made
    finally:
        made.kill()


class Page:
    """Puts together what it is told, and knows where it is."""

    def __init__(self, server: Server, after: str | None = None, text: str = "") -> None:
        self._stream = Stream(server, "/v1/executions/e/text", after)
        self.text, self.resets, self.at, self.last = text, 0, after, Block("", None, {})

    def until(self, text: str) -> Page:
        while self.text != text:
            block = next(self._stream.blocks)
            assert block.event == "text", block
            self.resets += bool(block.data.get("reset"))
            self.text = block.data["text"] if block.data.get("reset") else self.text + block.data["text"]
            self.at, self.last = block.id, block
            assert text.startswith(self.text) or block.data.get("reset"), f"a piece twice: {self.text}"
        return self

    def end(self) -> list[Block]:
        return self._stream.rest()

    def close(self) -> None:
        self._stream.close()


def test_a_text_is_told_once_to_who_is_there_comes_late_and_comes_again_in_the_middle_of_a_word(server: Server, fake: Fake) -> None:
    fake.replies = [Reply(texts=WORDS, stall_after=2)]
    server.start("asks", execution_id="e")
    early, leaving = Page(server).until("One two"), Page(server).until("One two")
    leaving.close()
    assert leaving.at == "n 1 0 7"
    late = Page(server).until("One two")
    back, inside = Page(server, leaving.at, "One two"), Page(server, "n 1 0 5", "One t")
    inside.until("One two")
    fake.go_on.set()
    for page in (early, late, back, inside):
        page.until("One two three four.")
        assert [block.data["reason"] for block in page.end() if block.event == "end"] == ["ended"]
    assert [page.resets for page in (early, late, back, inside)] == [early.resets, 1, 0, 0]
    gone = Page(server, leaving.at).end()
    assert [block.data.get("gone") for block in gone] == [True, None], "what it gave is the node's output"
    assert server.get("/v1/executions/e").json["output"]["text"] == "One two three four."


def test_another_attempt_begins_anew_also_for_who_was_in_the_middle_of_the_one_before(server: Server, fake: Fake) -> None:
    fake.replies = [Reply(texts=("half",), cut_after=1), Reply(texts=WORDS, stall_after=2)]
    server.start("asks", execution_id="e")
    page, back = Page(server).until("One two"), Page(server, "n 1 0 2", "ha").until("One two")
    assert (page.last.data["attempt"], back.last.data["attempt"], back.resets) == (2, 2, 1)
    fake.go_on.set()
    page.until("One two three four.")


@pytest.mark.parametrize("position", ["n", "n 1 0", "n 1 0 x", " 1 0 2", "n 1 0 -2", "n 1 0 2,", f"n 1 0 {2**60}", "n 1 0 2 3"])
def test_what_is_no_position_is_refused_with_a_way_out(position: str) -> None:
    with pytest.raises(InvalidInput, match="no position of texts"):
        read_places(position)


def test_wherever_one_breaks_off_nothing_is_missing_and_nothing_comes_twice() -> None:
    """Two attempts of one node beside another node, broken off after each piece."""
    channel = MemoryChannel()
    said: list[Passing] = []
    for path, attempt, text, is_new in (
        ("a", 1, "x", True), ("b[0]/m é", 1, "12", True), ("a", 1, "yz", False), ("a", 2, "new", True), ("b[0]/m é", 1, "3", False),
        ("a", 2, " text", False), ("a", 2, "again", True), ("a", 2, "!", False),
    ):  # fmt: skip
        one = channel.say("e", path, attempt, text, is_new)
        assert one is not None
        said.append(one)
    for cut in range(len(said) + 1):
        shown: dict[str, str] = {}
        before = Telling({})
        show(shown, [before.of(one) for one in said[:cut]])
        after = Telling(read_places(before.position))
        wholes = channel.listen(lambda: None, "e").take().passing
        show(shown, [*after.begin(wholes), *(after.of(one) for one in [*wholes, *said])])
        assert shown == {"a": "again!", "b[0]/m é": "123"}, cut


def show(shown: dict[str, str], told: list[Any]) -> None:
    for one in told:
        if one is not None and "gone" not in one:
            shown[one["path"]] = one["text"] if one.get("reset") else shown[one["path"]] + one["text"]
            json.dumps(one)
