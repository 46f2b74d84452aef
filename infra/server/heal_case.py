"""What a model is told of a failure: as values are recorded, so what is redacted stays so, cut where they are long."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import yaml

from contracts.failure import Failure
from contracts.key import NO_KEY
from domain.definition.canonical import load_canonical
from domain.definition.document import Syntax
from domain.execution.moves.healing import FAILED, about
from domain.execution.state import Execution
from projections.definitions import Version

VALUE_CHARS_MAX: Final = 4_000
"""So much of a value is told."""
CHANGES_TOLD: Final = 10
STEPS_TOLD: Final = 3


class Trouble(NamedTuple):
    """What has failed, and where."""

    failure: Failure
    path: str


def trouble_in(state: Execution, what: str) -> Trouble | None:
    """What is to be healed of an execution; None where that is over."""
    if about(state) is None or (what == FAILED) != (state.status == "failed"):
        return None
    if what == FAILED:
        return None if state.failure is None else Trouble(state.failure, state.failure.node or "")
    incident = state.incidents.get(what)
    return None if incident is None else Trouble(incident.failure, incident.path)


def text_of(version: Version) -> tuple[str, Syntax]:
    """The text of a version; of one that was published without, what it says."""
    source = version.source
    if source is not None:
        return source.text.decode("utf-8-sig", "replace"), "json" if source.syntax == "json" else "yaml"
    said = load_canonical(version.content).model_dump(by_alias=True, exclude_unset=True, mode="json", exclude={"language", "prompts"})
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True), "yaml"


def may_be_told(state: Execution) -> bool:
    """Whether its values may stand in the history of another execution: those of one that is erased some day do not outlive it."""
    return state.key == NO_KEY


def told(
    state: Execution,
    trouble: Trouble,
    node: Any,
    text: str,
    given: bytes | None,
    success: dict[str, Any] | None,
    declined: Iterable[str],
) -> str:
    """All of it, as JSON."""
    failure, tells = trouble.failure, may_be_told(state)
    error = {"type": failure.type, "message": failure.message, "node": trouble.path}
    said = {
        "execution": state.execution,
        "workflow": state.workflow,
        "version": state.workflow_version,
        "error": {**error, "details": cut(failure.details)} if tells else error,
        "node": cut(node),
        "input_of_the_node": "not told" if not tells else None if given is None else cut(given.decode()),
        "against_the_last_success": _parting(success) if tells and success is not None else None,
        "declined_before": list(declined),
        "definition": text,
    }
    return json.dumps(said, ensure_ascii=False, default=str)


def _parting(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "execution": found["before"]["execution_id"],
        "first": cut(found["first"]),
        "steps": [cut(one) for one in found["steps"][:STEPS_TOLD]],
        "changes": [cut(one) for one in found["changes"][:CHANGES_TOLD]],
    }


def cut(value: Any) -> Any:
    """The value, or the beginning of its JSON where it is long."""
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if len(written) <= VALUE_CHARS_MAX:
        return value
    return f"{written[:VALUE_CHARS_MAX]} … and {len(written) - VALUE_CHARS_MAX:,} characters more"
