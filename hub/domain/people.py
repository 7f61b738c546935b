"""A person as the hub knows them: one stream each, so that one person's data can be shown, corrected or erased alone."""

from collections.abc import Sequence

from hub.domain.signals import NamedPerson
from hub.domain.streams import Occasion, Opening, Recorded, Stream


class Person(Stream):
    """Names, birth date, number and addresses of one person, as partners gave them.

    `keys` are blind (keyed hashes): they find a person without saying who it is.
    """

    TOPIC = "person"

    keys: set[str]

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

        def apply(self, person: "Person") -> None:
            person.keys = set(self.keys)

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

        def apply(self, person: "Person") -> None:
            person.keys.update(self.keys)

    def name_again(self, named: NamedPerson, keys: Sequence[str], on: Occasion) -> None:
        """Adds what is new about a person; nothing new is silence."""
        if not self.keys.issuperset(keys):
            self.record(self.NamedAgain, on, **details(named), keys=sorted(keys))


def details(named: NamedPerson) -> dict[str, object]:
    """A named person as plain fields of an event; the only place where they are written."""
    address = named.address
    return {
        "bsn": named.bsn,
        "family_name": named.family_name,
        "prefix": named.prefix,
        "given_names": named.given_names,
        "born": named.birth_date.text,
        "address": {name: text for name in address.__slots__ if (text := getattr(address, name))},
    }
