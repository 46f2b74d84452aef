"""Signatures of requests: those that senders publish as examples are taken, and no other; what is old is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from domain.triggers.signatures import Refused, Signature, prover, read_names

NOW = 1_800_000_000
KEY = base64.b64encode(b"k" * 32).decode()
OTHER = base64.b64encode(b"o" * 32).decode()
BODY = b'{"amount": 7}'


def check(kind: str, headers: dict[str, str], body: bytes = BODY, now: float = NOW, values: Any = None, **config: Any) -> str:
    """`ok`, or the reason of the refusal."""
    signature = Signature.model_validate({"kind": kind, "secret": "hook", **config})
    try:
        prover(signature, values or [{"secret": KEY}])(headers, body, now)
    except Refused as refused:
        return refused.reason
    return "ok"


def standard(body: bytes = BODY, at: int = NOW, key: str = KEY) -> dict[str, str]:
    signed = Webhook(key).sign("msg_1", datetime.fromtimestamp(at, UTC), body.decode())
    return {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signed}


def stripe(body: bytes = BODY, at: int = NOW, key: str = KEY, between: str = ",") -> dict[str, str]:
    digest = hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"stripe-signature": f"t={at}{between}v1={'0' * 64}{between}v1={digest}"}


def test_what_the_library_of_standard_webhooks_signs_is_taken() -> None:
    headers = standard()
    assert check("standard_webhooks", headers) == "ok"
    assert check("standard_webhooks", headers, BODY + b" ") == "bad_signature"
    assert check("standard_webhooks", {**headers, "webhook-id": "msg_2"}) == "bad_signature"
    assert check("standard_webhooks", standard(key=OTHER)) == "bad_signature"
    assert check("standard_webhooks", {}) == "no_signature"


@pytest.mark.parametrize("first", ["v1,AAAA", "v1a,AAAA", "nothing", ",", "v1,"])
def test_of_several_signatures_one_has_to_fit_however_many_blanks_stand_between(first: str) -> None:
    headers = standard()
    for between in (" ", "  ", "\t "):
        found = f"{first}{between}{headers['webhook-signature']}{between}"
        assert check("standard_webhooks", {**headers, "webhook-signature": found}) == "ok"


def test_a_body_that_is_no_json_is_signed_like_any_other() -> None:
    for body in (b"hello", b"", "ä".encode()):
        assert check("standard_webhooks", standard(body), body) == "ok"


def test_a_secret_in_either_alphabet_of_base64_is_the_same_key() -> None:
    key = base64.b64encode(b"\xfb\xff" * 16).decode()
    for written in (key, f"whsec_{key}", key.replace("+", "-").replace("/", "_"), key.rstrip("=")):
        assert check("standard_webhooks", standard(key=key), values=[{"secret": written}]) == "ok"
    with pytest.raises(ValueError, match="base64"):
        check("standard_webhooks", standard(), values=[{"secret": "not base64!"}])
    with pytest.raises(ValueError, match="no value `secret`"):
        check("standard_webhooks", standard(), values=[{"token": KEY}])


@pytest.mark.parametrize(("off", "found"), [(0, "ok"), (300, "ok"), (-300, "ok"), (301, "too_old"), (-301, "too_old")])
def test_what_is_older_or_newer_than_the_tolerance_is_refused(off: int, found: str) -> None:
    assert check("standard_webhooks", standard(at=NOW - off)) == found
    assert check("stripe", stripe(at=NOW - off)) == found


def test_the_tolerance_is_told_to_nobody_who_cannot_sign() -> None:
    assert check("standard_webhooks", standard(at=NOW - 900)) == "too_old"
    assert check("standard_webhooks", standard(at=NOW - 900), tolerance="20m") == "ok"
    assert check("standard_webhooks", standard(at=NOW - 900, key=OTHER)) == "bad_signature"
    for odd in ("", "-5", "1e9", "９", "9" * 40):
        assert check("stripe", {"stripe-signature": f"t={odd},v1={'0' * 64}"}) == "bad_signature"


def test_two_secrets_count_while_one_takes_over_from_the_other() -> None:
    for key in (KEY, OTHER):
        assert check("standard_webhooks", standard(key=key), values=[{"secret": OTHER}, {"secret": KEY}]) == "ok"


def test_a_secret_of_another_kind_is_told_each_time_to_whoever_signs_and_to_nobody_else() -> None:
    prove = prover(Signature(kind="standard_webhooks", secret="hook"), [{"secret": KEY}, {"secret": "not base64!"}])
    for _ in range(2):
        with pytest.raises(ValueError, match="is base64"):
            prove(standard(), BODY, NOW)
        with pytest.raises(Refused, match="is missing"):
            prove({}, BODY, NOW)


def test_what_has_proved_a_request_proves_the_next_one_by_itself() -> None:
    prove = prover(Signature(kind="standard_webhooks", secret="hook"), [{"secret": OTHER}, {"secret": KEY}])
    for body in (BODY, b"", BODY * 100):
        prove(standard(body), body, NOW)
        with pytest.raises(Refused, match="not signed"):
            prove(standard(body), body + b" ", NOW)


def test_stripe_takes_several_signatures_with_or_without_blanks() -> None:
    assert check("stripe", stripe()) == check("stripe", stripe(between=", ")) == "ok"
    assert check("stripe", stripe(key=OTHER)) == "bad_signature"


def test_what_github_gives_as_an_example_is_taken() -> None:
    """https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries"""
    found = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    secret = [{"secret": "It's a Secret to Everybody"}]
    assert check("github", {"x-hub-signature-256": found}, b"Hello, World!", values=secret) == "ok"
    assert check("github", {"x-hub-signature-256": found}, b"Hello, World?", values=secret) == "bad_signature"
    assert check("github", {"x-hub-signature-256": found[7:]}, b"Hello, World!", values=secret) == "bad_signature"
    assert check("github", {"x-hub-signature": "sha1=00"}, b"Hello, World!", values=secret) == "no_signature"


def test_what_slack_gives_as_an_example_is_taken() -> None:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA"
        b"&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J"
        b"%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    found = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    secret = [{"secret": "8f742231b10e8888abcd99yyyzzz85a5"}]
    headers = {"x-slack-request-timestamp": "1531420618", "x-slack-signature": found}
    assert check("slack", headers, body, 1531420618, secret) == "ok"
    assert check("slack", headers, body, 1531420618 + 360, secret) == "too_old"
    assert check("slack", headers, body + b"&", 1531420618, secret) == "bad_signature"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
def test_a_plain_hmac_stands_where_and_how_the_config_says(algorithm: str) -> None:
    digest = hmac.new(KEY.encode(), BODY, getattr(hashlib, algorithm)).digest()
    config: Any = {"header": "X-Sign", "algorithm": algorithm, "prefix": "sig:"}
    assert check("hmac", {"x-sign": "sig:" + digest.hex()}, **config) == "ok"
    assert check("hmac", {"x-sign": "sig:" + digest.hex().upper()}, **config) == "ok"
    assert check("hmac", {"x-sign": digest.hex()}, **config) == "bad_signature"
    assert check("hmac", {"x-sign": "sig:" + base64.b64encode(digest).decode()}, encoding="base64", **config) == "ok"


def test_a_password_and_a_token_are_compared_whole() -> None:
    user = [{"username": "ada", "password": "pä:ss"}]
    sent = base64.b64encode("ada:pä:ss".encode()).decode()
    assert check("basic", {"authorization": f"Basic {sent}"}, values=user) == "ok"
    assert check("basic", {"authorization": f"basic {sent}"}, values=user) == "ok"
    assert check("basic", {"authorization": f"Basic {sent[:-4]}"}, values=user) == "bad_signature"
    assert check("basic", {"authorization": "Basic ***"}, values=user) == "bad_signature"
    assert check("basic", {"authorization": f"Bearer {sent}"}, values=user) == "no_signature"
    assert check("bearer", {"authorization": "Bearer t0ken"}, values=[{"token": "t0ken"}]) == "ok"
    assert check("bearer", {"authorization": "Bearer t0ke"}, values=[{"token": "t0ken"}]) == "bad_signature"
    assert check("bearer", {}, values=[{"token": "t0ken"}]) == "no_signature"


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"kind": "hmac"}, "header"),
        ({"kind": "github", "header": "X"}, "goes with `hmac`"),
        ({"kind": "github", "tolerance": "5m"}, "signs no time"),
        ({"kind": "sha256"}, "Input should be"),
        ({"kind": "github", "secret": "{{ trigger.body.secret }}"}, "no template"),
    ],
)
def test_what_does_not_go_together_is_said_when_it_is_published(config: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Signature.model_validate({"secret": "hook", **config})


def test_no_expression_sees_what_proves_a_request() -> None:
    signature = Signature.model_validate({"kind": "hmac", "secret": "hook", "header": "X-Own"})
    assert {"authorization", "cookie", "webhook-signature", "x-own"} <= read_names(signature)
    assert "authorization" in read_names(None)
