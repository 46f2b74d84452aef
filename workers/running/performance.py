"""Performing an attempt: from the bytes of an activity command to the command that reports its end.

Nothing an activity does escapes from here but as a failure, and a cached result is given without running anything.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Any, Final

from contracts.commands import CompleteActivity, FailActivity, RunActivity
from contracts.conversation import MODEL_KIND, whole
from contracts.errors import InvalidInput
from contracts.ports.activities import ActivityKind
from contracts.ports.blobs import Blobs
from contracts.ports.result_cache import ResultCache
from contracts.sealed_value import has_sealed, hide
from contracts.values import NULL, blob_of, decode, is_reference, written
from refold.worker.cancellation import cause_of_end
from workers.running.activities import is_built_in
from workers.running.activities.config import read_config
from workers.running.activity_error import ActivityError, failure_of, is_retryable, traceback_of
from workers.running.activity_settings import ActivitySettings
from workers.running.attempt import Attempt
from workers.running.result_cache import cached, keep

RETRY_AFTER_S_MAX: Final = 86_400
"""Who says to come again later is asked again after so long all the same."""
_log = logging.getLogger("refold.activity")


class Performance:
    """Performs attempts with the kinds there are. Safe to use from several threads."""

    def __init__(
        self, kinds: Mapping[str, ActivityKind], settings: ActivitySettings, blobs: Blobs | None, cache: ResultCache | None
    ) -> None:
        self._kinds = kinds
        self._foreign = {name: kind.Config for name, kind in kinds.items() if kind.Config is not None and not is_built_in(kind)}
        """The models of configs whose kinds do not read them themselves."""
        self._settings = settings
        self._blobs = blobs
        self._cache = cache

    def of(self, attempt: Attempt) -> CompleteActivity | FailActivity | None:
        """How the attempt ended; None if it stopped because it was cancelled."""
        try:
            output, is_cached = self._output(attempt)
            return CompleteActivity(attempt.path, attempt.attempt, output, is_cached, attempt.calls)
        except BaseException as error:  # SystemExit and its like: an activity must not end the worker
            if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
                raise
            cause = cause_of_end(error, attempt)
            return None if cause is None else _failed(attempt, cause)
        finally:
            attempt.hush()

    def _output(self, attempt: Attempt) -> tuple[bytes, bool]:
        activity = attempt.activity
        kind = self._kinds.get(activity.kind)
        if kind is None:
            known = ", ".join(sorted(self._kinds))
            raise ActivityError("activity.unknown", f"this worker has no activity kind `{activity.kind}`; it has {known}", retryable=False)
        found = cached(self._cache, activity)
        if found is not None:
            return found, True
        output = self._run(kind, attempt)
        if not attempt.is_cancelled:
            keep(self._cache, activity, output)
        return output, False

    def _run(self, kind: ActivityKind, attempt: Attempt) -> bytes:
        config = self._read(attempt, attempt.activity.config, getattr(kind, "tells_people", False))
        if config is None:
            config = {}
        if not isinstance(config, dict):
            raise ActivityError("input.invalid", f"config: expected an object, found {type(config).__name__}", retryable=False)
        model = self._foreign.get(kind.name)
        if model is not None:
            read_config(model, config)
        if getattr(kind, "passes_data", False):
            kind.run(attempt, config, None)
            return attempt.activity.input
        output = self._write(kind.run(attempt, config, self._read(attempt, self._input(attempt.activity))))
        return output if attempt.masking is None and attempt.redaction is None else attempt.masked(output)

    def _input(self, activity: RunActivity) -> bytes:
        return whole(activity.input, self._load) if activity.kind == MODEL_KIND else activity.input

    def _read(self, attempt: Attempt, value: bytes, hides: bool = False) -> Any:
        if is_reference(value):
            value = self._load(value)
        if has_sealed(value):
            value = hide(value) if hides else attempt.opened(value)
        try:
            return decode(value or NULL)
        except InvalidInput as error:
            raise ActivityError("input.invalid", str(error), retryable=False) from None

    def _load(self, reference: bytes) -> bytes:
        if self._blobs is None:
            raise ActivityError("blob.missing", f"the value {reference.decode()} is a blob, and this worker has no blob store")
        try:
            return self._blobs.get(blob_of(reference))
        except KeyError:
            raise ActivityError("blob.missing", f"the blob store has no {reference.decode()}") from None

    def _write(self, output: Any) -> bytes:
        try:
            value = written(output)
        except InvalidInput as error:
            raise ActivityError("output.invalid", f"the output is not a JSON value: {error}", retryable=False) from None
        most = self._settings.output_bytes_max
        if len(value) > most:
            raise ActivityError("output.too_large", f"the output is {len(value)} bytes of JSON, {most} are allowed", retryable=False)
        return value


def _failed(attempt: Attempt, error: BaseException) -> FailActivity:
    failure = failure_of(error)
    shown: BaseException | None = error
    if attempt.masking is not None:
        failure, shown = attempt.masking.failure(failure), None  # where it was raised stands in its details
    if attempt.redaction is not None:
        failure, shown = attempt.redaction.failure(failure), None
    if traceback_of(error):  # not of the kinds that come with Refold: they say what went wrong
        _log.warning("%s raised %s: %s", attempt.activity.kind, failure.type, failure.message, extra=attempt.about(), exc_info=shown)
    after = getattr(error, "retry_after_s", None)
    after_ms = round(min(after, RETRY_AFTER_S_MAX) * 1000) if isinstance(after, int | float) and after > 0 else 0
    return FailActivity(attempt.path, attempt.attempt, failure, is_retryable(error), retry_after_ms=after_ms, calls=attempt.calls)
