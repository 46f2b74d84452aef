"""What an exception says as a failure: its type, its words, its details, and where a user's code raised it.

Whatever is raised can be told: what an exception says of itself is user code, too, and may raise, be too long or be no JSON.
Every worker asks this, the engine's own as well.
"""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from refold.json_values import dumps, loads

TYPE_LENGTH_MAX: Final = 200
MESSAGE_LENGTH_MAX: Final = 4_000
DETAILS_BYTES_MAX: Final = 16 * 1024
"""Larger details are shown by their beginning only."""
DETAILS_SHOWN_MAX: Final = 1_000
TRACEBACK_FRAMES_MAX: Final = 20
"""Of a longer way the innermost frames are told."""
TRACEBACK_LENGTH_MAX: Final = 4_000

_HERE: Final = str(Path(__file__).parents[1])
_LIBRARIES: Final = tuple({path for name, path in sysconfig.get_paths().items() if name in ("stdlib", "platstdlib", "purelib", "platlib")})


class Raised(NamedTuple):
    """What there is to tell of an exception. `details` are JSON; without any of its own they are `{"traceback": …}`, or None."""

    type: str
    message: str
    details: Any
    is_retryable: bool


def told(error: BaseException, not_users: Sequence[str] = (_HERE,)) -> Raised:
    """What an exception says. Never raises. Frames in the folders `not_users` are not a user's."""
    name = type(error).__name__
    return Raised(
        _text(_try(lambda: str(getattr(error, "error_type", None) or name), name), TYPE_LENGTH_MAX),
        _text(_try(lambda: str(error) or name, f"{name}, whose text cannot be read"), MESSAGE_LENGTH_MAX),
        _try(lambda: _details(error, not_users), None),
        is_retryable(error),
    )


def is_retryable(error: BaseException) -> bool:
    """Whether trying again may help, as far as the exception says."""
    return _try(lambda: bool(getattr(error, "retryable", True)), True) is True


def where(error: BaseException, not_users: Sequence[str] = (_HERE,)) -> str:
    """The frames of a user's code that an exception came through, the innermost last; nothing where there are none."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith((*not_users, "<frozen"))]
    users = [frame for frame in frames if not frame.filename.startswith(_LIBRARIES)] or frames
    text = "".join(traceback.format_list(users[-TRACEBACK_FRAMES_MAX:])).encode(errors="replace").decode()
    return text if len(text) <= TRACEBACK_LENGTH_MAX else "…" + text[1 - TRACEBACK_LENGTH_MAX :]


def _details(error: BaseException, not_users: Sequence[str]) -> Any:
    details = getattr(error, "details", None)
    if details is None:
        frames = where(error, not_users)
        return {"traceback": frames} if frames else None
    return _json(details)


def _json(details: Any) -> Any:
    """The details as JSON gives them back, so that they are the same when they are read again; else what they look like."""
    try:
        value = dumps(details)
        if len(value) <= DETAILS_BYTES_MAX:
            read = loads(value)
            msgspec.msgpack.encode(read)  # a number of more than 64 bits cannot be kept in an event
            return read
    except Exception:  # whatever it is that they are made of
        pass
    return _text(repr(details), DETAILS_SHOWN_MAX)


def _text(value: str, length_max: int) -> str:
    """The value as text that can be stored: short, and without halves of characters."""
    text = value.encode(errors="replace").decode()
    return text if len(text) <= length_max else text[: length_max - 1] + "…"


def _try(ask: Callable[[], Any], otherwise: Any) -> Any:
    """What it says; where saying it raises, whatever that is, the other."""
    try:
        return ask()
    except BaseException:
        return otherwise
