"""What expressions cost: microseconds for making, checking, evaluating and rendering. Run it: `python -m benchmarks.expressions`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from itertools import count

from domain.expressions import Program, parse_duration, program, value

SMALL = {"input": {"amount": 12, "region": "EU"}, "nodes": {"charge": {"output": {"id": "c1"}}}}
BIG = {
    "input": {"amount": 12, "region": "EU", "lines": [{"sku": f"sku-{i}", "price": i + 0.5, "count": i} for i in range(50)]},
    "nodes": {f"node_{i}": {"output": {"id": f"id-{i}", "state": "done", "text": "x" * 100}} for i in range(55)},
}
FEW = {"input": {"few": [1, 2, 3], "wide": {f"key_{i}": i for i in range(20)}}}
CONDITION = "input.amount > 10 && nodes.{node}.output.id == 'c{i}'"
PLAIN = {"order": {"id": 7, "lines": [{"sku": "a", "price": 1.5}] * 5}, "note": "as it is"}
FILLED = {"order": "{{ input.amount }}", "note": "for {{ input.region }}: {{ input.amount * 2 }}", "fixed": [1, 2, {"a": "b"}]}


def microseconds(work: Callable[[], object], rounds: int) -> float:
    """The mean time of one call, the best of three series."""
    series = []
    for _ in range(3):
        started = time.perf_counter()
        for _ in range(rounds):
            work()
        series.append((time.perf_counter() - started) / rounds * 1e6)
    return min(series)


def report(title: str, work: Callable[[], object], rounds: int = 2_000) -> None:
    print(f"{title:<58}{microseconds(work, rounds):>9.2f} µs")


def fresh(node: str = "charge") -> Iterator[str]:
    return (CONDITION.format(node=node, i=i) for i in count())


def main() -> None:
    print(f"big context: {len(json.dumps(BIG)):,} bytes")
    sources = fresh()
    report("program(), a new source", lambda: program(next(sources)))
    report("program(), known", lambda: program("input.amount > 10"))
    report("references of a new source", lambda: Program(next(sources)).references)
    report("check(), a new source", lambda: Program(next(sources)).check())
    small, big = program(CONDITION.format(node="charge", i=1)), program(CONDITION.format(node="node_7", i=1))
    report("evaluate a condition, small context", lambda: small.evaluate(SMALL))
    report("evaluate a condition, big context", lambda: big.evaluate(BIG))
    report("evaluate a path, big context", lambda: program("nodes.node_9.output.text").evaluate(BIG))
    report("evaluate a macro over 50 items", lambda: program("input.lines.filter(x, x.price > 20.0).size()").evaluate(BIG))
    report("evaluate a macro over 3 items", lambda: program("input.few.filter(x, x > 1).size()").evaluate(FEW))
    report("ask a map of 20 keys", lambda: program("input.wide.exists(k, input.wide[k] > 18)").evaluate(FEW))
    report("evaluate num(input.amount) > 10.5", lambda: program("num(input.amount) > 10.5").evaluate(SMALL))
    report("value() of a plain object", lambda: value(PLAIN))
    report("value() of an object with templates", lambda: value(FILLED))
    filled = value(FILLED)
    report("render an object with three templates, small context", lambda: filled.render(SMALL))
    report("parse_duration('1h30m')", lambda: parse_duration("1h30m"))


if __name__ == "__main__":
    main()
