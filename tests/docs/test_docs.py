"""The docs move with the code: what there is has its heading, links lead somewhere, and examples are what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
import yaml

from contracts.commands import Command
from contracts.definitions import Body, EdgeDefinition, NodeDefinition, Retry, Settings, Timeouts, WorkflowDefinition
from contracts.events import EVENTS
from contracts.failure import ENGINE_ERROR_TYPES
from contracts.public_data import Data
from contracts.public_events import PUBLIC_TYPES, CloudEvent
from domain.definition.document import parse_document
from domain.definition.validate import check
from domain.nodes import CONTROL_KINDS
from domain.triggers import TRIGGER_KINDS, TRIGGER_NAMES
from infra.settings.sources import MODELS as MODELS_OF_SETTINGS
from refold.cli.main import app
from refold.cli.registry import PANELS
from workers.running.activities import BUILT_IN
from workers.running.activity_settings import ActivitySettings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
ACTIVITIES = {kind.name: kind for kind in (make(ActivitySettings()) for make in BUILT_IN)}
MODELS = {name: kind.Config for name, kind in ACTIVITIES.items()}
MADE_LATER = {
    "api/static",
    "api/static/",
    "ui/.node",
    "refold/_engine",
    "benchmarks/results/latest.json",
    "benchmarks/results/kafka.json",
    "benchmarks/results/ui.json",
    "examples/event_windows/.venv/bin/python",
}
"""Paths that stand in the wheel alone, or are written by a program."""


def text(name: str) -> str:
    return (REFERENCE / name).read_text()


def headings(page: str, level: str) -> list[str]:
    """The headings of a level that are a name in backquotes."""
    return re.findall(rf"^{level} `([^`]+)`$", page, re.MULTILINE)


def rows(page: str) -> set[str]:
    """The names in the first column of all tables."""
    cells = re.findall(r"^\| ((?:`[^`]+`(?:, )?)+) \|", page, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def section(page: str, heading: str) -> str:
    """From a heading to the next one of its level or above."""
    level = heading.split(" ")[0]
    rest = page.split(f"\n{heading}\n", 1)[1]
    return re.split(rf"^#{{1,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def commands() -> dict[str, Any]:
    command: Any = typer.main.get_command(app)
    return dict(command.commands)


# What there is has its place.


def test_every_event_and_command_has_its_heading() -> None:
    page = text("events.md")
    assert headings(section(page, "## Events"), "###") == [event.__name__ for event in EVENTS]
    assert headings(section(page, "## Commands"), "###") == [command.__name__ for command in get_args(Command)]


@pytest.mark.parametrize("struct", [*EVENTS, *get_args(Command)], ids=lambda struct: struct.__name__)
def test_every_field_of_a_stored_struct_is_named(struct: Any) -> None:
    described = section(text("events.md"), f"### `{struct.__name__}`")
    assert re.search(rf"^Tag {struct.__struct_config__.tag}\.", described, re.MULTILINE)
    assert set(struct.__struct_fields__) <= set(re.findall(r"`(\w+)`", described))


def test_every_type_of_public_events_has_its_row() -> None:
    page = text("public-events.md")
    described = re.findall(r"^\| `(refold\.[^`]+)` \| (\d+) \| [^|]+ \| ([^|]*) \|$", section(page, "## Types"), re.MULTILINE)
    assert [(name, int(number)) for name, number, _ in described] == [(one.type, one.number) for one in PUBLIC_TYPES]
    for one, (_, _, named) in zip(PUBLIC_TYPES, described, strict=True):
        own = [field for field in one.data.__struct_fields__ if field not in Data.__struct_fields__]
        assert re.findall(r"`(\w+)`", named) == own, one.type
    assert set(CloudEvent.__struct_fields__) - {"specversion", "datacontenttype", "data"} == rows(section(page, "## Attributes"))


def test_every_control_flow_kind_has_its_heading_and_no_other() -> None:
    page = section(text("definitions.md"), "## Control-flow kinds")
    assert sorted(headings(page, "###")) == sorted(CONTROL_KINDS)


@pytest.mark.parametrize("kind", sorted(CONTROL_KINDS))
def test_every_config_field_of_a_control_flow_kind_is_named(kind: str) -> None:
    described = section(text("definitions.md"), f"### `{kind}`")
    for name, field in CONTROL_KINDS[kind].Config.model_fields.items():
        assert f"`{field.alias or name}" in described, f"`{field.alias or name}` of {kind} is not described"


def test_every_kind_of_trigger_has_its_heading_and_a_row_for_each_field() -> None:
    page = section(text("triggers.md"), "## Kinds")
    assert headings(page, "###") == list(TRIGGER_KINDS)
    common = rows(section(text("triggers.md"), "## Fields of every trigger"))
    for name, kind in TRIGGER_KINDS.items():
        fields_of = {field.alias or key for key, field in kind.Config.model_fields.items()}
        assert fields_of - common == rows(section(page, f"### `{name}`")) - (set(kind.gives) - fields_of), name


def test_everything_that_expressions_see_of_a_trigger_has_its_row() -> None:
    assert rows(section(text("triggers.md"), "## What expressions see")) == set(TRIGGER_NAMES)


def test_every_activity_kind_has_its_heading_and_no_other() -> None:
    assert sorted(headings(text("activities.md"), "##")) == sorted(ACTIVITIES)


@pytest.mark.parametrize("kind", sorted(ACTIVITIES))
def test_every_config_field_of_an_activity_kind_has_its_row(kind: str) -> None:
    described = rows(section(text("activities.md"), f"## `{kind}`"))
    model = ACTIVITIES[kind].Config
    assert model is not None
    assert {field.alias or name for name, field in model.model_fields.items()} <= described


def test_every_field_of_the_language_has_its_row() -> None:
    described = rows(text("definitions.md"))
    models = (WorkflowDefinition, Body, NodeDefinition, EdgeDefinition, Retry, Timeouts, Settings)
    names = {field.alias or name for model in models for name, field in model.model_fields.items()}
    assert names - described - {"position"} == set()
    assert "`position {x, y}`" in text("definitions.md")


def test_every_error_type_of_the_engine_has_its_row() -> None:
    described = rows(section(text("definitions.md"), "## Errors"))
    assert set(ENGINE_ERROR_TYPES) == {name for name in described if name in ENGINE_ERROR_TYPES}


def test_every_setting_has_its_row() -> None:
    page = text("settings.md")
    for model in MODELS_OF_SETTINGS:
        assert rows(section(page, f"## {model.__name__}")) == set(model.model_fields)
    assert rows(section(page, "## ActivitySettings")) == {field.name for field in fields(ActivitySettings)}


def test_every_verb_of_the_command_line_has_its_heading_in_its_panel_and_no_other() -> None:
    page = text("command-line.md")
    assert {panel: headings(section(page, f"## {panel}"), "###") for panel in PANELS} == {
        panel: list(verbs) for panel, verbs in PANELS.items()
    }
    assert sorted(headings(page, "###")) == sorted(commands())


@pytest.mark.parametrize("verb", sorted(commands()))
def test_every_option_of_a_verb_is_named(verb: str) -> None:
    described = section(text("command-line.md"), f"### `{verb}`")
    options = {option for parameter in commands()[verb].params for option in parameter.opts if option.startswith("--")}
    assert options - {"--help"} <= set(re.findall(r"--[a-z-]+", described))


# Links and names lead somewhere.


def anchor(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    return {anchor(found) for found in re.findall(r"^#+ (.+)$", without_code(page), re.MULTILINE)}


def without_code(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(page)):
        if link.startswith(("http://", "https://")):
            continue
        place, _, name = link.partition("#")
        target = page if not place else (page.parent / place).resolve()
        assert target.exists(), f"{page.name} links to {link}"
        assert not name or name in anchors(target), f"{page.name} links to {link}"


def named_paths(page: Path) -> set[str]:
    """The files and folders of this project that a page names; `*` stands for any name."""
    rooms = "|".join(sorted(one.name for one in ROOT.iterdir() if one.is_dir() and one.name.isidentifier()))
    return {found.rstrip(".,") for found in re.findall(rf"(?<![\w./-])((?:{rooms})/[\w/.*-]*)", page.read_text())}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_and_folder_that_is_named_exists(page: Path) -> None:
    assert {name for name in named_paths(page) - MADE_LATER if not any(ROOT.glob(name.rstrip("/")))} == set()


def test_paths_are_found_in_prose_and_in_drawings() -> None:
    named = named_paths(DOCS / "architecture.md")
    assert {"domain/nodes/__init__.py", "workers/partition/owner.py", "infra/log/kafka/"} <= named


def test_there_are_ten_laws() -> None:
    assert re.findall(r"^## (\d+)\. ", (DOCS / "laws.md").read_text(), re.MULTILINE) == [str(number) for number in range(1, 11)]


def test_a_decision_says_its_context_itself_and_its_cost() -> None:
    for page in sorted((DOCS / "decisions").glob("*.md")):
        assert re.match(r"\d{4}-[a-z0-9-]+\Z", page.stem), page.name
        assert re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE) == ["Context", "Decision", "What it costs"], page.name


# Examples are what they say.


def examples(page: Path) -> Iterator[str]:
    yield from re.findall(r"^```yaml\n(.*?)^```$", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def made_in(page: Path) -> dict[str, None]:
    """The kinds that a page makes itself, in Python."""
    return dict.fromkeys(re.findall(r"^@refold\.activity\n(?:async )?def (\w+)", page.read_text(), flags=re.MULTILINE))


def nodes_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every node in a piece of YAML, nested ones included; a trigger is none, though it has an id and a type."""
    if isinstance(value, dict):
        if "id" in value and "type" in value:
            yield value
        for name, part in value.items():
            yield from nodes_in(part) if name != "triggers" else ()
    elif isinstance(value, list):
        for part in value:
            yield from nodes_in(part)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_definition_in_an_example_is_valid(page: Path) -> None:
    for example in examples(page):
        if example.startswith("name:"):
            assert check(parse_document(example, "yaml"), MODELS | made_in(page)).problems == [], example


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_node_in_an_example_is_valid(page: Path) -> None:
    for example in examples(page):
        for node in nodes_in(yaml.safe_load(example)):
            read = NodeDefinition.model_validate(node)
            if read.type in made_in(page):
                continue
            model = CONTROL_KINDS[read.type].Config if read.type in CONTROL_KINDS else MODELS[read.type]
            assert model is not None
            model.model_validate(read.config)


@pytest.mark.parametrize("snippet", sorted((DOCS / "snippets").glob("*.yaml")), ids=lambda snippet: snippet.name)
def test_a_snippet_stands_in_the_docs_as_it_is(snippet: Path) -> None:
    told = [example for page in PAGES for example in examples(page)]
    assert snippet.read_text() in told


def test_a_page_names_no_word_that_is_not_ours() -> None:
    others = re.compile(
        r"\b(rehydrate|step function|saga(?! pattern)|DLQ|bus|broker-side|retry number|workflow instance|DAG)\b", re.IGNORECASE
    )
    found = {page.name: match[0] for page in PAGES if (match := others.search(without_code(page)))}
    assert found == {}
