"""What the loops share: how iterations begin and end, and what breaks and continues mean to them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from contracts.definitions import Body
from contracts.errors import ExpressionError
from contracts.values import blob_length, is_reference
from domain.definition.graph import Node
from domain.execution.deciding import Deciding, Ready
from domain.execution.item_list import split, split_list
from domain.execution.kind import Kind
from domain.execution.memo import LoopMemo
from domain.execution.moves.entry import enter_scope
from domain.execution.names import Frame
from domain.execution.state import NodeRun


class Loop(Kind):
    """A container whose body runs again and again; its iterations stand at `loop[0]`, `loop[1]` …"""

    is_container = True
    memo = "loop"
    is_inline = False

    def bodies(self, config: Any) -> dict[str, Body]:
        """The one body, for all iterations."""
        return {"[]": config.body}

    def body_path(self, label: str) -> str:
        """`body`."""
        return "body"


def enter_iteration(ctx: Deciding, run: NodeRun, given: bytes | None = None) -> None:
    """The next iteration begins, and with it as many nodes as its body has, as far as anybody can say."""
    memo = memo_of(run)
    ctx.expected += len(ctx.graph.nodes[run.node].bodies["[]"].nodes)
    enter_scope(ctx, run.path, "[]", memo.entered, given)


def memo_of(run: NodeRun) -> LoopMemo:
    """The loop's notes."""
    assert isinstance(run.memo, LoopMemo), f"{run.path} is no loop"
    return run.memo


class _Blob:
    """The content of a blob, got when it is asked for. All are equal: what the caches below go by is the reference."""

    __slots__ = ("load",)

    def __init__(self, load: Callable[[bytes], bytes]) -> None:
        self.load = load

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


def _split_blob(reference: bytes, blob: _Blob) -> tuple[bytes, ...]:
    return split(blob.load(reference))


_split_small: Final = lru_cache(maxsize=64)(_split_blob)
_split_large: Final = lru_cache(maxsize=4)(_split_blob)
LARGE_BYTES: Final = 1024 * 1024
"""Of lists as long as this only a few are kept split."""


def _items_of(ctx: Deciding, items: bytes) -> tuple[bytes, ...]:
    """The items of a list; one that is a blob is not read again for each of them."""
    if not is_reference(items):
        return split_list(items)
    split = _split_large if blob_length(items) >= LARGE_BYTES else _split_small
    return split(items, _Blob(ctx.load))


def item_beyond(ctx: Deciding, memo: LoopMemo, index: int) -> bytes | None:
    """An item that the event of its iteration has to say: of a list that is a blob, or that came later; else None."""
    count = memo.total - sum(count for _, count in memo.added)
    if index < count and not is_reference(memo.items):
        return None
    for items, length in [(memo.items, count), *memo.added]:
        if index < length:
            return ctx.stash(_items_of(ctx, items)[index])
        index -= length
    raise AssertionError(f"there is no item {index}")


def as_list(value: Any, source: Any) -> list[Any]:
    """Items as a list: a map gives `{key, value}`. Raises ExpressionError for anything else."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return [{"key": key, "value": item} for key, item in value.items()]
    raise ExpressionError(f"`{source}`: expected a list or a map, found {type(value).__name__}")


def whole_number(ctx: Deciding, ready: Ready, name: str) -> int | None:
    """A count in the config, templates filled in; None where it is not given. Raises ExpressionError where it is none."""
    return whole_number_of(ctx, ready.node, ctx.frame(ready), name)


def whole_number_of(ctx: Deciding, node: Node, frame: Frame, name: str) -> int | None:
    """The same for a node that has begun."""
    field = node.fields.get(name)
    if field is None:
        default = getattr(node.config, name)
        return None if default is None else int(default)
    number = ctx.evaluate(field, frame)
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ExpressionError(f"`{name}`: expected a whole number of 0 or more, found {number!r}")
    return number


def results_of(ctx: Deciding, memo: LoopMemo, collected: bool = False) -> list[Any]:
    """The outputs of the iterations that completed, in the order of their items; with what stands for failed ones, if asked for."""
    results = {**memo.results, **memo.failures} if collected else memo.results
    return [ctx.parse(results[index]) for index in sorted(results)]
