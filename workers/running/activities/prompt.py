"""`prompt`: asks a model with a prompt of the registry, filled in; gives what `llm` gives, and which version it was.

Its config has the prompt as the definition pins it (`domain.definition.prompts_in_use`), so an attempt asks what its execution began
with, whatever was published since.
"""

from __future__ import annotations

import json
from typing import Any, Final

from pydantic import Field

from contracts.errors import ExpressionError, InvalidInput
from contracts.ports.activities import ActivityContext
from contracts.prompts import NAME_PATTERN
from domain.definition.prompts_in_use import PINNED, taken_inputs
from domain.expressions import value
from workers.running.activities import config as configs
from workers.running.activities.llm import Asking, Llm, NamedModel
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings

_OF_THE_NODE: Final = ("prompt", "version", "inputs")
_TEXTS: Final = ("system", "prompt", "messages")
_OF_THE_PROMPT: Final = ("name", "description", "inputs", *_TEXTS)
"""What a prompt says of itself; all else are fields of `llm`."""


class _Named(configs.Config):
    prompt: str = Field(pattern=NAME_PATTERN, description="The name of a prompt that is published.")
    version: int | None = Field(
        default=None, ge=1, strict=True, description="Which version of it; without it the latest one as the workflow is published."
    )
    inputs: dict[str, Any] = Field(default_factory=dict, description="What is filled in; its schema is the prompt's.")
    model: NamedModel | None = Field(default=None, description="As of `llm`; without it what the prompt says.")


class PromptConfig(Asking, _Named):
    """Which prompt, what is filled in, and how a model is asked. What it says itself counts more than what the prompt says."""


class PromptNode:
    """Asks a model with a prompt."""

    name = "prompt"
    summary = "Asks a language model with a prompt that is kept by name and version, and gives its answer."
    category = "ai"
    icon = "message-square-text"
    begins_with = '{"prompt": "a_prompt", "inputs": {}}'
    Config = PromptConfig

    def __init__(self, settings: ActivitySettings) -> None:
        self._llm = Llm(settings)

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Ask. Raises ActivityError `input.invalid`, `expression`, and those of `llm`."""
        given = dict(config)
        pinned = given.pop(PINNED, None)
        wanted = configs.read_config(PromptConfig, given)
        if pinned is None:
            message = f"config.prompt: the workflow was published without a prompt {wanted.prompt}: publish the prompt, then the workflow"
            raise ActivityError("input.invalid", message, retryable=False)
        pin = json.loads(pinned)
        said = {name: one for name, one in given.items() if name not in _OF_THE_NODE and one is not None}
        asked = {name: one for name, one in pin["content"].items() if name not in _OF_THE_PROMPT}
        found = self._llm.run(context, {**asked, **said, **_filled(pin["content"], wanted.inputs)}, data)
        return {**found, "prompt": {"name": wanted.prompt, "version": pin["version"], "hash": pin["hash"]}}

    def close(self) -> None:
        """End the AI process."""
        self._llm.close()


def _filled(prompt: dict[str, Any], inputs: dict[str, Any]) -> dict[str, Any]:
    """The prompt's texts with what is given. Raises ActivityError."""
    try:
        given = {"input": taken_inputs(prompt.get("inputs", {}), inputs)}
        texts: dict[str, Any] = {name: value(prompt[name]).render(given) for name in _TEXTS if name in prompt}
    except InvalidInput as error:
        problems = [{"path": f"/inputs{one.path}", "message": one.message} for one in error.problems]
        raise ActivityError("input.invalid", f"config.inputs: {error}", details=problems, retryable=False) from None
    except ExpressionError as error:
        raise ActivityError("expression", f"prompt {prompt['name']}: {error}", retryable=False) from None
    return {name: _messages(one) if name == "messages" else _text(one) for name, one in texts.items()}


def _messages(filled: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**one, "content": _text(one["content"])} for one in filled]


def _text(filled: Any) -> str:
    """What a template alone gives is a value; a model is told it as JSON."""
    return filled if isinstance(filled, str) else json.dumps(filled, ensure_ascii=False)
