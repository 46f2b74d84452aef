"""A collector: takes spans by OTLP over HTTP, as OpenTelemetry's own does, and reads them with OpenTelemetry's own messages."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

WAIT_S = 30.0


class Collector:
    """The requests that came, in their order."""

    def __init__(self, url: str, came: Queue[ExportTraceServiceRequest]) -> None:
        self.url, self._came = url, came

    def spans(self) -> list[Any]:
        """Those of the next request."""
        request = self._came.get(timeout=WAIT_S)
        return [span for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans]


@contextmanager
def collecting(refuses: int = 0) -> Iterator[Collector]:
    """A collector at an address of its own, that answers the first `refuses` requests with 503."""
    came: Queue[ExportTraceServiceRequest] = Queue()
    left = [refuses]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            is_refused = left[0] > 0
            left[0] -= 1
            self.send_response(503 if is_refused else 200)
            self.send_header("content-length", "0")
            self.end_headers()
            if not is_refused:
                assert self.path == "/v1/traces"
                came.put(ExportTraceServiceRequest.FromString(gzip.decompress(body) if self.headers["content-encoding"] else body))

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Collector(f"http://127.0.0.1:{server.server_port}", came)
    finally:
        server.shutdown()
        server.server_close()
