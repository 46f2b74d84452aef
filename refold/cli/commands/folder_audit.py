"""The audit of a data folder: who did what, from the journal and the topics beside it."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.errors import InvalidInput
from domain.execution.history import Unreadable
from infra.clock import SystemClock
from infra.credentials.store import CredentialStore
from infra.server.reader_wiring import Reader
from projections.audit import AUDIT as AUDIT_ROWS
from projections.audit import (
    CREDENTIALS,
    DEFINITIONS,
    LETTERS,
    AuditRecord,
    Wanted,
    audit_filter,
    audit_of,
    audit_value,
    credential_act,
    merged,
)
from projections.filter import Filter, in_words
from refold.cli.commands.output import BadInput
from refold.cli.commands.target import AuditWanted, Value
from workers.tasks.letter_box import LetterBox


def audit_in(reader: Reader, wanted: AuditWanted, credentials: CredentialStore) -> list[Value]:
    """Who did what, the latest first."""
    rows = Wanted(wanted.actor, wanted.execution, wanted.workflow, wanted.command, filter=_read_filter(wanted.filter))
    found = ((row, AUDIT_ROWS.cursor(row, 0)) for row in _decided(reader) if rows.takes(row))
    kept = [credential_act(number, act) for number, act in credentials.acts()]
    others = {DEFINITIONS: reader.catalog.acts, LETTERS: LetterBox(reader.log, SystemClock()).acts(), CREDENTIALS: kept}
    return [audit_value(row) for row, _ in merged(found, others, rows, None, wanted.limit)]


def _decided(reader: Reader) -> Iterator[AuditRecord]:
    from refold.cli.commands.folder_reading import all_entries

    begun: dict[str, tuple[int, str, str]] = {}
    for entry in all_entries(reader):
        if isinstance(entry, Unreadable):
            continue
        decision = entry.decision
        if decision.first == 1 and decision.events:
            begun[decision.execution] = entry.offset, getattr(decision.command, "workflow", ""), decision.correlation
        number, workflow, correlation = begun.get(decision.execution, (0, "", ""))
        row = audit_of(number, decision, workflow, correlation) if decision.events else None
        if row is not None:
            yield row


def _read_filter(source: str | None) -> Filter | None:
    try:
        return None if source is None else audit_filter(source, SystemClock().now())
    except InvalidInput as error:
        (found,) = error.problems
        raise BadInput(f"--filter, {in_words(found)}") from None
