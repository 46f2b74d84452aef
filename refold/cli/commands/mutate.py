"""`mutate`: what an execution would have decided if an activity had answered otherwise, or it had been given something else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from domain.execution.history import begin
from domain.replay.mutate import INPUT, Setting, mutate
from domain.replay.tape import Tape
from projections.comparisons import comparison_value
from refold.cli.commands.output import FAILED, OK, BadInput, read_json_argument, say, say_json
from refold.cli.commands.verify import reading
from refold.cli.commands.walk import recorded_entries
from refold.cli.commands.what_if import SAYS, WHY, line_of
from refold.cli.options import Where
from workers.reading.execution_reader import value_in

VALUE_CHARS_MAX: Final = 60_000
"""A longer value would be kept beside the journal, and there is none for what never was."""
_SET: Final = re.compile(r"(?:nodes\.(?P<node>.+?)\.output|input)(?P<fields>(?:\.[^.=]+)*)=(?P<value>.*)", re.DOTALL)


def change(where: Where, execution: str, sets: Iterable[str], as_json: bool) -> int:
    """Decide again, and say what would be other. Exit code: 0, or 1 where that is not known, as something new would be asked."""
    settings = [_setting(text) for text in sets]
    if not settings:
        raise BadInput("--set says what is to be another value: --set nodes.score.output.points=9, or --set input.amount=5")
    with reading(where, "mutate") as (reader, _):
        entries = recorded_entries(reader, execution)
        folded = begin(entries[0], reader.catalog.graph, reader.blobs.get)
        tape = Tape(folded.graph, folded.state, [entry.decision for entry in entries])
        found = comparison_value(mutate(tape, settings, lambda value: value_in(reader.blobs, value), reader.blobs.get))
    if as_json:
        say_json(found)
    else:
        say(f"{SAYS[found['verdict']]}: {line_of(found)}")
        for one in found["new_calls"]:
            say(f"  call {one['path']} ({one['name']}) {WHY[one['why']]}")
        for one in found["vanished_calls"]:
            say(f"  call {one['path']} ({one['name']}) would not be made")
    return FAILED if found["verdict"] in ("new_calls", "not_decided") else OK


def _setting(text: str) -> Setting:
    """What `nodes.NODE.output[.FIELD]=JSON` means, or `input[.FIELD]=JSON`. Raises BadInput."""
    found = _SET.fullmatch(text)
    if found is None:
        raise BadInput(f"--set: expected nodes.NODE.output[.FIELD]=JSON or input[.FIELD]=JSON, found {text[:200]!r}")
    if len(found["value"]) > VALUE_CHARS_MAX:
        raise BadInput(f"--set: a value has at most {VALUE_CHARS_MAX:,} characters here, found {len(found['value']):,}")
    fields = tuple(one for one in found["fields"].split(".") if one)
    return Setting(found["node"] or INPUT, fields, read_json_argument(found["value"], "--set"))
