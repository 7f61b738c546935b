"""A person as the hub knows them: one stream each, so that one person's data can be shown, corrected or erased alone.

What is kept of a person is sealed with a key of their own, the blind keys that find them too. Erasing them destroys that
key: the stream stays, and says no more than that there was somebody. Who is named again later is somebody new to the hub.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from hub.domain.matching import By
from hub.domain.signals import NamedPerson
from hub.domain.streams import Occasion, Opening, Recorded, Stream, sealed
from hub.errors import RuleBroken

_OF_A_PERSON = sealed("bsn", "family_name", "prefix", "given_names", "born", "address", "keys", "number_key")


class Person(Stream):
    """Names, birth date, number and addresses of one person, as partners gave them.

    `keys` are blind (keyed hashes): they find a person without saying who it is; `number_key` is that of the BSN.
    """

    TOPIC = "person"

    keys: set[str]
    given_names: str
    is_erased: bool

    class Named(Opening):
        """A partner named somebody whom the hub did not know."""

        TOPIC = "person-named"
        SEALED = _OF_A_PERSON
        bsn: str
        family_name: str
        prefix: str
        given_names: str
        born: str
        address: dict[str, str]
        keys: list[str]
        number_key: str

        def apply(self, person: "Person") -> None:
            person.keys, person.given_names = set(filter(None, self.keys)), self.given_names
            person.is_erased = False

    class NamedAgain(Recorded):
        """A partner named somebody known in a way that adds something: a number, an address, another spelling."""

        TOPIC = "person-named-again"
        SEALED = _OF_A_PERSON
        bsn: str
        family_name: str
        prefix: str
        given_names: str
        born: str
        address: dict[str, str]
        keys: list[str]
        number_key: str

        def apply(self, person: "Person") -> None:
            person.keys.update(filter(None, self.keys))
            person.given_names = max(person.given_names, self.given_names, key=len)

    class Erased(Recorded):
        """The key of all that was kept of this person was destroyed, on that ground, and with it that of what named them.

        `messages` and `questions` are the streams of what named them: the bytes as received, and the signals that waited.
        """

        TOPIC = "person-erased"
        ground: str
        messages: list[str]
        questions: list[str]

        def apply(self, person: "Person") -> None:
            person.keys, person.given_names, person.is_erased = set(), "", True

    @classmethod
    def first_named(cls, person: UUID, named: NamedPerson, keys: Mapping[By, str], on: Occasion) -> "Person":
        """Somebody whom the hub did not know."""
        return cls.open(cls.Named, person, on, **_details(named, keys))

    def name_again(self, named: NamedPerson, keys: Mapping[By, str], on: Occasion) -> None:
        """Adds what is new about a person, such as a name in full after initials; nothing new is silence."""
        if not self.keys.issuperset(keys.values()) or len(named.given_names) > len(self.given_names):
            self.record(self.NamedAgain, on, **_details(named, keys))

    def erase(self, ground: str, messages: Collection[str], questions: Collection[str], on: Occasion) -> None:
        """Records that this person is erased; once more, and it covers what came to light since.

        Raises:
            RuleBroken: no ground was given.
        """
        if not ground.strip():
            raise RuleBroken("Erasing somebody needs a ground.", code="ground-missing")
        self.record(self.Erased, on, ground=ground, messages=sorted(messages), questions=sorted(questions))


def _details(named: NamedPerson, keys: Mapping[By, str]) -> dict[str, object]:
    address = named.address
    return {
        "bsn": named.bsn,
        "family_name": named.family_name,
        "prefix": named.prefix,
        "given_names": named.given_names,
        "born": named.birth_date.text,
        "address": {name: text for name in address.__slots__ if (text := getattr(address, name))},
        "keys": sorted(keys.values()),
        "number_key": keys.get(By.BSN, ""),
    }
