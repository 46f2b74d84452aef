"""`prompt` in executions: which text the model is asked with, by whom it was pinned, and that replay needs neither model nor registry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.definitions import PinnedPrompt
from domain.definition.prompts_in_use import written_pin
from tests.ai.conftest import an_attempt
from tests.ai.fake import Fake, Reply
from tests.ai.test_execution import refold
from workers.running.activities.prompt import PromptNode
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.ai.process import AiProcess

PROMPT = """
name: reply
inputs: {type: object, required: [mail], properties: {mail: {type: string}, tone: {default: warm}}}
system: "Be {{ input.tone }}."
prompt: "%s: {{ input.mail }}"
model: "ollama:llama3.2"
temperature: 0.5
"""
WORKFLOW = """
name: answer
settings: {retry: {max_attempts: 2, initial_delay: 10ms}}
nodes:
  - {id: go, type: wait_signal, config: {name: go}}
  - {id: a, type: prompt_execution, config: {prompt: reply, temperature: 0, inputs: {mail: "{{ input.mail }} {{ '{{ 1 }}' }}"}}}
edges: [{from: go.received, to: a}]
"""


def publish(folder: Path, fake: Fake, how: str) -> None:
    (folder / "reply.yaml").write_text(PROMPT % how)
    refold(folder, fake, "prompts", "publish", str(folder / "reply.yaml"))


def test_an_execution_asks_with_the_text_that_it_began_with_whatever_is_published_since(fake: Fake, tmp_path: Path) -> None:
    publish(tmp_path, fake, "First")
    (tmp_path / "answer.yaml").write_text(WORKFLOW)
    refold(tmp_path, fake, "deploy", str(tmp_path / "answer.yaml"))
    refold(tmp_path, fake, "start", "answer", "--id", "old", "--input", '{"mail": "hi"}')
    publish(tmp_path, fake, "Second")
    refold(tmp_path, fake, "start", "answer", "--id", "still-old", "--input", '{"mail": "hi"}')
    deployed = json.loads(refold(tmp_path, fake, "deploy", str(tmp_path / "answer.yaml"), "--json"))
    assert (deployed["version"], deployed["created"]) == (2, True), "the same text with another prompt is another version"
    refold(tmp_path, fake, "start", "answer", "--id", "new", "--input", '{"mail": "hi"}')
    fake.replies = [Reply(status=500), Reply()]
    told = {}
    for name in ("old", "still-old", "new"):
        refold(tmp_path, fake, "signal", name, "go")
        refold(tmp_path, fake, "continue")
        told[name] = json.loads(refold(tmp_path, fake, "show", name, "--json"))["output"]["prompt"]["version"]
    assert told == {"old": 1, "still-old": 1, "new": 2}
    said = [[one["content"] for one in asked.body["messages"]] for asked in fake.asked]
    first, second = (["Be warm.", f"{how}: hi {{{{ 1 }}}}"] for how in ("First", "Second"))
    assert said == [first, first, first, second], "an attempt more asks the same, and no text is read as a template twice"
    assert {asked.body["temperature"] for asked in fake.asked} == {0}, "what the node says counts more"
    assert "0 differences" in refold(tmp_path, fake, "verify", "--all")
    assert len(fake.asked) == 4


def test_what_if_with_another_prompt_is_a_call_that_nobody_has_asked(fake: Fake, tmp_path: Path) -> None:
    publish(tmp_path, fake, "First")
    (tmp_path / "answer.yaml").write_text(WORKFLOW.replace("{id: go, type: wait_signal, config: {name: go}}", "{id: go, type: noop}")
                                          .replace("go.received", "go"))  # fmt: skip
    words = ("run", str(tmp_path / "answer.yaml"), "--json", "--input", '{"mail": "hi"}')
    assert json.loads(refold(tmp_path, fake, *words))["status"] == "completed"
    same = json.loads(refold(tmp_path, fake, "what-if", str(tmp_path / "answer.yaml"), "--json"))
    publish(tmp_path, fake, "Second")
    other = json.loads(refold(tmp_path, fake, "what-if", str(tmp_path / "answer.yaml"), "--json", code=1))
    assert same["verdicts"]["unchanged"] == 1
    assert other["verdicts"]["unchanged"] == 0
    assert len(fake.asked) == 1


# One attempt.


@pytest.fixture
def prompt(process: AiProcess) -> PromptNode:
    return PromptNode(ActivitySettings(allow_private_addresses=True, ai=process))


def asked(prompt: PromptNode, content: dict[str, Any], config: dict[str, Any]) -> Any:
    pin = PinnedPrompt(version=3, hash="h", content={"name": "p", **content})
    return prompt.run(an_attempt(), {"prompt": "p", "pinned": written_pin(pin), **config}, None)


def test_messages_are_filled_in_and_a_value_that_is_no_text_is_told_as_json(prompt: PromptNode, fake: Fake) -> None:
    inputs = {"properties": {"rows": {"type": "array"}}}
    messages = [
        {"role": "user", "content": "{{ input.rows }}"},
        {"role": "assistant", "content": "So?"},
        {"role": "user", "content": "Sum."},
    ]
    found = asked(prompt, {"inputs": inputs, "messages": messages, "model": "openai:gpt-4o"},
                  {"inputs": {"rows": [1, {"a": None}]}, "base_url": fake.base("openai")})  # fmt: skip
    assert [one["content"] for one in fake.asked[0].body["messages"]] == ['[1, {"a": null}]', "So?", "Sum."]
    assert (found["text"], found["prompt"]) == ("Hello from the fake.", {"name": "p", "version": 3, "hash": "h"})


@pytest.mark.parametrize(
    ("content", "inputs", "type_"),
    [
        ({"inputs": {"required": ["a"]}, "prompt": "x"}, {}, "input.invalid"),
        ({"inputs": {"properties": {"a": {"type": "string"}}}, "prompt": "{{ input.a }}"}, {"a": 2**64}, "input.invalid"),
        ({"inputs": {"properties": {"a": {}}}, "prompt": "{{ input.a.b }}"}, {"a": None}, "expression"),
    ],
)
def test_what_cannot_be_filled_in_asks_nobody(prompt: PromptNode, fake: Fake, content: Any, inputs: Any, type_: str) -> None:
    with pytest.raises(ActivityError) as caught:
        asked(prompt, {"model": "openai:gpt-4o", **content}, {"inputs": inputs, "base_url": fake.base("openai")})
    assert (caught.value.error_type, caught.value.retryable, fake.asked) == (type_, False, [])


def test_a_workflow_that_was_published_without_its_prompt_says_so(prompt: PromptNode) -> None:
    with pytest.raises(ActivityError, match="published without a prompt p"):
        prompt.run(an_attempt(), {"prompt": "p", "model": "openai:gpt-4o"}, None)
