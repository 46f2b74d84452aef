"""Models that a definition names itself (`settings.models`): what a node's config says with them put in, and what cannot be meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from contracts.definitions import ModelUse
from contracts.models import MODEL_KINDS, PROVIDERS
from domain.definition.configs import holds_template
from domain.definition.findings import listed
from domain.definition.input_check import check_input_schema
from domain.definition.outline import Outline

_NOT_OF_THE_NODE: Final = {"use", "price"}


def with_model(kind: str, config: dict[str, Any], models: Mapping[str, ModelUse]) -> dict[str, Any]:
    """The config of a node of a kind that asks a model, with what stands for the name it uses. What the node says itself counts more."""
    if kind not in MODEL_KINDS or not models:
        return config
    named = config.get("model")
    use = models.get(named) if isinstance(named, str) else None
    if use is None:
        return config
    given = use.model_dump(exclude_none=True, exclude=_NOT_OF_THE_NODE)
    return {**given, **config, "model": use.use}


def check_models(outline: Outline) -> None:
    """Names of models that the settings do not have, and schemas of answers that are none."""
    findings, models = outline.findings, outline.definition.settings.models
    for node in outline.nodes:
        if node.definition.type not in MODEL_KINDS:
            continue
        config, path = node.definition.config, f"{node.path}.config"
        named = config.get("model")
        if isinstance(named, str) and ":" not in named and "{{" not in named and named not in models:
            there = f"there are {listed(models)}" if models else "there are none"
            message = f"`{named}` is no `provider:model`, and no name of `settings.models`: {there}"
            fix = findings.did_you_mean(named, models, f"write `provider:model` with one of {', '.join(PROVIDERS)}, or add the name")
            findings.add(f"{path}.model", "unknown_model", message, fix)
        schema = config.get("schema")
        if isinstance(schema, dict) and not holds_template(schema):
            check_input_schema(schema, findings, f"{path}.schema")
