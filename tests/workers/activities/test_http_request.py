"""`http_request`, against servers on loopback."""

import gzip
import json
import socket
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from contracts.commands import CompleteActivity, FailActivity, RunActivity
from contracts.errors import NoCredential
from contracts.ports.credentials import NO_USE, NoCredentials, Secret, Use
from contracts.values import written
from infra.clock import ManualClock
from tests.workers.conftest import Web
from workers.running.activities.http_request import HttpRequest
from workers.running.activity_error import ActivityError, Cancelled
from workers.running.activity_settings import ActivitySettings
from workers.running.attempt import Attempt
from workers.running.egress.addresses import is_public, resolve
from workers.running.egress.answers import DETAIL_BYTES_MAX
from workers.running.performance import Performance

Run = Callable[..., Any]


@pytest.fixture
def run(attempt: Attempt) -> Run:
    kind = HttpRequest(ActivitySettings(allow_private_addresses=True))
    return lambda **config: kind.run(attempt, config, None)


@pytest.fixture
def run_guarded(attempt: Attempt) -> Run:
    """With the default settings: public addresses only."""
    kind = HttpRequest(ActivitySettings())
    return lambda **config: kind.run(attempt, config, None)


def failure(run: Run, **config: Any) -> ActivityError:
    with pytest.raises(ActivityError) as caught:
        run(**config)
    return caught.value


# What is sent


def test_a_body_is_sent_as_json_and_json_is_read(run: Run, web: Web) -> None:
    output = run(method="post", url=f"{web.url}/charge", body={"order": 7}, headers={"X-Team": "blue"})
    (asked,) = web.asked
    assert (asked["method"], asked["path"], json.loads(asked["body"])) == ("POST", "/charge", {"order": 7})
    assert (asked["headers"]["content-type"], asked["headers"]["x-team"]) == ("application/json", "blue")
    assert (output["status"], output["body"], output["headers"]["content-type"]) == (200, {"path": "/charge"}, "application/json")


@pytest.mark.parametrize(
    ("body", "headers", "sent", "content_type"),
    [
        ("plain", {}, b"plain", "text/plain; charset=utf-8"),
        ('{"a":1}', {"Content-Type": "application/json"}, b'{"a":1}', "application/json"),
        ([1, None], {}, b"[1,null]", "application/json"),
        (False, {}, b"false", "application/json"),
        (
            {"a": "b c", "d": [1, 2]},
            {"content-type": "application/x-www-form-urlencoded"},
            b"a=b+c&d=1&d=2",
            "application/x-www-form-urlencoded",
        ),
        (None, {}, b"", None),
    ],
)
def test_a_string_is_sent_as_text_and_anything_else_as_json(
    run: Run, web: Web, body: Any, headers: Any, sent: bytes, content_type: Any
) -> None:
    run(method="PUT", url=web.url, body=body, headers=headers)
    assert (web.asked[0]["body"], web.asked[0]["headers"].get("content-type")) == (sent, content_type)


def test_a_query_is_added_to_that_of_the_url(run: Run, web: Web) -> None:
    run(url=f"{web.url}/s?a=1", query={"b": [1, 2], "c": True, "d": None, "e": "x y"})
    assert web.asked[0]["path"] == "/s?a=1&b=1&b=2&c=true&e=x+y"


def test_the_idempotency_key_is_stable_over_attempts_and_can_be_replaced(run: Run, web: Web) -> None:
    run(url=web.url)
    run(url=web.url, headers={"idempotency-KEY": "mine"})
    run(url=web.url, headers={"Idempotency-Key": None})
    assert [asked["headers"].get("idempotency-key") for asked in web.asked] == ["order-1/loop[3]/n", "mine", None]


def test_proxies_of_the_environment_are_not_used(run: Run, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert run(url=web.url)["status"] == 200


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({}, r"config\.url"),
        ({"url": "ftp://example.org"}, r"config\.url: expected http"),
        ({"url": "nothing"}, r"config\.url: expected http"),
        ({"url": "http://[::1"}, r"config\.url"),
        ({"url": "http://x", "method": "GET /"}, r"config\.method"),
        ({"url": "http://x", "headers": {"a": "b\r\nc: d"}}, r"config\.headers\.a"),
        ({"url": "http://x", "headers": {"a": []}}, r"config\.headers\.a"),
        ({"url": "http://x", "query": {"a": {}}}, r"config\.query\.a"),
        ({"url": "http://x", "timeout": "soon"}, r"config\.timeout"),
        ({"url": "http://x", "expect": ["fine"]}, r"config\.expect"),
        ({"url": "http://x", "redirects": True}, r"config\.redirects"),
    ],
)
def test_a_wrong_config_names_the_field(run: Run, config: dict[str, Any], field: str) -> None:
    with pytest.raises(ActivityError, match=field) as caught:
        run(**config)
    assert (caught.value.error_type, caught.value.retryable) == ("input.invalid", False)


# What comes back


@pytest.mark.parametrize(
    ("headers", "content", "body"),
    [
        ({"content-type": "application/problem+json; charset=utf-8"}, b'{"a":1}', {"body": {"a": 1}}),
        ({"content-type": "application/json"}, b"oops", {"body": "oops"}),
        ({"content-type": "application/json"}, b"", {"body": ""}),
        ({"content-type": "application/json; charset=iso-8859-1"}, b'{"a":"\xe4"}', {"body": {"a": "ä"}}),
        ({"content-type": "application/json"}, b'{"a":"\xe4"}', {"body": '{"a":"\ufffd"}'}),
        ({"content-type": "application/json"}, b'\xef\xbb\xbf{"a":1}', {"body": {"a": 1}}),
        ({"content-type": "application/json; charset=utf-16"}, '{"a":"ä"}'.encode("utf-16"), {"body": {"a": "ä"}}),
        ({"content-type": "application/json; charset=utf-16-le"}, '\ufeff{"a":1}'.encode("utf-16-le"), {"body": {"a": 1}}),
        ({"content-type": "application/json"}, b'{"a":"\\ud83d"}', {"body": '{"a":"\\ud83d"}'}),
        ({"content-type": "application/json; charset=undefined"}, b'{"a":1}', {"body": '{"a":1}'}),
        ({"content-type": "application/json; charset=base64"}, b'{"a":1}', {"body": '{"a":1}'}),
        ({"content-type": "text/plain"}, b"\xef\xbb\xbftext", {"body": "text"}),
        ({"content-type": "text/plain; charset=latin-1"}, b"\xe4", {"body": "ä"}),
        ({"content-type": "text/plain; charset=klingon"}, b"a", {"body": "a"}),
        ({"content-type": "image/png"}, b"\x89PNG", {"body": "iVBORw==", "encoding": "base64"}),
        ({}, b"text", {"body": "text"}),
        ({}, b"\xff\xfe", {"body": "//4=", "encoding": "base64"}),
        ({"content-type": "application/json", "content-encoding": "gzip"}, gzip.compress(b"[1]"), {"body": [1]}),
        ({"content-type": "application/json", "content-encoding": "deflate"}, zlib.compress(b"[1]"), {"body": [1]}),
    ],
)
def test_a_body_is_json_text_or_base64_as_its_type_says(run: Run, web: Web, headers: Any, content: bytes, body: Any) -> None:
    web.answers["/"] = (200, headers, content)
    output = run(url=f"{web.url}/")
    assert {name: output[name] for name in output if name in ("body", "encoding")} == body


def test_a_status_that_is_not_expected_is_a_failure_that_tells_what_came(run: Run, web: Web) -> None:
    web.answers["/pay"] = (429, {"content-type": "text/plain", "retry-after": "7", "x-other": "1"}, b"slow down" + b"!" * 5_000)
    error = failure(run, method="POST", url=f"{web.url}/pay?token=secret")
    assert (error.error_type, error.retryable) == ("http.429", True)
    assert "secret" not in str(error)
    assert (error.details["status"], error.details["retry_after"], len(error.details["body"])) == (429, 7, DETAIL_BYTES_MAX)
    assert error.details["headers"] == {"content-type": "text/plain", "retry-after": "7"} | {"date": error.details["headers"]["date"]}


def test_expected_statuses_are_codes_and_classes(run: Run, web: Web) -> None:
    web.answers["/gone"] = (404, {}, b"")
    assert run(url=f"{web.url}/gone", expect=["2xx", 404])["status"] == 404
    assert run(url=f"{web.url}/gone", expect=["4XX"])["status"] == 404
    assert failure(run, url=f"{web.url}/gone", expect=[200, "5xx"]).error_type == "http.404"
    assert failure(run, url=f"{web.url}/other", expect=[404]).error_type == "http.200"


def test_redirects_are_followed_only_when_asked(run: Run, web: Web) -> None:
    web.answers["/old"] = (302, {"location": "/new"}, b"")
    error = failure(run, url=f"{web.url}/old")
    assert (error.error_type, error.details["headers"]["location"]) == ("http.302", "/new")
    assert run(url=f"{web.url}/old", follow_redirects=True)["body"] == {"path": "/new"}
    assert web.asked[-1]["headers"]["host"] == f"127.0.0.1:{web.port}"


def test_redirects_without_end_are_a_failure(run: Run, web: Web) -> None:
    web.answers["/round"] = (302, {"location": "/round"}, b"")
    assert failure(run, url=f"{web.url}/round", follow_redirects=True).error_type == "http.protocol"


def test_a_response_larger_than_allowed_is_a_failure(run: Run, web: Web) -> None:
    web.answers["/"] = (200, {}, b"x" * 1_000)
    assert len(run(url=f"{web.url}/", response_bytes_max=1_000)["body"]) == 1_000
    error = failure(run, url=f"{web.url}/", response_bytes_max=999)
    assert (error.error_type, error.retryable) == ("http.too_large", False)


def test_a_response_that_unpacks_to_gigabytes_is_stopped(run: Run, web: Web) -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(200)) + packer.flush()
    web.answers["/"] = (200, {"content-encoding": "gzip"}, bomb)
    assert failure(run, url=f"{web.url}/").error_type == "http.too_large"


def test_an_encoding_nobody_asked_for_is_a_failure(run: Run, web: Web) -> None:
    web.answers["/"] = (200, {"content-encoding": "br"}, b"x")
    assert failure(run, url=f"{web.url}/").error_type == "http.protocol"


# What goes wrong


def test_nobody_listening_is_a_failure_to_connect(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert failure(run, url=f"http://127.0.0.1:{port}").error_type == "http.connect"


def test_a_name_without_an_address_is_a_failure_to_connect(attempt: Attempt) -> None:
    def lookup(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    kind = HttpRequest(ActivitySettings(), lookup)
    assert failure(lambda **config: kind.run(attempt, config, None), url="http://nowhere.invalid").error_type == "http.connect"


def test_all_addresses_of_a_name_are_tried(web: Web, attempt: Attempt) -> None:
    kind = HttpRequest(ActivitySettings(allow_private_addresses=True), lambda host, port: ["127.0.0.2", "127.0.0.1"])
    assert kind.run(attempt, {"url": f"http://shop.example:{web.port}/"}, None)["status"] == 200
    assert web.asked[0]["headers"]["host"] == f"shop.example:{web.port}"


def test_an_answer_that_does_not_come_is_a_timeout(run: Run, web: Web) -> None:
    web.may_answer.clear()
    error = failure(run, url=f"{web.url}/slow?token=secret", timeout="200ms")
    assert (error.error_type, error.retryable) == ("http.timeout", True)
    assert "secret" not in str(error)


def test_an_answer_that_trickles_in_is_a_timeout(run: Run, in_thread: Callable[..., "Future[Any]"]) -> None:
    is_over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        in_thread(_trickle, server, is_over)
        try:
            assert failure(run, url=f"http://127.0.0.1:{server.getsockname()[1]}", timeout="400ms").error_type == "http.timeout"
        finally:
            is_over.set()


def _trickle(server: socket.socket, is_over: threading.Event) -> None:
    connection, _ = server.accept()
    with connection:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        while not is_over.wait(0.05):
            connection.sendall(b"x")


@pytest.mark.parametrize("answer", [b"", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"])
def test_an_answer_that_is_not_http_is_a_failure(run: Run, in_thread: Callable[..., "Future[Any]"], answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        in_thread(_answer_once, server, answer)
        assert failure(run, url=f"http://127.0.0.1:{server.getsockname()[1]}").error_type == "http.protocol"


def _answer_once(server: socket.socket, answer: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(65_536)
        connection.sendall(answer)


def test_a_server_without_tls_is_a_failure_to_connect(run: Run, web: Web) -> None:
    assert failure(run, url=f"https://127.0.0.1:{web.port}").error_type == "http.connect"


# Addresses


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "2130706433",
        "0x7f.1",
        "localhost",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::a00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fec0::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
    ],
)
def test_an_address_that_is_not_public_is_refused(run_guarded: Run, web: Web, host: str) -> None:
    error = failure(run_guarded, url=f"http://{host}:{web.port}/")
    assert (error.error_type, error.retryable) == ("http.forbidden_address", False)
    assert not web.asked


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_public_address_is_allowed(address: str) -> None:
    assert is_public(address)


def test_a_refusal_names_the_setting(run_guarded: Run) -> None:
    error = failure(run_guarded, url="http://127.0.0.1/")
    assert (error.error_type, error.retryable) == ("http.forbidden_address", False)
    assert "allow_private_addresses" in str(error)


def test_one_private_address_among_public_ones_is_refused(web: Web, attempt: Attempt) -> None:
    kind = HttpRequest(ActivitySettings(), lambda host, port: ["8.8.8.8", "127.0.0.1"])
    error = failure(lambda **config: kind.run(attempt, config, None), url=f"http://shop.example:{web.port}/")
    assert (error.error_type, error.details) == ("http.forbidden_address", {"host": "shop.example", "address": "127.0.0.1"})


@pytest.mark.parametrize(
    "target", ["http://10.0.0.1/", "http://169.254.169.254/latest/meta-data", "http://[::ffff:10.0.0.1]/", "http://inner.example/"]
)
def test_a_redirect_to_a_private_address_is_refused(web: Web, attempt: Attempt, target: str) -> None:
    kind = HttpRequest(ActivitySettings(), _lookup, lambda address: address == "127.0.0.1" or is_public(address))
    web.answers["/"] = (302, {"location": target}, b"")
    config = {"url": f"http://shop.example:{web.port}/", "follow_redirects": True}
    assert failure(lambda **given: kind.run(attempt, given, None), **config).error_type == "http.forbidden_address"


def _lookup(host: str, port: int) -> list[str]:
    return {"shop.example": ["127.0.0.1"], "inner.example": ["192.168.1.1"]}.get(host) or resolve(host, port)


# Cancellation


def test_a_cancelled_request_ends_at_once(run: Run, web: Web, attempt: Attempt, in_thread: Callable[..., "Future[Any]"]) -> None:
    web.may_answer.clear()
    future = in_thread(run, url=web.url, timeout="60s")
    assert web.was_asked.wait(10)
    attempt.cancel()
    with pytest.raises(Cancelled):
        future.result(timeout=30)


# Credentials


class Kept(NoCredentials):
    """Credentials at hand."""

    def __init__(self, **kept: Secret) -> None:
        super().__init__()
        self.kept, self.uses = kept, list[Use]()

    def secret(self, name: str, use: Use = NO_USE) -> Secret:
        self.uses.append(use)
        return self.kept[name]


@pytest.fixture
def run_with(clock: ManualClock) -> Callable[..., Any]:
    """Performs a whole attempt that is given credentials, as the worker does."""
    settings = ActivitySettings(allow_private_addresses=True)
    performance = Performance({"http_request": HttpRequest(settings)}, settings, None, None)

    def run(kept: Kept, **config: Any) -> Any:
        activity = RunActivity("order-1", "pay", 2, "http_request", written(config), b"null", "order")
        return performance.of(Attempt(activity, lambda *_: None, clock, credentials=kept))

    return run


@pytest.mark.parametrize(
    ("secret", "header", "shown"),
    [
        (Secret({"username": "ann", "password": "s3cr3t"}, kind="basic"), "authorization", "Basic YW5uOnMzY3IzdA=="),
        (Secret({"token": "s3cr3t"}, kind="bearer"), "authorization", "Bearer s3cr3t"),
        (Secret({"name": "X-Api-Key", "value": "s3cr3t"}, kind="header"), "x-api-key", "s3cr3t"),
    ],
)
def test_a_credential_is_shown_in_a_header(run_with: Callable[..., Any], web: Web, secret: Secret, header: str, shown: str) -> None:
    kept = Kept(crm=secret)
    assert isinstance(run_with(kept, url=web.url, credential="crm"), CompleteActivity)
    assert (web.asked[0]["headers"][header], kept.uses) == (shown, [Use("order-1", "pay", 2, "order")])


def test_what_a_service_echoes_of_a_credential_is_masked(run_with: Callable[..., Any], web: Web) -> None:
    web.answers["/echo"] = (200, {"content-type": "application/json", "x-seen": "Bearer s3cr3t-t0ken"}, b'{"token": "s3cr3t-t0ken"}')
    done = run_with(Kept(crm=Secret({"token": "s3cr3t-t0ken"}, kind="bearer")), url=f"{web.url}/echo", credential="crm")
    assert isinstance(done, CompleteActivity)
    assert b"s3cr3t" not in done.output
    assert json.loads(done.output)["body"] == {"token": "•••"}
    web.answers["/fail"] = (500, {"content-type": "text/plain", "location": "/?key=s3cr3t-t0ken"}, b"x" * 2_040 + b"s3cr3t-t0ken")
    failed = run_with(Kept(crm=Secret({"token": "s3cr3t-t0ken"}, kind="bearer")), url=f"{web.url}/fail", credential="crm")
    assert isinstance(failed, FailActivity)
    assert "s3cr3t" not in repr(failed)


@pytest.mark.parametrize(
    "secret", [Secret({"token": "s3cr3t"}, kind="bearer"), Secret({"name": "x-key", "value": "s3cr3t"}, kind="header")]
)
def test_a_redirect_takes_a_credential_nowhere_else(run_with: Callable[..., Any], web: Web, secret: Secret) -> None:
    elsewhere = web.url.replace("127.0.0.1", "localhost")
    web.answers["/here"] = (307, {"location": f"{elsewhere}/there"}, b"")
    web.answers["/moved"] = (307, {"location": f"{web.url}/there"}, b"")
    for path in ("/here", "/moved"):
        run_with(Kept(crm=secret), url=f"{web.url}{path}", credential="crm", follow_redirects=True)
    shown = [(one["path"], "s3cr3t" in "".join(one["headers"].values())) for one in web.asked]
    assert shown == [("/here", True), ("/there", False), ("/moved", True), ("/there", True)]


def test_a_header_that_a_credential_says_too_is_refused(run_with: Callable[..., Any], web: Web) -> None:
    kept = Kept(crm=Secret({"token": "s3cr3t"}, kind="bearer"))
    failed = run_with(kept, url=web.url, credential="crm", headers={"Authorization": "Bearer mine"})
    assert failed.failure.message == "config.headers.authorization: the credential crm says what stands there; take one of them out"
    failed = run_with(Kept(crm=Secret({"some": "s3cr3t"}, kind="values")), url=web.url, credential="crm")
    assert failed.failure.message.startswith(
        "config.credential: expected a credential of kind basic, bearer, header, oauth2; crm is of kind values"
    )
    assert (web.asked, failed.retryable) == ([], False)


def test_a_credential_that_is_not_there_is_a_failure_of_its_own(run: Run, web: Web) -> None:
    with pytest.raises(NoCredential, match="credential crm: no credentials are kept here"):
        run(url=web.url, credential="crm")
