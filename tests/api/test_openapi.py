"""schemathesis against the OpenAPI document: no 5xx, no status, content type or shape that is not documented."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.core.result import Ok

from api.resources import KINDS

from .conftest import Server

CHECKED = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
LEFT_OUT = re.compile("/v1/worker/.*|.*/events|.*/text")
"""The worker protocol has a conformance test of its own; streams do not end."""
EXAMPLES = int(os.environ.get("OPENAPI_EXAMPLES", "6"))
"""Of good requests and of bad ones, for each operation; `make odd` asks more."""


def test_every_operation_answers_as_the_document_says(server: Server) -> None:
    document = server.get("/openapi.json").json
    document["paths"] = {path: methods for path, methods in document["paths"].items() if not LEFT_OUT.fullmatch(path)}
    document["paths"]["/v1/workflows/{name}/executions"]["post"]["parameters"][-1]["schema"]["maximum"] = 0.01  # no long waits here
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=server.url)
    checks = list(CHECKS.get_by_names(list(CHECKED)))
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
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
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def ask(case: Any) -> None:
        case.validate_response(case.call(timeout=30), checks=checks)

    ask()


def described(server: Server) -> Any:
    return server.get("/openapi.json").json


def test_a_generator_makes_good_names_of_the_operations(server: Server) -> None:
    paths = described(server)["paths"]
    names = [operation["operationId"] for methods in paths.values() for operation in methods.values()]
    assert len(names) == len(set(names))
    assert {"publish_workflow", "start_execution", "list_executions", "signal_execution", "poll_tasks"} <= set(names)
    assert all(re.fullmatch("[a-z]+(_[a-z]+)+", name) for name in names)


def properties(server: Server) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, schema in described(server)["components"]["schemas"].items():
        for field, said in schema.get("properties", {}).items():
            yield f"{name}.{field}", said


def test_times_are_described_as_times(server: Server) -> None:
    times = {"since", "due", "last_heard", "last_seen"}
    for name, said in properties(server):
        field = name.rpartition(".")[2]
        if field in times or field.endswith("_at"):
            assert any(one.get("format") == "date-time" for one in [said, *said.get("anyOf", ())]), name


FREE = {
    "AnalyticsWindow.ended", "AnalyticsWindow.outcomes",
    "BulkOperation.details", "HistoryEvent.data", "NodeKind.config", "Row.search", "State.variables", "Workflow.definition",
    "NodeKind.begins_with", "NodePreset.config", "Validity.ports",
    "StartRequest.variables", "ResolveRequest.variables", "Span.attributes", "SpanEvent.attributes", "LogEnds.ends",
    "TriggerRequest.trigger", "TriggerShown.config", "HookContent.headers", "HookDeliveries.counts",
    "CredentialRequest.values", "RotateRequest.values", "TemplateHole.schema", "TestRunRequest.pins", "TestRunRequest.variables",
    "RecordedTest.differences", "Prompt.inputs", "Prompt.schema", "PromptShown.prompt",
    "ForkRequest.set", "RetryRequest.set", "HealRequest.budget", "WorkflowTool.input",
    "PlanRequest.names", "ApplyRequest.names",
    "Action.input", "Action.output", "Connector.schemas", "ConnectorShown.connector", "ConvertedConnector.connector",
    "OpenApiRequest.openapi", "Connector.auth", "Connector.actions", "RequestBody.parts",
    "ChangeRequest.results", "ChangeRequest.variables", "HaltView.variables",
}  # fmt: skip
"""What belongs to users, or differs from type to type."""


def test_objects_are_described_but_for_what_belongs_to_users(server: Server) -> None:
    free = {
        name
        for name, said in properties(server)
        for one in [said, *said.get("anyOf", ()), said.get("items", {})]
        if one.get("type") == "object" and "properties" not in one
    }
    assert free == FREE


def test_what_is_always_there_is_required_and_what_may_be_left_out_has_a_default(server: Server) -> None:
    schemas = described(server)["components"]["schemas"]
    left_out = {name: sorted(set(one.get("properties", ())) - set(one.get("required", ()))) for name, one in schemas.items()}
    resources = {kind.model.__name__ for kind in KINDS}  # answered as they were written
    answers = {name: fields for name, fields in left_out.items() if fields and not name.endswith("Request") and name not in resources}
    assert "problem" not in answers.pop("BundleRow"), "one that is damaged has nothing else"
    assert answers.pop("WaitingFor")[:2] == ["at", "attempt"]
    assert answers.pop("Budget"), "no answer: whoever resolves an incident says some of the limits"
    assert answers.pop("BreakerMatch"), "a part of what was written"
    for name in ("Prompt", "Connector", "Action", "AuthScheme", "Paging", "Parameter", "PartEncoding", "RequestBody", "Retry"):
        assert answers.pop(name), "the same"
    assert answers.pop("Resumed") == ["completed", "message", "paused_again", "remaining_nodes"]
    assert answers == {"BatchItem": ["execution", "problem"], "Problem": ["problems"], "ProblemItem": ["column", "line", "node"]}
    for name, fields in left_out.items():
        assert not name.endswith("Request") or all("default" in schemas[name]["properties"][field] for field in fields), name
