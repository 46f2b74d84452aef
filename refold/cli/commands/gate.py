"""The gate of `deploy`: a version is published only where it would have left recorded executions as they were."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from refold.cli.commands.output import BadInput, complain
from refold.cli.commands.what_if import Wanted, what_if
from refold.cli.options import Where

_GATE: Final = re.compile(r"\s*(?:last\s+([1-9][0-9]{0,8})|since\s+(\S+))\s*:\s*(path|output|outcome)\s+unchanged\s*")


def passes(where: Where, file: Path, gate: str, kinds: tuple[str, ...] = ()) -> bool:
    """Whether the definition in a file passes; what it would change is said. Raises BadInput for a gate that is none."""
    found = _GATE.fullmatch(gate)
    if found is None:
        forms = '"last N: WHAT unchanged" or "since 30d: WHAT unchanged", where WHAT is path, output or outcome'
        raise BadInput(f"--gate: expected {forms}, found {gate!r}")
    last, since, what = found.groups()
    wanted = Wanted(str(file), None, int(last) if last else None, since, None, "all" if what == "path" else what, False, kinds, None, None)
    if what_if(where, wanted, as_json=False):
        complain(f"{file} is not published: the gate {gate.strip()!r} does not let it pass")
        return False
    return True
