"""The ledger holds every attempt once, in order, and whoever took notice once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.streams import Occasion
from hub.domain.tellings import MOST, ONCE, Attempt, Person, Telling, Way
from hub.domain.words import Axis, Level
from hub.errors import Malformed, RuleBroken
from tests.given import COACH, DUTY, NOON, RULES, a_family, an_occasion, hand_over

ON = an_occasion()
FIRST = Attempt(
    organisation="police",
    subscription="police",
    notice="a-notice",
    called="a-family",
    fact=7,
    type="nl.vig.escalations.level-raised.v1",
    way=Way.WEBHOOK,
    sequence=1,
    number=1,
    digest="aa",
    outcome="http-503",
    is_taken=False,
    began=NOON,
    ended=NOON,
)
ATTEMPTS = st.builds(
    lambda way, number, digest, is_taken, after: replace(
        FIRST,
        way=way,
        number=number,
        digest=digest,
        is_taken=is_taken,
        outcome="http-200" if is_taken else "http-503",
        began=NOON + timedelta(minutes=after),
        ended=NOON + timedelta(minutes=after, seconds=1),
    ),
    st.sampled_from(list(Way)),
    st.integers(1, 3),
    st.sampled_from(["aa", "bb"]),
    st.booleans(),
    st.integers(0, 3),
)


def a_telling(*attempts: Attempt, on: Occasion = ON) -> Telling:
    """What is kept of these attempts."""
    telling = Telling.begin(attempts[0].telling, attempts[0], "the-family", on)
    for attempt in attempts[1:]:
        telling.attempt(attempt, on)
    return telling


def kept(telling: Telling) -> list[dict[str, Any]]:
    return [{name: getattr(each, name) for name in FIRST.said()} for each in telling.attempts]


def each_once(attempts: Sequence[Attempt]) -> list[dict[str, Any]]:
    seen, left = set(), []
    for one in attempts:
        key = (one.way, one.digest) if one.way in ONCE else tuple(one.said().values())
        left += [one.said()] if key not in seen else []
        seen.add(key)
    return left


@given(st.lists(ATTEMPTS, min_size=1, max_size=12))
def test_every_attempt_is_kept_once_in_the_order_in_which_they_were_made(attempts: list[Attempt]) -> None:
    telling = a_telling(*attempts)
    assert kept(telling) == each_once(attempts)
    taken = [one["ended"] for one in each_once(attempts) if one["is_taken"]]
    assert telling.taken_at == min(taken, default=None)


@given(st.lists(ATTEMPTS, min_size=1, max_size=6))
def test_all_of_it_once_more_changes_nothing(attempts: list[Attempt]) -> None:
    telling = a_telling(*attempts)
    before = telling.version
    for attempt in attempts:
        telling.attempt(attempt, ON)
    assert telling.version == before


def test_what_was_attempted_again_after_it_could_not_be_settled_stands_twice() -> None:
    again = replace(FIRST, began=NOON + timedelta(seconds=5), ended=NOON + timedelta(seconds=6))
    assert [one.number for one in a_telling(FIRST, again).attempts] == [1, 1]


def test_a_person_takes_notice_once_and_another_does_too() -> None:
    telling, somebody = a_telling(FIRST), Person("Tessa de Proef", "duty officer", NOON)
    for person in (somebody, replace(somebody, at=NOON - timedelta(hours=1)), replace(somebody, role="head of the desk")):
        telling.acknowledge(person, ON)
    assert [(one.role, one.at) for one in telling.persons] == [("duty officer", NOON), ("head of the desk", NOON)]


def test_nobody_takes_notice_of_what_was_not_told_yet() -> None:
    telling = a_telling(replace(FIRST, began=NOON + timedelta(seconds=0.4)), on=ON)
    with pytest.raises(Malformed):
        telling.acknowledge(Person("Tessa de Proef", "duty officer", NOON - timedelta(seconds=1)), ON)
    telling.acknowledge(Person("Tessa de Proef", "duty officer", NOON), ON)
    assert len(telling.persons) == 1


def test_nobody_takes_notice_of_anything_later_than_now_and_not_everybody_does() -> None:
    telling = a_telling(FIRST)
    with pytest.raises(Malformed):
        telling.acknowledge(Person("Tessa de Proef", "duty officer", NOON + timedelta(seconds=1)), ON)
    for nth in range(MOST):
        telling.acknowledge(Person("Tessa de Proef", f"duty officer {nth}", NOON), ON)
    with pytest.raises(RuleBroken):
        telling.acknowledge(Person("Tessa de Proef", "one too many", NOON), ON)
    assert len(telling.persons) == MOST


# Whose an escalation is to take notice of ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("concern", "leads", "other"),
    [("worrying-situation", "veilig-thuis", "police"), ("nuisance", "housing-corporation", "veilig-thuis")],
)
def test_an_escalation_is_for_the_kind_of_partner_that_leads_by_the_matrix(concern: str, leads: str, other: str) -> None:
    family = a_family(concern)
    (escalation,) = family.escalations
    assert family.is_for(escalation, "some-organisation", leads, True)
    assert not family.is_for(escalation, "some-organisation", other, True)
    assert not family.is_for("no-such-escalation", "some-organisation", leads, True)


def test_of_several_of_the_kind_that_leads_it_is_for_those_that_raised_a_signal_about_the_family() -> None:
    family = a_family("worrying-situation")
    (escalation,) = family.escalations
    (reporter,) = {said.partner for said in family.accounts.values()}
    assert family.is_for(escalation, reporter, "veilig-thuis", False)
    assert not family.is_for(escalation, "veilig-thuis-elders", "veilig-thuis", False)


def test_where_a_director_leads_it_is_for_the_organisation_of_whoever_directs_now() -> None:
    family = a_family("evicted")
    (escalation,) = (one.id for one in family.escalations.values() if one.leads == "director")
    assert family.is_for(escalation, DUTY.organisation, "", False)
    hand_over(family, COACH, ON)
    assert family.is_for(escalation, COACH.organisation, "", False)
    assert not family.is_for(escalation, "somebody-else", "veilig-thuis", True)


@pytest.mark.parametrize("axis", list(Axis))
def test_every_cell_in_which_a_partner_leads_has_it_told_and_asks_it_to_take_notice(axis: Axis) -> None:
    cell = RULES.matrix.cells[axis, Level(2)]
    assert cell.acknowledge
    assert cell.leads in (*cell.tell, "local-team")
