"""What expressions cost, beside the library that they were evaluated by before: CPU µs, both in turn in one run.

`python -m benchmarks.expressions` prints the table, `make bench ARGS="--only expressions"` stores it with the other figures.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

from benchmarks.cel_library import LibraryProgram
from domain.expressions import Program, value
from domain.expressions.template import split

Figures = dict[str, float]

SMALL = {"input": {"amount": 12, "region": "EU"}, "nodes": {"charge": {"output": {"id": "c1"}}}}
BIG = {
    "input": {"amount": 12, "region": "EU", "lines": [{"sku": f"sku-{i}", "price": i + 0.5, "count": i} for i in range(50)]},
    "nodes": {f"node_{i}": {"output": {"id": f"id-{i}", "state": "done", "text": "x" * 100}} for i in range(55)},
}
FEW = {"input": {"few": [1, 2, 3], "wide": {f"key_{i}": i for i in range(20)}}}
CONDITION = "input.amount > 10 && nodes.{node}.output.id == 'c{i}'"
NOTE = "for {{ input.region }}: {{ input.amount * 2 }}"
FILLED = {"order": "{{ input.amount }}", "note": NOTE, "fixed": [1, 2, {"a": "b"}]}
CASES: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "condition": ("a condition", CONDITION.format(node="charge", i=1), SMALL, 4_000),
    "condition_big": ("a condition, big context", CONDITION.format(node="node_7", i=1), BIG, 4_000),
    "path": ("a path", "nodes.node_9.output.text", BIG, 10_000),
    "filter_50": ("`filter` over 50 items", "input.lines.filter(x, x.price > 20.0).size()", BIG, 500),
    "filter_3": ("`filter` over 3 items", "input.few.filter(x, x > 1).size()", FEW, 3_000),
    "map_50": ("`map` over 50 items", "input.lines.map(x, x.price)", BIG, 500),
    "exists_20": ("`exists` over a map of 20", "input.wide.exists(k, input.wide[k] > 18)", FEW, 700),
    "num": ("`num(input.amount) > 10.5`", "num(input.amount) > 10.5", SMALL, 4_000),
    "has": ("`has` and a choice", "has(input.region) ? input.region : 'none'", SMALL, 4_000),
    "arithmetic": ("four operators", "(input.amount * 3 + 7) % 5 - 2", SMALL, 4_000),
    "texts": ("texts joined", "'for ' + input.region + ': ' + string(input.amount)", SMALL, 4_000),
    "map_literal": ("a map written out", "{'id': nodes.charge.output.id, 'sum': input.amount * 2}", SMALL, 3_000),
    "optional": ("optionals", "input.?missing.?x.orValue(0) == 0", SMALL, 4_000),
}
SERIES = 7


def measure(scale: float = 1.0) -> Figures:
    """CPU µs by key: `expressions.<case>`, the library's as `expressions.<case>_library`, and how many times ours is faster."""
    found: Figures = {}
    for key, ours, library, rounds in _pairs():
        one, other = _least(ours, library, max(int(rounds * scale), 50))
        found |= {f"expressions.{key}_us": one, f"expressions.{key}_library_us": other, f"expressions.{key}_ratio": other / one}
    return found


Work = Callable[[], object]


def _pairs() -> Iterator[tuple[str, Work, Work, int]]:
    for key, (_, source, names, rounds) in CASES.items():
        ours, library = Program(source), LibraryProgram(source)
        assert ours.evaluate(names) == library.evaluate(names), source
        yield key, partial(ours.evaluate, names), partial(library.evaluate, names), rounds
    yield "render", *_renders(), 1_500
    plain, numbers = (CONDITION.format(node="charge", i=i) for i in count()), count()
    yield "compile", lambda: _checked(next(plain)), lambda: LibraryProgram(next(plain)), 300
    shapes = [source for _, source, _, _ in CASES.values()]

    def mixed() -> str:
        number = next(numbers)
        return f"[{number}] == [] ? null : dyn({shapes[number % len(shapes)]})"

    yield "compile_mix", lambda: _checked(mixed()), lambda: LibraryProgram(mixed()), 300


def _checked(source: str) -> object:
    """Compiled, checked, and asked what it reads: what publishing does with each expression."""
    one = Program(source)
    one.check()
    return one.references


def _renders() -> tuple[Work, Work]:
    """The object with three templates, and the same work around the library."""
    filled = value(FILLED)
    order, (_, region, _, twice) = LibraryProgram("input.amount"), split(NOTE)
    assert isinstance(region, Program)
    assert isinstance(twice, Program)
    named, doubled = LibraryProgram(region.source), LibraryProgram(twice.source)

    def by_library() -> object:
        note = f"for {named.evaluate(SMALL)}: {doubled.evaluate(SMALL)}"
        return {**FILLED, "order": order.evaluate(SMALL), "note": note}

    assert filled.render(SMALL) == by_library()
    return lambda: filled.render(SMALL), by_library


def _least(one: Work, other: Work, rounds: int) -> tuple[float, float]:
    """CPU µs of a call of each, the least of several series taken in turn."""
    series = [(_cpu_us(one, rounds), _cpu_us(other, rounds)) for _ in range(SERIES)]
    return min(mine for mine, _ in series), min(theirs for _, theirs in series)


def _cpu_us(work: Work, rounds: int) -> float:
    started = time.process_time()
    for _ in range(rounds):
        work()
    return (time.process_time() - started) / rounds * 1e6


def titles() -> dict[str, str]:
    """What each case is called."""
    more = {
        "render": "an object with three templates",
        "compile": "a condition compiled and checked",
        "compile_mix": "a mix of shapes compiled and checked",
    }
    return {key: title for key, (title, _, _, _) in CASES.items()} | more


def main() -> None:
    figures = measure()
    print(f"{'CPU µs':<44}{'library':>9}{'ours':>9}{'×':>8}")
    for key, title in titles().items():
        ours, library, ratio = (figures[f"expressions.{key}_{what}"] for what in ("us", "library_us", "ratio"))
        print(f"{title:<44}{library:>9.2f}{ours:>9.2f}{ratio:>8.1f}")


if __name__ == "__main__":
    main()
