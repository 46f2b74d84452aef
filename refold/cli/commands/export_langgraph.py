"""`export-langgraph`: a Python module whose `graph` is a definition as a graph of LangGraph."""

from __future__ import annotations

import pprint
import sys
from pathlib import Path
from typing import Any, Final

from contracts.definitions import WorkflowDefinition
from contracts.errors import InvalidDefinition, Problem
from domain.definition.validate import publishable
from domain.langgraph.leaving import Leaving, leaving
from refold.cli.commands.definition_file import document_in, placed, told_of
from refold.cli.commands.output import OK, BadInput, complain, problem_line, say
from refold.cli.commands.with_worker import kinds_of
from workers.running.activities import load_kinds
from workers.running.activity_settings import ActivitySettings

WIDTH: Final = 120
_MODULE: Final = '''"""Workflow {name} as a graph of LangGraph: `graph.compile().invoke({{"input": …}})` gives `{{"output": …}}`.

Written by `refold export-langgraph`. It needs Refold with its extra `langgraph`, which decides in it as the engine does.
"""

{imports}

DEFINITION = {definition}

graph = to_state_graph(DEFINITION{activities})
'''


def export(file: Path, output: Path | None, module: str | None) -> int:
    """Write the module. Exit code 0; raises BadInput, InvalidDefinition with all that is wrong or cannot go."""
    document = document_in(file)
    with told_of(file):
        found = _leaving(publishable(document, {}, strict_kinds=False), module)
    for problem in placed(found.left_out, file):
        complain(f"left out: {problem_line(problem, str(file))}")
    text = text_of(document, module)
    if output is None:
        sys.stdout.write(text)
        return OK
    try:
        output.write_text(text)
    except OSError as error:
        raise BadInput(f"--output: {output} cannot be written: {error.strerror or error}") from None
    say(f"{output}: the graph of workflow {document['name']}")
    return OK


def _leaving(definition: WorkflowDefinition, module: str | None) -> Leaving:
    """What happens to the definition. Raises InvalidDefinition where it cannot go."""
    found = leaving(definition)
    known = {*load_kinds(ActivitySettings()), *(kinds_of(module) if module else ())}
    nobody = [
        Problem(path, "activity.unknown", f"nobody runs `{kind}` in the graph", "name the module with it: `--worker MODULE`")
        for kind, path in found.kinds.items()
        if kind not in known
    ]
    if problems := [*found.stays, *nobody]:
        raise InvalidDefinition(problems)
    return found


def text_of(document: dict[str, Any], module: str | None) -> str:
    """The text of the module."""
    imports, activities = ["from refold.ai.langgraph import to_state_graph"], ""
    if module is not None:
        name, _, attribute = module.removesuffix(".py").replace("/", ".").partition(":")
        imports.insert(0, f"import {name}")
        imports.insert(1, "")
        activities = f", {name}.{attribute}" if attribute else f", {name}"
        activities = f", [{activities[2:]}]" if attribute else activities
    definition = pprint.pformat(document, sort_dicts=False, width=WIDTH)
    return _MODULE.format(name=document["name"], imports="\n".join(imports), definition=definition, activities=activities)
