"""The input's schema when it is published: whether it is one, stays within the definition, and ends soon for any value."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from contracts.values import decode
from domain.definition.findings import Findings, joined, shown
from domain.definition.input_parts import PARTS_MAX, Endless, Part, Schema, Step, TooWide, parts_of
from domain.definition.input_schema import SchemaFault, compiled, meta_problems
from domain.definition.secret_places import secret_places

_FAULTS_MAX: Final = 20
_DEPTH_MAX: Final = 60
_SEE: Final = "see JSON Schema 2020-12 for this keyword"


@lru_cache(maxsize=512)
def is_sound(schema: bytes) -> bool:
    """Whether a schema (JSON) that nobody has published can be used to check with: nothing is found about it."""
    findings = Findings()
    check_input_schema(decode(schema), findings)
    return not findings.count


def check_input_schema(schema: Any, findings: Findings, root: str = "input") -> None:
    """What stands at `root` is a JSON Schema of the draft 2020-12 whose references stay within it, and which ends soon for any value."""
    if not isinstance(schema, dict):
        return
    dialect = schema.get("$schema")
    if isinstance(dialect, str) and "2020-12" not in dialect:
        findings.add(f"{root}.$schema", "input_schema", f"expected JSON Schema 2020-12, found {shown(dialect)}", "remove `$schema`")
        return
    parts = list(parts_of(schema))
    if any(part.depth > _DEPTH_MAX for part in parts):
        findings.add(root, "input_schema", f"the schema is nested deeper than {_DEPTH_MAX} levels", "use `$defs` and `$ref`")
        return
    before = findings.count
    for path, said in meta_problems(schema)[:_FAULTS_MAX]:
        findings.add(_place(root, path), "input_schema", f"not a JSON Schema: {said}", _SEE)
    whole = Schema(schema)
    for part in parts:
        _check_references(part, whole, findings, root)
        _check_patterns(part, findings, root)
        if part.schema.get("enum") == []:
            findings.add(
                _place(root, (*part.path, "enum")), "input_schema", "`enum` is empty, so no value fits", "name the values, or remove `enum`"
            )
    if findings.count == before:
        _check_whole(schema, whole, findings, root)
        places = secret_places(schema)
        for place, message, fix in () if places is None else places.problems():
            findings.add(_place(root, place), "secret", message, fix)


def _check_whole(schema: Any, whole: Schema, findings: Findings, root: str) -> None:
    try:
        compiled(schema)
        whole.width()
    except SchemaFault as fault:
        findings.add(root, "input_schema", f"the schema cannot be used: {fault}", _SEE)
    except Endless as endless:
        fix = "let it refer to itself below `properties` or `items` only"
        findings.add(_place(root, endless.path), "input_schema", "the schema refers to itself for the same value, without end", fix)
    except TooWide:
        message = f"one value would be held to more than {PARTS_MAX:,} parts of the schema"
        findings.add(root, "input_schema", message, "use fewer alternatives, or check parts of the input in the workflow")


def _check_references(part: Part, whole: Schema, findings: Findings, root: str) -> None:
    for keyword in ("$ref", "$dynamicRef"):
        reference = part.schema.get(keyword)
        if not isinstance(reference, str) or whole.target(part.schema, keyword) is not None:
            continue
        leads = "leads nowhere" if reference.startswith("#") else "leads out of the definition"
        fix = "correct it, or add what it refers to under `$defs`" if reference.startswith("#") else "copy what it refers to into `$defs`"
        findings.add(_place(root, (*part.path, keyword)), "input_schema", f"`{keyword}` {leads}: {shown(reference)}", fix)


def _check_patterns(part: Part, findings: Findings, root: str) -> None:
    properties = part.schema.get("patternProperties")
    patterns = [(("patternProperties", name), name) for name in properties] if isinstance(properties, dict) else []
    for path, pattern in [(("pattern",), part.schema.get("pattern")), *patterns]:
        if not isinstance(pattern, str):
            continue
        try:
            compiled({"pattern": pattern})
        except SchemaFault:
            message = f"{shown(pattern)} is no regular expression that takes linear time: no look-around, no back-references, not too large"
            findings.add(
                _place(root, (*part.path, *path)), "input_schema", message, "write a simpler pattern, or check the text in the workflow"
            )


def _place(root: str, path: tuple[Step, ...] | list[Step]) -> str:
    whole = root
    for step in path:
        whole = joined(whole, step)
    return whole
