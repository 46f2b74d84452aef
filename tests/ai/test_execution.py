"""`llm` in executions: the example as its first lines say, a provider's word for when to come again, and what is refused when published."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from contracts.definitions import WorkflowDefinition
from domain.definition.compile import compile_definition
from domain.definition.validate import check
from tests import preloaded
from tests.ai.fake import Fake, Reply
from workers.running.activities import load_kinds
from workers.running.activity_settings import ActivitySettings

ROOT = Path(__file__).parents[2]
KINDS = {name: kind.Config for name, kind in load_kinds(ActivitySettings()).items()}


def refold(folder: Path, fake: Fake, *words: str, code: int = 0) -> str:
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "REFOLD_DATA": str(folder / "data"), "OLLAMA_BASE_URL": fake.base("ollama"),
    }  # fmt: skip
    done = preloaded.run(*words, cwd=ROOT, env=environment, timeout=300)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_the_example_sorts_a_mail_without_a_key_and_is_verified_without_a_model(fake: Fake, tmp_path: Path) -> None:
    fake.replies = [Reply(texts=(text,)) for text in ('{"kind": "money"}', '{"kind": "refund", "summary": "charged twice"}')]
    words = ("run", "examples/sort_mail.yaml", "--json", "--input", json.dumps({"mail": "I was charged twice."}))
    result = json.loads(refold(tmp_path, fake, *words))
    assert (result["status"], result["outcome"], result["output"]["kind"]) == ("completed", "accounting", "refund")
    assert len(fake.asked) == 2
    assert "0 differences" in refold(tmp_path, fake, "verify", "--all")
    assert len(fake.asked) == 2


def test_attempts_on_the_wire_are_those_that_are_recorded(fake: Fake, tmp_path: Path) -> None:
    fake.replies = [Reply(status=500)]
    words = ("run", "examples/sort_mail.yaml", "--json", "--input", json.dumps({"mail": "hi"}))
    result = json.loads(refold(tmp_path, fake, *words, code=1))
    assert (result["status"], result["error"]["type"], result["error"]["attempt"]) == ("failed", "http.500", 3)
    assert len(fake.asked) == 3


# Publishing


def problems(config: dict[str, Any], **settings: Any) -> list[tuple[str, str]]:
    document = {"name": "w", "settings": settings, "nodes": [{"id": "n", "type": "llm", "config": config}]}
    return [(problem.path, problem.rule) for problem in check(document, KINDS).problems]


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ({"model": "openai:gpt-4o"}, "nodes[0].config"),
        ({"model": "nobody:gpt-4o", "prompt": "a"}, "nodes[0].config.model"),
        ({"model": "careful", "prompt": "a"}, "nodes[0].config.model"),
        ({"model": ["openai:a", "careful"], "prompt": "a"}, "nodes[0].config.model"),
        ({"model": "openai:a", "prompt": "a", "schema": {"type": "objekt"}}, "nodes[0].config.schema.type"),
        ({"model": "openai:a", "prompt": "a", "schema": {"$ref": "#/nowhere"}}, "nodes[0].config.schema.$ref"),
        ({"model": "openai:a", "prompt": "a", "tempereture": 1}, "nodes[0].config.tempereture"),
        ({"model": "openai:a", "prompt": "a", "credential": "{{ input.name }}"}, "nodes[0].config.credential"),
        ({"model": "openai:a", "prompt": "a", "redact": ["("]}, "nodes[0].config.redact[0]"),
    ],
)
def test_what_cannot_be_asked_is_a_problem_when_published(config: dict[str, Any], place: str) -> None:
    assert [path for path, _ in problems(config)] == [place]


@pytest.mark.parametrize("use", ["careful", "nobody:x", [], ["openai:a"] * 9])
def test_models_of_the_settings_that_are_none_are_problems(use: Any) -> None:
    found = problems({"model": "openai:a", "prompt": "a"}, models={"careful": {"use": use}})
    assert found
    assert all(path.startswith("settings.models.careful.use") for path, _ in found)


@pytest.mark.parametrize("model", ["openai:a", ["openai:a", "google:b"], "{{ input.model }}", "careful"])
def test_models_may_be_named_so(model: Any) -> None:
    assert problems({"model": model, "prompt": "a"}, models={"careful": {"use": "openai:a"}}) == []


def test_what_the_settings_say_of_a_model_counts_where_the_node_says_nothing() -> None:
    models = {"careful": {"use": ["openai:a", "google:b"], "max_tokens": 200, "credential": "main"}}
    config = {"model": "careful", "prompt": "a", "max_tokens": 10}
    document = {"name": "w", "settings": {"models": models}, "nodes": [{"id": "n", "type": "llm", "config": config}]}
    node = compile_definition(WorkflowDefinition.model_validate(document)).nodes[0]
    assert json.loads(node.static_config) == {
        "model": ["openai:a", "google:b"], "prompt": "a", "max_tokens": 10, "credential": "main",
    }  # fmt: skip
