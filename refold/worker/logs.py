"""Logs: how every process writes them, as text for people or as one JSON object a line for machines.

Code logs with `logging` and says in `extra` what a line is about; only here it is known how that looks. Whoever brings a
configuration of `logging` or structlog of their own keeps it: nothing global is changed but the handlers of the root logger.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, Final

from refold.worker.terminal import escaped

FORMATS: Final = ("text", "json")
VARIABLE: Final = "REFOLD_LOG_FORMAT"
"""How the setting `log_format` is called in the environment; child processes and workers read it there."""
LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_OWN: Final = frozenset((*vars(logging.makeLogRecord({})), "message", "asctime"))
"""What a record of `logging` has itself."""
_NOISE: Final = ("color_message", "taskName")
_QUIET: Final = ("httpx2", "uvicorn.access")
"""They would tell every request."""


class Handler(logging.Handler):
    """Writes to stderr, whatever that is at the moment: a live view may stand in its way."""

    def __init__(self, log_format: str) -> None:
        super().__init__()
        self._log_format = log_format

    def format(self, record: logging.LogRecord) -> str:
        """See logging. structlog is loaded by the first line, if not before."""
        if self.formatter is None:
            self.prepare()
        return super().format(record)

    def prepare(self) -> None:
        """Load what a line takes."""
        self.setFormatter(_formatter(self._log_format))

    def emit(self, record: logging.LogRecord) -> None:
        """One line, and where something was raised the lines that say so."""
        try:
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()
        except Exception:
            self.handleError(record)


def fields_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What a line brings, as `extra` takes it: a name that a record has itself gets a `_` behind it."""
    return {f"{name}_" if name in _OWN else name: value for name, value in fields.items()}


def handler(log_format: str) -> Handler:
    """A handler that writes in a format. Raises ValueError for one that is not known."""
    if log_format not in FORMATS:
        raise ValueError(f"log_format: expected one of {', '.join(FORMATS)}, found {log_format!r}")
    return Handler(log_format)


def write_logs(log_format: str | None = None, level: int = logging.INFO) -> None:
    """Let this process write its logs; without a format as the environment says. What has handlers already is left alone."""
    root = logging.getLogger()
    if not root.handlers:
        made = handler(log_format or os.environ.get(VARIABLE) or FORMATS[0])
        made.prepare()  # later there may be no file left to load it from
        root.addHandler(made)
        root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


@contextmanager
def writing_logs(log_format: str) -> Iterator[None]:
    """The same for Refold's own loggers, for as long as a command takes."""
    logger, made = logging.getLogger("refold"), handler(log_format)
    before = logger.level
    logger.addHandler(made)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(made)
        logger.setLevel(before)


def _formatter(log_format: str) -> logging.Formatter:
    import structlog

    before: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        _without_noise,
        _at,
    ]
    if log_format == "json":
        last: list[Any] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        plain = structlog.dev.plain_traceback
        console = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain, pad_event_to=0, pad_level=False)
        last = [structlog.processors.format_exc_info, _without_control, console]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
    )


def _at(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """When it was logged, as everywhere: RFC 3339 in UTC, with milliseconds."""
    from datetime import UTC, datetime

    at = datetime.fromtimestamp(event["_record"].created, UTC)
    event["timestamp"] = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return event


def _without_noise(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in _NOISE:
        event.pop(name, None)
    return event


def _without_control(logger: Any, method: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a terminal would obey, or would begin a line that looks like another one, is shown instead. A traceback has lines."""
    return {name: _shown(name, value) if isinstance(value, str) else value for name, value in event.items()}


def _shown(name: str, value: str) -> str:
    return escaped(value) if name == "exception" else escaped(value).replace("\n", "\\n")
