"""Budgets that cannot be meant: those that are none, and limits that nothing could be held to."""

from __future__ import annotations

from pydantic import ValidationError

from contracts.definitions import Budget
from contracts.models import MODEL_KINDS
from domain.definition.budgets import HAVE_BUDGETS
from domain.definition.configs import holds_template
from domain.definition.outline import Outline, OutlineNode
from domain.definition.pinned_prompts import PROMPT


def check_budgets(outline: Outline) -> None:
    """Budgets of nodes that are none, and limits that nothing could be held to."""
    whole = outline.definition.settings.budget
    for node in outline.nodes:
        if node.definition.type not in HAVE_BUDGETS:
            continue
        own = _checked(outline, node)
        if node.definition.type in MODEL_KINDS:
            _check_bounds(outline, node, [budget for budget in (whole, own) if budget is not None])


def _checked(outline: Outline, node: OutlineNode) -> Budget | None:
    written = node.definition.config.get("budget")
    if written is None:
        return None
    path = f"{node.path}.config.budget"
    try:
        return Budget.model_validate(written)
    except ValidationError:  # what is wrong the model of the config says, but where a template stands
        if holds_template(written):
            message = "a budget is the same for all executions, and takes no template"
            outline.findings.add(path, "budget", message, "write numbers, or `settings.budget`")
        return None


def _check_bounds(outline: Outline, node: OutlineNode, budgets: list[Budget]) -> None:
    """What an answer may take at most has to be known before it is asked for; and its price, where money is limited."""
    models, config = outline.definition.settings.models, node.definition.config
    use = models.get(config["model"]) if isinstance(config.get("model"), str) else None
    is_bounded = config.get("max_tokens") is not None or (use is not None and use.max_tokens is not None)
    is_bounded = is_bounded or node.definition.type == PROMPT  # its prompt may say it, which is looked at where prompts are known
    if not is_bounded and any(one.usd is not None or one.tokens is not None for one in budgets):
        message = "a budget of money or tokens counts the longest answer that may come, and nothing says how long that is"
        outline.findings.add(f"{node.path}.config.max_tokens", "budget", message, "add `max_tokens`, here or in `settings.models`")
    if any(one.usd is not None for one in budgets) and "{{" in str(config.get("model", "")):
        message = "a budget of money needs the price of the model, and which one that is only the execution will know"
        fix = "write the model, or a name of `settings.models` that has a `price`"
        outline.findings.add(f"{node.path}.config.model", "budget", message, fix)
