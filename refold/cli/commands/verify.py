"""`verify`: decides every decision again and compares."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from contracts.errors import Divergence
from contracts.journal import Checkpoint
from contracts.times import rfc3339
from domain.execution.history import read_entries
from domain.replay.sealed import SealedChains
from domain.replay.verify import Verifier
from infra.server.reader_wiring import open_shared_reader
from infra.settings.model import EngineSettings
from refold.cli.commands.folder_reading import all_entries, unknown_execution
from refold.cli.commands.output import FAILED, OK, complain, say, say_json
from refold.cli.commands.where import checked_settings, engine_of, folder_of
from refold.cli.options import Where

SHOWN_MAX: Final = 20
"""So many executions that were erased are named."""


def verify(where: Where, execution: str | None, as_json: bool) -> int:
    """Verify one execution, or all, or a bundle of the archive. A divergence names event, node, what was expected and what was found."""
    if execution is not None and ("://" in execution or Path(execution).is_file()):
        from refold.cli.commands import archive

        return archive.verify(where, execution, as_json)
    settings = checked_settings(where)
    engine = engine_of(settings)
    is_log = engine.log is not None and settings.given["server"].origin != "flag"
    verifier = _of_log(engine, execution) if is_log else _of_folder(where, execution)
    divergences = verifier.divergences
    if execution is not None and not verifier.executions and not verifier.sealed.erased and not verifier.sealed.closed and not divergences:
        raise unknown_execution(execution)
    if as_json:
        say_json(_result(verifier))
    for divergence in divergences:
        complain(str(divergence))
    for divergence in verifier.decided_earlier:
        complain(f"decided under language 1: {divergence}")
    if not as_json:
        count = len(divergences)
        say(
            f"{verifier.decisions} decisions with {verifier.events} events of {_counted(verifier.executions, 'execution')} "
            f"decided again: {_counted(count, 'difference')}"
        )
        for line in _of_sealed(verifier.sealed):
            say(line)
    return FAILED if divergences else OK


def _of_folder(where: Where, execution: str | None) -> Verifier:
    target = folder_of(where, "verify reads the log itself, also beside a server that holds it")
    with target.reader() as reader:
        verifier = Verifier(reader.catalog.graph, reader.blobs.get, execution)
        verifier.run(all_entries(reader))
    return verifier


def _of_log(settings: EngineSettings, execution: str | None) -> Verifier:
    """All partitions of a log that is shared, beside the servers that own them."""
    with open_shared_reader(settings) as reader:
        verifier = Verifier(reader.catalog.graph, reader.blobs.get, execution)
        for partition in range(reader.log.partitions):
            records = reader.log.read("journal", partition)
            verifier.run(read_entries(records, Checkpoint(), filed=verifier.file))
    return verifier


def _of_sealed(sealed: SealedChains) -> Iterator[str]:
    """What is said of executions that are sealed."""
    if sealed.opened:
        yield f"{_counted(sealed.opened, 'execution')} of these sealed, and read with the keys"
    if sealed.erased:
        yield f"{_counted(sealed.erased, 'execution')} erased: the chain of digests is unbroken, and nothing else can be read"
        for one in sealed.erasures[:SHOWN_MAX]:
            yield f"  {one.execution} at {rfc3339(one.at)} by {one.by or 'the engine'}" + (f": {one.reason}" if one.reason else "")
        if sealed.erased > SHOWN_MAX:
            yield f"  and {sealed.erased - SHOWN_MAX} more: --json names them"
    if sealed.closed:
        yield f"{_counted(sealed.closed, 'execution')} sealed, and the keys are not here: the chain of digests is unbroken"


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _result(verifier: Verifier) -> dict[str, Any]:
    return {
        "decisions": verifier.decisions,
        "events": verifier.events,
        "executions": verifier.executions,
        "sealed": {"opened": verifier.sealed.opened, "erased": verifier.sealed.erased, "closed": verifier.sealed.closed},
        "erased": [{**one._asdict(), "at": rfc3339(one.at), "by": one.by or None} for one in verifier.sealed.erasures],
        "differences": [_difference(divergence) for divergence in verifier.divergences],
        "decided_under_language_1": [_difference(divergence) for divergence in verifier.decided_earlier],
    }


def _difference(divergence: Divergence) -> dict[str, Any]:
    return {
        "execution": divergence.execution,
        "event": divergence.version,
        "node": divergence.node,
        "expected": divergence.expected,
        "found": divergence.found,
    }
