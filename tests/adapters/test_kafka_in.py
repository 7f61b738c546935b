"""The way in over Kafka: as over HTTP, and nothing that comes is lost, doubled, or in the way of what comes after it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.over_kafka import Hearing, Kafka, a_hub, an_event, signed


@pytest.fixture
def hearing(tmp_path: Path, kafka: str) -> Iterator[Hearing]:
    with a_hub(tmp_path, Kafka(kafka)) as hearing:
        yield hearing


def test_what_a_partner_puts_on_its_topic_is_recorded_and_answered(hearing: Hearing) -> None:
    police = hearing.partners["any-partner"]
    hearing.make(police.name)
    hearing.put(police.name, signed(police, an_event(police, id="one")))
    with hearing.consuming():
        hearing.await_offset(police.name, 1)
    assert hearing.messages() == ["one"]
    (receipt,) = hearing.receipts(police.name)
    assert receipt.key == "one"
