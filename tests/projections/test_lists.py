"""The read models that are lists: who vanishes, what comes first, and how pages follow each other."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.domain.callers import Capacity
from hub.domain.dates import PartialDate
from hub.domain.messages import QUARANTINED, RECORDED, Message
from hub.domain.policy import POLICY, Reach
from hub.domain.streams import Occasion, stream_id
from hub.domain.tellings import Telling
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.direction import Director
from hub.domain.words import Axis, Level, Phase
from hub.errors import Malformed
from hub.projections import clocks, events_of
from hub.projections.timeline.sentences import SENTENCES
from tests.given import COACH, DUTY, ELSEWHERE, NOON, a_person, a_signal, step_to
from tests.projections.conftest import VIEWS, Shown

pytestmark = pytest.mark.usefixtures("database")
LISTS = [path for path, view in VIEWS.items() if "next" in view.answer["properties"] and "{id}" not in path]


def a_home(number: int) -> Any:
    """A child at an address of its own."""
    return a_person(family_name=f"Gezin{'abcdefghij'[number]}", address=type(ELSEWHERE)(postcode="4321BA", number=str(number)))


def families(answer: Any) -> list[str]:
    return [item["family"] for item in answer["items"]]


def merge_away(hub: Shown, family: UUID) -> UUID:
    stays = hub.tell(a_signal(a_person(family_name="Blijft"), reference="stays"))
    hub.heart.casework.merge(stays, family, "the same family", DUTY.who)
    return stays


# every view ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", VIEWS)
def test_no_view_is_for_partners_but_of_their_own(path: str) -> None:
    reach = {POLICY[VIEWS[path].act, role] for role in (Capacity.PARTNER, Capacity.REPORTER)}
    assert reach <= {Reach.OWN, Reach.NOBODY}
    assert (Reach.OWN in reach) is (VIEWS[path].about == "organisations")


@pytest.mark.parametrize("path", LISTS)
def test_an_empty_hub_shows_empty_lists(hub: Shown, path: str) -> None:
    answer = hub.ask(path)
    assert (answer["items"], answer["next"]) == ([], "")


@pytest.mark.parametrize("path", [path for path in VIEWS if "{id}" in path])
def test_an_unknown_id_finds_nothing(hub: Shown, path: str) -> None:
    # whether there is such a family at all is said at the door
    assert hub.ask(path, "unknown") in (None, {"items": [], "next": ""})


def test_a_cursor_that_was_not_given_out_is_refused(hub: Shown) -> None:
    with pytest.raises(Malformed):
        hub.ask("escalations", after="not-a-cursor")


def test_a_filter_that_cannot_be_read_is_refused(hub: Shown) -> None:
    with pytest.raises(Malformed):
        hub.ask("escalations", level="high")


# timeline -----------------------------------------------------------------------------------------


def test_every_fact_of_a_trajectory_has_a_sentence_in_both_languages() -> None:
    assert set(SENTENCES) == events_of(Trajectory) | {Telling.Acknowledged}


def test_the_timeline_has_every_fact_in_order_with_its_cause(hub: Shown) -> None:
    family = hub.under_way("child-neglect")
    items = hub.ask("families/{id}/timeline", family)["items"]
    assert [item["version"] for item in items] == list(range(1, hub.heart.family(family).version + 1))
    signal = next(item for item in items if item["kind"] == "signal-recorded")
    assert (signal["happened"], signal["recordedAt"][:10], signal["by"]) == ("2026-03-01", "2026-03-02", "police")
    assert signal["words"] == {
        "nl": "Signaal van politie: verwaarlozing van een kind.",
        "en": "Signal by police: neglect of a child.",
    }
    raised = next(item for item in items if item["kind"] == "level-raised")
    assert raised["cause"] in signal["signals"]
    assert raised["signals"] == signal["signals"]


def test_nobody_is_named_in_the_timeline(hub: Shown) -> None:
    family = hub.under_way(a_signal(a_person(given_names="Bijzonder", family_name="Zeldzaam")))
    assert not {"Bijzonder", "Zeldzaam"} & set(str(hub.ask("families/{id}/timeline", family)).replace("'", " ").split())


def test_the_timeline_comes_in_pages_and_by_kind(hub: Shown) -> None:
    family = hub.under_way("upbringing")
    whole = hub.ask("families/{id}/timeline", family)["items"]
    pages, after = [], ""
    while True:
        page = hub.ask("families/{id}/timeline", family, after=after, limit=4)
        pages += page["items"]
        after = page["next"]
        if not after:
            break
    assert pages == whole
    kinds = hub.ask("families/{id}/timeline", family, kind="phase-entered")["items"]
    phases = ("start-talk", "analysis-and-plan", "coach-directs")
    assert [item["words"]["en"] for item in kinds] == [f"Next phase: {phase}." for phase in phases]


def test_every_fact_of_the_timeline_is_in_one_group_and_the_newest_can_come_first(hub: Shown) -> None:
    family = hub.under_way("upbringing")
    whole = hub.ask("families/{id}/timeline", family)["items"]
    grouped = {
        group: hub.ask("families/{id}/timeline", family, group=group)["items"]
        for group in ("signals", "levels", "decisions", "terms", "course")
    }
    parts = [item["position"] for group in ("signals", "levels", "decisions", "terms") for item in grouped[group]]
    assert sorted(parts) == [item["position"] for item in whole]
    assert [item for item in whole if item not in grouped["terms"]] == grouped["course"]
    assert hub.ask("families/{id}/timeline", family, order="newest")["items"] == whole[::-1]
    first = hub.ask("families/{id}/timeline", family, order="newest", limit=3)
    assert hub.ask("families/{id}/timeline", family, order="newest", after=first["next"])["items"] == whole[::-1][3:]
    for wrong in ({"group": "all"}, {"order": "oldest"}):
        with pytest.raises(Malformed):
            hub.ask("families/{id}/timeline", family, **wrong)


def test_the_timeline_of_a_merged_family_stays_and_says_where_it_went(hub: Shown) -> None:
    family = hub.tell(a_signal(a_home(1)))
    stays = merge_away(hub, family)
    assert hub.ask("families/{id}/timeline", family)["mergedInto"] == str(stays)
    hub.heart.casework.separate(stays, family, "it was not", DUTY.who)
    assert hub.ask("families/{id}/timeline", family)["mergedInto"] == ""


# caseload -----------------------------------------------------------------------------------------


def test_a_coach_with_more_than_five_families_is_warned_about(hub: Shown) -> None:
    theirs = [hub.tell(a_signal(a_home(number), reference=str(number))) for number in range(6)]
    for family in theirs:
        hub.decide(family, lambda it, _, on: it.assign_coach(COACH, on))
    other = hub.tell(a_signal(a_home(7), reference="7"))
    hub.decide(other, lambda it, _, on: it.assign_coach(Director("another", "vig", ""), on))
    items = hub.ask("caseload")["items"]
    assert [(item["coach"], item["count"], item["isTooMany"]) for item in items] == [("another", 1, False), ("coach", 6, True)]
    assert {case["id"] for case in items[1]["families"]} == {str(family) for family in theirs}
    assert hub.ask("caseload", limit=1)["items"] == items[:1]
    assert hub.ask("caseload", after=hub.ask("caseload", limit=1)["next"])["items"] == items[1:]
    assert hub.ask("caseload", coach="another")["items"] == items[:1]


def test_a_family_that_was_let_go_ended_or_merged_is_no_case(hub: Shown) -> None:
    released, ended, merged = (hub.tell(a_signal(a_home(number), reference=str(number))) for number in range(3))
    for family in (released, ended, merged):
        hub.decide(family, lambda it, _, on: it.assign_coach(COACH, on))
    assert hub.ask("caseload")["items"][0]["count"] == 3
    hub.decide(released, lambda it, _, on: it.release_coach("another has room", on))
    hub.decide(ended, lambda it, _, on: it.end_early("they moved", on))
    merge_away(hub, merged)
    assert hub.ask("caseload")["items"] == []


# radar --------------------------------------------------------------------------------------------


def test_the_radar_shows_families_that_several_partners_worry_about_most_first(hub: Shown) -> None:
    one, two, three = (hub.tell(a_signal(a_home(number), reference=str(number))) for number in range(3))
    for number in (1, 2):
        hub.tell(a_signal(a_home(number), concern="nuisance", reference=f"b{number}"), partner="housing-corporation")
    hub.tell(a_signal(a_home(2), concern="payment-arrears", reference="c2"), partner="social-services")
    assert families(hub.ask("radar")) == [str(three), str(two)]
    assert str(one) not in families(hub.ask("radar"))
    assert [hub.ask("radar", limit=1)["items"][0]["count"], hub.ask("radar", limit=1)["next"] != ""] == [3, True]
    assert families(hub.ask("radar", after=hub.ask("radar", limit=1)["next"])) == [str(two)]


def test_worries_that_lie_half_a_year_apart_are_not_of_the_same_time(hub: Shown) -> None:
    hub.tell(a_signal(happened=PartialDate("2025-08-01")))
    hub.tell(a_signal(concern="nuisance", reference="b", happened=PartialDate("2026-03-01")), partner="housing-corporation")
    assert hub.ask("radar")["items"] == []
    hub.tell(a_signal(concern="nuisance", reference="c", happened=PartialDate("2025-10-01")))
    assert [item["count"] for item in hub.ask("radar")["items"]] == [2]


def test_feedback_is_no_worry(hub: Shown) -> None:
    hub.tell("upbringing")
    hub.tell(a_signal(concern="feedback-taken-up", reference="b"), partner="veilig-thuis")
    assert hub.ask("radar")["items"] == []


def test_a_merged_family_vanishes_from_the_radar_until_it_is_separated(hub: Shown) -> None:
    family = hub.tell(a_signal(a_home(1)))
    hub.tell(a_signal(a_home(1), concern="nuisance", reference="b"), partner="housing-corporation")
    stays = merge_away(hub, family)
    assert families(hub.ask("radar")) == [str(stays)]
    hub.heart.casework.separate(stays, family, "it was not", DUTY.who)
    assert families(hub.ask("radar")) == [str(family)]


def test_the_radar_shows_the_level_as_it_stands(hub: Shown) -> None:
    family = hub.tell("child-neglect")
    hub.tell(a_signal(concern="nuisance", reference="b"), partner="housing-corporation")
    assert hub.ask("radar")["items"][0]["level"] == hub.heart.family(family).level
    for axis in Axis:
        if hub.heart.family(family).levels[axis] > Level.NONE:
            hub.decide(family, lambda it, rules, on, axis=axis: it.step_down(axis, Level.NONE, "it is calm", rules, on))
    assert hub.ask("radar")["items"][0]["level"] == 1


# escalations --------------------------------------------------------------------------------------


def test_escalations_say_by_which_rule_and_on_which_signals(hub: Shown) -> None:
    family = hub.heart.family(hub.tell("child-neglect"))
    items = hub.ask("escalations")["items"]
    assert {item["id"]: (item["axis"], item["level"], item["rule"], tuple(item["signals"])) for item in items} == {
        known.id: (known.axis, known.level, known.rule, known.signals) for known in family.escalations.values()
    }
    assert all(item["state"] == "open" and item["due"] > item["raisedAt"] for item in items)


def test_the_newest_escalation_comes_first_page_after_page(hub: Shown) -> None:
    for number, concern in enumerate(("upbringing", "child-neglect", "nuisance")):
        hub.tell(a_signal(a_home(number), concern=concern, reference=str(number)))
    whole = hub.ask("escalations")["items"]
    assert [item["position"] for item in whole] == sorted((item["position"] for item in whole), reverse=True)
    first = hub.ask("escalations", limit=2)
    assert first["items"] + hub.ask("escalations", after=first["next"])["items"] == whole


def test_escalations_can_be_filtered(hub: Shown) -> None:
    families = [hub.tell(a_signal(a_home(n), concern=c, reference=str(n))) for n, c in enumerate(("upbringing", "child-neglect"))]
    whole = hub.ask("escalations")["items"]
    for name, value in (("axis", "care"), ("level", "2"), ("state", "open"), ("family", str(families[1]))):
        expected = [item for item in whole if str(item[name]) == value]
        assert hub.ask("escalations", **{name: value})["items"] == expected != []


def test_an_escalation_that_somebody_took_notice_of_says_who(hub: Shown) -> None:
    family = hub.tell("upbringing")
    (escalation, *_) = hub.heart.family(family).escalations
    hub.decide(family, lambda it, _, on: it.acknowledge(escalation, on), "somebody")
    shown = hub.ask("escalations/{id}", escalation)
    assert (shown["state"], shown["acknowledgedBy"], shown["acknowledgedAt"] is None) == ("acknowledged", "somebody", False)


def test_escalations_of_a_merged_family_vanish_from_the_list_but_can_be_found(hub: Shown) -> None:
    family = hub.tell(a_signal(a_home(1)))
    escalations = set(hub.heart.family(family).escalations)
    stays = merge_away(hub, family)
    assert not escalations & {item["id"] for item in hub.ask("escalations")["items"]}
    assert hub.ask("escalations/{id}", min(escalations))["mergedInto"] == str(stays)
    hub.heart.casework.separate(stays, family, "it was not", DUTY.who)
    assert escalations <= {item["id"] for item in hub.ask("escalations")["items"]}


# funnel -------------------------------------------------------------------------------------------


def stages(hub: Shown) -> dict[str, int]:
    return {stage["stage"]: stage["count"] for stage in hub.ask("funnel")["stages"]}


def test_a_candidate_that_nobody_refers_is_shown_with_what_the_signals_say(hub: Shown) -> None:
    family = hub.tell("upbringing")
    hub.tell(a_signal(concern="eviction-threatened", reference="b"), partner="housing-corporation")
    (item,) = hub.ask("funnel")["items"]
    assert (item["family"], item["why"], item["marks"], item["seriousAreas"], item["signals"]) == (
        str(family),
        "nobody-referred",
        ["eviction"],
        ["01", "03", "06", "07"],
        2,
    )


def test_those_who_meet_the_criteria_while_nobody_referred_them_come_first(hub: Shown) -> None:
    waits = hub.tell(a_signal(a_home(1), reference="1"))
    meets = hub.tell(a_signal(a_home(2), reference="2"))
    for concern in ("benefit-measure", "nuisance", "school-absence"):
        hub.tell(a_signal(a_home(2), concern=concern, reference=concern))
    assert hub.heart.family(meets).criteria_met
    first, last = hub.ask("funnel")["items"]
    assert (first["family"], first["why"], {result["met"] for result in first["criteria"]}) == (
        str(meets),
        "nobody-referred",
        {True},
    )
    assert (last["family"], last["why"]) == (str(waits), "criteria-not-met")
    assert {result["criterion"]: result["met"] for result in last["criteria"]} == {
        "child-with-worries": True,
        "pressure": False,
        "four-serious-areas": False,
    }
    assert all(bool(result["missing"]["nl"]) is not result["met"] for result in last["criteria"])
    paged = hub.ask("funnel", limit=1)
    assert (families(paged), families(hub.ask("funnel", after=paged["next"]))) == ([str(meets)], [str(waits)])


def test_the_funnel_counts_how_far_families_came(hub: Shown) -> None:
    hub.tell(a_signal(a_home(1), reference="1"))
    hub.under_way(a_signal(a_home(2), reference="2"))
    referred = hub.tell(a_signal(a_home(3), reference="3"))
    hub.decide(referred, lambda it, rules, on: it.refer("the school asked", rules, on))
    assert stages(hub) == {"signals": 3, "candidates": 3, "criteria-met": 0, "referred": 2, "decided": 1, "started": 1}
    assert len(hub.ask("funnel")["items"]) == 1


def test_merged_and_ended_families_wait_for_no_referral_and_a_new_signal_begins_again(hub: Shown) -> None:
    ended, merged = hub.tell(a_signal(a_home(1), reference="1")), hub.tell(a_signal(a_home(2), reference="2"))
    hub.decide(ended, lambda it, _, on: it.end_early("they moved", on))
    stays = merge_away(hub, merged)
    assert families(hub.ask("funnel")) == [str(stays)]
    hub.tell(a_signal(a_home(1), concern="nuisance", reference="later"))
    assert set(families(hub.ask("funnel"))) == {str(stays), str(ended)}


def test_a_closed_trajectory_is_over(hub: Shown) -> None:
    family = hub.under_way("upbringing")
    for phase in (Phase.HANDED_BACK, Phase.WINDING_DOWN, Phase.AFTERCARE, Phase.CLOSED):
        hub.decide(family, lambda it, _, on, phase=phase: step_to(it, phase, on))
    assert (hub.ask("funnel")["items"], stages(hub)["started"]) == ([], 1)


# clocks -------------------------------------------------------------------------------------------


def test_the_term_that_is_over_first_is_on_top(hub: Shown) -> None:
    hub.under_way(a_signal(a_home(1), concern="child-neglect"))
    hub.tell(a_signal(a_home(2), concern="nuisance", reference="2"))
    items = hub.ask("clocks")["items"]
    assert [item["nextDue"] for item in items] == sorted(item["nextDue"] for item in items)
    running = {(item["family"], clock["clock"]) for item in items for clock in item["clocks"]}
    known = {(item["family"], clock) for item in items for clock in hub.heart.family(item["family"]).clocks}
    assert running == known


def test_the_ticker_is_told_what_is_over_once(hub: Shown) -> None:
    family = hub.tell("child-neglect")
    ask = hub.relay.engine.connect
    hub.relay.catch_up()
    soonest = min(hub.heart.family(family).clocks.values(), key=lambda clock: clock.due)
    with ask() as connection:
        assert clocks.due_before(connection, soonest.due - timedelta(microseconds=1)) == []
        assert (str(family), soonest.clock) in clocks.due_before(connection, soonest.due)
    hub.heart.clock.set(soonest.due)
    hub.heart.casework.pass_deadlines(family)
    hub.relay.catch_up()
    with ask() as connection:
        assert clocks.due_before(connection, soonest.due) == []


def test_terms_of_a_merged_family_do_not_tick(hub: Shown) -> None:
    family = hub.tell(a_signal(a_home(1), concern="child-neglect"))
    stays = merge_away(hub, family)
    assert families(hub.ask("clocks")) == [str(stays)]
    with hub.relay.engine.connect() as connection:
        assert {due[0] for due in clocks.due_before(connection, NOON + timedelta(days=4000))} == {str(stays)}


# questions and quarantine -------------------------------------------------------------------------


def a_question(hub: Shown) -> tuple[UUID, str]:
    """A family, and a question about a signal that may be about it."""
    family = hub.tell("upbringing")
    (placed,) = hub.heart.place(a_signal(a_person(birth_date=PartialDate("")), reference="unsure"), partner="school-attendance")
    assert placed.question
    return family, placed.question


def test_a_question_waits_with_the_families_it_may_be_about(hub: Shown) -> None:
    family, question = a_question(hub)
    (item,) = hub.ask("match-questions", state="open")["items"]
    assert (item["id"], item["candidates"], item["partner"], item["people"]) == (question, [str(family)], "school-attendance", 1)
    assert item["why"]
    assert hub.ask("match-questions/{id}", question) == item


def test_an_answer_can_be_taken_back_and_the_signal_waits_again(hub: Shown) -> None:
    family, question = a_question(hub)
    hub.heart.casework.answer(UUID(question), family, "the school knows", DUTY.who)
    answered = hub.ask("match-questions/{id}", question)
    assert (answered["state"], answered["family"], answered["answeredBy"]) == ("answered", str(family), DUTY.who)
    assert hub.ask("match-questions", state="open")["items"] == []
    hub.heart.casework.take_back(UUID(question), "another Noor", DUTY.who)
    assert hub.ask("match-questions", state="open")["items"][0]["family"] == ""


def a_message(hub: Shown, outcome: str) -> UUID:
    """A message of a partner that this became of."""
    reasons = [{"where": "/signalen/0/datum", "what": "is not a day of the calendar"}] if outcome == QUARANTINED else []
    plain = dict.fromkeys(
        ("source", "type", "logged", "partner", "kind", "oin", "kid", "algorithm", "digest", "kept", "purpose"), "a"
    ) | {"corrects": "", "withdraws": "", "typed_by": ""}

    def work(unit: Any) -> UUID:
        message = Message.open(
            Message.Received,
            stream_id("message", outcome),
            Occasion(unit.at, "police"),
            event_id=outcome,
            outcome=outcome,
            reasons=reasons,
            signals=[],
            **plain,
        )
        return unit.add(message).id

    return hub.heart.register.do(work).value


def test_a_message_that_could_not_be_read_waits_with_every_reason(hub: Shown) -> None:
    a_message(hub, RECORDED)
    message = a_message(hub, QUARANTINED)
    (item,) = hub.ask("quarantine")["items"]
    assert (item["message"], item["reasons"][0]["where"], item["triedAgainAt"]) == (str(message), "/signalen/0/datum", None)


def test_a_message_leaves_quarantine_when_it_could_be_read_again(hub: Shown) -> None:
    message = a_message(hub, QUARANTINED)

    def again(outcome: str, reasons: list[dict[str, str]]) -> None:
        def work(unit: Any) -> None:
            unit.get(Message, message).process_again(outcome, reasons, [], Occasion(unit.at, "operator"))

        hub.heart.register.do(work)

    again(QUARANTINED, [{"where": "/other", "what": "is missing"}])
    (item,) = hub.ask("quarantine")["items"]
    assert (item["reasons"], item["triedAgainAt"] is None) == ([{"where": "/other", "what": "is missing"}], False)
    again(RECORDED, [])
    assert hub.ask("quarantine")["items"] == []
