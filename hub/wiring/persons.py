"""What the hub keeps of one person, put together for whoever handles what they ask."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hub.adapters import people_index
from hub.console import readable_file
from hub.console.parts import Both
from hub.domain.processing import Processing, Wanted
from hub.domain.requests import PersonRequest
from hub.inspection import Inspection
from hub.ports import Asked
from hub.projections import requests, tellings
from hub.wiring.hub import Hub

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Persons:
    """The people of one hub; `word` is what a code of some kind is called, in both languages."""

    hub: Hub
    word: Callable[[str, str], Both]

    def families(self, person: UUID) -> Sequence[UUID]:
        """The families that somebody is in."""
        with self.hub.stored.log.connect() as connection:
            return [UUID(family) for family in people_index.families_of(str(person), connection)]

    def concerned(self, person: UUID) -> Mapping[str, Sequence[str]]:
        """The person in each of their families; one of whom nothing is known is concerned too: somebody tried."""
        return {str(family): [str(person)] for family in self.families(person)} or {"": [str(person)]}

    def file(self, person: UUID) -> Mapping[str, Any]:
        """What is kept of a person. Raises: NotKnown."""
        hub = self.hub
        return Inspection(hub.log, hub.mapper, hub.clock, people_index.families_of, self._told, self._looked, self._asked)(person)

    def readable(self, told: Mapping[str, Any], language: str) -> str:
        """The file as a page, with the file itself in it for whoever's program reads it (HTML)."""
        return readable_file.written(told, language, self._word, self.hub.clock.now())

    def _word(self, kind: str, code: str) -> Both:
        known = self.hub.requests.rules.grounds.get(code) if kind == "request-ground" else None
        return Both(known.words.dutch, known.words.english) if known else self._register(kind, code) or self.word(kind, code)

    def _register(self, kind: str, code: str) -> Both | None:
        hub, day = self.hub, self.hub.clock.now().date()
        registers = hub.registrations.registers
        entry = {"purpose": registers.purposes, "basis": registers.bases}.get(kind, {}).get(code)
        if kind == "activity":
            found = next((each for each in hub.activities.versions if each.code == code and each.is_valid_on(day)), None)
            return Both(found.nl, found.en) if found else None
        return Both(entry.nl, entry.en) if entry else None

    def certificate(self, person: UUID) -> str:
        """What the hub signed of the erasure of a person. Raises: NotKnown."""
        return self.hub.erase.certify(person)

    def erase_around(self, family: UUID, member: UUID, ground: str, by: str) -> None:
        """Erases somebody who stood around a family. Raises: NotKnown, Unavailable."""
        self.hub.erase.around(family, member, ground, by)

    def grounds(self) -> Sequence[Mapping[str, Any]]:
        """The closed list of grounds."""
        return [
            {
                "code": one.code,
                "nl": one.words.dutch,
                "en": one.words.english,
                "article": one.article,
                "outcome": one.decision.value,
                "assumed": one.assumed,
                "asks": sorted(one.asks),
            }
            for one in self.hub.requests.rules.grounds.values()
        ]

    def identity(self) -> Sequence[Mapping[str, str]]:
        """The ways in which it is checked who asks."""
        return [{"code": code, "nl": one.dutch, "en": one.english} for code, one in self.hub.requests.rules.identity.items()]

    def _told(self, family: UUID) -> Iterator[Mapping[str, Any]]:
        after = ""
        with self.hub.stored.views.connect() as connection:
            while True:
                found = tellings.ask_of_family(connection, Asked(str(family), after=after, limit=_AT_ONCE))
                yield from found["items"]
                if not (after := found["next"]):
                    return

    def _looked(self, person: UUID) -> Iterator[Processing]:
        after = ""
        while True:
            lines, after = self.hub.processings.page(Wanted(subjects=frozenset({str(person)})), after, _AT_ONCE)
            yield from lines
            if not after:
                return

    def _asked(self, person: UUID) -> list[Mapping[str, Any]]:
        with self.hub.stored.views.connect() as connection:
            ids = requests.of_person(connection, str(person))
        with self.hub.log.snapshot() as log:
            streams = log.streams([UUID(id) for id in ids])
        return [_request([self.hub.mapper.to_domain_event(stored) for stored in streams[UUID(id)]]) for id in ids]


def _request(events: Sequence[Any]) -> Mapping[str, Any]:
    noted: PersonRequest.Noted = events[0]
    decided = next((event for event in events if isinstance(event, PersonRequest.Decided)), None)
    due = next(event.due for event in reversed(events) if isinstance(event, PersonRequest.Noted | PersonRequest.Extended))
    return {
        "asks": noted.asks,
        "received": noted.received,
        "due": due.isoformat().replace("+00:00", "Z"),
        "words": noted.words,
        "outcome": decided.decision if decided else "",
        "ground": decided.ground if decided else "",
        "motivation": decided.motivation if decided else "",
    }
