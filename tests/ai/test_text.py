"""What a model says is seen while it says it, by whoever looks on, and each piece once."""

from __future__ import annotations

import json
import queue
import threading
from typing import Any

from contracts.ports.lossy_channel import Listener
from tests.ai.conftest import an_attempt
from tests.ai.fake import Fake, Reply
from workers.running.activities.llm import Llm
from workers.running.memory_channel import MemoryChannel
from workers.running.redaction import Redaction

WORDS = ("One", " two", " three", " four.")


class Looking:
    """Puts together what it is told, as a page does."""

    def __init__(self, channel: MemoryChannel) -> None:
        self._woken: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._listener: Listener = channel.listen(lambda: self._woken.put(None), "e-1")
        self.text, self.resets, self._seq = "", 0, 0

    def until(self, text: str) -> None:
        while self.text != text:
            self._woken.get(timeout=60)
            for one in self._listener.take().passing:
                value = json.loads(one.value)
                assert value["seq"] == self._seq + 1 or value.get("reset"), "a gap, or a piece twice"
                self._seq = value["seq"]
                self.text = value["text"] if value.get("reset") else self.text + value["text"]
                self.resets += bool(value.get("reset"))


def begin(llm: Llm, fake: Fake, attempt: Any, **config: Any) -> tuple[threading.Thread, list[Any]]:
    given, found = {"model": "openai:gpt-4o", "base_url": fake.base("openai"), "prompt": "hi", **config}, list[Any]()
    thread = threading.Thread(target=lambda: found.append(llm.run(attempt, given, None)))
    thread.start()
    return thread, found


def test_a_text_is_seen_while_it_comes_also_by_who_comes_in_the_middle(llm: Llm, fake: Fake) -> None:
    channel = MemoryChannel()
    early = Looking(channel)
    fake.replies = [Reply(texts=WORDS, stall_after=2)]
    thread, found = begin(llm, fake, an_attempt(channel=channel))
    early.until("One two")
    late = Looking(channel)
    late.until("One two")
    fake.go_on.set()
    early.until("One two three four.")
    late.until("One two three four.")
    thread.join(60)
    assert (found[0]["text"], early.resets, late.resets) == ("One two three four.", 1, 1)


def test_another_request_begins_anew(llm: Llm, fake: Fake) -> None:
    channel = MemoryChannel()
    looking = Looking(channel)
    fake.replies = [Reply(texts=("half",), cut_after=1), Reply(texts=WORDS)]
    thread, _ = begin(llm, fake, an_attempt(channel=channel), model=["openai:gpt-4o", "openai:gpt-4o-mini"])
    looking.until("One two three four.")
    thread.join(60)
    assert looking.resets == 2


def test_where_something_is_hidden_no_piece_is_shown(llm: Llm, fake: Fake) -> None:
    channel = MemoryChannel()
    listener = channel.listen(lambda: None)
    for attempt, config in (
        (an_attempt(channel=channel), {"redact": ["two"]}),
        (an_attempt(channel=channel, redaction=Redaction(["two"])), {}),
    ):
        fake.replies = [Reply(texts=WORDS)]
        thread, found = begin(llm, fake, attempt, **config)
        thread.join(60)
        assert found[0]["text"]
    assert listener.take().passing == []
