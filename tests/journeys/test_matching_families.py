"""From what partners say to one family: matched, asked, answered, taken back, merged and split, on real parts."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select

from hub.adapters.people_index import KEYS
from hub.domain.dates import PartialDate
from hub.domain.people import Person
from hub.domain.questions import MatchQuestion
from hub.domain.signals import Address, NamedPerson
from hub.domain.trajectory import Trajectory
from hub.domain.words import Role
from hub.errors import NotKnown, RuleBroken
from hub.families import FEEDBACK
from tests.given import DUTY, ELSEWHERE, HOME, Heart, a_number, a_person, a_signal

pytestmark = pytest.mark.usefixtures("database")

CHILD = a_person(bsn=a_number(0))
BROTHER = a_person(bsn=a_number(1), given_names="Bram", birth_date=PartialDate("2013-02-03"))
MOTHER = a_person(bsn=a_number(2), given_names="Esther", birth_date=PartialDate("1988-01-02"), role=Role.PARENT)
FATHER = a_person(
    bsn=a_number(3),
    family_name="Anders",
    given_names="Karim",
    birth_date=PartialDate("1986-11-12"),
    role=Role.PARENT,
    address=ELSEWHERE,
)


def without_number(person: NamedPerson, **but: object) -> NamedPerson:
    """As a partner names somebody that has no ground to use the number."""
    return replace(person, bsn="", **but)


def family_of(heart: Heart, *people: NamedPerson, **but: object) -> str:
    """Where a signal about these people went."""
    (placed,) = heart.place(a_signal(*people, **but))
    assert placed.family, placed
    return placed.family


def question_about(heart: Heart, *people: NamedPerson, **but: object) -> MatchQuestion:
    """The question that a signal about these people became."""
    (placed,) = heart.place(a_signal(*people, **but))
    assert placed.question, placed
    return heart.register.read(lambda unit: unit.get(MatchQuestion, UUID(placed.question)))


def facts(heart: Heart, kind: type) -> int:
    return sum(isinstance(event, kind) for event in heart.events())


# Certain ------------------------------------------------------------------------------------------------


def test_the_number_finds_the_family_whatever_else_is_said(heart: Heart) -> None:
    family = family_of(heart, CHILD)
    again = replace(CHILD, family_name="Anders-Gespeld", birth_date=PartialDate("2016"), address=Address())
    (placed,) = heart.place(a_signal(again, reference="a-2"))
    assert (placed.family, placed.matched) == (family, ("bsn",))
    assert len(heart.family(family).people) == 1


def test_name_birth_date_and_address_find_whom_another_partner_named_with_a_number(heart: Heart) -> None:
    family = family_of(heart, CHILD)
    (placed,) = heart.place(a_signal(without_number(CHILD)), partner="housing-corporation")
    assert (placed.family, placed.matched) == (family, ("name-birth-address",))
    assert len(heart.family(family).people) == 1
    assert facts(heart, Person.Named) == 1


def test_a_number_is_added_to_whom_a_partner_without_one_named_first(heart: Heart) -> None:
    family = family_of(heart, without_number(MOTHER))
    assert family_of(heart, MOTHER) == family
    assert family_of(heart, replace(MOTHER, address=ELSEWHERE)) == family
    assert (facts(heart, Person.Named), facts(heart, Person.NamedAgain)) == (1, 2)


def test_a_number_is_added_although_somebody_else_lives_there_with_another_number(heart: Heart) -> None:
    family = family_of(heart, MOTHER, without_number(CHILD))
    assert family_of(heart, CHILD) == family
    assert len(heart.family(family).people) == 2


def test_what_is_known_already_is_said_once(heart: Heart) -> None:
    family_of(heart, CHILD)
    family_of(heart, CHILD, reference="a-2")
    assert (facts(heart, Person.Named), facts(heart, Person.NamedAgain), facts(heart, Trajectory.PersonJoined)) == (1, 0, 1)


def test_twins_with_their_own_numbers_are_two_people_of_one_family(heart: Heart) -> None:
    nina = replace(CHILD, bsn=a_number(4), given_names="Nina")
    family = family_of(heart, CHILD, nina)
    assert len(heart.family(family).people) == 2
    for twin in (CHILD, nina):
        (placed,) = heart.place(a_signal(twin, reference="again"))
        assert (placed.family, placed.matched) == (family, ("bsn", "name-birth-address"))
    assert len(heart.family(family).people) == 2


def test_a_twin_without_a_number_and_with_the_same_initial_is_for_a_person_to_tell_apart(heart: Heart) -> None:
    family = family_of(heart, CHILD, replace(CHILD, bsn=a_number(4), given_names="Nina"))
    asked = question_about(heart, without_number(CHILD)).asked
    assert (asked.candidates, asked.why) == ([family], ["conflicting-identifiers"])


def test_a_child_in_two_households_is_matched_by_the_address_that_is_named(heart: Heart) -> None:
    mother = family_of(heart, MOTHER, CHILD)
    father = family_of(heart, FATHER)
    asked = question_about(heart, FATHER, CHILD)
    heart.casework.answer(asked.id, UUID(father), "he lives there every other week", "coordinator")
    assert family_of(heart, replace(CHILD, address=HOME), reference="school-1") == mother
    assert family_of(heart, replace(CHILD, address=ELSEWHERE), reference="school-2") == father
    asked = question_about(heart, replace(CHILD, address=Address()), reference="school-3")
    assert (sorted(asked.asked.candidates), asked.asked.why) == (sorted([mother, father]), ["two-families"])


def test_a_child_that_was_first_known_without_a_number_is_one_child_in_both_households(heart: Heart) -> None:
    mother = family_of(heart, MOTHER, without_number(CHILD))
    assert family_of(heart, CHILD, reference="with a number") == mother
    father = family_of(heart, FATHER)
    asked = question_about(heart, FATHER, replace(CHILD, address=ELSEWHERE))
    heart.casework.answer(asked.id, UUID(father), "he lives there every other week", "coordinator")
    assert set(heart.family(mother).people) & set(heart.family(father).people)
    assert facts(heart, Person.Named) == 3


def test_whom_a_signal_only_mentions_never_joins(heart: Heart) -> None:
    uncle = replace(FATHER, is_subject=False)
    family = family_of(heart, CHILD, uncle)
    assert len(heart.family(family).people) == facts(heart, Person.Named) == 1
    assert family_of(heart, FATHER) != family


def test_two_families_that_share_nothing_stay_two(heart: Heart) -> None:
    assert family_of(heart, CHILD) != family_of(heart, FATHER)


def test_of_several_signals_in_a_message_the_second_sees_what_the_first_made(heart: Heart) -> None:
    first, second, third = heart.place(
        a_signal(CHILD, reference="1"), a_signal(CHILD, MOTHER, reference="2"), a_signal(MOTHER, reference="3")
    )
    assert first.family == second.family == third.family
    assert (first.matched, second.matched) == (("nobody-known",), ("bsn", "name-birth-address"))
    assert (facts(heart, Trajectory.Opened), len(heart.family(first.family).signals)) == (1, 3)


def test_feedback_that_names_nobody_finds_the_family_by_the_reference_it_answers(heart: Heart) -> None:
    family = family_of(heart, CHILD, reference="police-77")
    feedback = a_signal(reference="vt-1", concern="feedback-taken-up", refers_to="police-77", people=())
    (placed,) = heart.place(feedback, partner="veilig-thuis", purpose=FEEDBACK)
    assert (placed.family, placed.matched) == (family, ("answers-earlier-message",))
    asked = heart.place(replace(feedback, refers_to="nothing-known"), purpose=FEEDBACK)[0]
    assert (asked.question != "", asked.matched) == (True, ("names-nobody",))


def test_what_is_no_feedback_waits_for_a_person_whichever_reference_it_names(heart: Heart) -> None:
    family = family_of(heart, CHILD, reference="police-77")
    worry = a_signal(reference="other-1", refers_to="police-77", people=())
    (asked,) = heart.place(worry, partner="youth-work")
    assert (asked.question != "", asked.matched) == (True, ("names-nobody",))
    assert len(heart.family(family).signals) == 1


def test_only_blind_keys_stand_in_the_index(heart: Heart) -> None:
    family_of(heart, CHILD)
    with heart.log.snapshot() as log:
        keys = log.connection.execute(select(KEYS.c.key)).scalars().all()
    assert len(keys) == 5
    assert all(len(key) == 64 and CHILD.bsn not in key and "voorbeeld" not in key for key in keys)


# Questions ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "why"),
    [
        (replace(CHILD, bsn=a_number(9)), "conflicting-identifiers"),
        (without_number(CHILD, address=ELSEWHERE), "name-birth"),
        (without_number(CHILD, birth_date=PartialDate("")), "name-address"),
        (without_number(FATHER, address=HOME), "address"),
    ],
    ids=["another number", "moved", "no birth date", "same house"],
)
def test_what_is_not_certain_waits_for_a_person_with_the_families_it_may_be_and_why(
    heart: Heart, named: NamedPerson, why: str
) -> None:
    family = family_of(heart, CHILD)
    asked = question_about(heart, named, reference="later").asked
    assert asked.candidates == [family]
    assert why in asked.why
    assert (facts(heart, Person.Named), len(heart.family(family).signals)) == (1, 1)


def test_the_answer_puts_the_signal_with_the_family_and_its_people_are_known_from_then_on(heart: Heart) -> None:
    family = family_of(heart, CHILD)
    asked = question_about(heart, without_number(FATHER, address=HOME), concern="nuisance")
    assert heart.casework.answer(asked.id, UUID(family), "he moved in", "coordinator") == UUID(family)
    assert (len(heart.family(family).signals), len(heart.family(family).people)) == (2, 2)
    assert family_of(heart, without_number(FATHER, address=HOME), reference="next") == family


def test_a_signal_from_a_question_counts_from_when_the_hub_first_heard_it(heart: Heart) -> None:
    family = family_of(heart, CHILD)
    asked = question_about(heart, without_number(FATHER, address=HOME), happened=PartialDate(""))
    heard = heart.clock.now()
    heart.clock.set(heard.replace(month=6))
    heart.casework.answer(asked.id, UUID(family), "he moved in", "coordinator")
    assert heart.family(family).signals[asked.asked.signal_id].day == heard.date()


def test_the_same_answer_again_is_silence_and_another_one_is_refused(heart: Heart) -> None:
    family, other = UUID(family_of(heart, CHILD)), UUID(family_of(heart, FATHER))
    asked = question_about(heart, without_number(CHILD, address=ELSEWHERE))
    heart.casework.answer(asked.id, family, "the same girl", "coordinator")
    before = heart.log.last_position()
    assert heart.casework.answer(asked.id, family, "the same girl", "coordinator") == family
    for another in (other, None):
        with pytest.raises(RuleBroken) as refusal:
            heart.casework.answer(asked.id, another, "or not", "coordinator")
        assert refusal.value.code == "answered-already"
    assert heart.log.last_position() == before


def test_a_person_can_say_that_it_is_a_new_family_and_say_so_twice(heart: Heart) -> None:
    family = family_of(heart, CHILD)
    asked = question_about(heart, without_number(FATHER, address=HOME))
    new = heart.casework.answer(asked.id, None, "the new tenant", "coordinator")
    assert str(new) != family
    before = heart.log.last_position()
    assert heart.casework.answer(asked.id, None, "the new tenant", "coordinator") == new
    assert heart.log.last_position() == before
    assert len(heart.family(new).signals) == len(heart.family(new).people) == 1


def test_an_answer_without_a_motivation_or_to_nothing_known_is_refused_and_nothing_is_recorded(heart: Heart) -> None:
    family = UUID(family_of(heart, CHILD))
    asked = question_about(heart, without_number(CHILD, address=ELSEWHERE))
    before = heart.log.last_position()
    with pytest.raises(RuleBroken, match="motivation"):
        heart.casework.answer(asked.id, family, "  ", "coordinator")
    with pytest.raises(NotKnown):
        heart.casework.answer(asked.id, asked.id, "that is no family", "coordinator")
    with pytest.raises(NotKnown):
        heart.casework.answer(family, family, "that is no question", "coordinator")
    assert heart.log.last_position() == before


def test_an_answer_that_was_taken_back_leaves_nothing_of_that_signal_in_the_family(heart: Heart) -> None:
    family = UUID(family_of(heart, CHILD))
    asked = question_about(heart, without_number(FATHER, address=HOME), concern="domestic-violence")
    heart.casework.answer(asked.id, family, "he moved in", "coordinator")
    raised = [one.id for one in heart.family(family).escalations.values() if asked.asked.signal_id in one.signals]
    assert raised
    heart.casework.take_back(asked.id, "he did not", "coordinator")
    unlinked = next(event for event in heart.events() if isinstance(event, Trajectory.SignalUnlinked))
    assert (unlinked.signal, unlinked.rested, len(unlinked.people)) == (asked.asked.signal_id, raised, 1)
    after = heart.family(family)
    assert (len(after.signals), len(after.people)) == (1, 1)
    with pytest.raises(RuleBroken):
        heart.casework.take_back(asked.id, "again", "coordinator")


def test_after_taking_back_the_right_answer_decides_where_they_belong(heart: Heart) -> None:
    wrong, right = UUID(family_of(heart, CHILD)), UUID(family_of(heart, FATHER))
    asked = question_about(heart, without_number(BROTHER, address=HOME))
    heart.casework.answer(asked.id, wrong, "her brother", "coordinator")
    heart.casework.take_back(asked.id, "his son", "coordinator")
    heart.casework.answer(asked.id, right, "his son", "coordinator")
    assert family_of(heart, without_number(BROTHER, address=HOME), reference="next") == str(right)


def test_new_can_be_taken_back_and_said_again(heart: Heart) -> None:
    family_of(heart, CHILD)
    asked = question_about(heart, without_number(BROTHER, address=HOME))
    seen = set()
    for _ in range(3):
        seen.add(heart.casework.answer(asked.id, None, "the new tenants", "coordinator"))
        heart.casework.take_back(asked.id, "no, wait", "coordinator")
    assert len(seen) == 3
    last = heart.casework.answer(asked.id, None, "the new tenants after all", "coordinator")
    assert len(heart.family(last).signals) == 1


def test_somebody_whose_only_answer_was_taken_back_is_a_question_again(heart: Heart) -> None:
    family_of(heart, CHILD)
    asked = question_about(heart, without_number(BROTHER, address=HOME))
    heart.casework.answer(asked.id, None, "the new tenants", "coordinator")
    heart.casework.take_back(asked.id, "no", "coordinator")
    assert question_about(heart, without_number(BROTHER, address=HOME), reference="n").asked.why == ["waits-in-a-question"]


def test_a_question_cannot_be_answered_with_a_family_that_was_merged(heart: Heart) -> None:
    stays, goes = UUID(family_of(heart, CHILD)), UUID(family_of(heart, FATHER))
    asked = question_about(heart, without_number(CHILD, address=ELSEWHERE))
    heart.casework.merge(stays, goes, "they married", "coordinator")
    with pytest.raises(RuleBroken) as refusal:
        heart.casework.answer(asked.id, goes, "there", "coordinator")
    assert refusal.value.code == "family-merged"


# Merging, splitting and moving ---------------------------------------------------------------------------


def test_after_a_merge_everybody_is_found_in_the_family_that_goes_on(heart: Heart) -> None:
    stays, goes = family_of(heart, CHILD), family_of(heart, FATHER)
    heart.casework.merge(UUID(stays), UUID(goes), "they married", "coordinator")
    assert family_of(heart, FATHER, reference="2") == family_of(heart, CHILD, reference="3") == stays
    assert family_of(heart, CHILD, FATHER, reference="4") == stays


def test_after_separating_everybody_is_found_where_they_were(heart: Heart) -> None:
    stays, goes = family_of(heart, CHILD), family_of(heart, FATHER)
    heart.casework.merge(UUID(stays), UUID(goes), "they married", "coordinator")
    later = family_of(heart, FATHER, concern="nuisance")
    assert later == stays
    heart.casework.separate(UUID(stays), UUID(goes), "they did not", "coordinator")
    assert (family_of(heart, FATHER, reference="2"), family_of(heart, CHILD, reference="3")) == (goes, stays)
    assert sorted(signal.concern for signal in heart.family(goes).signals.values()) == ["nuisance", "upbringing", "upbringing"]


def test_a_chain_of_merges_ends_in_one_family_and_is_undone_from_the_end(heart: Heart) -> None:
    a, b, c = (UUID(family_of(heart, person)) for person in (CHILD, FATHER, replace(BROTHER, address=Address())))
    heart.casework.merge(b, c, "brothers", "coordinator")
    heart.casework.merge(a, b, "all one", "coordinator")
    assert family_of(heart, replace(BROTHER, address=Address()), reference="2") == str(a)
    with pytest.raises(RuleBroken) as refusal:
        heart.casework.separate(b, c, "not brothers", "coordinator")
    assert refusal.value.code == "family-merged"
    heart.casework.separate(a, b, "not one", "coordinator")
    assert family_of(heart, replace(BROTHER, address=Address()), reference="3") == str(b)
    heart.casework.separate(b, c, "not brothers", "coordinator")
    assert family_of(heart, replace(BROTHER, address=Address()), reference="4") == str(c)


def test_who_is_split_off_after_a_merge_is_found_in_the_new_family_only(heart: Heart) -> None:
    stays, goes = UUID(family_of(heart, CHILD)), UUID(family_of(heart, FATHER))
    heart.casework.merge(stays, goes, "they married", "coordinator")
    (father,) = heart.family(goes).people
    new = heart.casework.split(stays, [father], "they divorced", "coordinator")
    assert family_of(heart, FATHER, reference="2") == str(new)


def test_a_split_is_undone_by_merging_it_back(heart: Heart) -> None:
    family = UUID(family_of(heart, MOTHER, CHILD))
    family_of(heart, CHILD, concern="school-absence")
    child = next(id for id, member in heart.family(family).people.items() if member.role is Role.CHILD)
    new = heart.casework.split(family, [child], "fostered", "coordinator")
    assert (len(heart.family(new).signals), heart.family(new).director) == (1, DUTY)
    heart.casework.merge(family, new, "came home", "coordinator")
    assert (len(heart.family(family).people), len(heart.family(family).signals)) == (2, 2)
    assert family_of(heart, CHILD, reference="2") == str(family)


def test_a_signal_that_is_moved_takes_its_people_and_what_they_answer_to_along(heart: Heart) -> None:
    wrong, right = UUID(family_of(heart, MOTHER)), UUID(family_of(heart, FATHER))
    asked = question_about(heart, without_number(BROTHER, address=HOME), reference="school-5")
    heart.casework.answer(asked.id, wrong, "her son", "coordinator")
    heart.casework.move_signal(asked.asked.signal_id, wrong, right, "his son", "coordinator")
    assert (len(heart.family(wrong).people), len(heart.family(right).people)) == (1, 2)
    assert family_of(heart, without_number(BROTHER, address=HOME), reference="n") == str(right)
    (placed,) = heart.place(a_signal(people=(), reference="f", concern="feedback-taken-up", refers_to="school-5"), purpose=FEEDBACK)
    assert placed.family == str(right)


def test_two_families_that_are_matched_again_after_a_move_are_still_two(heart: Heart) -> None:
    one, other = UUID(family_of(heart, MOTHER)), UUID(family_of(heart, FATHER))
    (signal,) = heart.family(one).signals
    for nowhere in (one, UUID(int=0)):
        with pytest.raises((RuleBroken, NotKnown)):
            heart.casework.move_signal(signal, one, nowhere, "why not", "coordinator")
    with pytest.raises(NotKnown):
        heart.casework.move_signal(signal, other, one, "why not", "coordinator")
    assert (family_of(heart, MOTHER, reference="2"), family_of(heart, FATHER, reference="3")) == (str(one), str(other))


# An answer and what happens to the signal afterwards -------------------------------------------------------------


def a_waiting_question(heart: Heart) -> tuple[UUID, UUID]:
    """A family, and a question about somebody of whom only the address is known."""
    family = UUID(heart.place(a_signal())[0].family)
    stranger = a_person(family_name="Anders", given_names="Kim", birth_date=PartialDate("2012-09-09"))
    (placed,) = heart.place(a_signal(stranger, reference="stranger"))
    return family, UUID(placed.question)


def test_the_same_answer_again_after_the_signal_was_moved_does_not_put_it_in_two_families(heart: Heart) -> None:
    wrong, question = a_waiting_question(heart)
    right = UUID(heart.place(a_signal(a_person(address=ELSEWHERE, family_name="Verder"), reference="elsewhere"))[0].family)
    heart.casework.answer(question, wrong, "same home", "anna")
    signal = next(id for id, account in heart.family(wrong).accounts.items() if account.reference == "stranger")
    heart.casework.move_signal(signal, wrong, right, "another Kim", "anna")
    assert heart.casework.answer(question, right, "as it is", "anna") == right
    assert (signal in heart.family(wrong).signals, signal in heart.family(right).signals) == (False, True)
    heart.casework.take_back(question, "still not sure", "anna")
    assert signal not in heart.family(right).signals
