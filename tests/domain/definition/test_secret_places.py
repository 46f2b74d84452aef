"""Secret places: which texts of a value its schema marks, and which marks are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.errors import InvalidInput
from contracts.sealed_value import MARK, SECRET_BYTES_MAX, SECRETS_MAX, hide, hide_text
from domain.definition.findings import Findings
from domain.definition.input_check import check_input_schema
from domain.definition.input_schema import check
from domain.definition.secret_places import secret_places

SECRET = {"type": "string", "writeOnly": True}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["password"],
    "properties": {
        "user": {"type": "string"},
        "password": {"type": "string", "minLength": 8, "pattern": "^[a-z0-9]+$", "writeOnly": True},
        "keys": {"type": "array", "items": {"$ref": "#/$defs/key"}},
        "next": {"$ref": "#"},
        "a/b~c": {"allOf": [{"type": ["string", "null"], "x-refold-secret": True}]},
    },
    "$defs": {"key": {"type": "object", "properties": {"value": SECRET}}},
}


def sealed(content: str | bytes, schema: Any = SCHEMA) -> str:
    places = secret_places(schema)
    assert places is not None
    return places.sealed(content if isinstance(content, bytes) else content.encode(), lambda text: f"<{text}>").decode()


def test_texts_are_sealed_wherever_they_are_marked_and_all_else_stays_as_it_was_written() -> None:
    given = '{"user":"ann","n":1.50,"big":18446744073709551616,"password":"abc","keys":[{"value":"k"},{"other":1e400}],"a/b~c":"x"}'
    assert sealed(given) == given.replace('"abc"', '"<abc>"').replace('"k"', '"<k>"').replace('"x"', '"<x>"')


def test_secrets_are_found_in_a_schema_that_refers_to_itself() -> None:
    assert sealed('{"next":{"next":{"password":"deep"}}}') == '{"next":{"next":{"password":"<deep>"}}}'


def test_null_and_what_is_sealed_already_stay_as_they_are() -> None:
    given = f'{{"password":"{MARK}abc~","a/b~c":null}}'
    assert sealed(given) == given


@pytest.mark.parametrize("odd", ["[]", "null", '"text"', "1", '{"keys":{}}', '{"keys":[null,[]]}', '{"next":null}'])
def test_a_value_of_another_shape_holds_no_secret(odd: str) -> None:
    assert sealed(odd) == odd


@pytest.mark.parametrize("odd", ["1", "true", "{}", '["x"]'])
def test_a_secret_that_is_no_text_is_refused_and_not_quoted(odd: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        sealed(f'{{"password":{odd}}}')
    assert refused.value.problems[0][:2] == ("/password", "secret")


def test_secrets_have_a_length_and_a_number() -> None:
    assert sealed(json.dumps({"password": "x" * (SECRET_BYTES_MAX - 2)}))
    with pytest.raises(InvalidInput, match="65,536 bytes"):
        sealed(json.dumps({"password": "x" * (SECRET_BYTES_MAX - 1)}))
    keys = [{"value": "x"}] * SECRETS_MAX
    assert sealed(json.dumps({"keys": keys}))
    with pytest.raises(InvalidInput, match="1,000 secrets"):
        sealed(json.dumps({"keys": [*keys, {"value": "x"}]}))


def refused(given: Any, schema: Any = SCHEMA) -> list[tuple[str, str, str]]:
    with pytest.raises(InvalidInput) as error:
        check(schema, given, len(json.dumps(given)))
    return [problem[:3] for problem in error.value.problems]


def test_a_problem_says_what_is_wrong_with_a_secret_and_never_quotes_it() -> None:
    assert refused({"password": "Pl4nted"}) == [
        ("/password", "minLength", "`•••` is shorter than 8 characters"),
        ("/password", "pattern", '`•••` does not match "^[a-z0-9]+$"'),
    ]
    assert refused({"password": None}) == [("/password", "type", 'null is not of type "string"')]
    schema = {"type": "object", "maxProperties": 1, "properties": {"password": SECRET}}
    assert "planted" not in str(refused({"password": "planted", "more": 1}, schema))


def test_of_what_is_in_a_secret_nothing_is_quoted_either() -> None:
    odd = {"type": "object", "properties": {"token": {"writeOnly": True, "type": "object", "properties": {"pin": {"type": "string"}}}}}
    found = refused({"token": {"pin": 4711, "name": "planted"}}, odd)
    assert found
    assert "4711" not in str(found)
    assert "planted" not in str(found)


def test_a_sealed_value_fits_where_a_secret_does_and_nowhere_else() -> None:
    one = f"{MARK}abc~"
    check(SCHEMA, {"password": one}, 30)
    plain = {"type": "object", "properties": {"user": {"type": "string", "pattern": "^[a-z]+$"}, "password": SECRET}}
    assert refused({"user": one, "password": one}, plain)[0][0] == "/user"


def problems(schema: Any) -> list[tuple[str, str]]:
    findings = Findings()
    check_input_schema(schema, findings)
    return [(one.path, one.message) for one in findings.told()]


def within(schema: Any) -> Any:
    return {"type": "object", "properties": {"one": schema}}


@pytest.mark.parametrize(
    ("schema", "path", "says"),
    [
        (SECRET, "input", "the whole value"),
        (within({"anyOf": [SECRET, {"type": "null"}]}), "input.properties.one.anyOf[0]", "cannot be told"),
        ({"type": "object", "additionalProperties": SECRET}, "input.additionalProperties", "cannot be told"),
        (within({"type": "integer", "writeOnly": True}), "input.properties.one", "a secret is a text"),
        (within({"writeOnly": True}), "input.properties.one", "a secret is a text"),
        (within({**SECRET, "default": "x"}), "input.properties.one.default", "the default of a secret"),
        (within({"type": "string", "x-refold-secret": "yes"}), "input.properties.one.x-refold-secret", "true or false"),
    ],
)
def test_a_mark_that_could_not_be_kept_is_refused(schema: Any, path: str, says: str) -> None:
    ((at, message),) = problems(schema)
    assert at == path
    assert says in message


def test_marks_that_can_be_kept_are_no_problem() -> None:
    assert problems(SCHEMA) == []
    assert problems(within({"type": "string", "writeOnly": False})) == []
    assert sealed('{"one":"writeOnly"}', within({"type": "string", "enum": ["writeOnly"]})) == '{"one":"writeOnly"}'


@pytest.mark.parametrize("name", ["writeOnly", "x-refold-secret", "default", "const", "enum", "examples", "properties", "$defs"])
def test_a_field_may_be_named_as_a_keyword_is(name: str) -> None:
    for schema in (True, {"type": "boolean"}, {"$ref": "#/$defs/flag"}):
        one = {"type": "object", "properties": {name: schema, "password": SECRET}, "$defs": {"flag": {"type": "boolean"}}}
        assert problems(one) == []
        check(one, {name: True, "password": f"{MARK}abc~"}, 40)
        assert sealed(json.dumps({name: True, "password": "p"}), one) == f'{{"{name}":true,"password":"<p>"}}'
    inner = {"type": "object", "properties": {name: within(SECRET)}}
    assert problems(inner) == []
    check(inner, {name: {"one": f"{MARK}abc~"}}, 40)
    assert refused({name: {"one": 1}}, inner)[0][0] == f"/{name}/one"


def test_an_id_that_is_no_url_is_told_as_a_problem() -> None:
    odd = {"$id": "http://[x", "properties": {"a": {"$ref": "b"}, "c": {"$ref": "http://[y"}}}
    assert [path for path, _ in problems(odd)] == ["input.properties.a.$ref", "input.properties.c.$ref"]


def test_a_schema_whose_places_double_with_each_field_is_refused_soon() -> None:
    steps = {f"q{at}": {"properties": {key: {"$ref": f"#/$defs/q{at + 1}"} for key in "ab"}} for at in range(40)}
    again = {"properties": {"a": {"allOf": [{"$ref": "#/$defs/again"}, {"$ref": "#/$defs/q0"}]}, "b": {"$ref": "#/$defs/again"}}}
    odd = {"$ref": "#/$defs/again", "$defs": {**steps, "again": again, "q40": {"properties": {"s": SECRET}}}}
    assert [message for _, message in problems(odd) if "5,000 kinds of places" in message]


def test_what_is_sealed_is_shown_as_dots_also_where_it_was_cut() -> None:
    assert hide(f'"a {MARK}abc~{MARK}d-_~ b"'.encode()).decode() == '"a •••••• b"'
    assert hide_text(f"token {MARK}abcdef") == "token •••"
    assert hide_text("half \ud800 of a pair") == "half \ud800 of a pair"
