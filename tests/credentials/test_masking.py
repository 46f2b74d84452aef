"""Masking: what an attempt gives back and says has no secret in it, however that is written down."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.failure import Failure
from contracts.ports.credentials import Secret
from contracts.values import written
from workers.running.masking import LENGTH_MIN, Masking

SECRETS = ("s3cr3t-t0ken", 'quo"ted\\back/slash & more', "grüße+%20 naïve", "päss=wörd?/", "0123456789abcdef==", "line\nbreak\tand tab")


def masking(*values: str, kind: str = "values") -> Masking:
    made = Masking()
    for number, value in enumerate(values):
        made.add(Secret({f"value_{number}": value}, kind=kind))
    return made


def written_forms(secret: str) -> list[str]:
    alphabets = [base64.b64encode, base64.urlsafe_b64encode]
    return [
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        *(
            encode(b"x" * before + secret.encode() + b"y" * after).decode()
            for encode in alphabets
            for before in range(4)
            for after in range(3)
        ),
    ]


@pytest.mark.parametrize("secret", SECRETS)
def test_no_form_of_a_secret_is_left_in_json(secret: str) -> None:
    made = masking(secret)
    for form in written_forms(secret):
        content = made.json(written({"said": f"before {form} after", form: [form, {"deep": form}]}))
        json.loads(content)
        assert form not in content.decode()
        assert secret not in json.dumps(json.loads(content), ensure_ascii=False)
        assert json.loads(content)["said"].count("•••") == 1


def test_what_has_no_secret_in_it_is_given_as_it_is() -> None:
    content = b'{ "a" : [1, 2.50, "text \\u00e9", "\\ud83d\\ude00", null], "b":{}}'
    assert masking("s3cr3t-t0ken").json(content) is not None
    assert masking("s3cr3t-t0ken").json(content) == content


def test_the_user_name_and_the_password_in_an_authorization_are_found() -> None:
    made = Masking()
    made.add(Secret({"username": "ann", "password": "s3cr3t"}, kind="basic"))
    shown = base64.b64encode(b"ann:s3cr3t").decode()
    assert made.text(f"Basic {shown} of ann") == "Basic ••• of ann" or "s3cr3t" not in made.text(f"Basic {shown} of ann")
    assert shown not in made.text(f"Basic {shown}")
    assert made.text("ann is a user") == "ann is a user"


def test_the_version_before_is_masked_as_long_as_it_counts() -> None:
    made = Masking()
    made.add(Secret({"token": "token-two"}, Secret({"token": "token-one"}, kind="bearer"), "bearer"))
    assert made.text("token-one, token-two") == "•••, •••"


def test_a_short_value_is_not_looked_for() -> None:
    assert masking("a" * (LENGTH_MIN - 1)).text("banana aaa") == "banana aaa"
    assert masking("a" * LENGTH_MIN).text("aaaa b") == "••• b"


def test_half_of_a_secret_at_the_end_of_a_text_that_was_cut_is_found() -> None:
    made = masking("s3cr3t-t0ken")
    assert made.failure(Failure("http.500", "it said s3cr3t-t0")).message == "it said •••"
    assert made.failure(Failure("http.500", "nothing", {"body": "s3cr3t-t0ken"})).details == {"body": "•••"}


def test_a_text_with_half_of_a_pair_of_surrogates_is_hidden_as_a_whole() -> None:
    assert json.loads(masking("s3cr3t-t0ken").json(b'["\\ud800 s3cr3t-t0ken", "fine"]')) == ["•••", "fine"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), lambda of: st.lists(of) | st.dictionaries(st.text(), of)
    )
)
def test_json_without_the_secret_comes_out_as_it_went_in(value: Any) -> None:
    content = written(value)
    assert masking("a secret that nobody draws").json(content) == content


def test_a_value_that_is_deeper_than_the_stack_is_masked() -> None:
    content = b"[" * 20_000 + b'"s3cr3t-t0ken"' + b"]" * 20_000
    assert masking("s3cr3t-t0ken").json(content) == b"[" * 20_000 + '"•••"'.encode() + b"]" * 20_000
