"""What is said of tests: failures as differences that one can read, sums, coverage; as text or as JSON."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from contracts.values import encode
from domain.testing.compare import Difference
from domain.testing.coverage import Coverage
from refold.cli.commands.output import say
from refold.cli.commands.testing.batch import Batch, Ran

SHORT_MAX: Final = 100
"""A longer value is shown line by line."""
LINES_MAX: Final = 60
NODES_SHOWN_MAX: Final = 30
_MARKS: Final = {"passed": "ok", "failed": "FAILED", "error": "ERROR"}


def tell(batch: Batch, lists_all: bool) -> None:
    """The failures, then the sums; with `lists_all` a line for each case."""
    file = ""
    for one in batch.ran:
        if not lists_all and one.result.verdict == "passed":
            continue
        if one.file != file:
            file = one.file
            say(file)
        say(f"  {_MARKS[one.result.verdict]:<6}  {one.result.name}")
        for line in _failure(one):
            say(f"    {line}" if line else "")
    for name, covered in batch.covered.items():
        tell_coverage(name, covered)
    say(summary(batch))


def summary(batch: Batch) -> str:
    """`5 passed, 1 failed in 0.12 s`."""
    counts = {verdict: sum(one.result.verdict == verdict for one in batch.ran) for verdict in _MARKS}
    words = [f"{counts['passed']} passed"] + [
        f"{counts[name]} {word}" for name, word in (("failed", "failed"), ("error", "could not run")) if counts[name]
    ]
    files = len({one.file for one in batch.ran})
    return f"{', '.join(words)} in {files} file{'' if files == 1 else 's'}, {batch.seconds:.2f} s"


def _failure(one: Ran) -> Iterator[str]:
    for difference in one.result.differences:
        yield from shown(difference)
    found = one.result.found
    if one.result.verdict == "failed" and found is not None:
        more = f" and {len(found.ran) - NODES_SHOWN_MAX} more" if len(found.ran) > NODES_SHOWN_MAX else ""
        yield f"ran: {', '.join(found.ran[:NODES_SHOWN_MAX]) or 'nothing'}{more}"
    if one.result.verdict != "passed":
        yield f"at {one.file}:{one.line}"
        yield ""


def shown(difference: Difference) -> Iterator[str]:
    """A difference, in lines."""
    if difference.what == "run":
        yield difference.found
        return
    yield difference.what
    expected, found = _texts(difference)
    if len(expected) <= SHORT_MAX and len(found) <= SHORT_MAX:
        yield f"  expected  {expected}"
        yield f"  found     {found}"
        return
    if not difference.is_value:
        yield f"  expected  {expected}"
        yield f"  found     {found}"
        return
    lines = list(_lines(difference.expected, difference.found))
    yield from (f"  {line}" for line in lines[:LINES_MAX])
    if len(lines) > LINES_MAX:
        yield f"  … and {len(lines) - LINES_MAX} more lines"


def _texts(difference: Difference) -> tuple[str, str]:
    if difference.is_value:
        return encode(difference.expected).decode(), encode(difference.found).decode()
    return str(difference.expected), str(difference.found)


def _lines(expected: Any, found: Any) -> Iterator[str]:
    """Two values line by line: `-` is expected and not there, `+` is there and not expected."""
    one, other = (json.dumps(value, indent=2, ensure_ascii=False).splitlines() for value in (expected, found))
    for line in difflib.unified_diff(one, other, "expected", "found", lineterm="", n=2):
        if not line.startswith(("--- ", "+++ ")):
            yield line


def tell_coverage(name: str, covered: Coverage) -> None:
    """How much of a workflow was taken, and what was not."""
    say(f"coverage of {name}, workflow {covered.workflow}")
    for part in covered.parts:
        if not part.there:
            continue
        missing = f"  without {', '.join(part.missing[:NODES_SHOWN_MAX])}" if part.missing else ""
        more = f" and {len(part.missing) - NODES_SHOWN_MAX} more" if len(part.missing) > NODES_SHOWN_MAX else ""
        say(f"  {part.sort:<11}  {part.taken}/{part.there}{missing}{more}")


def as_value(batch: Batch) -> dict[str, Any]:
    """All of it as JSON."""
    counts = {verdict: sum(one.result.verdict == verdict for one in batch.ran) for verdict in ("passed", "failed", "error")}
    found: dict[str, Any] = {**counts, "seconds": round(batch.seconds, 3), "cases": [one.as_value() for one in batch.ran]}
    if batch.covered:
        found["coverage"] = coverage_value(batch.covered)
    return found


def coverage_value(covered: Mapping[str, Coverage]) -> list[dict[str, Any]]:
    """The coverage of workflows, as JSON."""
    return [{"file": name, "workflow": one.workflow, **_parts(one)} for name, one in covered.items()]


def _parts(covered: Coverage) -> dict[str, Any]:
    named: Iterable[Any] = covered.parts
    return {part.sort.replace(" ", "_"): {"taken": part.taken, "there": part.there, "missing": list(part.missing)} for part in named}
