"""The published language: what is said of a real trajectory, held against its contracts, and what is never said."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from jsonschema_rs import Draft202012Validator

from hub.adapters.contracts import contract_path
from hub.adapters.matrices import load_calendar, load_matrices
from hub.adapters.person_requests import load_request_rules
from hub.adapters.standards import MESSAGE, STANDARD
from hub.api.admission import ONE_FAMILY, Guarded
from hub.domain.access import Access
from hub.domain.dates import PartialDate
from hub.domain.feedback import About, Feedback, News, Outcome, Reach
from hub.domain.policy import Act
from hub.domain.registrations import Registration
from hub.domain.requests import Asks, Decision, PersonRequest, Wrong
from hub.domain.rules import Rules
from hub.domain.signals import Informed, KnownSignal
from hub.domain.streams import Occasion, stream_id
from hub.domain.subscriptions import Sink, Subscription, Wish, subscription_id
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.direction import Director
from hub.domain.trajectory.planned import Goal
from hub.domain.words import Axis, Level, LifeArea, Phase, Weight
from hub.notices import notices
from hub.ports import Fact, Notice
from tests.adapters.registered import a_registration
from tests.architecture.schemas import NOTICES, ROUTES

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DIRECTOR = Director("staff-anna-secret", "Wijkteam Noord", "noord@gemeente.example")
SUCCESSOR = Director("staff-bram-secret", "Wijkteam Zuid", "zuid@gemeente.example")
FAMILY = stream_id("family", "in a test")
CONTRACTS = sorted(contract_path("notices").glob("*.json"))


@cache
def rules() -> Rules:
    matrix = load_matrices(contract_path("intervention-matrix")).at(START.date())
    return Rules(matrix, load_calendar(contract_path("calendar", "nl-holidays.json")))


def on(day: int, by: str = DIRECTOR.who, basis: str = "") -> Occasion:
    return Occasion(START + timedelta(days=day), by, cause="message-secret", basis=basis)


def a_signal(**but: Any) -> KnownSignal:
    said = {
        "id": "signal-secret",
        "partner": "police",
        "concern": "domestic-violence",
        "areas": (LifeArea.RELATIONS,),
        "axis": Axis.SAFETY,
        "weight": Weight.ACUTE,
        "happened": PartialDate("2026-03-01"),
        "recorded_at": START,
        "people": ("person-secret",),
    }
    return KnownSignal(**{**said, **but})


def a_family() -> Trajectory:
    """A family about which the police has just signalled something acute."""
    family = Trajectory.begin_with(FAMILY, DIRECTOR, "0000", on(0))
    said = {"message": "message-secret", "reference": "reference-secret", "matched": ["bsn-secret"], "purpose": "purpose-secret"}
    told = Informed("spoken", PartialDate("2026-03-01"), "informed-secret")
    family.hear(a_signal(), **said, informed=told, rules=rules(), on=on(0, "police"))  # type: ignore[arg-type]
    return family


def adopt_a_plan(family: Trajectory, by: Director, day: int) -> None:
    words = dict.fromkeys(("specific", "measurable", "achievable", "relevant", "owner"), "goal-secret")
    goal = Goal(goal="g1", area=LifeArea.RELATIONS, start=date(2026, 3, 20), due=date(2026, 5, 1), **words)  # type: ignore[arg-type]
    family.adopt_plan([goal], "motivation-secret", rules(), on(day, by.who))


def walk_to_the_end(family: Trajectory) -> None:
    family.refer("motivation-secret", rules(), on(20, SUCCESSOR.who))
    family.decide_referral(Phase.ELIGIBLE, "motivation-secret", on(21))
    coach = Director("staff-coach-secret", "VIG", "coach@vig.example")
    family.assign_coach(coach, on(21))
    steps = ["START_TALK", "ANALYSIS_AND_PLAN", "COACH_DIRECTS", "HANDED_BACK", "WINDING_DOWN", "AFTERCARE", "CLOSED"]
    takes_over = {"COACH_DIRECTS": coach, "HANDED_BACK": SUCCESSOR}
    for day, step in enumerate(steps, start=22):
        if step in takes_over:
            handover = family.offer_handover(takes_over[step], "motivation-secret", rules(), on(day, family.director.who))
            family.accept_handover(handover, on(day, takes_over[step].who))
        family.enter(Phase[step], "motivation-secret", rules(), on(day))


def a_partner() -> Registration:
    """An organisation whose covenant was to end, and did."""
    partner, end = a_registration("a-partner"), START + timedelta(days=20)
    partner.agree("vig-2024", START, end, "motivation-secret", on(0))
    for day in (1, 2, 20, 21):
        partner.notice_end(end, on(day))
    partner.give_up(partner.callback, "http-410", on(22))
    return partner


def a_subscription() -> Subscription:
    """Somebody wanted to be told things at an address that went away."""
    made = Subscription.subscribe("a-partner", "key", Wish(Sink.WEBHOOK, "https://partner.example/told"), on(0))
    made.confirm("https://partner.example/told", 0, on(1))
    made.test(on(2))
    made.disable("https://partner.example/told", "http-410", on(3))
    return made


def looks() -> Access:
    """Somebody who must looked into a family that is not theirs."""
    access = Access.begin(FAMILY, on(2, "a.colleague"))
    access.break_glass(FAMILY, "coordinator", "another-team", "the family is in danger tonight", on(2, "a.colleague"))
    access.look(FAMILY, "coordinator", "another-team", "see-family", on(2, "a.colleague"))
    return access


def feedback() -> Feedback:
    """What the school that raised a signal was told of it."""
    message = stream_id("message", "of the school")
    told, reach = Feedback.begin(message, "school-in-a-test", on(1)), Reach("Wijkteam Noord", "noord@gemeente.example")
    waiting, placed = About("", ("signal-secret",), "own-reference"), About(str(FAMILY), ("signal-secret",), "own-reference")
    told.give(News(Outcome.WAITING), waiting, reach, message, START, on(1))
    told.give(News(Outcome.TAKEN_UP, "eligible"), placed, reach, message, START, on(2))
    return told


def a_request() -> PersonRequest:
    """Somebody asks to put right what the school said, and somebody grants it."""
    request_rules = load_request_rules(contract_path("registers", "person-requests.json"), rules().calendar)
    person, id = stream_id("person", "in a test"), stream_id("person-request", "in a test")
    request = PersonRequest.note(id, person, Asks.CORRECTION, START.date(), "words-secret", request_rules, on(0))
    request.check_identity("digid", request_rules, on(0))
    request.decide(Decision.GRANTED, "avg-16", "motivation-secret", request_rules, on(1))
    message, reach = str(stream_id("message", "of the school")), ("Wijkteam Noord", "noord@gemeente.example")
    request.ask_to_correct(Wrong(message, "school-in-a-test", str(FAMILY), "own-reference", *reach), on(2))
    return request


@cache
def facts() -> tuple[Fact, ...]:
    """All that happened in three trajectories, which end in the three ways there are, and to a partner."""
    family = a_family()
    family.acknowledge(next(iter(family.escalations)), on(1))
    family.pass_deadlines(rules(), on(15, "hub"))
    family.step_down(Axis.SAFETY, Level.QUESTION, "motivation-secret", rules(), on(16))
    handover = family.offer_handover(SUCCESSOR, "motivation-secret", rules(), on(16))
    family.accept_handover(handover, on(17, SUCCESSOR.who))
    adopt_a_plan(family, SUCCESSOR, 18)
    walk_to_the_end(family)
    family.withdraw([a_signal().id], "message-secret", rules(), on(40, "police"))
    early, compulsion = a_family(), a_family()
    early.restrict("person-secret", on(1))
    early.unrestrict("person-secret", rules(), on(2))
    early.end_early("motivation-secret", on(3))
    compulsion.go_to_compulsion("motivation-secret", on(3, basis="bw-1-255"))
    others = (a_partner(), a_subscription(), looks(), feedback(), a_request())
    events = [event for each in (family, early, compulsion, *others) for event in each.collect_events()]
    return tuple(Fact(position, event.originator_id, event) for position, event in enumerate(events, start=1))


def said(some: Iterable[Fact] | None = None) -> list[Notice]:
    return [notice for fact in (facts() if some is None else some) for notice in notices(fact)]


def of_type(name: str) -> list[Notice]:
    return [notice for notice in said() if notice.type == f"nl.vig.{name}"]


def contract(type: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(contract_path("notices", f"{type}.json").read_text())
    return found


# Contract and behaviour --------------------------------------------------------------------------------


def test_everything_that_is_said_has_a_contract_and_every_contract_is_said() -> None:
    assert {notice.type for notice in said()} == {path.stem for path in CONTRACTS}


def test_everything_that_is_said_is_what_its_contract_asks() -> None:
    for notice in said():
        checked = Draft202012Validator(contract(notice.type), validate_formats=True)
        assert [str(error) for error in checked.iter_errors(dict(notice.data))] == []


def test_every_field_of_every_contract_is_said_some_time() -> None:
    for path in CONTRACTS:
        ever = {name for notice in said() if notice.type == path.stem for name in notice.data}
        # what the receiver's own standard says is written when it is told: tests/adapters/test_standards_out.py
        assert ever == set(contract(path.stem)["properties"]) - {STANDARD, MESSAGE}


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
def test_a_contract_shows_examples_and_says_in_two_languages_what_it_means(path: Path) -> None:
    found = json.loads(path.read_text())
    checked = Draft202012Validator(found, validate_formats=True)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert found["additionalProperties"] is False
    assert found["examples"]
    assert all(checked.is_valid(example) for example in found["examples"])
    assert all(found["words"][language][part] for language in ("dutch", "english") for part in ("title", "description"))
    assert all(field["description"] for field in found["properties"].values())


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
def test_a_contract_lets_nothing_else_through(path: Path) -> None:
    found = json.loads(path.read_text())
    checked, example = Draft202012Validator(found, validate_formats=True), found["examples"][0]
    assert not checked.is_valid({**example, "person": "somebody"})
    assert not any(checked.is_valid({name: example[name] for name in example if name != left}) for left in found["required"])
    assert not checked.is_valid({**example, "family": "999900006"})


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
def test_a_type_is_a_plural_domain_in_reverse_with_one_version_and_no_organisation(path: Path) -> None:
    domains = ("nl.vig.escalations.", "nl.vig.trajectories.", "nl.vig.registrations.")
    domains += ("nl.vig.subscriptions.", "nl.vig.looks.", "nl.vig.feedback.")
    assert path.stem.startswith(domains)
    assert path.stem.endswith(".v1")


# What is never said ------------------------------------------------------------------------------------


def test_nothing_that_is_said_names_a_person_a_concern_a_reason_or_who_did_it() -> None:
    words = json.dumps([dict(notice.data) for notice in said()])
    assert "secret" not in words
    assert "police" not in words
    rested_on = {value for fact in facts() for value in (getattr(fact.event, "rule", ""), getattr(fact.event, "concern", ""))}
    assert len(rested_on) > 3
    assert not [value for value in rested_on if value and value in words]


def test_most_facts_stay_inside() -> None:
    kinds = {type(fact.event).__name__ for fact in facts() if not notices(fact)}
    assert {"Opened", "SignalRecorded", "ClockStarted", "HandoverOffered", "Referred", "CoachAssigned"} <= kinds


# What is said ------------------------------------------------------------------------------------------


def test_an_escalation_whose_signal_was_withdrawn_is_rectified_to_those_who_were_told_of_it() -> None:
    (notice,) = of_type("escalations.rectified.v1")
    raised = of_type("escalations.level-raised.v1")[0]
    assert notice.tell == raised.tell
    assert notice.data == {
        "family": str(FAMILY),
        "escalation": raised.data["escalation"],
        "axis": "safety",
        "level": raised.data["level"],
        "holds": 1,
        "contact": SUCCESSOR.contact,
    }


def test_a_level_that_rose_says_whom_to_contact_and_until_when_it_can_be_acknowledged() -> None:
    notice = of_type("escalations.level-raised.v1")[0]
    (raised,) = [fact for fact in facts() if fact.position == notice.position]
    assert notice.data == {
        "family": str(FAMILY),
        "escalation": raised.event.escalation,
        "axis": "safety",
        "level": 3,
        "leads": "director",
        "contact": "noord@gemeente.example",
        "acknowledgeBy": "2026-03-04T09:30:00Z",
    }
    assert notice.tell == ("veilig-thuis", "police", "school-attendance", "social-services")
    assert (notice.recorded_at, notice.family) == (START, FAMILY)


def test_the_kinds_that_the_matrix_names_are_told_of_levels_and_direction() -> None:
    told = {notice.type.removeprefix("nl.vig.") for notice in said() if notice.tell}
    of_levels = {"escalations.level-raised.v1", "escalations.rectified.v1", "escalations.stepped-down.v1"}
    assert told == {*of_levels, "escalations.direction-raised.v1", "trajectories.restriction.v1"}


def test_that_data_may_not_be_used_is_told_to_whoever_was_told_of_the_family_and_names_nobody() -> None:
    began, ended = of_type("trajectories.restriction.v1")
    assert began.data == {"family": str(FAMILY), "restricted": True, "contact": "noord@gemeente.example"}
    assert ended.data == {**began.data, "restricted": False}
    assert set(began.tell) == set(ended.tell) == set(of_type("escalations.level-raised.v1")[0].tell)


def test_whoever_sent_what_is_wrong_is_asked_to_correct_it() -> None:
    (asked,) = of_type("feedback.correction-asked.v1")
    assert (asked.to, asked.family) == ("school-in-a-test", FAMILY)
    assert asked.data == {
        "family": str(FAMILY),
        "message": str(stream_id("message", "of the school")),
        "reference": "own-reference",
        "organisation": "Wijkteam Noord",
        "contact": "noord@gemeente.example",
    }


def test_stepping_down_and_direction_say_how_it_stands_now() -> None:
    assert [notice.data["level"] for notice in of_type("escalations.stepped-down.v1")] == [2]
    assert [notice.data["direction"] for notice in of_type("escalations.direction-raised.v1")] == ["network", "administrative"]


def test_another_director_is_said_by_organisation_and_contact() -> None:
    notice, *_ = of_type("trajectories.director-changed.v1")
    assert notice.data == {"family": str(FAMILY), "organisation": "Wijkteam Zuid", "contact": "zuid@gemeente.example"}


def test_of_a_plan_only_the_version_is_said() -> None:
    (notice,) = of_type("trajectories.plan-adopted.v1")
    assert notice.data == {"family": str(FAMILY), "plan": 1}


def test_a_trajectory_ends_in_one_of_three_ways() -> None:
    ended = [notice.data["phase"] for notice in of_type("trajectories.ended.v1")]
    assert ended == ["closed", "ended-early", "escalated-to-compulsion"]


def test_of_a_covenant_the_organisation_and_the_end_are_said_to_people_alone() -> None:
    (soon,) = of_type("registrations.covenant-ends-soon.v1")
    (ended,) = of_type("registrations.covenant-ended.v1")
    assert soon.data == {"organisation": "a-partner", "covenant": "vig-2024", "ends": "2026-03-22T09:30:00Z"}
    assert ended.data == {"organisation": "a-partner", "covenant": "vig-2024", "ended": "2026-03-22T09:30:00Z"}
    assert soon.tell == ended.tell == ()


def test_what_is_said_of_a_subscription_is_for_whoever_has_it() -> None:
    (tested,), (disabled,) = of_type("subscriptions.tested.v1"), of_type("subscriptions.disabled.v1")
    (given_up,) = of_type("registrations.callback-given-up.v1")
    assert tested.to == str(subscription_id("a-partner", "key"))
    assert (disabled.to, given_up.to) == ("a-partner", "a-partner")


def test_feedback_is_for_the_one_who_raised_the_signal_and_names_no_family_while_it_waits() -> None:
    waiting, taken_up = of_type("feedback.given.v1")
    (decided,) = of_type("feedback.decided.v1")
    assert [notice.to for notice in said() if ".feedback." in notice.type] == ["school-in-a-test"] * 4
    assert waiting.data == {
        "message": str(stream_id("message", "of the school")),
        "reference": "own-reference",
        "outcome": "waiting",
        "organisation": "Wijkteam Noord",
        "contact": "noord@gemeente.example",
    }
    assert taken_up.data == {**waiting.data, "family": str(FAMILY), "outcome": "taken-up"}
    assert (decided.data["decision"], decided.family, taken_up.family) == ("eligible", FAMILY, FAMILY)


def test_a_fact_is_said_once_and_always_with_the_same_id() -> None:
    assert all(len(notices(fact)) <= 1 for fact in facts())
    assert said() == said()
    ids = [notice.id for notice in said()]
    assert len(set(ids)) == len(ids)
    assert all(isinstance(id, UUID) and id.version == 5 for id in ids)


def test_what_happened_at_the_same_place_at_another_moment_has_another_id() -> None:
    """After a restore to an earlier moment something else may come to stand where something stood that was told."""
    for fact in facts():
        later = type(fact.event)(**{**vars(fact.event), "timestamp": fact.event.timestamp + timedelta(microseconds=1)})
        for before, after in zip(notices(fact), notices(Fact(fact.position, fact.stream_id, later)), strict=True):
            assert before.id != after.id


def test_a_level_for_which_no_acknowledgement_is_asked_says_no_term() -> None:
    (raised,) = [fact for fact in facts() if fact.position == of_type("escalations.level-raised.v1")[0].position]
    silent = type(raised.event)(**{**vars(raised.event), "acknowledge_by": None})
    (notice,) = notices(Fact(1, FAMILY, silent))
    assert "acknowledgeBy" not in notice.data
    assert Draft202012Validator(contract(notice.type), validate_formats=True).is_valid(dict(notice.data))


def test_a_director_can_be_told_of_every_look_at_a_family() -> None:
    noted = {route.act for route in ROUTES if isinstance(route, Guarded) and "GET" in route.methods and ONE_FAMILY in route.path}
    told = NOTICES["nl.vig.looks.looked-into.v1"]["properties"]["what"]["enum"]
    assert {*noted, Act.MAKE_FILE, Act.SEE_ESCALATIONS} == set(told)
