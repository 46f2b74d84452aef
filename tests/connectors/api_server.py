"""A server that answers by an OpenAPI document: it knows its operations from the document alone, holds each request to what stands
there, and answers what stands there. What does not fit is 422 with the reason.
"""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from jsonschema import Draft202012Validator

from tests.connectors.samples import followed, sample


class Operation:
    """An operation of the document."""

    def __init__(self, method: str, path: str, operation: dict[str, Any], item: dict[str, Any], root: dict[str, Any]) -> None:
        self.method, self.path, self.written, self.root = method, path, operation, root
        names = re.findall(r"\{([^{}]+)\}", path)
        self.names = names
        self.pattern = re.compile("".join(part if i % 2 else re.escape(part) for i, part in enumerate(_split(path))))
        listed = [*item.get("parameters", []), *operation.get("parameters", [])]
        self.parameters = {(one["in"], one["name"]): one for one in (followed(one, root) for one in listed)}
        self.body = followed(operation["requestBody"], root) if "requestBody" in operation else None

    def fault(self, found: re.Match[str], query: str, headers: Any, content: bytes) -> str | None:
        """What is wrong with a request; None where nothing is."""
        given: dict[tuple[str, str], list[str]] = {("path", name): [unquote(found[i + 1])] for i, name in enumerate(self.names)}
        for name, one in parse_qsl(query, keep_blank_values=True):
            given.setdefault(("query", name), []).append(one)
        for place, name in self.parameters:
            if place == "header" and name in headers:
                given["header", name] = [headers[name]]
        for (place, name), texts in given.items():
            if (place, name) not in self.parameters:
                return f"{place} has no {name}"
            fault = self._unfit(self.parameters[place, name].get("schema", {}), texts)
            if fault:
                return f"{place} {name}: {fault}"
        for (place, name), one in self.parameters.items():
            if one.get("required") and (place, name) not in given and place != "cookie":
                return f"{place} {name} is missing"
        return self._body_fault(headers, content)

    def _unfit(self, schema: Any, texts: list[str]) -> str | None:
        """Whether texts can be read so that the schema takes it: as they are, as numbers, as a list of these."""
        read = [_read(text) for text in texts]
        for value in (texts[0], read[0], texts, read):
            if Draft202012Validator({**schema, "components": self.root["components"]}).is_valid(value):
                return None
        return f"{texts} does not fit {schema}"

    def _body_fault(self, headers: Any, content: bytes) -> str | None:
        if self.body is None:
            return "there is a body" if content else None
        if not content:
            return "the body is missing" if self.body.get("required") else None
        kind = headers.get("content-type", "").partition(";")[0]
        if kind not in self.body["content"]:
            return f"the body is {kind}"
        if kind != "application/json":
            return None
        schema = self.body["content"][kind].get("schema", {})
        errors = list(Draft202012Validator({**schema, "components": self.root["components"]}).iter_errors(json.loads(content)))
        return f"the body: {errors[0].message}" if errors else None

    def answer(self) -> tuple[int, Any]:
        """What the document says that it answers."""
        status = next((code for code in sorted(self.written["responses"]) if str(code).startswith("2")), "200")
        content = followed(self.written["responses"].get(status, {}), self.root).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        return int(status), None if schema is None else sample(schema, self.root, is_full=True)


def _split(path: str) -> list[str]:
    """The path with a group in the place of each parameter."""
    return ["([^/]*)" if i % 2 else part for i, part in enumerate(re.split(r"\{([^{}]+)\}", path))]


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


class ApiServer:
    """Serves a document on loopback."""

    def __init__(self, document: dict[str, Any]) -> None:
        root = {"components": {}, **document}
        self.operations = [
            Operation(method.upper(), path, operation, item, root)
            for path, item in root["paths"].items()
            for method, operation in item.items()
            if method in ("get", "put", "post", "delete", "patch", "head", "options")
        ]
        self.answered: list[str] = []
        self.faults: list[str] = []
        self.first: list[tuple[int, dict[str, str], Any]] = []
        """What is answered before anything that the document says."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do(self) -> None:
                content = self.rfile.read(int(self.headers.get("content-length") or 0))
                status, headers, value = outer.answer(self.command, self.path, self.headers, content)
                body = b"" if value is None else json.dumps(value).encode()
                self.send_response(status)
                for name, one in {"content-length": str(len(body)), "content-type": "application/json", **headers}.items():
                    self.send_header(name, one)
                self.end_headers()
                if status != 204:
                    self.wfile.write(body)

            do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def answer(self, method: str, target: str, headers: Any, content: bytes) -> tuple[int, dict[str, str], Any]:
        """What is answered to a request."""
        split = urlsplit(target)
        able = [(one, found) for one in self.operations if one.method == method and (found := one.pattern.fullmatch(split.path))]
        if not able:
            self.faults.append(f"{method} {target}: no such operation")
            return 404, {}, {"why": "no such operation"}
        operation, found = min(able, key=lambda pair: len(pair[0].names))
        fault = operation.fault(found, split.query, headers, content)
        if fault is not None:
            self.faults.append(f"{method} {operation.path}: {fault}")
            return 422, {}, {"why": fault}
        if self.first:
            return self.first.pop(0)
        self.answered.append(f"{method} {operation.path}")
        status, value = operation.answer()
        return status, {}, value

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
