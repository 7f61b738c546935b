"""Which family a signal is about: certain, new, or a question for a person; and always why.

First an exact match on a protected identifier, then an exact match on name, birth date and address; whatever is
less than that is for a person to answer.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from hub.domain.signals import NamedPerson


class By(IntEnum):
    """The kinds of look-up keys, the surest first."""

    BSN = 1
    NAME_BIRTH_ADDRESS = 2
    NAME_BIRTH = 3
    NAME_ADDRESS = 4
    ADDRESS = 5

    @property
    def is_exact(self) -> bool:
        return self <= By.NAME_BIRTH_ADDRESS


@dataclass(frozen=True, slots=True)
class Known:
    """A person of the hub that a key found, and the families it belongs to; `conflicts` where the numbers differ."""

    person: str
    by: By
    families: tuple[str, ...]
    conflicts: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """Where a signal belongs: `family` where it is certain, a question where it is not, otherwise a new family.

    `people` says of each named person, in order, which known person it is (empty: one whom the hub did not know).
    `why` are codes, such as ``bsn`` or ``two-families``.
    """

    people: tuple[str, ...]
    why: tuple[str, ...]
    family: str = ""
    candidates: tuple[str, ...] = ()
    is_question: bool = False


def keys_of(named: NamedPerson) -> dict[By, str]:
    """The plain look-up keys that a named person has; what is unknown gives no key."""
    surname = folded(f"{named.prefix} {named.family_name}")
    initial = folded(named.given_names)[:1]
    name = f"{surname}|{initial}" if surname and initial else ""
    born = named.birth_date.text if named.birth_date.is_complete else ""
    at = named.address
    postcode, number = folded(at.postcode, ""), folded(at.number, "")
    home = f"{postcode}|{number}{folded(at.addition, '')}" if postcode and number else ""
    keys = {
        By.BSN: (named.bsn,),
        By.NAME_BIRTH_ADDRESS: (name, born, home),
        By.NAME_BIRTH: (name, born),
        By.NAME_ADDRESS: (name, home),
        By.ADDRESS: (home,),
    }
    return {by: f"{by.name}|{'|'.join(parts)}" for by, parts in keys.items() if all(parts)}


def match(
    named: Sequence[NamedPerson], found: Sequence[Sequence[Known]], answered: Iterable[str] = (), *, is_feedback: bool = True
) -> Match:
    """Decides for one signal: `found` are the known people for each named person, `answered` the families of the
    message that this one answers, where it names nobody. Only feedback (`is_feedback`) is known by that alone: of anything
    else a person says whose it is, or everybody who has seen a reference could write into a family.
    """
    if not any(person.is_subject for person in named):
        return _answer(tuple(sorted(set(answered))), tuple("" for _ in named), is_feedback)
    found = [_without_namesakes(known) for known in found]
    subjects = [known for person, known in zip(named, found, strict=True) if person.is_subject]
    exact = [known for one in subjects for known in one if known.by.is_exact]
    people = tuple(_same_person(known) for known in found)
    if any(known.conflicts for known in exact) or any(len(_exact_people(one)) > 1 for one in subjects):
        return _question(exact, people, "conflicting-identifiers")
    families = [set(known.families) for known in exact if known.families]
    if families:
        return _of(families, subjects, exact, people)
    if exact:
        return _question(exact, people, "waits-in-a-question")
    weak = [known for one in subjects for known in one if known.families]
    return _question(weak, people, *_codes(weak)) if weak else Match(people, ("nobody-known",))


def folded(text: str, space: str = " ") -> str:
    """Text as it is compared: without case, accents, signs and needless spaces."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    letters = "".join(sign if sign.isalnum() else " " for sign in plain if not unicodedata.combining(sign))
    return space.join(letters.split())


def _of(families: list[set[str]], subjects: Sequence[Sequence[Known]], exact: list[Known], people: tuple[str, ...]) -> Match:
    common = set.intersection(*families)
    if len(common) > 1:
        common &= _at_that_address(subjects, {known.person for known in exact}) or common
    if len(common) == 1:
        return Match(people, _codes(exact), family=common.pop())
    return _question(exact, people, "two-families")


def _at_that_address(subjects: Sequence[Sequence[Known]], but: set[str]) -> set[str]:
    """The families of others who live where the named people do."""
    others = (known for one in subjects for known in one if known.by >= By.NAME_ADDRESS and known.person not in but)
    return {family for known in others for family in known.families}


def _without_namesakes(known: Sequence[Known]) -> Sequence[Known]:
    """Where the number itself found somebody, who looks the same with another number is somebody else (a twin)."""
    if not any(one.by is By.BSN for one in known):
        return known
    return [one for one in known if one.by is By.BSN or not (one.by.is_exact and one.conflicts)]


def _answer(families: tuple[str, ...], people: tuple[str, ...], is_feedback: bool) -> Match:
    if is_feedback and len(families) == 1:
        return Match(people, ("answers-earlier-message",), family=families[0])
    return Match(people, ("names-nobody",), candidates=families, is_question=True)


def _question(known: Iterable[Known], people: tuple[str, ...], *why: str) -> Match:
    candidates = sorted({family for one in known for family in one.families})
    return Match(people, why, candidates=tuple(candidates), is_question=True)


def _same_person(known: Sequence[Known]) -> str:
    certain = _exact_people(known)
    return certain[0] if len(certain) == 1 and not any(one.by.is_exact and one.conflicts for one in known) else ""


def _exact_people(known: Sequence[Known]) -> list[str]:
    surest = min((one.by for one in known), default=By.ADDRESS)
    return sorted({one.person for one in known if one.by is surest and one.by.is_exact})


def _codes(known: Iterable[Known]) -> tuple[str, ...]:
    return tuple(by.name.lower().replace("_", "-") for by in sorted({one.by for one in known}))
