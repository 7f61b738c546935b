"""What is there after everything came to rest: the hub, its log read directly, and what everybody outside remembers."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hub import notices
from hub.adapters.registrations import Organisation
from hub.domain.messages import Message
from hub.ports import Fact, Notice
from hub.wiring import Hub
from tests.channels.receiving import Receiver
from tests.faults.load import Acknowledged, Load, Worker
from tests.faults.on_kafka import Putting
from tests.faults.staff import Desk, Directors
from tests.journeys.running import Following
from tests.over_kafka import Kafka


@dataclass(frozen=True)
class Remembered:
    """What those outside the hub did, and what they were told."""

    loads: Sequence[Load]
    desk: Desk
    directors: Directors
    told: Mapping[str, Receiver]
    """Receivers of webhooks by the name of their organisation."""
    followed: Following
    putting: Sequence[Putting] = ()
    """Partners that told something over Kafka."""
    kafka: Kafka | None = None

    @cached_property
    def acknowledged(self) -> list[Acknowledged]:
        return [one for load in self.loads for one in load.acknowledged]

    @cached_property
    def sent(self) -> set[str]:
        """The ids of all messages that were ever made."""
        made = [*(load.made for load in self.loads), *(putting.writer.made for putting in self.putting)]
        return set[str]().union(*made)

    @property
    def troubles(self) -> Counter[str]:
        """What those outside saw go wrong, and tried again."""
        return sum((worker.troubles for worker in self.workers), Counter())

    @property
    def workers(self) -> Sequence[Worker]:
        return (*self.loads, *self.putting, self.desk, self.directors)


@dataclass(frozen=True)
class Aftermath:
    """A hub after everything came to rest, opened in this process, and what the others remember."""

    hub: Hub
    remembered: Remembered

    @cached_property
    def facts(self) -> list[Fact]:
        decode = self.hub.mapper.to_domain_event
        read = self.hub.log.read(0, 10_000_000)
        return [Fact(position, event.originator_id, event) for position, event in ((at, decode(one)) for at, one in read)]

    def of(self, *kinds: type[Any]) -> Iterator[Fact]:
        return (fact for fact in self.facts if isinstance(fact.event, kinds))

    @cached_property
    def notices(self) -> list[Notice]:
        return [notice for fact in self.facts for notice in notices.notices(fact)]

    def notices_for(self, name: str) -> list[Notice]:
        """What an organisation is to be told, in the order of the log."""
        organisation = self.hub.registrations.by_name(name)
        assert isinstance(organisation, Organisation)
        shown = (self.hub.disclosures.to_partner(notice, organisation) for notice in self.notices)
        return [notice for notice in shown if notice is not None and organisation.kind in notice.tell]

    @cached_property
    def recorded(self) -> Counter[tuple[str, str]]:
        """How often each message stands in the log, by its source and id."""
        return Counter((fact.event.source, fact.event.event_id) for fact in self.of(Message.Received))
