"""`read-models`: how the rows stand that lists are answered from, and to have them made anew."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Final

from projections.registry import READ_MODELS, named
from refold.cli.commands.output import FAILED, OK, BadInput, say, say_json, table
from refold.cli.commands.target import Done, Value
from refold.cli.commands.where import target_of
from refold.cli.options import Where

LINE_EVERY_S: Final = 2.0
NOTHING: Final = "-"


def list_read_models(where: Where, as_json: bool) -> int:
    """All of them, by name."""
    found = target_of(where).read_models()
    if as_json:
        say_json(found)
    elif found:
        table(("READ MODEL", "VERSION", "ROWS", "SIZE", "LAG", "REBUILT", ""), [_line(one) for one in found])
    else:
        say("no read models yet: a server makes them, or `refold read-models rebuild all`")
    return OK


def _line(model: Value) -> tuple[str, ...]:
    rebuilt = "" if not model["rebuilds"] else f"{model['rebuilds']} ×"
    return (
        model["name"], str(model["version"]), f"{model['rows']:,}", _size(model["bytes"]), f"{model['lag']:,}", rebuilt, _standing(model),
    )  # fmt: skip


def _standing(model: Value) -> str:
    building = model["building"]
    if building is None:
        return "" if model["differing"] is None else _differing(model["differing"])
    share = building["done"] / max(1, building["end"])
    what = "being made anew" if building["rebuild"] else f"version {building['version']} is being made"
    return f"{what}: {share:.0%} of {building['end']:,} records"


def _size(size: int | None) -> str:
    if size is None:
        return NOTHING
    power = min(3, max(0, (len(str(size)) - 1) // 3))
    return f"{size / 1_000**power:.{1 if power else 0}f} {('B', 'KB', 'MB', 'GB')[power]}"


def _differing(count: int) -> str:
    return "no row differed" if not count else f"{count:,} row{'s' if count > 1 else ''} differed"


def rebuild(where: Where, name: str, as_json: bool) -> int:
    """Make a read model anew, and say how fast that goes and what was different. Exit code 1 where a row was."""
    names = named(name)
    if names is None:
        raise BadInput(f"there is no read model {name!r}: expected one of {', '.join(model.name for model in READ_MODELS)}, or all")
    target = target_of(where)
    began, records = time.monotonic(), 0
    for done in _shown(target.rebuild(name), name, as_json):
        if not records:
            began = time.monotonic()  # before it, what was behind was brought up to date
        records = max(records, done.end)
    took = max(0.001, time.monotonic() - began)
    found = [one for one in target.read_models() if one["name"] in names]
    if as_json:
        say_json({"read_models": found, "records": records, "seconds": round(took, 3), "records_per_s": round(records / took)})
    else:
        for one in found:
            say(f"{one['name']}: {one['rows']:,} row{'' if one['rows'] == 1 else 's'} made anew; {_differing(one['differing'] or 0)}")
        if records:
            say(f"{records:,} records in {took:.1f} s, {records / took:,.0f}/s")
    return FAILED if any(one["differing"] for one in found) else OK


def _shown(steps: Iterator[Done], name: str, as_json: bool) -> Iterator[Done]:
    """The same, shown as they come: as a bar on a terminal, elsewhere as a line now and then."""
    if as_json:
        yield from steps
    elif sys.stdout.isatty():
        yield from _bar(steps, name)
    else:
        yield from _lines(steps, name)


def _bar(steps: Iterator[Done], name: str) -> Iterator[Done]:
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, transient=True) as bar:
        task, began = bar.add_task(name, total=None, rate=""), 0.0
        for done in steps:
            began = began or time.monotonic()
            rate = done.done / max(0.001, time.monotonic() - began)
            bar.update(task, total=done.end, completed=done.done, rate=f"{rate:,.0f} records/s")
            yield done


def _lines(steps: Iterator[Done], name: str) -> Iterator[Done]:
    began = told = 0.0
    for done in steps:
        now = time.monotonic()
        began, told = began or now, told or now
        if now >= told + LINE_EVERY_S:
            told = now
            say(f"{name}: {done.done:,} of {done.end:,} records, {done.done / (now - began):,.0f}/s")
            sys.stdout.flush()
        yield done
