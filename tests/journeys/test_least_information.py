"""Random families through every way out: whatever happened to them, nothing outside the matrix leaves."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import Phase as Step
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from hub import projections
from hub.adapters.channels import told
from hub.adapters.channels.feed import TABLES, Feed
from hub.adapters.contracts import contracts
from hub.adapters.database import engine
from hub.adapters.disclosures import Disclosures
from hub.adapters.event_store import placed
from hub.adapters.matrices import load_matrices
from hub.adapters.notice_event import Sender
from hub.api.facts import HISTORY
from hub.api.plans import PLANS, plans
from hub.api.referral import REFERRAL, referral
from hub.domain.callers import Caller, Capacity
from hub.domain.coarsening import SENSITIVE
from hub.domain.concerns import CONCERNS, Concern
from hub.domain.dates import PartialDate
from hub.domain.field_classes import FieldClass
from hub.domain.signals import Address
from hub.domain.streams import THE_HUB, Occasion
from hub.domain.trajectory import Trajectory
from hub.domain.words import Phase
from hub.history import History
from hub.notices import notices
from hub.ports import Asked, Fact, Notice
from hub.projections import events_of
from hub.relay import Relay, shown
from tests.adapters.disclosing import the_disclosures, the_matrices, the_rules
from tests.adapters.registered import Book, a_registration, with_covenant
from tests.given import COACH, DUTY, NOON, OTHER, RULES, Heart, a_goal, a_heart, a_number, a_person, a_relay_to, a_signal

KINDS = ("police", "veilig-thuis", "housing-corporation", "school-attendance", "social-services", "any-partner")
HOME = Address(postcode="9988ZY", number="77", street="Merkstraat", town="Merkstad")
LEVERS = {lever for matrix in load_matrices(contracts() / "intervention-matrix").versions for lever in matrix.levers}


def _words(concern: Concern) -> list[str]:
    """What shows that this worry left; a lever may go by the same code."""
    return [concern.dutch, concern.english, *([] if concern.code in LEVERS else [f'"{concern.code}"'])]


MARKS: Mapping[FieldClass, tuple[str, ...]] = {
    FieldClass.IDENTITY: ("Merkachternaam", "Merkvoornaam"),
    FieldClass.NUMBER: (a_number(0), a_number(1)),
    FieldClass.BIRTH_DATE: ("2011-11-11", "2012-12-12"),
    FieldClass.ADDRESS: ("9988ZY", "Merkstraat", "Merkstad"),
    FieldClass.PLAN: ("merkdoel",),
    FieldClass.WORDS: ("merkwoorden",),
    FieldClass.CONTACT: (DUTY.contact, COACH.contact, OTHER.contact),
    FieldClass.CONCERN: tuple(text for each in CONCERNS.values() for text in _words(each)),
    **{
        kind: tuple(text for each in CONCERNS.values() if each.told_as is kind for text in _words(each))
        + tuple(id for id, (_, classes) in the_rules().items() if kind in classes)
        for kind in SENSITIVE
    },
}
"""What would show that a class left, wherever it stands in the bytes."""
PEOPLE = [
    a_person(
        bsn=a_number(nth),
        family_name="Merkachternaam",
        given_names="Merkvoornaam",
        birth_date=PartialDate(f"201{nth + 1}-1{nth + 1}-1{nth + 1}"),
        address=HOME,
    )
    for nth in range(2)
]


def _refer(family: Trajectory, rules: Any, on: Any) -> None:
    family.refer("merkwoorden", rules, on)


def _contra_indicate(family: Trajectory, _: Any, on: Any) -> None:
    family.decide_referral(Phase.CONTRA_INDICATED, "merkwoorden", on)


def _accept(family: Trajectory, _: Any, on: Any) -> None:
    family.decide_referral(Phase.ELIGIBLE, "merkwoorden", on)


def _coach(family: Trajectory, _: Any, on: Any) -> None:
    family.assign_coach(COACH, on)


def _plan(family: Trajectory, rules: Any, on: Any) -> None:
    family.adopt_plan([a_goal("merkdoel", specific="merkdoel", owner="Merkvoornaam")], "merkwoorden", rules, on)


def _progress(family: Trajectory, rules: Any, on: Any) -> None:
    family.record_progress("merkdoel", "merkwoorden", rules, on)


def _refuse(family: Trajectory, rules: Any, on: Any) -> None:
    family.refuse_cooperation("merkwoorden", rules, on)


def _correct(family: Trajectory, _: Any, on: Any) -> None:
    family.note_correction("merkwoorden", "merkwoorden", on)


def _hand_over(family: Trajectory, rules: Any, on: Any) -> None:
    family.offer_handover(OTHER, "merkwoorden", rules, replace(on, by=family.director.who))


def _end(family: Trajectory, _: Any, on: Any) -> None:
    family.end_early("merkwoorden", on)


STEPS = (_refer, _contra_indicate, _accept, _coach, _plan, _progress, _refuse, _correct, _hand_over, _end)
STEPS_OF_A_TRY = (Step.explicit, Step.reuse, Step.generate)
"""A family takes a second: what failed is not made smaller."""
SIGNALS = st.lists(st.tuples(st.sampled_from(sorted(CONCERNS)), st.sampled_from(KINDS), st.integers(0, 1)), min_size=1, max_size=8)


class Out:
    """Every way out of one family's hub."""

    def __init__(self, heart: Heart, relay: Relay) -> None:
        self.heart, self.relay = heart, relay
        self.book = Book()
        for kind in KINDS:
            self.book.save(with_covenant(a_registration(f"{kind}-one", kind)))
        self.disclosures: Disclosures = the_disclosures(self.book.registrations, heart.clock)
        self.families = {str(event.originator_id) for event in heart.events() if isinstance(event, Trajectory.Opened)}
        self.answers, self.notices = list(self._answers()), self._notices()
        self.feed = Feed(relay.engine)
        TABLES.create_all(relay.engine)
        with relay.engine.begin() as connection:
            self.feed.accept(self.notices, connection)

    def _answers(self) -> Iterator[tuple[Any, Mapping[str, Any]]]:
        """Every view, and the history, the plans and the referral of every family, in full, each with its schema."""
        self.relay.catch_up()
        history = History(self.heart.log, self.heart.mapper, placed)
        with self.relay.engine.connect() as connection:
            for projection in projections.found().values():
                for view in projection.views:
                    keys = self.families if "{id}" in view.path else {""}
                    for key in keys:
                        found = view.ask(connection, Asked(key, at=self.heart.clock.now()))
                        if found is not None:
                            yield found, view.answer
        for family in self.families:
            whole = history(UUID(family), None, None)
            yield whole, HISTORY
            yield plans(whole), PLANS.answer
            known = self.heart.family(family)
            yield referral(known, known.assess_referral(RULES, Occasion(NOON, THE_HUB))), REFERRAL.answer

    def _notices(self) -> list[Notice]:
        """What others would hear of, in full."""
        kinds = events_of(Trajectory)
        facts = [
            Fact(position, event.originator_id, event)
            for position, event in enumerate(self.heart.events(), start=1)
            if type(event) in kinds
        ]
        return [replace(notice, tell=KINDS) for fact in facts for notice in notices(fact)]

    def to_person(self, role: Capacity, purpose: str) -> Iterator[str]:
        """All that somebody in this role gets for a purpose: answers, and the live feed."""
        caller = Caller(role, "somebody", "local-team")
        for answer, schema in self.answers:
            yield _text(self.disclosures.answer(answer, schema, caller, purpose))
        for one in self.feed.after(0, 1_000):
            yield _text(self.disclosures.to_person(one.notice, caller))

    def to_partners(self) -> dict[str, list[bytes]]:
        """The events that each partner is sent."""
        sender, known = Sender("00000099000000009000", "https://hub.example"), self.book.registrations.subscribers()
        sieve = SimpleNamespace(disclose=self.disclosures.to_partner, ties=lambda _: {})
        return {
            receiver.key: [sender.event(notice, place) for place, notice in enumerate(mine, start=1)]
            for receiver, mine in told(self.notices, known, sieve, lambda _: frozenset())
        }


@contextmanager
def a_family_of(signals: list[tuple[str, str, int]], steps: list[Any]) -> Iterator[Out]:
    """A hub in which these signals came, people tried these steps, and (after an odd number) every term passed."""
    with TemporaryDirectory() as place, a_heart(Path(place)) as heart:
        for place_of, (concern, partner, nth) in enumerate(signals):
            heart.place(a_signal(PEOPLE[nth], concern=concern, reference=f"r-{place_of}"), partner=partner)
        opened = [event for event in heart.events() if isinstance(event, Trajectory.Opened)]
        for step in steps:
            try:
                heart.casework.decide(opened[0].originator_id, step, DUTY.who)
            except Exception as refused:  # what the rules forbid did not happen
                assert hasattr(refused, "code"), refused
        if len(steps) % 2:
            heart.clock.set(NOON + timedelta(days=200))
            heart.casework.pass_deadlines(opened[0].originator_id)
        views = engine(f"sqlite:///{Path(place) / 'views.db'}", durable=False)
        relay = a_relay_to([shown(each) for each in projections.found().values()], heart, views)
        relay.open()
        yield Out(heart, relay)
        views.dispose()


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _marks_outside(allowed: frozenset[FieldClass]) -> list[str]:
    return [mark for kind, marks in MARKS.items() if kind not in allowed for mark in marks]


@given(signals=SIGNALS, steps=st.lists(st.sampled_from(STEPS), max_size=8))
@tries(max_examples=12, phases=STEPS_OF_A_TRY)
def test_of_random_families_nothing_outside_the_matrix_leaves_to_people(signals: list[Any], steps: list[Any]) -> None:
    with a_family_of(signals, steps) as out:
        for (role, purpose), allowed in the_matrices().versions[-1].people.items():
            forbidden = _marks_outside(allowed)
            for text in out.to_person(Capacity(role), purpose):
                assert not [mark for mark in forbidden if mark in text], (role, purpose)


@given(signals=SIGNALS, steps=st.lists(st.sampled_from(STEPS), max_size=8))
@tries(max_examples=12, phases=STEPS_OF_A_TRY)
def test_of_random_families_partners_get_no_worry_no_person_and_no_shared_identifier(signals: list[Any], steps: list[Any]) -> None:
    with a_family_of(signals, steps) as out:
        sent = out.to_partners()
        matrix = the_matrices().versions[-1]
        for receiver in out.book.registrations.all():
            allowed = matrix.for_system(receiver.kind, receiver.purposes)
            text = "\n".join(event.decode() for event in sent.get(receiver.name, ()))
            assert not [mark for mark in _marks_outside(allowed) if mark in text], receiver.name
            assert not [family for family in out.families if family in text]
        for one in sent:
            for other in sent.keys() - {one}:
                assert not {text for text in _long_strings(sent[one]) & _long_strings(sent[other]) if not _is_public(text)}


def _long_strings(events: list[bytes]) -> set[str]:
    return {text for event in events for text in _strings(json.loads(event)) if len(text) >= 8}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _strings(each)


CONTACTS = {each for person in (DUTY, COACH, OTHER) for each in (person.contact, person.organisation)}


def _is_public(text: str) -> bool:
    """A code, who the hub is, how to reach a desk, a number in a row of one's own, or a time to the minute."""
    is_code = text.startswith(("nl.vig.", "urn:nld:oin:")) or text in CONTACTS or text in ("application/json", "director")
    is_code = is_code or text in {"veilig-thuis", "local-team", "housing-corporation", "social-services", "administrative-director"}
    is_code = is_code or text in {"administrative", "ended-early"} or text.isdigit()
    return is_code or (text.endswith(":00Z") and len(text) == len("2026-03-02T12:00:00Z"))


@pytest.mark.parametrize("concern", [code for code, each in sorted(CONCERNS.items()) if each.told_as in SENSITIVE])
def test_whoever_may_see_it_sees_what_exactly_the_worry_is(concern: str) -> None:
    with a_family_of([(concern, "police", 0)], []) as out:
        seen = "".join(out.to_person(Capacity.COORDINATOR, "coordinating-help"))
        coarse = "".join(out.to_person(Capacity.ADMINISTRATIVE, "coordinating-help"))
    assert CONCERNS[concern].dutch in seen
    assert CONCERNS[concern].dutch not in coarse
    assert f"worry-on-{CONCERNS[concern].axis.value}" in coarse
