"""Agents of others as activities: what their library calls a durable unit is a recorded step (`refold.worker.steps`).

`RefoldDurability` takes the extra `ai`, and is loaded when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refold.extras import how_to_install

if TYPE_CHECKING:
    from refold.ai.durability import RefoldDurability

__all__ = ["RefoldDurability"]


def __getattr__(name: str) -> Any:
    """Load a name when it is first used. Raises ImportError without the extra."""
    if name != "RefoldDurability":
        raise AttributeError(f"module 'refold.ai' has no attribute {name!r}")
    try:
        from refold.ai.durability import RefoldDurability
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "pydantic_ai":
            raise
        raise ImportError(f"refold.ai.RefoldDurability needs pydantic-ai: {how_to_install('ai')}") from None
    return RefoldDurability
