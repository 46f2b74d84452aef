"""`verify`: decides every decision again and compares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from contracts.errors import ExpressionError
from contracts.times import rfc3339
from domain.expressions import parse_duration
from infra.clock import SystemClock
from infra.server.fork_proving import ForksProved, prove_forks
from infra.server.reader_wiring import Reader, open_shared_reader
from infra.server.verifying import Proof, Task, Told, added_up, ends_of
from infra.server.verifying import verify as verify_journals
from infra.settings.model import EngineSettings
from refold.cli.commands import certificate
from refold.cli.commands.folder_reading import unknown_execution
from refold.cli.commands.output import FAILED, OK, BadInput, complain, say, say_json
from refold.cli.commands.where import checked_settings, engine_of, folder_of
from refold.cli.options import Where

SHOWN_MAX: Final = 20
"""So many executions that were erased are named."""


class Asked(NamedTuple):
    """What is asked for, as options say it."""

    execution: str | None = None
    jobs: int | None = None
    since: str | None = None
    certificate: Path | None = None
    against: Path | None = None


class Found(NamedTuple):
    """What was verified, and what came of it."""

    task: Task
    proofs: Mapping[int, Proof]
    said: certificate.Certificate | None
    """What a certificate said that was given."""
    own: certificate.Certificate | None
    forks: ForksProved = ForksProved()

    @property
    def parted(self) -> list[str]:
        """Where the log is not what the certificate says."""
        return [] if self.said is None or self.own is None else list(certificate.parted(self.said, self.own))


def verify(where: Where, asked: Asked, as_json: bool) -> int:
    """Verify one execution, or all, or a bundle of the archive. A divergence names event, node, what was expected and what was found."""
    execution = asked.execution
    if execution is not None and (asked.jobs or asked.since or asked.certificate or asked.against):
        raise BadInput("--jobs, --since, --certificate and --against are for all executions of a log: leave EXECUTION out")
    if asked.since is not None and asked.against is not None:
        raise BadInput("--since: the certificate says since when; leave it out")
    if execution is not None and ("://" in execution or Path(execution).is_file()):
        from refold.cli.commands import archive

        return archive.verify(where, execution, as_json)
    found = _found(where, asked)
    whole = added_up(found.proofs)
    if execution is not None and not (whole.executions or whole.erased or whole.closed or whole.differences):
        raise unknown_execution(execution)
    if asked.certificate is not None and found.own is not None:
        certificate.write(asked.certificate, found.own)
    whole = whole._replace(differences=(*whole.differences, *found.forks.differences))
    _tell(found, whole, as_json)
    return FAILED if whole.differences or found.parted else OK


def _found(where: Where, asked: Asked) -> Found:
    said = None if asked.against is None else certificate.read(asked.against)
    since = _since(asked.since) if said is None else said.since
    with reading(where, "verify") as (reader, settings):
        ends = ends_of(reader)
        task = Task(ends if said is None else certificate.ends_in(said, ends), asked.execution, since)
        proofs = verify_journals(reader, settings, task, asked.jobs)
        names = added_up(proofs).forks
        forks = prove_forks(reader, task, names) if names else ForksProved()
    wants_own = said is not None or asked.certificate is not None
    return Found(task, proofs, said, certificate.certificate_of(task, proofs) if wants_own else None, forks)


@contextmanager
def reading(where: Where, verb: str) -> Iterator[tuple[Reader, EngineSettings]]:
    """What reads the journals: of a data folder, or all of a log that is shared, beside the servers that own them."""
    settings = checked_settings(where)
    engine = engine_of(settings)
    if engine.log is not None and settings.given["server"].origin != "flag":
        with open_shared_reader(engine) as reader:
            yield reader, engine
        return
    target = folder_of(where, f"{verb} reads the log itself, also beside a server that holds it")
    with target.reader() as reader:
        yield reader, target.settings


def _since(text: str | None) -> int:
    if text is None:
        return 0
    try:
        return SystemClock().now() - parse_duration(text)
    except (ExpressionError, ValueError) as error:
        raise BadInput(f"--since: expected a duration like 30d or 12h, found {text!r}: {error}") from None


def _tell(found: Found, whole: Proof, as_json: bool) -> None:
    if as_json:
        forks = {"proved": found.forks.proved, "unproved": dict(found.forks.unproved)}
        say_json({**_result(whole), "forks": forks, "certificate": _certificate_value(found)})
    for told in whole.differences:
        complain(str(told))
    for told in whole.decided_earlier:
        complain(f"decided under language 1: {told}")
    for line in found.parted:
        complain(line)
    if as_json:
        return
    say(
        f"{whole.decisions} decisions with {whole.events} events of {_counted(whole.executions, 'execution')} "
        f"decided again: {_counted(len(whole.differences), 'difference')}"
    )
    for line in (*_of_forks(found.forks), *_of_sealed(whole)):
        say(line)
    if found.said is not None and found.own is not None:
        is_same = "it is what the certificate says" if not found.parted else "it is not what the certificate says"
        made = f"made by Refold {found.said.engine} on {found.said.python} at {found.said.made_at}"
        say(f"{is_same}: {made}; checked by Refold {found.own.engine} on {found.own.python}")


def _certificate_value(found: Found) -> Any:
    if found.own is None:
        return None
    return {
        "digest": found.own.digest,
        "partitions": [{"partition": p.partition, "end": p.end, "digest": p.digest} for p in found.own.partitions],
        "parted": found.parted,
    }


def _of_forks(forks: ForksProved) -> Iterator[str]:
    """What is said of forks."""
    if forks.proved:
        yield f"{_counted(forks.proved, 'fork')} of these derived again from the source: the same past"
    for name, source in forks.unproved[:SHOWN_MAX]:
        yield f"{name} is a fork of {source}, which is not there any more: its past stands for itself"


def _of_sealed(sealed: Proof) -> Iterator[str]:
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


def _result(whole: Proof) -> dict[str, Any]:
    return {
        "decisions": whole.decisions,
        "events": whole.events,
        "executions": whole.executions,
        "sealed": {"opened": whole.opened, "erased": whole.erased, "closed": whole.closed},
        "erased": [{**one._asdict(), "at": rfc3339(one.at), "by": one.by or None} for one in whole.erasures],
        "differences": [_difference(told) for told in whole.differences],
        "decided_under_language_1": [_difference(told) for told in whole.decided_earlier],
    }


def _difference(told: Told) -> dict[str, Any]:
    return {"execution": told.execution, "event": told.version, "node": told.node, "expected": told.expected, "found": told.found}
