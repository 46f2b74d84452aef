"""Configs of activities: checked as they are written, where a template may stand for any value."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from domain.definition.findings import Findings
from domain.definition.shape import faults_of, tell
from domain.definition.shape_words import Fault


def check_activity_config(model: type[BaseModel] | None, config: dict[str, Any], path: str, findings: Findings) -> None:
    """What does not match the kind's model, except where a template will be filled in: nobody knows by what."""
    if model is None:
        return
    try:
        model.model_validate(config)
    except ValidationError as error:
        faults = [fault for fault in faults_of(error, config) if not _is_open(fault, config)]
        if faults:
            tell(model, config, path, faults, findings)
    except Exception as error:  # a validator of the activity's author may raise anything
        if not holds_template(config):
            message = f"the config could not be checked: {type(error).__name__}: {error}"[:500]
            findings.add(path, "config", message, "correct the config, or the model of the activity")


def _is_open(fault: Fault, config: dict[str, Any]) -> bool:
    """Whether a template stands where the fault is, or inside; a missing field, and one that takes none, is told in any case."""
    if fault.error["type"] in ("missing", "extra_forbidden", "literal"):
        return False
    value: Any = config
    for key in fault.keys:
        value = value[key]
    return holds_template(value)


def holds_template(value: Any) -> bool:
    """Whether a string anywhere in the value begins a template."""
    if isinstance(value, str):
        return "{{" in value
    if isinstance(value, dict):
        return any(holds_template(item) for item in value.values())
    return isinstance(value, list) and any(holds_template(item) for item in value)
