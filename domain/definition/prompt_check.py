"""Prompts as somebody writes them: what is wrong with one, its canonical form and hash, and what is different between two."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator
from typing import Any, Final

from contracts.errors import ExpressionError, InvalidDefinition
from contracts.prompts import PROMPT_BYTES_MAX, Prompt
from domain.definition.document import NOT_AN_OBJECT, check_values
from domain.definition.findings import Findings, listed, nearest, shown
from domain.definition.input_check import check_input_schema
from domain.definition.shape import read
from domain.definition.text import TextFault
from domain.expressions import value

ROOT: Final = "input"
"""What a prompt's texts call that which they are given."""
_BLOCKS: Final = ("system", "prompt")


def checked_prompt(document: Any) -> Prompt:
    """The prompt of a document in which nothing is wrong. Raises InvalidDefinition with all problems."""
    findings = Findings()
    prompt = _read(document, findings)
    if prompt is not None:
        _check(prompt, findings)
    problems = findings.told()
    if problems or prompt is None:
        raise InvalidDefinition(problems)
    return prompt


def _read(document: Any, findings: Findings) -> Prompt | None:
    if not isinstance(document, dict):
        findings.add("", "not_an_object", NOT_AN_OBJECT.replace("nodes", "prompt").format(shown(document)), "begin with `name: my_prompt`")
        return None
    try:
        check_values(document)
    except TextFault as fault:
        raise InvalidDefinition([fault.problem]) from None
    return read(Prompt, document, "", findings)


def _check(prompt: Prompt, findings: Findings) -> None:
    if (prompt.prompt is None) == (prompt.messages is None):
        findings.add("", "prompt", "expected `prompt`, what the model is asked, or `messages` in its place", "write one of them")
    if prompt.messages is not None and all(one.role == "system" for one in prompt.messages):
        findings.add("messages", "prompt", "expected a message of role `user`", "add what the model is asked")
    if prompt.inputs.get("type", "object") != "object":
        findings.add("inputs.type", "input_schema", "the inputs of a prompt are an object", "write `type: object`, and `properties`")
    check_input_schema(prompt.inputs, findings, "inputs")
    if prompt.answer_schema is not None:
        check_input_schema(prompt.answer_schema, findings, "schema")
    for path, text in _texts(prompt):
        _check_text(path, text, prompt.inputs, findings)
    try:
        size = len(canonical_prompt(prompt))
    except UnicodeEncodeError:
        findings.add("", "encoding", "a text of the prompt holds half of a character, which no UTF-8 can", "write the whole character")
        return
    if size > PROMPT_BYTES_MAX:
        message = f"the prompt has {size:,} bytes, {PROMPT_BYTES_MAX:,} is the limit (PROMPT_BYTES_MAX)"
        findings.add("", "too_large", message, "give what is long as an input")


def _texts(prompt: Prompt) -> Iterator[tuple[str, str]]:
    if prompt.system is not None:
        yield "system", prompt.system
    if prompt.prompt is not None:
        yield "prompt", prompt.prompt
    for number, one in enumerate(prompt.messages or ()):
        yield f"messages[{number}].content", one.content


def _check_text(path: str, text: str, inputs: dict[str, Any], findings: Findings) -> None:
    properties = inputs.get("properties", {})
    try:
        template = value(text)
        template.check()
    except ExpressionError as error:
        findings.add(path, "expression", str(error), "see Expressions in the reference of definitions")
        return
    for reference in template.references:
        if reference.root != ROOT:
            message = f"`{reference.root}` is not known in a prompt: its texts read `{ROOT}`, what a node gives it as `inputs`"
            findings.add(path, "unknown_name", message, f"declare it under `inputs`, and write `{ROOT}.{reference.root}`")
        elif reference.path and isinstance(properties, dict) and reference.path[0] not in properties:
            name = reference.path[0]
            near = nearest(name, properties)
            has = f"there are {listed(properties)}" if properties else "there are none"
            fix = f"did you mean `{near}`?" if near else f"add `{name}` to `inputs.properties`"
            findings.add(path, "unknown_input", f"the prompt declares no input `{name}`: {has}", fix)


def canonical_prompt(prompt: Prompt) -> bytes:
    """All that a prompt says beyond its defaults, as JSON, its fields in a fixed order; schemas as they are written."""
    said = prompt.model_dump(by_alias=True, exclude_defaults=True, mode="json")
    return json.dumps(said, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def prompt_hash(content: bytes) -> str:
    """The SHA-256 of the canonical form, as 64 hex digits: what workflows pin."""
    return hashlib.sha256(content).hexdigest()


def prompt_difference(before: bytes, after: bytes, names: tuple[str, str]) -> dict[str, Any]:
    """What is different between two prompts: `fields`, and `text`, a unified diff of both laid out."""
    old, new = json.loads(before), json.loads(after)
    fields = [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]
    lines = difflib.unified_diff(laid_out(old).splitlines(), laid_out(new).splitlines(), *names, lineterm="")
    return {"fields": fields, "text": "".join(f"{line}\n" for line in lines)}


def laid_out(content: dict[str, Any]) -> str:
    """A prompt for people: each field on a line, its texts as they are below it."""
    return "".join(_field(name, one) for name, one in content.items())


def _field(name: str, one: Any) -> str:
    if name in _BLOCKS:
        return f"{name}:\n" + _indented(one)
    if name == "messages":
        return f"{name}:\n" + "".join(f"  {said['role']}:\n" + _indented(_indented(said["content"])) for said in one)
    if isinstance(one, dict):
        return f"{name}:\n" + _indented(json.dumps(one, ensure_ascii=False, indent=2))
    return f"{name}: {one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)}\n"


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())
