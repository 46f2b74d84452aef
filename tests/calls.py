"""How often functions are called: what a bound of work can be held against, on any machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def calls_of(name: str, do: Callable[[], Any]) -> int:
    """How often a function of that name, of Python or of C, is called while `do` runs."""
    count = 0

    def note(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        called = frame.f_code.co_name if event == "call" else argument.__name__ if event == "c_call" else ""
        count += called == name

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        do()
    finally:
        sys.setprofile(before)
    return count
