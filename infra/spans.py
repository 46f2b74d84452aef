"""Spans on their way to a collector, by OTLP over HTTP; the environment says what else the exporter may be told (`OTEL_EXPORTER_…`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from contracts.errors import RefoldError
from projections.spans import Span, SpanFold
from refold.extras import how_to_install

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

SPANS_MAX: Final = 512
"""So many go in one request, as collectors are set by default to take 4 MiB."""
NS_IN_MS: Final = 1_000_000


class SpanExporter:
    """Sends traces to one collector. It may be used in one thread at a time.

    Raises RefoldError where OpenTelemetry is not installed.
    """

    def __init__(self, url: str, version: str) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
        except ImportError:
            raise RefoldError(f"the setting `traces` needs OpenTelemetry: {how_to_install('traces')}") from None

        self._exporter = OTLPSpanExporter(f"{url.rstrip('/')}/v1/traces")
        self._resource = Resource.create({"service.name": "refold", "service.version": version})

    def export(self, fold: SpanFold) -> bool:
        """Send the spans of an execution; whether they were taken. The exporter tries again by itself, for ten seconds by default."""
        from opentelemetry.sdk.trace.export import SpanExportResult

        spans = [self._readable(fold.trace, span) for span in fold.spans]
        pieces = (spans[first : first + SPANS_MAX] for first in range(0, len(spans), SPANS_MAX))
        return all(self._exporter.export(piece) is SpanExportResult.SUCCESS for piece in pieces)

    def _readable(self, trace: str, span: Span) -> ReadableSpan:
        from opentelemetry.sdk.trace import Event, ReadableSpan
        from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

        def context(span_id: str, is_remote: bool) -> SpanContext:
            return SpanContext(int(trace, 16), int(span_id, 16), is_remote, TraceFlags(TraceFlags.SAMPLED))

        return ReadableSpan(
            span.name,
            context(span.span, False),
            context(span.parent, True) if span.parent else None,
            self._resource,
            span.attributes,
            [Event(one.name, one.attributes, one.time * NS_IN_MS) for one in span.moments],
            kind=SpanKind.INTERNAL,
            status=Status(StatusCode.ERROR, span.error) if span.error else Status(StatusCode.UNSET),
            start_time=span.start * NS_IN_MS,
            end_time=(span.end or span.start) * NS_IN_MS,
        )

    def close(self) -> None:
        """Let go of the connection."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]  # OpenTelemetry says no types there
