"""One signal over Kafka, all the way: put there by one partner, and told to another, who reads it there."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from hub.adapters.kafka.topics import ESCALATIONS, FAMILIES, SIGNALS
from hub.domain.messages import Message
from hub.settings import Settings
from tests.adapters.hearing_on_kafka import ANY, Hearing, a_hub
from tests.journeys.running import a_child
from tests.over_kafka import Kafka, Read, an_event, signed, until
from tests.parts import databases
from tests.parts.kafka import Broker

HOUSING = "housing-corporation"


def one_of(nth: int) -> dict[str, Any]:
    """A child that nobody could take for another."""
    return a_child(nth, familyName=f"Voorbeeld{'abcd'[nth - 1]}", givenNames=f"Noor{nth}", birthDate=f"20{nth + 10}-04-05")


def told(hearing: Hearing, partner: str) -> list[Read]:
    """What a partner reads that it is told."""
    is_there = f"{ESCALATIONS}.{partner}" in hearing.kafka.names()
    return hearing.kafka.read(hearing.kafka.topic(ESCALATIONS, partner)) if is_there else []


@pytest.mark.usefixtures("database")
def test_what_one_partner_puts_on_kafka_another_is_told_there(tmp_path: Path, kafka: str) -> None:
    settings = Settings(data_dir=tmp_path, database_url=databases.url_of(tmp_path), mode="demo")
    with a_hub(settings, Kafka(kafka), (ANY, HOUSING)) as hearing:
        sender = hearing.partners[ANY]
        hearing.make(ANY)
        with hearing.hub.running():
            concerns = ("eviction-threatened", "upbringing")
            hearing.put(ANY, *(signed(sender, an_event(sender, a_child(1), id=one, concern=one)) for one in concerns))
            notices = until(lambda: told(hearing, HOUSING))
            hearing.await_offset(ANY, 2)
            receipts = hearing.receipts(ANY)
            family = until(lambda: hearing.kafka.read(hearing.kafka.topic(FAMILIES)))[-1]
            assert family.key == family_of(hearing, receipts[0])
        assert [receipt.key for receipt in receipts] == [*concerns]
        assert {notice.said["type"] for notice in notices} == {"nl.vig.escalations.level-raised.v1"}
        assert family.said["level"] == max(notice.said["data"]["level"] for notice in notices)
        # what the partner calls the family tells nobody who it is
        assert family.key not in {notice.key for notice in notices}


def test_while_kafka_is_away_everything_else_goes_on_and_then_both_ways_catch_up(tmp_path: Path, broker: Broker) -> None:
    broker.start()
    settings = Settings(data_dir=tmp_path / "hub", database_url=databases.url_of(tmp_path / "hub"), mode="demo")
    with a_hub(settings, Kafka(broker.servers), (ANY, HOUSING)) as hearing:
        sender = hearing.partners[ANY]
        with hearing.hub.running():
            until(lambda: f"{SIGNALS}.{ANY}" in hearing.kafka.names())
            hearing.put(ANY, signed(sender, an_event(sender, one_of(1), id="before", concern="eviction-threatened")))
            until(lambda: told(hearing, HOUSING))
            broker.kill()
            for nth in (2, 3):
                hearing.post(sender, an_event(sender, one_of(nth), id=f"meanwhile-{nth}", concern="eviction-threatened"))
            broker.start()
            hearing.put(ANY, signed(sender, an_event(sender, one_of(4), id="after", concern="eviction-threatened")))
            families = until(lambda: {one.key for one in told(hearing, HOUSING)} if len(told(hearing, HOUSING)) >= 4 else set())
            hearing.await_offset(ANY, 2)
        assert hearing.messages() == ["before", "meanwhile-2", "meanwhile-3", "after"]
        assert [one.said["sequence"] for one in told(hearing, HOUSING)] == [f"{nth:012}" for nth in range(1, 5)]
        assert len(families) == 4


def family_of(hearing: Hearing, receipt: Read) -> str:
    """Where a signal went: the hub knows it, the receipt does not tell."""
    message = hearing.hub.register.read(lambda unit: unit.get(Message, UUID(receipt.said["message"])))
    family: str = message.signals[0]["family"]
    return family
