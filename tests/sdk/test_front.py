"""Clients and workers over TLS and through proxies, as the environment says."""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

import refold
from tests.api.conftest import Server
from tests.sdk.front import ForwardProxy, TlsFront

ROOT = Path(__file__).parents[2]
ORDER = {"order_id": "A-1", "amount": 250}
DEAD = "http://127.0.0.1:9"
"""Nobody listens at the port of `discard`."""


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without TLS."""
    server = Server(tmp_path_factory.mktemp("served") / "data")
    try:
        yield server
        assert server.stop() == 0
    finally:
        server.kill()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def https(plain: Server, authority: trustme.CA) -> Iterator[str]:
    """The address of the same server over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with closing(TlsFront(context, int(plain.host.rpartition(":")[2]))) as front:
        yield f"https://127.0.0.1:{front.port}"


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authority is known the usual way."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))


@pytest.fixture
def proxy() -> Iterator[ForwardProxy]:
    with closing(ForwardProxy()) as made:
        yield made


@contextmanager
def working(url: str) -> Iterator[None]:
    """`refold worker` in a process of its own, as the environment says; asked to stop it says good-bye and ends."""
    words = [sys.executable, "-m", "refold", "worker", "examples.activities"]
    worker = subprocess.Popen(words, cwd=ROOT, env={**os.environ, "REFOLD_SERVER": url}, stderr=subprocess.PIPE, text=True)
    try:
        yield
        worker.terminate()
        _, said = worker.communicate(timeout=15)
        assert (worker.returncode, "trying again" in said) == (0, False), said
    finally:
        worker.kill()
        worker.communicate()


def check_all_works(url: str) -> None:
    """Both clients and the worker; many requests at a time."""

    async def run_many() -> list[Any]:
        async with refold.AsyncClient(url) as client:
            return await asyncio.gather(*(client.run("user_activities", ORDER, timeout_s=30) for _ in range(20)))

    with working(url), refold.Client(url) as client:
        client.publish(ROOT / "examples" / "user_activities.yaml")
        assert client.run("user_activities", ORDER, timeout_s=30) == "label of A-1"
        assert asyncio.run(run_many()) == ["label of A-1"] * 20
        with pytest.raises(refold.Refused) as refused:
            client.get("nobody")
        assert refused.value.status == 404


def test_over_tls(https: str, trusted: None) -> None:
    check_all_works(https)


def test_through_a_proxy(plain: Server, proxy: ForwardProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
    check_all_works(plain.url)
    asked = set(proxy.asked)
    paths = ("/v1/workflows", "/v1/worker/poll", "/v1/worker/results", "/v1/workflows/user_activities/executions?wait=5")
    assert {f"POST {plain.url}{path}" for path in paths} <= asked


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_over_tls_through_a_proxy(https: str, trusted: None, proxy: ForwardProxy, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
    check_all_works(https)
    assert set(proxy.asked) == {f"CONNECT {https.removeprefix('https://')}"}
    assert len(proxy.asked) <= 30, "connections are not kept"


def test_hosts_that_the_environment_takes_out_are_asked_directly(
    plain: Server, https: str, trusted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", DEAD)
    for excluded in ("127.0.0.1", "example.org, 127.0.0.1", "*"):
        monkeypatch.setenv("NO_PROXY", excluded)
        for url in (plain.url, https):
            with refold.Client(url) as client:
                assert isinstance(list(client.list(workflow="none")), list)


def test_a_proxy_with_a_password(plain: Server, https: str, trusted: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(ForwardProxy("ada:secret")) as proxy:
        for url in (plain.url, https):
            monkeypatch.setenv("ALL_PROXY", f"http://ada:secret@127.0.0.1:{proxy.port}")
            with refold.Client(url) as client:
                assert list(client.list(workflow="none")) == []
            monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
            with refold.Client(url) as client, pytest.raises(refold.RefoldError, match="407"):
                list(client.list())


def test_a_server_with_an_unknown_certificate_is_not_trusted(https: str) -> None:
    async def ask() -> None:
        async with refold.AsyncClient(https) as client:
            await client.get("x")

    with refold.Client(https) as client, pytest.raises(refold.Unavailable, match=r"(?i)certificate"):
        client.get("x")
    with pytest.raises(refold.Unavailable, match=r"(?i)certificate"):
        asyncio.run(ask())


def test_a_proxy_that_is_away_is_named_without_its_password(plain: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://ada:secret@127.0.0.1:9")
    with refold.Client(plain.url) as client, pytest.raises(refold.Unavailable, match=r"proxy http://127\.0\.0\.1:9") as away:
        client.get("x")
    assert "secret" not in str(away.value)


def test_a_proxy_that_cannot_be_used_is_refused_in_clear_words(plain: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for proxy in ("gopher://ada:secret@127.0.0.1:9", "socks5://127.0.0.1:9"):
        monkeypatch.setenv("HTTP_PROXY", proxy)
        with pytest.raises(ValueError, match=r"the proxy \w+://127\.0\.0\.1:9 cannot be used, expected one like http") as refused:
            refold.Client(plain.url)
        assert "secret" not in str(refused.value)
