"""Public events: what other systems are told of executions, as CloudEvents 1.0 in structured JSON.

    decision, workflow ─► one CloudEvent for each event; of a decision that only refuses, none

Made of one decision alone, so whoever makes it again, at any time and anywhere, makes the same: `source` and `id` name it for ever.
`data` is what a history shows of the event (`projections/history.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

import msgspec

from contracts import commands as c
from contracts import events as e
from contracts import values
from contracts.journal import Decision
from projections.history import HistoryEvent, HistoryPresenter, show_value

SOURCE: Final = "/refold"
TYPE_PREFIX: Final = "refold."
SPEC_VERSION: Final = "1.0"

Public: TypeAlias = dict[str, Any]
"""The attributes of a CloudEvent, those without a value left out: `specversion`, `id` (`<execution>/<version>`), `source`, `type`,
`subject` (the execution), `time`, `datacontenttype`, `data`; of our own `workflow`, `version`, `path`, `attempt`, `actor` and
`correlationid`, which is there where a request from outside caused the event itself.
"""

_OF_AN_ATTEMPT: Final = c.ReportStarted | c.ReportProgress | c.CompleteActivity | c.FailActivity | c.LoseActivity
_encode: Final = msgspec.json.Encoder().encode


def public_events(decision: Decision, workflow: str, source: str = SOURCE, show: Callable[[bytes], Any] = show_value) -> Iterator[Public]:
    """The public events of a decision, in their order."""
    presenter = HistoryPresenter(show)
    command = decision.command
    if isinstance(command, _OF_AN_ATTEMPT):
        presenter.note_attempt(command.path, command.attempt)
    for event in presenter.present(decision):
        yield _public(event, decision.execution, workflow, source)


def _public(event: HistoryEvent, execution: str, workflow: str, source: str) -> Public:
    public: Public = {
        "specversion": SPEC_VERSION,
        "id": f"{execution}/{event.version}",
        "source": source,
        "type": TYPE_PREFIX + event.type,
        "subject": execution,
        "time": event.recorded_at,
        "datacontenttype": "application/json",
        "workflow": workflow,
        "version": event.version,
    }
    own = {"path": event.path, "attempt": event.attempt, "actor": event.actor, "correlationid": event.correlation_id}
    public |= {name: value for name, value in own.items() if value}
    public["data"] = event.data
    return public


def public_json(public: Public) -> bytes:
    """The JSON of a public event, in one line."""
    content = _encode(public)
    return content.replace(b"\r", b" ").replace(b"\n", b" ") if b"\n" in content or b"\r" in content else content


def as_written(value: bytes) -> Any:
    """What `public_events` may show a value as: its JSON as it came, not parsed; of a blob, what it is."""
    return show_value(value) if values.is_reference(value) else msgspec.Raw(value)


def ends_execution(event: e.Event) -> bool:
    """Whether nothing but refusals can follow on this event."""
    match event:
        case e.ExecutionCompleted() | e.ExecutionFailed() | e.ExecutionCancelled() | e.ExecutionTerminated():
            return True
        case e.ExecutionQuarantined():
            return not event.keeps
    return False
