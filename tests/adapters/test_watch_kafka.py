"""Watching Kafka: whether it answers, and the steps of what came over it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.adapters.kafka.answering import answers
from hub.adapters.kafka.connection import Connection
from hub.adapters.kafka.library import KafkaError
from hub.domain.traces import TRACEPARENT, Trace
from hub.ports import Step
from hub.settings import Settings
from tests.adapters.hearing_on_kafka import ANY, Hearing, a_hub
from tests.over_kafka import Kafka, Put, an_event, signed
from tests.parts.servers import a_free_port

CALLER = Trace("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")


@pytest.fixture
def hearing(tmp_path: Path, kafka: str) -> Iterator[Hearing]:
    with a_hub(Settings(data_dir=tmp_path, mode="demo"), Kafka(kafka)) as hearing:
        yield hearing


def test_a_broker_answers(kafka: str) -> None:
    assert answers(Connection(kafka))


def test_where_no_broker_is_nobody_answers() -> None:
    with pytest.raises((KafkaError, TimeoutError)):
        answers(Connection(f"127.0.0.1:{a_free_port()}"))


def test_a_record_is_a_step_under_that_of_its_partner_and_leads_to_its_signals(hearing: Hearing) -> None:
    hearing.make(ANY)
    sender = hearing.partners[ANY]
    one, other = signed(sender, an_event(sender, id="one")), signed(sender, b"{}")
    traced = [Put(each.value, [*each.headers, (TRACEPARENT, str(CALLER).encode())]) for each in (one, one, other)]
    hearing.put(ANY, *traced)
    with hearing.consuming():
        hearing.await_offset(ANY, 3)
    steps: list[Step] = [said[1] for said in hearing.seen if said[0] == "step"]
    received = [step for step in steps if step.name == "receive"]
    (signal,) = (step for step in steps if step.name == "signal")
    assert {(step.trace.trace_id, step.trace.parent_span_id, step.kind) for step in received} == {
        (CALLER.trace_id, CALLER.span_id, "consumer")
    }
    # the second is a repeat, of which nothing comes, and the third is refused
    assert [(step.links, step.failed) for step in received] == [((signal.trace,), ""), ((), ""), ((), "malformed")]
    assert signal.links == (received[0].trace,)
