"""A collector of traces on the loopback: OTLP over HTTP, as the standard has it, decoded into plain steps."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.channels.receiving import Receiver, receiving


@dataclass(frozen=True)
class Collected:
    """A step as the collector got it; ids in hexadecimal digits, `links` are (trace, span), a failure is its code."""

    name: str
    trace: str
    span: str
    parent: str
    links: frozenset[tuple[str, str]]
    failed: str
    said: Mapping[str, Any]


class Collector:
    """What came in so far."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver

    @property
    def url(self) -> str:
        return self.receiver.url

    @property
    def steps(self) -> list[Collected]:
        """Every step that came, in the order in which they came."""
        return [step for sent in list(self.receiver.got) for step in _steps(sent.body)]

    def named(self, name: str) -> list[Collected]:
        """Those of one name."""
        return [step for step in self.steps if step.name == name]


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that listens while the block lasts."""
    with receiving() as receiver:
        yield Collector(receiver)


def _steps(body: bytes) -> Iterator[Collected]:
    request = ExportTraceServiceRequest()
    request.ParseFromString(body)
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                links = frozenset((link.trace_id.hex(), link.span_id.hex()) for link in span.links)
                said = {one.key: one.value.int_value or one.value.string_value for one in span.attributes}
                ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
                yield Collected(span.name, *ids, links, span.status.message, said)
