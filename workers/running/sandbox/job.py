"""What every sandbox is asked and answers, and the check of what comes out of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from contracts.value_check import DIGITS_MAX
from contracts.values import encode
from workers.running.activity_error import ActivityError

PRINTED_CHARS_MAX: Final = 64 * 1024
"""What the code prints is kept up to this length."""
OUTPUT_DEPTH_MAX: Final = 200
"""Lists and objects of a result may be nested this deep."""
_TOO_LONG: Final = 10**DIGITS_MAX

TIMEOUT: Final = "code.timeout"
MEMORY: Final = "code.memory"
OUTPUT_INVALID: Final = "output.invalid"
OUTPUT_TOO_LARGE: Final = "code.output_too_large"
SYNTAX: Final = "code.syntax"
CRASHED: Final = "code.crashed"
NO_SANDBOX: Final = "code.no_sandbox"


@dataclass(frozen=True, kw_only=True)
class Job:
    """A program and its limits. Its result is `main(input)` where it defines a function `main`; else the value of the
    last line, if that is an expression whose value is not None; else the variable `result`, if there is one; else None.
    """

    source: str
    input: Any
    timeout_s: float
    memory_mb: int
    output_bytes_max: int


@dataclass(frozen=True)
class Done:
    """A result, and what was printed on the way."""

    output: Any
    printed: str


def code_error(error_type: str, message: str, line: int | None, printed: str) -> ActivityError:
    """The failure of a program, with the line it happened in and the last it printed."""
    text = f"{message} (line {line})" if line else message
    details = {"line": line, "printed": printed[-2_000:]}
    return ActivityError(error_type, text, details=details, retryable=error_type != SYNTAX)


def timeout_error(job: Job, printed: str = "") -> ActivityError:
    """The failure of a program that did not end in time."""
    return code_error(TIMEOUT, f"the code did not end within {job.timeout_s:g} s and was stopped", None, printed)


def memory_error(job: Job, printed: str = "") -> ActivityError:
    """The failure of a program that took too much memory."""
    return code_error(MEMORY, f"the code took more than {job.memory_mb} MB of memory and was stopped", None, printed)


def too_large_error(bytes_max: int) -> ActivityError:
    """The failure of a program whose result is too large."""
    return ActivityError(OUTPUT_TOO_LARGE, f"the result is larger than {bytes_max} bytes of JSON (output_bytes_max)", retryable=False)


def invalid_error(found: str) -> ActivityError:
    """The failure of a program whose result is no JSON value."""
    return ActivityError(OUTPUT_INVALID, found, retryable=False)


def check_output(output: Any, bytes_max: int) -> None:
    """Raise ActivityError unless the value is JSON and not larger than allowed.

    The value may share parts, so that a few hundred bytes of memory would be gigabytes of JSON: this counts as it
    walks and stops at the limit, before anything encodes the value.
    """
    bytes_left = bytes_max
    waiting: list[tuple[Any, int]] = [(output, 0)]
    while waiting:
        value, depth = waiting.pop()
        bytes_left -= _size_without_parts(value, depth)
        if isinstance(value, dict):
            bytes_left -= sum(map(_key_size, value))
            waiting.extend((part, depth + 1) for part in value.values())
        elif isinstance(value, list | tuple):
            waiting.extend((part, depth + 1) for part in value)
        if bytes_left < 0:
            raise too_large_error(bytes_max)
    if _encoded_bytes(output) > bytes_max:
        raise too_large_error(bytes_max)


def _encoded_bytes(output: Any) -> int:
    try:
        return len(encode(output))
    except (ValueError, RecursionError) as error:
        raise invalid_error(f"the result is not JSON: {error}") from None


def _size_without_parts(value: Any, depth: int) -> int:
    if isinstance(value, str):
        return len(value) + 2
    if value is None or isinstance(value, bool):
        return 1
    if isinstance(value, int):
        if -_TOO_LONG < value < _TOO_LONG:
            return 1
        raise invalid_error(f"the result holds a longer number than one of at most {DIGITS_MAX:,} digits; give it as a text")
    if isinstance(value, float):
        if math.isfinite(value):
            return 3
        raise invalid_error(f"the result holds {value}, which JSON does not know")
    if not isinstance(value, dict | list | tuple):
        raise invalid_error(f"the result holds a {_type_name(value)}, which is not a JSON value")
    if depth >= OUTPUT_DEPTH_MAX:
        raise invalid_error(f"the result is nested deeper than {OUTPUT_DEPTH_MAX}")
    return 2 + len(value)


def _key_size(key: Any) -> int:
    if not isinstance(key, str):
        raise invalid_error(f"the keys of an object are strings, found the {_type_name(key)} {key!r:.80}")
    return len(key) + 3


def _type_name(value: Any) -> str:
    name = getattr(value, "name", None) if type(value).__name__ == "MontyClassProxy" else None
    return str(name or type(value).__name__)
