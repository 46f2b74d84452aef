"""What the command line says: results on stdout, as text or as JSON, and errors in one line each on stderr."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import typer

from contracts import values
from contracts.errors import InvalidDefinition, InvalidInput, InvalidSettings, LogFenced, LogHeld, LogLost, Problem, RefoldError, Rejected
from contracts.sealed_value import hide_text
from contracts.value_check import check
from refold.worker.terminal import escaped

OK: Final = 0
FAILED: Final = 1
INVALID: Final = 2
ERROR_LENGTH_MAX: Final = 1_000
LAST_COLUMN_MIN: Final = 24
BELOW: Final = "    "
"""What begins the line of columns for which there was no room."""


class BadInput(RefoldError):
    """What was given on the command line cannot be used."""


def say(text: str = "") -> None:
    """A line of the result; see `refold.worker.terminal`."""
    sys.stdout.write(f"{escaped(hide_text(text))}\n")


def say_json(value: Any, indent: bool = True) -> None:
    """A result as JSON, on one line or for people."""
    say(json.dumps(value, indent=2 if indent else None, ensure_ascii=False))


def complain(message: str) -> None:
    """An error, in one line."""
    line = re.sub(r"\s+", " ", message).strip()
    sys.stderr.write(f"refold: {escaped(hide_text(line) if len(line) <= ERROR_LENGTH_MAX else line[: ERROR_LENGTH_MAX - 1] + '…')}\n")


def problem_line(problem: Problem, where: str) -> str:
    """A problem of a definition or an input in one line: place, what is wrong, the rule, and what to do."""
    fix = f"; {problem.fix}" if problem.fix else ""
    target = f"{where}:{problem.line}:{problem.column}" if problem.line else where
    node = f" (node {problem.node})" if problem.node else ""
    path = f"{problem.path}{node}: " if problem.path else ""
    return f"{target}: {path}{problem.message} ({problem.rule}){fix}"


def is_expected(error: Exception) -> bool:
    """Whether it is somebody's fault and needs no traceback."""
    return isinstance(error, RefoldError | typer.TyperException)


def report(error: Exception) -> int:
    """Say what is wrong, and answer the exit code: 2 for bad input, 1 for all else."""
    if isinstance(error, InvalidDefinition | InvalidInput):
        where = next(iter(getattr(error, "__notes__", ())), "definition" if isinstance(error, InvalidDefinition) else "input")
        for problem in error.problems:
            complain(problem_line(problem, where))
        return INVALID
    if isinstance(error, typer.TyperException):
        said = getattr(error, "format_message", error.__str__)().replace("Value error, ", "")
        context = getattr(error, "ctx", None)
        asked = "refold" if context is None else context.command_path
        listed = "the commands" if context is None or hasattr(context.command, "commands") else "its arguments and options"
        complain(f"{said} (`{asked} --help` lists {listed})")
        return INVALID
    complain(f"{error}{_way_out(error)}")
    return INVALID if isinstance(error, BadInput | InvalidSettings) else FAILED


def _way_out(error: Exception) -> str:
    """What to do about it, where the command line knows."""
    if isinstance(error, LogHeld) and error.server:
        return f"; ask it instead: --server {error.server}"
    if isinstance(error, LogHeld):
        return "; wait until it has ended"
    if isinstance(error, LogFenced) and "://" in error.folder:
        return f"; `--roles api,projector` shows it, `refold restore --resume --to {error.folder}` lets it run"
    if isinstance(error, LogFenced):
        folder = shlex.quote(error.folder)
        return f"; `refold list --data {folder}` shows it, `refold restore --resume --to {folder}` lets it run"
    if isinstance(error, LogLost):
        return "; put a backup of the whole folder in its place, or see `refold accept-loss`, which goes on without what is gone"
    if isinstance(error, Rejected) and error.reason == "unknown_execution":
        return "; `refold list` shows those there are"
    if isinstance(error, Rejected) and error.reason == "unknown_resource":
        return f"; `refold {str(error).partition('/')[0]} list` shows those there are"
    if isinstance(error, Rejected) and error.reason == "unknown_credential":
        return "; `refold credentials list` shows those there are"
    if isinstance(error, Rejected) and error.reason == "unknown_operation":
        return "; `refold operations list` shows those there are"
    return ""


def error_value(error: RefoldError) -> dict[str, Any]:
    """The error as JSON shows it, in the shape of a failure."""
    problems = getattr(error, "problems", None)
    details = None if problems is None else [problem.as_value() for problem in problems]
    kind = "refold"
    if isinstance(error, InvalidDefinition):
        kind = "definition.invalid"
    elif isinstance(error, InvalidInput | InvalidSettings | BadInput):
        kind = "input.invalid"
    elif isinstance(error, Rejected):
        kind = error.reason
    return {"type": kind, "message": str(error), "details": details, "node": "", "attempt": 0, "cause": None}


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns as wide as their longest cell. In a terminal what has no room stands below, and the last is cut at the edge."""
    lines = [list(headers), *([_cell(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headers))]
    width = _terminal_width()
    parts = _beside_each_other(widths, width)
    for line in lines:
        for below, part in enumerate(parts):
            text = "  ".join(line[column].ljust(widths[column]) for column in part).rstrip()
            if text or not below:
                text = f"{BELOW if below else ''}{text}"
                say(text if width is None or len(text) <= width else text[: width - 1] + "…")


def _beside_each_other(widths: Sequence[int], width: int | None) -> list[list[int]]:
    """The columns of each line: as many as there is room for, of the last one at least a part that can be read."""
    parts: list[list[int]] = [[]]
    used = 0
    for column, size in enumerate(widths):
        wanted = min(size, LAST_COLUMN_MIN) if column == len(widths) - 1 else size
        if width is not None and parts[-1] and used + wanted > width:
            parts.append([])
            used = len(BELOW)
        parts[-1].append(column)
        used += size + 2
    return parts


def _cell(text: str) -> str:
    return escaped(re.sub(r"\s+", " ", text))


def _terminal_width() -> int | None:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else None
    except (OSError, ValueError):
        return None


def to_the_second(time: str | None) -> str:
    """A time for people: `2026-11-21 09:40:49`, in UTC; empty where there is none."""
    return (time or "")[:19].replace("T", " ")


def seconds(milliseconds: int | None) -> str:
    """A duration for people: `0.25 s`, `3 min 5 s`, `2 h 4 min`."""
    if milliseconds is None:
        return ""
    if milliseconds < 60_000:
        return f"{milliseconds / 1000:.2f} s"
    minutes, rest = divmod(milliseconds // 1000, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def hint(command: str, *options: Sequence[str]) -> str:
    """A command to copy, with the options without which it would look elsewhere, or could do less."""
    return shlex.join([_program(), *command.split(), *(word for words in options for word in words)])


def _program() -> str:
    """How this program was called, if typing `refold` would not find it."""
    called = sys.argv[0]
    if Path(called).name != "refold" or os.sep not in called or shutil.which("refold") == called:
        return "refold"
    return called


def read_json_argument(text: str, name: str) -> Any:
    """The value of an argument, parsed; see `read_value_argument`."""
    return values.decode(read_value_argument(text, name))


def read_value_argument(text: str, name: str) -> bytes:
    """The value of an argument as it was written: JSON, or `@FILE` with JSON in it. Raises BadInput that says where it is none."""
    source = name
    if text.startswith("@"):
        source = text[1:]
        try:
            text = Path(source).read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{name}: {source} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    try:
        content = text.encode()
    except UnicodeEncodeError:
        raise BadInput(f"{source}: not JSON: it is no text in UTF-8") from None
    try:
        return check(content)
    except InvalidInput as error:
        if (problem := error.problems[0]).rule != "json":
            raise BadInput(f"{source}: {problem.path or 'the value'}: {problem.message}; {problem.fix}") from None
        raise BadInput(f"{source}: not JSON: {_place_in(text) or problem.message.removeprefix('not JSON: ')}") from None


def _place_in(text: str) -> str:
    """Where a text is not JSON; nothing where the standard library takes it for some."""
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        return f"{error.msg} in line {error.lineno}, column {error.colno}"
    except (ValueError, RecursionError) as error:
        return str(error)
    return ""


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")
