"""`transform`: reshapes data: maps, filters, sorts, groups, reduces, merges, splits, or just builds a value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, Literal

from pydantic import Field, model_validator

from contracts.definitions import CountValue, Expression, ExpressionOrBool, Items, Model, Value
from contracts.errors import ExpressionError, Problem
from contracts.failure import Failure
from domain.definition.config_check import reserved_ports
from domain.definition.graph import Compiled
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.moves.completion import complete
from domain.execution.moves.failure import fail
from domain.expressions import Meter, Program, Reduction
from domain.nodes.loops import as_list, whole_number
from domain.nodes.switch import PORT_PATTERN

ITEMS_MAX: Final = 100_000
"""How many items one transform takes."""

NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "map": ("items", "expression"),
    "filter": ("items", "expression"),
    "sort": ("items",),
    "group": ("items", "expression"),
    "reduce": ("items", "expression", "initial"),
    "merge": ("sources",),
    "split": ("items",),
    "value": ("value",),
}


class SplitCase(Model):
    """Items for which `when` holds go this way."""

    when: ExpressionOrBool
    port: str = Field(pattern=PORT_PATTERN)


class Transform(Kind):
    """Reshapes data. Expressions see each `item` and its `index`, a reduction also `acc`."""

    name = "transform"
    summary = "reshapes data"
    category = "data"
    icon = "square-function"
    ports_from = ("cases[].port",)
    begins_with = '{"operation": "value", "value": "{{ data }}"}'

    class Config(Model):
        """The operation and what it works on."""

        operation: Literal["map", "filter", "sort", "group", "reduce", "merge", "split", "value"]
        items: Items | None = None
        expression: Expression | None = None
        order: Literal["asc", "desc"] = "asc"
        initial: Value = None
        sources: Value = None
        size: CountValue | None = None
        cases: list[SplitCase] | None = Field(default=None, min_length=1)
        value: Value = None

        @model_validator(mode="after")
        def _has_what_it_needs(self) -> Transform.Config:
            missing = [name for name in NEEDS[self.operation] if name not in self.model_fields_set]
            if missing:
                raise ValueError(f"`{self.operation}` needs {' and '.join(f'`{name}`' for name in missing)}")
            if self.operation == "split" and (self.size is None) == (self.cases is None):
                raise ValueError("`split` needs either `size` or `cases`")
            return self

    def ports(self, config: Any) -> tuple[str, ...]:
        """`out`; of a split by cases one a case."""
        if config.operation == "split" and config.cases is not None:
            return tuple(dict.fromkeys(case.port for case in config.cases))
        return ("out",)

    def problems(self, node: str, config: Any) -> Iterator[Problem]:
        """Ports that have a meaning already, and fields that the operation needs."""
        yield from reserved_ports((f"cases[{index}].port", case.port) for index, case in enumerate(config.cases or ()))
        for name in ("items", "expression"):
            if name in NEEDS[config.operation] and getattr(config, name) is None:
                yield Problem(name, "missing_field", f"`{config.operation}` needs `{name}`, found null", f"write an expression in `{name}`")
        if config.size == 0:
            yield Problem("size", "out_of_range", "`size`: expected 1 or more, found 0", "write 1 or more")

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Do it; the output is the result."""
        config, fields = ready.node.config, ready.node.fields
        if config.operation == "value":
            complete(ctx, ready, ctx.keep(ctx.evaluate(fields["value"], ctx.frame(ready))))
            return
        if config.operation == "merge":
            complete(ctx, ready, ctx.keep(_merged(ctx.evaluate(fields["sources"], ctx.frame(ready)))))
            return
        items = as_list(ctx.evaluate(fields["items"], ctx.frame(ready)), config.items)
        if len(items) > ITEMS_MAX:
            fail(ctx, ready, Failure("loop.limit", f"{len(items)} items; a transform takes {ITEMS_MAX}"))
        elif config.operation == "split" and config.cases is not None:
            parts = _split_by_cases(ctx, ready, items)
            complete(ctx, ready, ctx.keep(parts), tuple(port for port, part in parts.items() if part))
        else:
            complete(ctx, ready, ctx.keep(OPERATIONS[config.operation](ctx, ready, items)))


def _each(ctx: Deciding, ready: Ready, compiled: Compiled, items: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Each item with the value of the expression for it."""
    frame = ctx.frame(ready)
    for index, item in enumerate(items):
        yield item, ctx.evaluate(compiled, frame.having(item=item, index=index))


def _map(ctx: Deciding, ready: Ready, items: list[Any]) -> list[Any]:
    """All results together have the room of one value."""
    frame, expression, whole = ctx.frame(ready), ready.node.fields["expression"], Meter()
    return [ctx.evaluate_into(whole, expression, frame.having(item=item, index=index)) for index, item in enumerate(items)]


def _filter(ctx: Deciding, ready: Ready, items: list[Any]) -> list[Any]:
    kept = []
    for item, holds in _each(ctx, ready, ready.node.fields["expression"], items):
        if not isinstance(holds, bool):
            raise ExpressionError(f"`{ready.node.config.expression}`: expected true or false, found {holds!r}")
        if holds:
            kept.append(item)
    return kept


def _sort(ctx: Deciding, ready: Ready, items: list[Any]) -> list[Any]:
    by = ready.node.fields.get("expression")
    keyed = [(item, item) for item in items] if by is None else list(_each(ctx, ready, by, items))
    try:
        keyed.sort(key=lambda pair: pair[1], reverse=ready.node.config.order == "desc")
    except TypeError:
        found = ", ".join(sorted({type_name(key) for _, key in keyed}))
        raise ExpressionError(
            f"`{ready.node.config.expression or 'items'}`: expected keys of one sort, numbers or texts, found {found}"
        ) from None
    return [item for item, _ in keyed]


def type_name(value: Any) -> str:
    """What people call the type of a JSON value."""
    names = {str: "text", bool: "boolean", int: "number", float: "number", list: "list", dict: "object", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def _group(ctx: Deciding, ready: Ready, items: list[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for item, key in _each(ctx, ready, ready.node.fields["expression"], items):
        groups.setdefault(_key(key), []).append(item)
    return groups


def _key(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int | float):
        return str(int(value)) if isinstance(value, int) or value.is_integer() else str(value)
    raise ExpressionError(f"a group's key is a text, a number or a boolean, found {value!r}")


def _reduce(ctx: Deciding, ready: Ready, items: list[Any]) -> Any:
    frame, expression = ctx.frame(ready), ready.node.fields["expression"]
    assert isinstance(expression, Program)
    reduction = Reduction(expression, ctx.evaluate(ready.node.fields["initial"], frame))
    for index, item in enumerate(items):
        ctx.fold(reduction, frame.having(item=item, index=index, acc=reduction.value))
    return reduction.value


def _split(ctx: Deciding, ready: Ready, items: list[Any]) -> list[list[Any]]:
    size = whole_number(ctx, ready, "size")
    if not size:
        raise ExpressionError("`size`: expected a whole number of 1 or more, found 0")
    return [items[start : start + size] for start in range(0, len(items), size)]


def _split_by_cases(ctx: Deciding, ready: Ready, items: list[Any]) -> dict[str, list[Any]]:
    """Each item goes to the port of the first case that holds for it; an item that none holds for is left out."""
    frame = ctx.frame(ready)
    parts: dict[str, list[Any]] = {port: [] for port in ready.node.ports}
    for index, item in enumerate(items):
        for number, case in enumerate(ready.node.config.cases):
            holds = ctx.evaluate(ready.node.fields[f"cases[{number}].when"], frame.having(item=item, index=index))
            if not isinstance(holds, bool):
                raise ExpressionError(f"`{case.when}`: expected true or false, found {holds!r}")
            if holds:
                parts[case.port].append(item)
                break
    return parts


def _merged(sources: Any) -> Any:
    """Objects merged in their order, lists strung together."""
    if not isinstance(sources, list):
        raise ExpressionError(f"`sources`: expected a list, found {sources!r}")
    parts = [source for source in sources if source is not None]
    if parts and all(isinstance(part, list) for part in parts):
        return [item for part in parts for item in part]
    if all(isinstance(part, dict) for part in parts):
        return {name: value for part in parts for name, value in part.items()}
    raise ExpressionError("`sources`: expected objects, or lists, and not both")


OPERATIONS: Final[dict[str, Callable[[Deciding, Ready, list[Any]], Any]]] = {
    "map": _map,
    "filter": _filter,
    "sort": _sort,
    "group": _group,
    "reduce": _reduce,
    "split": _split,
}
