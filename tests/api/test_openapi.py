"""schemathesis against the OpenAPI document: no 5xx, no status, content type or shape that is not documented."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from .conftest import Server

CHECKED = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
LEFT_OUT = "/v1/worker/"
"""The worker protocol has a conformance test of its own."""


def test_every_operation_answers_as_the_document_says(server: Server) -> None:
    document = server.get("/openapi.json").json
    document["paths"] = {path: methods for path, methods in document["paths"].items() if not path.startswith(LEFT_OUT)}
    document["paths"]["/v1/workflows/{name}/executions"]["post"]["parameters"][-1]["schema"]["maximum"] = 0.01  # no long waits here
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=server.url)
    checks = list(CHECKS.get_by_names(list(CHECKED)))
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 28

    for operation in operations:
        ask_about(operation, checks)
    assert server.process.poll() is None


def ask_about(operation: Any, checks: list[Any]) -> None:
    """Requests as the document describes them, and answers compared with it."""

    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        try:
            _ask_about(operation.as_strategy(generation_mode=mode), checks)
        except Unsatisfiable:  # where nothing can be wrong there is nothing to try
            assert mode is GenerationMode.NEGATIVE


def _ask_about(cases: Any, checks: list[Any]) -> None:
    @settings(
        max_examples=15, deadline=None, database=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(case=cases)
    def ask(case: Any) -> None:
        case.validate_response(case.call(timeout=30), checks=checks)

    ask()
