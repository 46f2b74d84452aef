"""The published schemas: what they accept, and that none of them changes in a way that stored records or users would notice.

The golden files in `tests/golden/schemas` are what was published. To renew them after a compatible change, run

    REFOLD_RENEW_SCHEMAS=1 python -m pytest tests/domain/definition/test_schema.py

An incompatible change is never renewed: write a new struct with a new tag and an upcaster (`contracts/upcasters.py`).
"""

import json
import os
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from contracts.errors import InvalidDefinition
from domain.definition.document import parse_document
from domain.definition.field_words import WORDS
from domain.definition.schema import all_schemas, definition_schema
from tests.domain.definition.definition_samples import ACTIVITIES, EXAMPLES, GOLDEN

SCHEMAS = all_schemas({"noop": None})
RECORDS = sorted(set(SCHEMAS) - {"definition", "tests"})
RENEW = "renew the golden files: REFOLD_RENEW_SCHEMAS=1 python -m pytest tests/domain/definition/test_schema.py"
SAID_BY_SCHEMA = frozenset(
    "unknown_field missing_field wrong_type wrong_value out_of_range pattern reserved_id later".split()  # noqa: SIM905
)
NOT_SAID_BY_SCHEMA = {"a transform with null for what it needs"}

VALIDATOR = Draft202012Validator(definition_schema(ACTIVITIES))


def golden(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((GOLDEN / "schemas" / f"{name}.json").read_text())
    return found


def incompatible(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What of the old records the new ones could not read, or would read as something else."""
    faults = []
    for name, was in old["$defs"].items():
        now = new["$defs"].get(name)
        if now is None:
            faults.append(f"{name} is gone")
        elif "x-fields" in was:
            faults += [f"{name}: {fault}" for fault in struct_faults(was, now)]
        elif now != was:
            faults.append(f"{name} has changed")
    return faults


def struct_faults(was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    old_fields, new_fields = was["x-fields"], now.get("x-fields", [])
    old_items, new_items = was.get("prefixItems", []), now.get("prefixItems", [])
    added = new_fields[len(old_fields) :]
    faults = [] if was["x-tag"] == now.get("x-tag") else [f"its tag was {was['x-tag']} and is {now.get('x-tag')}"]
    if [field["name"] for field in old_fields] != [field["name"] for field in new_fields[: len(old_fields)]]:
        was_names, now_names = ([field["name"] for field in fields] for fields in (old_fields, new_fields))
        faults.append(f"its fields were {was_names} and are {now_names}: one is gone, renamed or moved")
    elif not all(takes_all_of(was, now) for was, now in zip(old_items, new_items, strict=False)):
        faults.append("a field has another type or default")
    return faults + [f"the new field {field['name']} has no default" for field in added if field["required"]]


def takes_all_of(was: Any, now: Any) -> bool:
    """Whether a field takes all that it took: its schema is the same, or one of more alternatives."""
    if not isinstance(was, dict) or not isinstance(now, dict) or not {"anyOf", "items"} & was.keys():
        return bool(was == now)
    same = {key: value for key, value in was.items() if key not in ("anyOf", "items", "discriminator")}
    if any(now.get(key) != value for key, value in same.items()):
        return False
    more = all(one in now.get("anyOf", ()) for one in was.get("anyOf", ()))
    return more and ("items" not in was or takes_all_of(was["items"], now.get("items")))


def test_a_field_may_take_more_and_never_less() -> None:
    one, two = {"anyOf": [{"$ref": "a"}]}, {"anyOf": [{"$ref": "a"}, {"$ref": "b"}]}
    assert takes_all_of(one, two)
    assert not takes_all_of(two, one)
    assert takes_all_of({"type": "array", "items": one}, {"type": "array", "items": two})
    assert not takes_all_of({"type": "array", "items": two}, {"type": "array", "items": one})


def field_names(schema: dict[str, Any]) -> dict[str, set[str]]:
    parts = {"definition": schema, **schema["$defs"]}
    return {name: set(part.get("properties", ())) for name, part in parts.items()}


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_schema_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert json.loads(json.dumps(SCHEMAS[name])) == SCHEMAS[name]


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_match_the_schema(name: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(parse_document(EXAMPLES[name]))] == []


def test_a_kind_of_the_users_own_is_not_wrong_and_known_ones_are_still_checked() -> None:
    def nodes(kind: str, config: dict[str, Any]) -> dict[str, Any]:
        return {"name": "demo", "nodes": [{"id": "a", "type": kind, "config": config}]}

    assert VALIDATOR.is_valid(nodes("charge_card", {"anything": [1]}))
    assert not VALIDATOR.is_valid(nodes("delay", {"anything": [1]}))
    assert not VALIDATOR.is_valid(nodes("", {}))


def test_the_schema_finds_what_a_schema_can_find() -> None:
    for case in yaml.safe_load((GOLDEN / "invalid_definitions.yaml").read_text()):
        try:
            document = parse_document(case["document"])
        except InvalidDefinition:
            continue
        should_find = SAID_BY_SCHEMA & {rule for _, rule in case["problems"]} and case["name"] not in NOT_SAID_BY_SCHEMA
        assert not (should_find and VALIDATOR.is_valid(document)), case["name"]


def test_a_template_may_stand_for_any_value_of_an_activity() -> None:
    config = {"url": "{{ input.url }}", "retries": "{{ input.n }}", "headers": "{{ input.headers }}"}
    assert VALIDATOR.is_valid({"name": "demo", "nodes": [{"id": "a", "type": "fetch", "config": config}]})
    assert not VALIDATOR.is_valid({"name": "demo", "nodes": [{"id": "a", "type": "fetch", "config": {**config, "retries": "many"}}]})


def test_what_is_wrong_deep_inside_is_found() -> None:
    body: dict[str, Any] = {"nodes": [{"id": "x", "type": "condition", "config": {"expresion": "true"}}]}
    for _ in range(5):
        body = {"nodes": [{"id": "x", "type": "try", "config": {"body": body}}]}
    assert not VALIDATOR.is_valid({"name": "demo", **body})


@pytest.mark.parametrize("name", RECORDS)
def test_stored_records_stay_readable(name: str) -> None:
    faults = incompatible(golden(name), SCHEMAS[name])
    assert not faults, f"{'; '.join(faults)}. A stored record must stay readable: add a new struct with a new tag, and an upcaster"


@pytest.mark.parametrize("name", RECORDS)
def test_the_golden_files_are_up_to_date(name: str) -> None:
    if os.environ.get("REFOLD_RENEW_SCHEMAS") and not incompatible(golden(name), SCHEMAS[name]):
        (GOLDEN / "schemas" / f"{name}.json").write_text(json.dumps(SCHEMAS[name], indent=1, ensure_ascii=False) + "\n")
    assert golden(name) == SCHEMAS[name], RENEW


def test_no_field_of_the_language_is_taken_away() -> None:
    was, now = field_names(golden("definition")), field_names(SCHEMAS["definition"])
    gone = {f"{name}.{field}" for name, fields in was.items() for field in fields - now.get(name, set())}
    assert not gone, f"users' definitions may say {sorted(gone)}: keep reading them"
    if os.environ.get("REFOLD_RENEW_SCHEMAS"):
        (GOLDEN / "schemas" / "definition.json").write_text(json.dumps(SCHEMAS["definition"], indent=1, ensure_ascii=False) + "\n")


def test_every_field_of_the_language_says_what_it_is_and_nothing_else_is_described() -> None:
    schema = SCHEMAS["definition"]
    parts = {"": schema, **schema["$defs"]}
    silent = {
        f"{name}.{field}"
        for name, part in parts.items()
        for field, one in part.get("properties", {}).items()
        if not (one.get("description") or "const" in one or any(way.get("description") for way in one.get("anyOf", ())))
    }
    assert silent == set()
    unknown = {f"{name}.{field}" for name, fields in WORDS.items() for field in fields if field not in parts[name]["properties"]}
    assert unknown == set()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda part: part["x-fields"].pop(), "gone, renamed or moved"),
        (lambda part: part["x-fields"].reverse(), "gone, renamed or moved"),
        (lambda part: part["x-fields"][0].update(name="other"), "gone, renamed or moved"),
        (lambda part: part.update({"x-tag": 99}), "its tag was"),
        (lambda part: part["prefixItems"].__setitem__(1, {"type": "integer"}), "another type"),
        (lambda part: part["x-fields"].append({"name": "new", "required": True}), "has no default"),
        (lambda part: part["x-fields"].append({"name": "new", "required": False}), ""),
    ],
)
def test_an_incompatible_change_of_a_record_is_seen(change: Any, said: str) -> None:
    changed = json.loads(json.dumps(SCHEMAS["events"]))
    change(changed["$defs"]["NodeStarted"])
    faults = incompatible(SCHEMAS["events"], changed)
    assert (said in faults[0]) if said else not faults
