"""Who may do what, as the policy says it: a table that leaves nothing out, and relations that give no more than they should."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.access import GLASS, LONGEST, ONE_LOOK, Access, Assignment
from hub.domain.callers import Caller, Capacity
from hub.domain.policy import (
    OPENED_BY_ASSIGNMENT,
    OPENED_BY_GLASS,
    POLICY,
    SCOPES,
    Act,
    Reach,
    Relation,
    Standing,
    may,
    may_hear,
    reach_of,
    standing,
)
from hub.domain.streams import stream_id
from hub.errors import Malformed, RuleBroken
from tests.given import COACH, NOON, OTHER, RULES, a_family, an_occasion

FAMILY = stream_id("family", "a-family")
PEOPLE = st.sampled_from(["a", "b", "c", ""])
TEAMS = st.sampled_from(["red", "blue", ""])
SCOPE = frozenset(SCOPES.values())
CALLERS = st.builds(
    Caller, st.sampled_from(list(Capacity)), st.sampled_from(["a", "b", "c"]), TEAMS, st.sampled_from([frozenset(), SCOPE]), TEAMS
)
STANDINGS = st.builds(
    Standing,
    director=st.sampled_from(["a", "b", "c"]),
    coach=PEOPLE,
    offered=PEOPLE,
    offered_until=st.sampled_from([None, NOON, NOON + timedelta(hours=1)]),
    organisation=TEAMS,
    is_administrative=st.booleans(),
    is_ended=st.booleans(),
    glass=st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from([NOON, NOON + GLASS])),
    people=st.just(()),
    partners=st.frozensets(st.sampled_from(["red", "blue"])),
    assignments=st.lists(
        st.builds(
            Assignment,
            id=st.just("an-assignment"),
            auditor=st.sampled_from(["a", "b", "c"]),
            ground=st.just("an inquiry"),
            begins=st.sampled_from([NOON - GLASS, NOON, NOON + GLASS]),
            until=st.sampled_from([NOON, NOON + GLASS]),
            by=st.just("officer"),
            at=st.just(NOON),
            ended=st.sampled_from([None, NOON]),
        ),
        max_size=2,
    ).map(tuple),
)


def a_caller(who: str = "somebody", of: str = "elsewhere", role: Capacity = Capacity.COORDINATOR, kind: str = "") -> Caller:
    return Caller(role, who, of, frozenset(), kind)


def test_the_table_answers_for_every_act_and_every_capacity() -> None:
    assert set(POLICY) == {(act, role) for act in Act for role in Capacity}


def test_what_is_not_in_the_table_is_for_nobody() -> None:
    assert all(reach is Reach.NOBODY for (_, role), reach in POLICY.items() if role is Capacity.PARTNER and _ not in SCOPES)


def test_a_partners_system_needs_the_scope_as_well() -> None:
    partner = Caller(Capacity.PARTNER, "police", "police")
    assert reach_of(Act.READ_RECEIPTS, partner) is Reach.NOBODY
    assert reach_of(Act.READ_RECEIPTS, Caller(Capacity.PARTNER, "police", "police", SCOPE)) is Reach.OWN


@given(act=st.sampled_from(list(Act)), caller=CALLERS, family=STANDINGS)
def test_nobody_reaches_a_family_further_than_the_table_and_their_relation_let_them(
    act: Act, caller: Caller, family: Standing
) -> None:
    reach, relation = reach_of(act, caller), family.relation(caller, NOON)
    if may(act, caller, family, NOON):
        assert reach is Reach.ALL or (reach is Reach.OWN and relation is not Relation.OTHER)
    if reach is Reach.OWN and relation is Relation.GLASS:
        assert may(act, caller, family, NOON) == (act in OPENED_BY_GLASS)
    if caller.role is Capacity.AUDITOR and reach is Reach.OWN:
        holds = any(one.holds(caller.subject, NOON) for one in family.assignments)
        assert may(act, caller, family, NOON) == (holds and act in OPENED_BY_ASSIGNMENT)
    if reach is Reach.OWN and relation is Relation.OFFERED:
        assert may(act, caller, family, NOON) == (act in (Act.SEE_FAMILY, Act.SEE_TODAY, Act.ANSWER_HANDOVER))
    if reach is Reach.OWN and relation is Relation.INVOLVED:
        looks = act in OPENED_BY_GLASS and family.is_broken(caller, NOON)
        assert may(act, caller, family, NOON) == (act is Act.DECIDE_LEVER or looks)


@given(caller=CALLERS, family=STANDINGS, type=st.sampled_from(["escalations", "trajectories", "looks", "registrations", "other"]))
def test_nobody_hears_of_a_family_that_they_have_no_part_in(caller: Caller, family: Standing, type: str) -> None:
    hears = may_hear(f"nl.vig.{type}.something.v1", caller, family, NOON)
    if family.relation(caller, NOON) in (Relation.OTHER, Relation.INVOLVED, Relation.GLASS, Relation.OFFERED):
        watches = caller.role in (Capacity.DATA_PROTECTION_OFFICER, Capacity.OPERATOR)
        assert not hears or (watches and type in ("looks", "registrations"))
    if type == "other":
        assert not hears


def test_the_relations_of_a_family_follow_what_happens_to_it() -> None:
    family = a_family()
    director, coach, other = family.director.who, a_caller(COACH.who), a_caller(OTHER.who)
    assert standing(family, None).relation(a_caller(director), NOON) is Relation.DIRECTOR
    assert standing(family, None).relation(a_caller("colleague", family.director.organisation), NOON) is Relation.TEAM
    family.assign_coach(COACH, an_occasion(by=director))
    assert standing(family, None).relation(coach, NOON) is Relation.COACH
    family.offer_handover(OTHER, "they take over", RULES, an_occasion(by=director))
    assert standing(family, None).relation(other, NOON) is Relation.OFFERED
    family.end_early("it is over", an_occasion(by=director))
    assert standing(family, None).relation(a_caller(director), NOON) is Relation.DIRECTOR
    assert standing(family, None).relation(a_caller("colleague", family.director.organisation), NOON) is Relation.OTHER


def test_glass_is_broken_for_a_reason_and_for_a_while() -> None:
    access = Access.begin(FAMILY, an_occasion())
    until = access.break_glass(FAMILY, "coordinator", "elsewhere", "danger tonight", an_occasion(by="somebody"))
    assert until == NOON + GLASS
    now = standing(a_family(), access)
    assert now.relation(a_caller(), NOON) is Relation.GLASS
    assert now.relation(a_caller("another"), NOON) is Relation.OTHER
    assert now.relation(a_caller(), until) is Relation.OTHER
    with pytest.raises(RuleBroken):
        access.break_glass(FAMILY, "coordinator", "elsewhere", "  ", an_occasion(by="somebody"))


def test_looks_of_one_person_within_the_hour_are_one_look() -> None:
    access = Access.begin(FAMILY, an_occasion())
    for passed in (timedelta(), ONE_LOOK - timedelta(seconds=1), ONE_LOOK):
        access.look(FAMILY, "auditor", "supervision", "see-family", an_occasion(by="an.auditor", at=NOON + passed))
    access.look(FAMILY, "auditor", "supervision", "see-family", an_occasion(by="another.auditor"))
    looks = [event.by for event in access.collect_events() if isinstance(event, Access.LookedInto)]
    assert looks == ["an.auditor", "an.auditor", "another.auditor"]


# Auditors ---------------------------------------------------------------------------------------------


def assigned(access: Access, until: timedelta = LONGEST, begins: timedelta = timedelta(), ground: str = "an inquiry") -> str:
    return access.assign(FAMILY, "an.auditor", ground, NOON + begins, NOON + until, an_occasion(by="officer"))


def test_an_auditor_looks_while_assigned_and_not_a_moment_before_or_after() -> None:
    access = Access.begin(FAMILY, an_occasion())
    assigned(access, until=timedelta(days=2), begins=timedelta(days=1))
    family, auditor = standing(a_family(), access), a_caller("an.auditor", role=Capacity.AUDITOR)
    instant = timedelta(microseconds=1)
    looks = {
        passed: may(Act.SEE_FAMILY, auditor, family, NOON + passed)
        for passed in (timedelta(days=1) - instant, timedelta(days=1), timedelta(days=2) - instant, timedelta(days=2))
    }
    assert list(looks.values()) == [False, True, True, False]
    assert not may(Act.SEE_FAMILY, a_caller("another.auditor", role=Capacity.AUDITOR), family, NOON + timedelta(days=1))
    assert not may(Act.SEE_FAMILY, a_caller("an.auditor"), family, NOON + timedelta(days=1)), "in another role it is not theirs"


def test_an_assignment_ends_once_and_for_a_reason() -> None:
    access = Access.begin(FAMILY, an_occasion())
    given_ = assigned(access)
    with pytest.raises(RuleBroken, match="motivation"):
        access.end_assignment(FAMILY, given_, " ", an_occasion(by="officer"))
    access.end_assignment(FAMILY, given_, "the inquiry is over", an_occasion(by="officer"))
    assert not may(Act.SEE_FAMILY, a_caller("an.auditor", role=Capacity.AUDITOR), standing(a_family(), access), NOON)
    with pytest.raises(RuleBroken, match="over"):
        access.end_assignment(FAMILY, given_, "once more", an_occasion(by="officer"))
    assert assigned(access) != given_, "and they can be assigned again"


@pytest.mark.parametrize(
    ("begins", "until"),
    [(1, 1), (2, 1), (-2, 0), (0, 367)],
    ids=["it ends as it begins", "it ends before it begins", "it is over", "it is longer than a year"],
)
def test_a_term_that_cannot_be_is_refused(begins: int, until: int) -> None:
    access = Access.begin(FAMILY, an_occasion())
    with pytest.raises(Malformed) as refused:
        assigned(access, timedelta(days=until), timedelta(days=begins))
    assert {violation.where for violation in refused.value.violations} == {"/until"}


def test_nobody_is_assigned_twice_at_once_or_without_a_ground() -> None:
    access = Access.begin(FAMILY, an_occasion())
    with pytest.raises(RuleBroken, match="motivation"):
        assigned(access, ground="  ")
    assigned(access, until=timedelta(days=2))
    with pytest.raises(RuleBroken, match="already"):
        assigned(access, begins=timedelta(days=1))
    assigned(access, begins=timedelta(days=2))
