"""A person as the hub knows them: one stream each, so that one person's data can be shown, corrected or erased alone."""

from collections.abc import Mapping
from uuid import UUID

from hub.domain.matching import By
from hub.domain.signals import NamedPerson
from hub.domain.streams import Occasion, Opening, Recorded, Stream


class Person(Stream):
    """Names, birth date, number and addresses of one person, as partners gave them.

    `keys` are blind (keyed hashes): they find a person without saying who it is; `number_key` is that of the BSN.
    """

    TOPIC = "person"

    keys: set[str]
    given_names: str

    class Named(Opening):
        """A partner named somebody whom the hub did not know."""

        TOPIC = "person-named"
        bsn: str
        family_name: str
        prefix: str
        given_names: str
        born: str
        address: dict[str, str]
        keys: list[str]
        number_key: str

        def apply(self, person: "Person") -> None:
            person.keys, person.given_names = set(self.keys), self.given_names

    class NamedAgain(Recorded):
        """A partner named somebody known in a way that adds something: a number, an address, another spelling."""

        TOPIC = "person-named-again"
        bsn: str
        family_name: str
        prefix: str
        given_names: str
        born: str
        address: dict[str, str]
        keys: list[str]
        number_key: str

        def apply(self, person: "Person") -> None:
            person.keys.update(self.keys)
            person.given_names = max(person.given_names, self.given_names, key=len)

    @classmethod
    def first_named(cls, person: UUID, named: NamedPerson, keys: Mapping[By, str], on: Occasion) -> "Person":
        """Somebody whom the hub did not know."""
        return cls.open(cls.Named, person, on, **_details(named, keys))

    def name_again(self, named: NamedPerson, keys: Mapping[By, str], on: Occasion) -> None:
        """Adds what is new about a person, such as a name in full after initials; nothing new is silence."""
        if not self.keys.issuperset(keys.values()) or len(named.given_names) > len(self.given_names):
            self.record(self.NamedAgain, on, **_details(named, keys))


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
