"""`what-if`: another version decides over the recorded executions of a workflow, and what would change is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree

from contracts.errors import ExpressionError
from contracts.times import rfc3339
from domain.definition.canonical import canonical, content_hash, published
from domain.definition.validate import publishable
from domain.expressions import parse_duration
from domain.replay.what_if import VERDICTS, Verdict
from infra.clock import SystemClock
from infra.server.reader_wiring import Reader, open_shared_reader
from infra.server.rerunning import Wish, compare_corpus
from infra.settings.model import EngineSettings
from projections.comparisons import comparisons_value
from projections.definitions import active_of, version_in
from projections.execution_columns import execution_filter
from refold.cli.commands.define import own_kinds
from refold.cli.commands.definition_file import document_in, told_of, written_in
from refold.cli.commands.folder_lists import read_filter
from refold.cli.commands.output import FAILED, OK, BadInput, say, say_json
from refold.cli.commands.target import Value
from refold.cli.commands.where import asks_a_server, checked_settings, engine_of, folder_of, server_of
from refold.cli.options import Where
from workers.partition.catalog import versions_in

LAST: Final = 1_000
EXAMPLES_MAX: Final = 3
_HARMLESS: Final[dict[str, frozenset[Verdict]]] = {
    "all": frozenset({"unchanged"}),
    "output": frozenset({"unchanged", "path"}),
    "outcome": frozenset({"unchanged", "path", "output"}),
}
SAYS: Final[dict[Verdict, str]] = {
    "unchanged": "unchanged",
    "path": "same end by another path",
    "output": "another output",
    "outcome": "another outcome",
    "new_calls": "new calls",
    "not_decided": "not decided",
}
WHY: Final = {
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
    found = _at_server(where, wanted) if asks_a_server(checked_settings(where)) else _in_log(where, wanted)
    if not found["compared"]:
        raise BadInput(f"no recorded execution of {found['against']} is wanted: there is nothing to compare, so nothing is shown")
    if wanted.junit is not None:
        _write_junit(wanted.junit, found, wanted.harmless)
    if as_json:
        say_json(found)
    else:
        _say(found)
    return OK if all(verdict in wanted.harmless for verdict, count in found["verdicts"].items() if count) else FAILED


def _at_server(where: Where, wanted: Wanted) -> Value:
    """What the server says that is meant: it knows the kinds that its workers offer."""
    if wanted.kinds or wanted.jobs is not None:
        raise BadInput("--kinds and --jobs are for a log that is read here; the server compares in a process of its own")
    file, last = Path(wanted.version), wanted.last or LAST
    since = None if wanted.since is None else rfc3339(_since(wanted.since))
    ask = partial(server_of(where, "it is asked").client.what_if, against=wanted.against, last=last, since=since, filter=wanted.filter)
    if not file.is_file():
        name, number = name_and_number(wanted.version)
        return ask(workflow=name, version=number)
    written = written_in(file)
    with told_of(file):
        return ask(definition=written.source.text.decode(), syntax=written.source.syntax)


def _in_log(where: Where, wanted: Wanted) -> Value:
    """What is recorded in the log, read here."""
    with reading_log(where) as (reader, settings):
        wish = _wish(reader, where, wanted)
        against = wanted.against or wish.workflow
        most = LAST if wanted.last is None and wanted.since is None else wanted.last
        found = compare_corpus(reader, settings, wish, against, most, _since(wanted.since), wanted.jobs)
    return comparisons_value(wish.workflow, wish.version, wish.hash, against, found, len(found))


@contextmanager
def reading_log(where: Where) -> Iterator[tuple[Reader, EngineSettings]]:
    """What reads the journal, also beside a server that holds it."""
    settings = checked_settings(where)
    engine = engine_of(settings)
    if engine.log is not None and settings.given["server"].origin != "flag":
        with open_shared_reader(engine) as reader:
            yield reader, engine
        return
    target = folder_of(where, "the log is read")
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
        definition = publishable(document_in(file), {**dict.fromkeys(own_kinds(wanted.kinds)), **kinds})
        definition = reader.catalog.pinned(published(definition))
    return Wish(definition.name, 0, content_hash(definition), canonical(definition), wanted.filter, SystemClock().now())


def name_and_number(text: str) -> tuple[str, int | None]:
    """The workflow and the version that `NAME@VERSION` means, or `NAME`. Raises BadInput."""
    name, at, number = text.partition("@")
    if Path(text).suffix in (".yaml", ".yml", ".json"):
        raise BadInput(f"there is no file {text}")
    if at and not number.isdecimal():
        raise BadInput(f"expected NAME@VERSION with a number, or a file that is there, found {text!r}")
    return name, int(number) if at else None


def _published(reader: Reader, wanted: Wanted) -> Wish:
    name, number = name_and_number(wanted.version)
    versions = versions_in(reader.catalog, name)
    found = active_of(versions) if number is None else version_in(versions, number)
    return Wish(found.name, found.version, found.hash, found.content, wanted.filter, SystemClock().now())


def _since(text: str | None) -> int:
    if text is None:
        return 0
    try:
        return SystemClock().now() - parse_duration(text)
    except (ExpressionError, ValueError) as error:
        raise BadInput(f"--since: expected a duration like 30d or 12h, found {text!r}: {error}") from None


# What is said.


def _named(found: Value) -> str:
    return f"{found['workflow']}@{found['version']}" if found["version"] else f"this definition of {found['workflow']}"


def _say(found: Value) -> None:
    count = found["compared"]
    say(f"{_named(found)} decided over {count:,} recorded {'execution' if count == 1 else 'executions'} of {found['against']}:")
    for verdict in VERDICTS:
        if found["verdicts"][verdict]:
            say(f"{found['verdicts'][verdict]:8,}  {SAYS[verdict]}")
        for one in [one for one in found["executions"] if one["verdict"] == verdict][:EXAMPLES_MAX]:
            say(f"          {line_of(one)}")
    for one in found["new_calls"]:
        say(f"call {one['node']} ({one['name']}) {WHY[one['why']]}: {one['count']:,}")
    for one in found["vanished_calls"]:
        say(f"call {one['node']} ({one['name']}) is not made any more: {one['count']:,}")


def line_of(one: Value) -> str:
    """One execution, and what would be other with it."""
    if one["after"] is None:
        return f"{one['execution_id']}: {one['reason']}"
    if one["new_calls"]:
        return f"{one['execution_id']}: stops at {one['new_calls'][0]['path']}, which {WHY[one['new_calls'][0]['why']]}"
    before, after = _end(one["before"]), _end(one["after"])
    first = f", first at {one['first_difference']}" if one["first_difference"] else ""
    return f"{one['execution_id']}: {before if before == after else f'{before} → {after}'}{first}"


def _end(end: Value) -> str:
    return " ".join(one for one in (end["status"], end["outcome"], end["error"]) if one)


def _write_junit(file: Path, found: Value, harmless: frozenset[str]) -> None:
    """A test suite with a case for each execution that would change, and one for all the others."""
    changed = found["executions"]
    failures = [one for one in changed if one["verdict"] not in harmless]
    suite = ElementTree.Element("testsuite", name=f"what-if {_named(found)}", tests=str(len(changed) + 1), failures=str(len(failures)))
    ElementTree.SubElement(suite, "testcase", classname=found["workflow"], name=f"{found['verdicts']['unchanged']} unchanged")
    for one in changed:
        case = ElementTree.SubElement(suite, "testcase", classname=found["workflow"], name=one["execution_id"])
        if one in failures:
            ElementTree.SubElement(case, "failure", type=one["verdict"], message=line_of(one))
    try:
        file.write_bytes(ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True))
    except OSError as error:
        raise BadInput(f"--junit: {file} cannot be written: {error.strerror or error}") from None
