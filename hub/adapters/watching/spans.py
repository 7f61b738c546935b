"""Steps of traces on their way to a collector (OTLP over HTTP): in the background, and dropped rather than waited for."""

from os import getpid
from socket import gethostname
from threading import Thread, local

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags, set_span_in_context

from hub.domain.traces import Trace
from hub.ports import Step

MOST, TOGETHER = 2_048, 512
"""Steps that wait to be sent, and that are sent at once."""
EVERY, WITHIN, AT_THE_END = 1.0, 5.0, 2.0
"""Seconds between sendings, for one of them, and for what is left when the hub stops."""
_KINDS = {kind.name.lower(): kind for kind in SpanKind}


class _Ids(IdGenerator):
    """Gives a step the ids that it has already."""

    def __init__(self) -> None:
        self.of = local()

    def generate_trace_id(self) -> int:
        return int(self.of.trace.trace_id, 16)

    def generate_span_id(self) -> int:
        return int(self.of.trace.span_id, 16)


class Spans:
    """Sends the steps of one process to a collector; those that its caller does not want collected are not."""

    def __init__(self, endpoint: str, version: str) -> None:
        self._ids = _Ids()
        here = f"{gethostname()}-{getpid()}"
        resource = Resource({"service.name": "vig-hub", "service.version": version, "service.instance.id": here})
        self._provider = TracerProvider(ALWAYS_ON, resource, shutdown_on_exit=False, id_generator=self._ids)
        sending = OTLPSpanExporter(endpoint, timeout=WITHIN)
        self._provider.add_span_processor(BatchSpanProcessor(sending, MOST, EVERY * 1_000, TOGETHER))
        self._tracer = self._provider.get_tracer("hub", version)

    def stepped(self, step: Step) -> None:
        """Takes a step along with the next that are sent."""
        if not step.trace.is_sampled:
            return
        self._ids.of.trace = step.trace
        span = self._tracer.start_span(
            step.name,
            _under(step.trace),
            _KINDS[step.kind],
            dict(step.said),
            [Link(_context(link)) for link in step.links],
            step.began,
        )
        if step.failed:
            span.set_status(Status(StatusCode.ERROR, step.failed))
        span.end(step.ended)

    def close(self) -> None:
        """Sends what is left, as long as that may take."""
        last = Thread(target=self._provider.shutdown, name="last-steps", daemon=True)
        last.start()
        last.join(AT_THE_END)


def _under(trace: Trace) -> Context:
    above = Trace(trace.trace_id, trace.parent_span_id)
    return set_span_in_context(NonRecordingSpan(_context(above)), Context()) if trace.parent_span_id else Context()


def _context(trace: Trace) -> SpanContext:
    return SpanContext(int(trace.trace_id, 16), int(trace.span_id, 16), is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
