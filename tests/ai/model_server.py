"""A provider of models for tests, as OpenAI's chat completions are over HTTP: it answers by what it was asked, and counts that."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class ModelServer:
    """Asks for the tools `first` and `second` in turn, both at once for a prompt with "both"; after their results it says so."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        """What the next requests are answered with instead."""
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["content-length"])))
                provider.asked.append(request)
                status = provider.statuses.pop(0) if provider.statuses else 200
                content = json.dumps(_answer(request) if status == 200 else {"error": {"message": "on purpose"}}).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


@contextmanager
def model_server() -> Iterator[ModelServer]:
    server = ModelServer()
    server.start()
    try:
        yield server
    finally:
        server.close()


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    prompt = next(one["content"] for one in request["messages"] if one["role"] == "user")
    results = [one["content"] for one in request["messages"] if one["role"] == "tool"]
    names = ["first", "second"] if "both" in prompt else ["first", "second"][len(results) : len(results) + 1]
    message: dict[str, Any] = {"role": "assistant", "content": f"{prompt}: {', '.join(results)}"}
    is_done = len(results) >= 2
    if not is_done:
        calls = [
            {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": "{}"}} for number, name in enumerate(names)
        ]
        message = {"role": "assistant", "content": None, "tool_calls": calls}
    choice = {"index": 0, "message": message, "finish_reason": "stop" if is_done else "tool_calls"}
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": request["model"],
        "choices": [choice],
        "usage": usage,
    }
