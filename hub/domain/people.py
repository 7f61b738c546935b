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
    is_restricted: bool
    has_stated: bool
    erased: "Person.Erased | None"
    certificate: str

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
            person.is_erased, person.erased, person.certificate = False, None, ""
            person.is_restricted = person.has_stated = False

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
            person.erased, person.certificate = self, ""

    class Restricted(Recorded):
        """What is kept of this person may not be used any more, on that ground, because of the request that `cause` names."""

        TOPIC = "person-use-restricted"
        ground: str

        def apply(self, person: "Person") -> None:
            person.is_restricted = True

    class RestrictionLifted(Recorded):
        """It may be used again; the person was told before, as the words say (art. 18(3))."""

        TOPIC = "person-restriction-lifted"
        SEALED = sealed("words")
        words: str

        def apply(self, person: "Person") -> None:
            person.is_restricted = False

    class Stated(Recorded):
        """This person wants their own words to stand beside what is kept of them (art. 16)."""

        TOPIC = "person-stated"
        SEALED = sealed("words")
        words: str

        def apply(self, person: "Person") -> None:
            person.has_stated = True

    class ErasureCertified(Recorded):
        """The hub signed what the last erasure reached, and what the log was before it and after it."""

        TOPIC = "person-erasure-certified"
        certificate: str

        def apply(self, person: "Person") -> None:
            person.certificate = self.certificate

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

    def restrict(self, ground: str, on: Occasion) -> None:
        """What is kept of this person may not be used any more; a repeat is silence."""
        if not self.is_restricted:
            self.record(self.Restricted, on, ground=ground)

    def lift_restriction(self, words: str, on: Occasion) -> None:
        """It may be used again; `words` say how the person was told before. Raises: RuleBroken."""
        if not self.is_restricted:
            raise RuleBroken("What is kept of this person is not restricted.", code="not-restricted")
        if not words.strip():
            raise RuleBroken("Whoever asked for it is told before a restriction is lifted.", code="person-not-told")
        self.record(self.RestrictionLifted, on, words=words.strip())

    def state(self, words: str, on: Occasion) -> None:
        """Puts this person's own words beside what is kept of them. Raises: RuleBroken, where nothing is kept any more."""
        if self.is_erased:
            raise RuleBroken("Of this person nothing is kept any more.", code="erased")
        self.record(self.Stated, on, words=words.strip())

    def certify(self, certificate: str, on: Occasion) -> None:
        """Keeps what the hub signed of an erasure."""
        self.record(self.ErasureCertified, on, certificate=certificate)


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
