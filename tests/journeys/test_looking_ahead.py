"""Looking ahead for all who share a commit: they find what they would have found one after another."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from hub.adapters.people_index import INDEX
from hub.casework import Casework
from hub.domain.dates import PartialDate
from hub.domain.people import Person
from hub.domain.signals import NamedPerson
from hub.domain.trajectory import Trajectory
from hub.errors import HubError
from hub.families import Said
from hub.register import Done, Unit
from tests.given import Heart, a_heart, a_number, a_person, a_signal, an_occasion

pytestmark = pytest.mark.usefixtures("database")

STEPS = 60
Work = Callable[[Unit], Any]


class Noted:
    """A register that does nothing: what it was asked to do can be done as a part of something else."""

    def do(self, work: Work) -> Done[Any]:
        """Keeps the work."""
        self.work = work
        return Done(None, ())


@dataclass
class Town:
    """Random steps about few people, the same ones for the same seed, whoever takes them; `placed` is what came of signals."""

    heart: Heart
    seed: int
    placed: dict[str, str] = field(default_factory=dict)

    def steps(self) -> list[Work]:
        random = Random(self.seed)  # noqa: S311
        return [self.step(nth, random) for nth in range(STEPS)]

    def step(self, nth: int, random: Random) -> Work:
        """Mostly a signal; now and then a person corrects what the hub made of them."""
        if random.random() < 0.8:
            return self.place(a_said(nth, random))
        return self.correct(random.choice(("merge", "separate", "split", "move", "erase")), random.randrange(2**32))

    def place(self, said: Said) -> Work:
        def work(unit: Unit) -> Any:
            found = self.heart.families.place(said, unit, an_occasion())
            self.placed[said.id] = found.family
            return found

        return work

    def correct(self, what: str, chance: int) -> Work:
        def work(unit: Unit) -> Any:
            random, signals = Random(chance), sorted(id for id, family in self.placed.items() if family)  # noqa: S311
            if len(signals) < 2:
                return None
            one, other = random.sample(signals, 2)
            return self.corrections(unit, one, UUID(self.placed[one]), UUID(self.placed[other]))[what]()

        return work

    def corrections(self, unit: Unit, signal: str, one: UUID, other: UUID) -> dict[str, Callable[[], Any]]:
        noted = Noted()
        casework = Casework(noted, self.heart.families, self.heart.casework.rules)  # type: ignore[arg-type]

        def done(_: Any) -> Any:
            return noted.work(unit)

        people = sorted(unit.get(Trajectory, one).people)
        return {
            "merge": lambda: done(casework.merge(one, other, "the same", "somebody")),
            "separate": lambda: done(casework.separate(one, other, "not the same", "somebody")),
            "split": lambda: done(casework.split(one, people[:1], "not of them", "somebody")),
            "move": lambda: done(casework.move_signal(signal, one, other, "about them", "somebody")),
            "erase": lambda: unit.get(Person, UUID(people[0])).erase("asked", (), (), an_occasion()) if people else None,
        }


def a_said(nth: int, random: Random) -> Said:
    people = (somebody(random, one) for one in random.sample(range(6), random.choice((1, 1, 2))))
    return Said(f"signal-{nth:02}", a_signal(*people), "a-message", "police", "help")


def somebody(random: Random, nth: int) -> NamedPerson:
    """One of six, who are known by more or by less, and of whom some may be taken for each other."""
    return a_person(
        family_name=f"Naam {'ab'[nth % 2]}",
        given_names=random.choice(("Noor", "Sam")),
        birth_date=PartialDate(random.choice((f"2016-04-{nth + 1:02}", "2016"))),
        address=replace(a_person().address, number=str(nth // 2)),
        bsn=random.choice(("", a_number(nth), a_number(nth), a_number(random.randrange(6)))),
    )


def keys_of(heart: Heart) -> Collection[UUID | str]:
    """All that the six may be known by."""
    signals = [a_said(nth, Random(nth)).signal for nth in range(200)]  # noqa: S311
    return set(heart.families.ahead(signals))


def one_by_one(heart: Heart, works: Sequence[Work]) -> list[Any]:
    return [_outcome(lambda work=work: heart.register.do(work).value) for work in works]  # type: ignore[misc]


def together(heart: Heart, works: Sequence[Work], ahead: Collection[UUID | str]) -> list[Any]:
    """In one commit, that looks ahead for all of them."""
    go_on = Event()

    def hold(_: Unit) -> None:
        assert go_on.wait(60)

    heart.register.submit(hold)
    waiting = [heart.register.submit(work, ahead) for work in works]
    go_on.set()
    return [_outcome(lambda each=each: each.result(60).value) for each in waiting]  # type: ignore[misc]


def _outcome(result: Callable[[], Any]) -> Any:
    try:
        return result()
    except HubError as refused:
        return refused.code


def rows(heart: Heart) -> list[set[Any]]:
    """All that the index of people holds."""
    with heart.log.reading() as connection:
        return [set(connection.execute(select(table)).all()) for table in INDEX.tables.sorted_tables]


@pytest.mark.parametrize("seed", range(12))
def test_what_shares_a_commit_finds_what_it_would_have_found_one_after_another(seed: int, tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    with a_heart(tmp_path / "one") as one, a_heart(tmp_path / "other") as other:
        assert together(one, Town(one, seed).steps(), keys_of(one)) == one_by_one(other, Town(other, seed).steps())
        assert rows(one) == rows(other)
        assert [type(event) for event in one.events()] == [type(event) for event in other.events()]


def test_who_is_erased_in_the_middle_of_a_commit_is_not_found_in_the_rest_of_it(heart: Heart) -> None:
    town, first, again = Town(heart, 0), *(Said(f"signal-{nth}", a_signal(), "a-message", "police", "help") for nth in range(2))
    assert one_by_one(heart, [town.place(first)])[0].matched == ("nobody-known",)
    (person,) = [event.originator_id for event in heart.events() if isinstance(event, Person.Named)]

    def erase(unit: Unit) -> None:
        unit.get(Person, person).erase("asked", (), (), an_occasion())

    _, placed = together(heart, [erase, town.place(again)], set(heart.families.ahead([again.signal])))
    assert placed.matched == ("nobody-known",)
