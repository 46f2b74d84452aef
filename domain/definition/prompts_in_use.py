"""Prompts that a definition names: which versions it pins as it is published, what is wrong with naming them so, what a node runs with.

    node {prompt: reply, version: 4} ──publish──► prompts: {"reply@4": {version, hash, content}} ──compile──► the node's config has it, too

So the texts are a part of the definition and of its hash: what is decided and asked again, asks the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from contracts.catalog import PromptPublished
from contracts.definitions import PinnedPrompt, WorkflowDefinition
from contracts.errors import InvalidInput, Problem
from contracts.values import encode
from domain.definition.configs import holds_template
from domain.definition.findings import Findings, listed, nearest
from domain.definition.input_defaults import with_defaults
from domain.definition.input_schema import check
from domain.definition.outline import outline_of
from domain.definition.pinned_prompts import PROMPT, pin_key

PINNED: Final = "pinned"
"""The field of a config in which a node has the prompt that it runs with, as JSON. Nobody writes it."""
_COUNTED: Final = ("model", "max_tokens")
"""What a prompt says that budgets look at, too: it stands in the config as if the node said it."""
Find = Callable[[str, int | None], PromptPublished | None]
"""A version of a prompt by its name, without a number the latest one."""


class PromptUsed(NamedTuple):
    """A version of a prompt."""

    name: str
    version: int


class _Use(NamedTuple):
    """A node that names a prompt, and where its config stands."""

    path: str
    config: dict[str, Any]

    @property
    def name(self) -> str | None:
        """The prompt; None where it is no name."""
        found = self.config.get("prompt")
        return found if isinstance(found, str) and "{{" not in found else None

    @property
    def version(self) -> int | None:
        """The version, where one is said."""
        found = self.config.get("version")
        return found if isinstance(found, int) else None


def _uses(definition: WorkflowDefinition) -> Iterator[_Use]:
    for node in outline_of(definition, {}, Findings(), strict_kinds=False).nodes:
        if node.definition.type == PROMPT:
            yield _Use(f"{node.path}.config", node.definition.config)
        undo = node.definition.compensate
        if undo is not None and undo.type == PROMPT:
            yield _Use(f"{node.path}.compensate.config", undo.config)


def with_pins(definition: WorkflowDefinition, find: Find) -> WorkflowDefinition:
    """The definition with the prompts that its nodes name, as they are now; what it said of them before counts no more."""
    pins: dict[str, PinnedPrompt] = {}
    for use in _uses(definition):
        found = None if use.name is None else find(use.name, use.version)
        if found is not None:
            content = json.loads(found.content)
            pins[pin_key(found.name, use.version)] = PinnedPrompt(version=found.version, hash=found.hash, content=content)
    if not pins and not definition.prompts:
        return definition
    return definition.model_copy(update={"prompts": dict(sorted(pins.items()))})


def with_prompt(kind: str, config: dict[str, Any], prompts: Mapping[str, PinnedPrompt]) -> dict[str, Any]:
    """The config of a node with the prompt that it names, as JSON in which no template begins: those are of the prompt's own inputs."""
    if kind != PROMPT:
        return config
    pin = prompts.get(pin_key(str(config.get("prompt")), config.get("version")))
    if pin is None:
        return config
    counted: dict[str, Any] = {name: pin.content[name] for name in _COUNTED if name in pin.content}
    return {**counted, **config, PINNED: written_pin(pin)}


def prompt_used(kind: str, config: Mapping[str, Any], prompts: Mapping[str, PinnedPrompt]) -> PromptUsed | None:
    """The version of a prompt that a node runs with; None for one that names none, or was published without it."""
    name = str(config.get("prompt"))
    pin = prompts.get(pin_key(name, config.get("version"))) if kind == PROMPT else None
    return None if pin is None else PromptUsed(name, pin.version)


def written_pin(pin: PinnedPrompt) -> str:
    """A pin as a node's config has it."""
    return json.dumps(pin.model_dump(), ensure_ascii=False).replace("{{", "{\\u007b")


def prompt_problems(definition: WorkflowDefinition, find: Find, names: list[str]) -> list[Problem]:
    """Prompts that are not there, inputs that they do not take or that are missing, and limits that none of them can be held to."""
    findings = Findings()
    for use in _uses(definition):
        for field in ("prompt", "version"):
            if holds_template(use.config.get(field)):
                message = f"`{field}` is pinned when the workflow is published, so it cannot be filled in"
                findings.add(f"{use.path}.{field}", "template", message, "write it as it is; a `switch` chooses among several nodes")
        if use.name is not None:
            _check_use(use, use.name, find, names, findings)
            _check_bound(definition, use, find(use.name, use.version), findings)
    return findings.told()


def _check_use(use: _Use, name: str, find: Find, names: list[str], findings: Findings) -> None:
    found = find(name, use.version)
    if found is None:
        latest = find(name, None)
        if latest is not None:
            message = f"prompt `{name}` has no version {use.version}: the latest one is {latest.version}"
            findings.add(f"{use.path}.version", "unknown_prompt", message, f"write `version: {latest.version}`, or leave it out")
            return
        near = nearest(name, names)
        there = f"there are {listed(names)}" if names else "none is published"
        fix = f"did you mean `{near}`?" if near else f"publish it: refold prompts publish {name}.yaml"
        findings.add(f"{use.path}.prompt", "unknown_prompt", f"there is no prompt `{name}`: {there}", fix)
        return
    prompt = json.loads(found.content)
    _check_inputs(use, name, prompt.get("inputs", {}), findings)
    if "model" not in use.config and "model" not in prompt:
        findings.add(use.path, "missing_field", f"neither the node nor prompt `{name}` says which `model` is asked", "add `model`")


def _check_bound(definition: WorkflowDefinition, use: _Use, found: PromptPublished | None, findings: Findings) -> None:
    """What an answer may take at most the node says, or its prompt: no budget of money or tokens is held without it."""
    own = use.config.get("budget")
    limited = [own if isinstance(own, dict) else {}, definition.settings.budget.model_dump() if definition.settings.budget else {}]
    alias = definition.settings.models.get(str(use.config.get("model")))
    longest = use.config.get("max_tokens") or (alias.max_tokens if alias else None)
    if found is None or longest or json.loads(found.content).get("max_tokens"):
        return
    if use.path.endswith(".compensate.config") or not any(one.get(name) is not None for one in limited for name in ("usd", "tokens")):
        return
    message = "a budget of money or tokens counts the longest answer there may be, and neither the node nor its prompt says how long"
    findings.add(f"{use.path}.max_tokens", "budget", message, "add `max_tokens`, here, in the prompt, or in `settings.models`")


def _check_inputs(use: _Use, name: str, schema: dict[str, Any], findings: Findings) -> None:
    given, path = use.config.get("inputs", {}), f"{use.path}.inputs"
    if not isinstance(given, dict):
        return  # a template, or told by the shape
    properties = schema.get("properties", {})
    for one in given:
        if one not in properties:
            takes = f"it takes {listed(properties)}" if properties else "it takes none"
            near = nearest(one, properties)
            findings.add(
                f"{path}.{one}",
                "unknown_input",
                f"prompt `{name}` has no input `{one}`: {takes}",
                f"did you mean `{near}`?" if near else "remove it",
            )
    for one in schema.get("required", []):
        if one not in given and "default" not in properties.get(one, {}):
            findings.add(path, "missing_input", f"prompt `{name}` needs the input `{one}`", f"add `{one}` to `inputs`")
    known = {one: value for one, value in given.items() if one in properties and not holds_template(value)}
    for one, value in known.items():
        try:
            check({"$defs": schema.get("$defs", {}), **properties[one]} if isinstance(properties[one], dict) else properties[one], value, 0)
        except InvalidInput as error:
            for problem in error.problems:
                findings.add(f"{path}.{one}", "input", f"prompt `{name}` does not take it: {problem.message}", "correct the value")


def taken_inputs(schema: dict[str, Any], given: Any) -> Any:
    """What a prompt is given, with the defaults of its schema. Raises InvalidInput with a JSON pointer for each thing it does not take."""
    taken = with_defaults(schema, given)
    check({"type": "object", **schema}, taken, len(encode(taken)))
    return taken
