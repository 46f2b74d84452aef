"""`costs`: what models took, of a data folder, of a server and by a client; the same from all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from refold import Client
from refold.errors import Refused
from tests.ai.fake import Fake, Reply
from tests.cli.conftest import CommandLine

PROMPT = """
name: reply
inputs: {type: object, required: [mail], properties: {mail: {type: string}}}
prompt: "%s: {{ input.mail }}"
"""
WORKFLOW = """
name: answer
settings: {models: {small: {use: "ollama:llama3.2", max_tokens: 50, price: {input: 10, output: 40}}}}
nodes:
  - {id: sort, type: llm, config: {model: small, prompt: "{{ input.mail }}", schema: {type: object}}}
  - {id: reply, type: prompt, config: {prompt: reply, model: small, inputs: {mail: "{{ input.mail }}"}}}
edges: [{from: sort, to: reply}]
"""
EACH = (11 * 10 + 4 * 40) / 1_000_000
"""What a call of the fake costs, in US dollars."""


@pytest.fixture
def refold(tmp_path: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    """A folder in which two versions of a prompt were asked with."""
    monkeypatch.setenv("OLLAMA_BASE_URL", fake.base("ollama"))
    line = CommandLine(tmp_path)
    workflow = line.file("answer.yaml", WORKFLOW)
    for how in ("First", "Second"):
        fake.replies = [Reply(texts=("no json",)), Reply(texts=("{}",)), Reply()]
        line("prompts", "publish", line.file("reply.yaml", PROMPT % how))
        line("run", workflow, "--input", json.dumps({"mail": "hi"}))
    yield line
    line.close()


def test_what_models_took_is_told_by_a_folder_and_by_a_server(refold: CommandLine, fake: Fake) -> None:
    words = ("costs", "--json", "--by", "all", "--group", "version,node,prompt,model")
    told = refold(*words).json
    assert [(one["version"], one["node"], one["prompt"], one["calls"], one["repairs"]) for one in told] == [
        (1, "reply", "reply@1", 1, 0), (1, "sort", "", 2, 1), (2, "reply", "reply@2", 1, 0), (2, "sort", "", 2, 1),
    ]  # fmt: skip
    assert {one["model"] for one in told} == {"ollama:llama3.2"}
    assert sum(one["usd"] for one in told) == pytest.approx(6 * EACH)
    assert sum(one["tokens"]["input"] for one in told) == 6 * 11
    assert all(one["first_token"]["count"] == one["calls"] for one in told)
    table = refold("costs", "--group", "prompt").out.splitlines()
    assert table[0].split()[:4] == ["FROM", "PROMPT", "CALLS", "USD"]
    assert len(fake.asked) == 6

    url, empty = refold.serve(), {"REFOLD_DATA": ""}
    assert refold(*words, "--server", url, env=empty).json == told
    assert refold("costs", "--group", "prompt", "--server", url, env=empty).out.splitlines() == table
    one = refold("costs", "--json", "--prompt", "reply@2", "--server", url, env=empty).json
    assert [(window["workflow"], window["calls"]) for window in one] == [("answer", 1)]
    assert refold("costs", "--model", "openai:nobody", "--server", url, env=empty).out == "no model was asked in this time\n"


def test_what_cannot_be_asked_is_refused_with_a_way_out(refold: CommandLine) -> None:
    assert "--group: expected some of workflow, version, node, model, prompt, found 'status'" in refold(
        "costs", "--group", "status", code=2
    ).complaint  # fmt: skip
    assert "--prompt: expected a prompt like reply or reply@4, found 'reply@'" in refold("costs", "--prompt", "reply@", code=2).complaint
    assert "--from: expected a time like" in refold("costs", "--from", "yesterday", code=2).complaint
    with Client(refold.serve()) as client:
        assert client.costs(by="all", group="")[0]["calls"] == 6
        for asked, says in (
            ({"group": "status"}, "group: expected some of"),
            ({"prompt": "reply@x"}, "prompt: expected a prompt like reply or reply@4"),
            ({"since": "yesterday"}, "from: expected a time like"),
            ({"since": "2000-01-01T00:00:00Z"}, "at most 400 days"),
        ):
            with pytest.raises(Refused, match=says) as refused:
                client.costs(**asked)  # type: ignore[arg-type]  # of texts
            assert refused.value.status == 422
