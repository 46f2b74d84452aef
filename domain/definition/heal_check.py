"""`settings.heal`: models that there are not, and a budget of money for a model whose price nobody will know."""

from __future__ import annotations

from contracts.models import PROVIDERS, models_in
from domain.definition.findings import listed
from domain.definition.outline import Outline


def check_heal(outline: Outline) -> None:
    """What cannot be meant."""
    settings, findings = outline.definition.settings, outline.findings
    heal = settings.heal
    if heal is None:
        return
    use = settings.models.get(heal.model) if isinstance(heal.model, str) else None
    if use is None:
        for one in models_in(heal.model or []):
            if ":" not in one or one.partition(":")[0] not in PROVIDERS:
                there = f"there are {listed(settings.models)}" if settings.models else "there are none"
                message = f"`{one}` is no `provider:model`, and no name of `settings.models`: {there}"
                fix = findings.did_you_mean(
                    one, settings.models, f"write `provider:model` with one of {', '.join(PROVIDERS)}, or add the name"
                )
                findings.add("settings.heal.model", "unknown_model", message, fix)
    if use is not None and use.base_url is not None and heal.budget is not None and heal.budget.usd is not None:
        message = "a budget of money needs the price of the model, and of one at a `base_url` no table knows it"
        findings.add("settings.heal.budget.usd", "budget", message, "limit `tokens` or `model_calls` in its place")
    if heal.budget is not None and heal.model is None:
        findings.add(
            "settings.heal.budget", "budget", "without a `model` nothing is asked that costs anything", "add a `model`, or remove it"
        )
