"""An attempt in hand: what a running activity knows and may do, and what its worker notes about it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from contracts.commands import ReportProgress, RunActivity
from contracts.credentials import OWN_NAME
from contracts.errors import NoCredential, RefoldError
from contracts.ids import idempotency_key, root_of
from contracts.ports.activities import Report
from contracts.ports.clock import Clock
from contracts.ports.credentials import CredentialsAtHand, Secret, Use
from contracts.ports.lossy_channel import LossyChannel
from contracts.sealed_value import HIDDEN, SEALED_BYTES, hide, without
from contracts.trace import traceparent_of
from contracts.usage import ModelCall
from contracts.values import encode, written
from refold.worker.cancellation import Cancellation
from refold.worker.logs import LEVELS, fields_of
from workers.running.activity_error import Cancelled
from workers.running.alarms import Alarm
from workers.running.masking import Masking
from workers.running.memory_channel import tell_line, tell_progress
from workers.running.redaction import Redaction

_log: Final = logging.getLogger("refold.activity")
_NONE: Final[Mapping[str, str]] = MappingProxyType({})
PROGRESS_EVERY_MS: Final = 1_000
"""Progress is reported at most this often; the first and the last always are."""


class Attempt(Cancellation):
    """An `ActivityContext`, see there."""

    __slots__ = (
        "_channel", "_clock", "_credentials", "_has_said", "_progress", "_report", "_reported_at", "_sealed", "activity", "calls", "limit",
        "masking", "redaction", "seen_at",
    )  # fmt: skip

    def __init__(
        self,
        activity: RunActivity,
        report: Report,
        clock: Clock,
        channel: LossyChannel | None = None,
        credentials: CredentialsAtHand | None = None,
        redaction: Redaction | None = None,
    ) -> None:
        super().__init__()
        self.activity = activity
        self.seen_at: int | None = None
        """The last sign of life; None while it waits."""
        self.limit: Alarm | None = None
        self._report = report
        self._clock, self._channel = clock, channel
        self._credentials = credentials
        self.redaction = redaction
        """What makes unreadable what is to be recorded nowhere; None where there are no rules."""
        self.masking: Masking | None = None
        """What makes the secrets unreadable that it was given; None as long as it was given none."""
        self._sealed: Mapping[str, str] = _NONE
        """What it was given in plain, and what stands for that."""
        self._progress = 0.0
        self._reported_at: int | None = None
        self._has_said = False
        self.calls: tuple[ModelCall, ...] = ()
        """The requests to models that it has made."""

    @property
    def execution(self) -> str:
        """See ActivityContext."""
        return self.activity.execution

    @property
    def path(self) -> str:
        """See ActivityContext."""
        return self.activity.path

    @property
    def attempt(self) -> int:
        """See ActivityContext."""
        return self.activity.attempt

    @property
    def idempotency_key(self) -> str:
        """See ActivityContext."""
        return idempotency_key(self.activity.execution, self.activity.path)

    @property
    def traceparent(self) -> str:
        """See ActivityContext."""
        return traceparent_of(self.activity)

    def credential(self, name: str) -> Secret:
        """See ActivityContext."""
        if self._credentials is None:
            raise NoCredential(name, "no credentials are kept here")
        activity = self.activity
        use = Use(activity.execution, activity.path, activity.attempt, activity.workflow)
        try:
            secret = self._credentials.secret(name, use)
        except RefoldError as error:  # whose libraries it came through is nothing that the activity's author could mend
            raise error.with_traceback(None) from None
        self.masking = self.masking or Masking()
        self.masking.add(secret)
        return secret

    def opened(self, content: bytes) -> bytes:
        """The JSON with what in it was sealed for this execution in plain, and unreadable from then on in all that is given back.

        What was sealed for another one stands there as `•••`. Raises NoCredential, LogError.
        """
        if self._credentials is None:
            raise NoCredential(OWN_NAME, "no credentials are kept here")
        activity = self.activity
        use = Use(activity.execution, activity.path, activity.attempt, activity.workflow, "opened values marked secret")
        texts = {sealed: text for text, sealed in self._sealed.items()}
        unknown = {found.decode() for found in SEALED_BYTES.findall(content)} - texts.keys()
        if unknown:
            texts |= self._credentials.open_values(unknown, root_of(activity.execution), use)
            self.masking = self.masking or Masking()
            self.masking.add(Secret(texts))
            self._sealed = {text: sealed for sealed, text in texts.items()}
        return hide(SEALED_BYTES.sub(lambda found: _inside(texts.get(found.group().decode())), content))

    def masked(self, output: bytes) -> bytes:
        """The output with what was sealed sealed again, so that it can be handed on, and all else unreadable that is secret."""
        if self.masking is not None:
            output = self.masking.json(without(output, self._sealed, self._sealed.__getitem__))
        return output if self.redaction is None else self.redaction.json(output)

    def heartbeat(self, progress: float | None = None, detail: Any = None) -> None:
        """See ActivityContext. Without progress and detail it is a sign of life and reports nothing."""
        if self._is_cancelled:
            raise Cancelled
        now = self._clock.now()
        self.seen_at = now
        if progress is None and detail is None:
            return
        if self.masking is not None:
            detail = self.masking.value(detail)
        if self.redaction is not None and detail is not None:
            detail = self.redaction.value(detail)
        is_first_or_last = self._reported_at is None or (progress is not None and progress >= 1 > self._progress)
        if progress is not None:
            self._progress = min(1.0, max(0.0, progress))
        tell_progress(self._channel, self.execution, self.path, self.attempt, self._progress, detail)
        if is_first_or_last or now - (self._reported_at or 0) >= PROGRESS_EVERY_MS:
            self._reported_at = now
            told = None if detail is None else written(detail)
            self._report(self.execution, ReportProgress(self.path, self.attempt, self._progress, told))

    def log(self, message: str, level: str = "info", **fields: Any) -> None:
        """See ActivityContext."""
        if self.masking is not None:
            message, fields = self.masking.text(str(message)), self.masking.fields(fields)
        if self.redaction is not None:
            message, fields = self.redaction.text(str(message)), self.redaction.fields(fields)
        _log.log(LEVELS.get(level, logging.INFO), "%s", message, extra={**fields_of(fields), **self.about()})
        line = {"level": level if level in LEVELS else "info", "message": message, "fields": fields}
        tell_line(self._channel, self.execution, self.path, self.attempt, line)

    def say(self, text: str, is_new: bool = False) -> None:
        """See ActivityContext. A piece does not show what the whole would: where values are sealed, or rules hide some, nothing is told."""
        if self._channel is None or self.redaction is not None or self._sealed:
            return
        text = text if self.masking is None else self.masking.text(text)
        self._has_said = True
        self._channel.say(self.execution, self.path, self.attempt, text, is_new)

    def note_call(self, call: ModelCall) -> None:
        """See ActivityContext."""
        self.calls = (*self.calls, call)

    def hush(self) -> None:
        """It says nothing more, as it has ended. For the worker."""
        if self._has_said and self._channel is not None:
            self._channel.hush(self.execution, self.path, self.attempt)

    def about(self) -> dict[str, Any]:
        """See Cancellation."""
        found = {"execution": self.execution, "path": self.path, "attempt": self.attempt}
        correlation = self.activity.correlation
        return {**found, "correlation_id": correlation} if correlation else found


def _inside(text: str | None) -> bytes:
    """What stands for a text inside of a text of JSON."""
    return HIDDEN.encode() if text is None else encode(text)[1:-1]
