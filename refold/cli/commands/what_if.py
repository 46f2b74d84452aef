"""`what-if`: another version decides over the recorded executions of a workflow, and what would change is said."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple
from xml.etree import ElementTree

from contracts.errors import ExpressionError
from domain.definition.canonical import canonical, content_hash, published
from domain.definition.validate import publishable
from domain.expressions import parse_duration
from domain.replay.what_if import VERDICTS, Comparison, Tally, Verdict
from infra.clock import SystemClock
from infra.server.reader_wiring import Reader, open_shared_reader
from infra.server.rerunning import Wish, compare_all
from infra.settings.model import EngineSettings
from projections.definitions import active_of, version_in
from projections.execution_columns import execution_filter
from refold.cli.commands.define import own_kinds
from refold.cli.commands.definition_file import document_in, told_of
from refold.cli.commands.folder_lists import read_filter
from refold.cli.commands.output import FAILED, OK, BadInput, say, say_json
from refold.cli.commands.where import checked_settings, engine_of, folder_of
from refold.cli.options import Where
from workers.partition.catalog import versions_in
from workers.reading.corpus import Corpus

LAST: Final = 1_000
FEW: Final = 500
"""So many executions are compared in one process, as others would take longer to begin."""
EXAMPLES_MAX: Final = 3
_HARMLESS: Final[dict[str, frozenset[Verdict]]] = {
    "all": frozenset({"unchanged"}),
    "output": frozenset({"unchanged", "path"}),
    "outcome": frozenset({"unchanged", "path", "output"}),
}
_SAYS: Final[dict[Verdict, str]] = {
    "unchanged": "unchanged",
    "path": "same end by another path",
    "output": "another output",
    "outcome": "another outcome",
    "new_calls": "new calls",
    "not_decided": "not decided",
}
_WHY: Final = {
    "never_asked": "was never asked",
    "asked_otherwise": "was asked in other words",
    "never_answered": "was never answered",
}


class Wanted(NamedTuple):
    """What is asked for, as options say it."""

    version: str
    against: str | None
    last: int | None
    since: str | None
    filter: str | None
    unchanged: str
    allows_new_calls: bool
    kinds: Sequence[str]
    jobs: int | None
    junit: Path | None

    @property
    def harmless(self) -> frozenset[Verdict]:
        """The verdicts that do not count against the version."""
        return _HARMLESS[self.unchanged] | ({"new_calls"} if self.allows_new_calls else set())


def what_if(where: Where, wanted: Wanted, as_json: bool) -> int:
    """Compare, and say what would change. Exit code: 0, or 1 where that is more than is wanted."""
    with _reader(where) as (reader, settings):
        wish = _wish(reader, where, wanted)
        against = wanted.against or wish.workflow
        comparisons = list(_compared(reader, settings, wish, against, wanted))
    if not comparisons:
        raise BadInput(f"no recorded execution of {against} is wanted: there is nothing to compare, so nothing is shown")
    tally = Tally()
    tally.add(comparisons)
    if wanted.junit is not None:
        _write_junit(wanted.junit, wish, comparisons, wanted.harmless)
    if as_json:
        say_json(_value(wish, against, tally, comparisons))
    else:
        _say(wish, against, tally, comparisons)
    return OK if all(one.verdict in wanted.harmless for one in comparisons) else FAILED


@contextmanager
def _reader(where: Where) -> Iterator[tuple[Reader, EngineSettings]]:
    """What reads the journal, also beside a server that holds it."""
    settings = checked_settings(where)
    engine = engine_of(settings)
    if engine.log is not None and settings.given["server"].origin != "flag":
        with open_shared_reader(engine) as reader:
            yield reader, engine
        return
    target = folder_of(where, "what-if reads the log itself, also beside a server that holds it")
    with target.reader() as reader:
        yield reader, target.settings


def _wish(reader: Reader, where: Where, wanted: Wanted) -> Wish:
    """The version that is to decide. Raises BadInput, InvalidDefinition, Rejected for an unknown workflow or version."""
    read_filter(execution_filter, wanted.filter)
    if not Path(wanted.version).is_file():
        return _published(reader, wanted)
    from infra.server.wiring import activity_kinds

    file = Path(wanted.version)
    kinds = {name: kind.Config for name, kind in activity_kinds(engine_of(checked_settings(where))).items()}
    with told_of(file):
        definition = published(publishable(document_in(file), {**dict.fromkeys(own_kinds(wanted.kinds)), **kinds}))
    return Wish(definition.name, 0, content_hash(definition), canonical(definition), wanted.filter, SystemClock().now())


def _published(reader: Reader, wanted: Wanted) -> Wish:
    name, at, number = wanted.version.partition("@")
    if Path(wanted.version).suffix in (".yaml", ".yml", ".json"):
        raise BadInput(f"there is no file {wanted.version}")
    if at and not number.isdecimal():
        raise BadInput(f"expected NAME@VERSION with a number, or a file that is there, found {wanted.version!r}")
    versions = versions_in(reader.catalog, name)
    found = version_in(versions, int(number)) if at else active_of(versions)
    return Wish(found.name, found.version, found.hash, found.content, wanted.filter, SystemClock().now())


def _compared(reader: Reader, settings: EngineSettings, wish: Wish, against: str, wanted: Wanted) -> Iterator[Comparison]:
    most = LAST if wanted.last is None and wanted.since is None else wanted.last
    corpus = Corpus(against, None if wanted.filter else most, _since(wanted.since))
    corpus.read(reader.log, reader.log.partitions)
    histories = list(corpus.histories())
    jobs = wanted.jobs or (1 if len(histories) <= FEW else os.cpu_count() or 1)
    found = compare_all(reader, settings, wish, histories, jobs)
    yield from found if most is None or not wanted.filter else list(found)[-most:]


def _since(text: str | None) -> int:
    if text is None:
        return 0
    try:
        return SystemClock().now() - parse_duration(text)
    except (ExpressionError, ValueError) as error:
        raise BadInput(f"--since: expected a duration like 30d or 12h, found {text!r}: {error}") from None


# What is said.


def _named(wish: Wish) -> str:
    return f"{wish.workflow}@{wish.version}" if wish.version else f"this definition of {wish.workflow}"


def _say(wish: Wish, against: str, tally: Tally, comparisons: Sequence[Comparison]) -> None:
    say(f"{_named(wish)} decided over {tally.total:,} recorded {'execution' if tally.total == 1 else 'executions'} of {against}:")
    for verdict in VERDICTS:
        count = tally.verdicts[verdict]
        if count:
            say(f"{count:8,}  {_SAYS[verdict]}")
        if verdict != "unchanged":
            for one in [one for one in comparisons if one.verdict == verdict][:EXAMPLES_MAX]:
                say(f"          {_line(one)}")
    for (node, name, why), count in tally.new.most_common():
        say(f"call {node} ({name}) {_WHY[why]}: {count:,}")
    for (node, name), count in tally.vanished.most_common():
        say(f"call {node} ({name}) is not made any more: {count:,}")


def _line(one: Comparison) -> str:
    """One execution, and what would be other with it."""
    if one.after is None:
        return f"{one.execution}: {one.reason}"
    ends = str(one.before) if one.before == one.after else f"{one.before} → {one.after}"
    if one.new:
        call, why = one.new[0]
        return f"{one.execution}: stops at {call.path}, which {_WHY[why]}"
    return f"{one.execution}: {ends}" + (f", first at {one.first.path}" if one.first is not None else "")


def _value(wish: Wish, against: str, tally: Tally, comparisons: Sequence[Comparison]) -> dict[str, Any]:
    return {
        "workflow": wish.workflow,
        "version": wish.version or None,
        "hash": wish.hash,
        "against": against,
        "compared": tally.total,
        "verdicts": {verdict: tally.verdicts[verdict] for verdict in VERDICTS},
        "new_calls": [{"node": node, "name": name, "why": why, "count": count} for (node, name, why), count in tally.new.most_common()],
        "vanished_calls": [{"node": node, "name": name, "count": count} for (node, name), count in tally.vanished.most_common()],
        "executions": [_comparison_value(one) for one in comparisons if one.verdict != "unchanged"],
    }


def _comparison_value(one: Comparison) -> dict[str, Any]:
    return {
        "execution_id": one.execution,
        "verdict": one.verdict,
        "before": one.before._asdict(),
        "after": None if one.after is None else one.after._asdict(),
        "first_difference": None if one.first is None else one.first.path,
        "new_calls": [{**new.call._asdict(), "why": new.why} for new in one.new],
        "vanished_calls": [call._asdict() for call in one.vanished],
        "refused": [refused._asdict() for refused in one.refused],
        "reason": one.reason or None,
    }


def _write_junit(file: Path, wish: Wish, comparisons: Sequence[Comparison], harmless: frozenset[Verdict]) -> None:
    """A test suite with a case for each execution."""
    failures = sum(one.verdict not in harmless for one in comparisons)
    suite = ElementTree.Element("testsuite", name=f"what-if {_named(wish)}", tests=str(len(comparisons)), failures=str(failures))
    for one in comparisons:
        case = ElementTree.SubElement(suite, "testcase", classname=wish.workflow, name=one.execution)
        if one.verdict not in harmless:
            ElementTree.SubElement(case, "failure", type=one.verdict, message=_line(one))
    try:
        file.write_bytes(ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True))
    except OSError as error:
        raise BadInput(f"--junit: {file} cannot be written: {error.strerror or error}") from None
