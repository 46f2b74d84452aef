"""`costs`: what asking models took, in calls, tokens and money, by day."""

from __future__ import annotations

from typing import Final

from refold.cli.commands.output import OK, say, say_json, seconds, table
from refold.cli.commands.target import CostsWanted, Value
from refold.cli.commands.where import target_of
from refold.cli.options import Where

APART: Final = ("workflow", "version", "node", "model", "prompt")
MEASURES: Final = ("CALLS", "USD", "INPUT", "CACHED", "OUTPUT", "REASONING", "UNMEASURED", "REPAIRS", "ERRORS", "FIRST TOKEN", "LOST")


def costs(where: Where, wanted: CostsWanted, as_json: bool) -> int:
    """The windows, in the order of time."""
    found = target_of(where).costs(wanted)
    if as_json:
        say_json(found)
    elif found:
        apart = tuple(name for name in APART if found[0][name] is not None)
        table(("FROM", *(name.upper() for name in apart), *MEASURES), [_line(one, apart) for one in found])
    else:
        say("no model was asked in this time")
    return OK


def _line(window: Value, apart: tuple[str, ...]) -> tuple[str, ...]:
    at, tokens, first = (window["at"] or "")[:10], window["tokens"], window["first_token"]
    told = [_number(tokens[name]) for name in ("input", "cached", "output", "reasoning", "unmeasured")]
    rest = _number(window["repairs"]), _number(window["errors"]), "" if first is None else seconds(round(first["p50_ms"])), _lost(window)
    return (at, *(str(window[name]) for name in apart), f"{window['calls']:,}", _money(window), *told, *rest)


def _number(number: int) -> str:
    return f"{number:,}" if number else ""


def _money(window: Value) -> str:
    """What is known to have been paid, and for how many calls nobody knows a price."""
    unpriced = window["unpriced"]
    if unpriced and unpriced == window["calls"]:
        return "unknown"
    return f"{window['usd']:,.6f}" + (f" and {unpriced:,} calls" if unpriced else "")


def _lost(window: Value) -> str:
    """Attempts of which nothing was heard, with what was set aside for them."""
    lost = window["lost"]
    return f"{lost['attempts']:,}, up to {lost['usd']:,.6f}" if lost["attempts"] else ""
