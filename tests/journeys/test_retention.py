"""What was kept long enough goes, and nothing before: keys are destroyed, copies deleted, and every proof stays valid."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import Result
from sqlalchemy import delete, func, select
from typer.testing import CliRunner

from hub.__main__ import app
from hub.adapters.channels.feed import FEED
from hub.adapters.channels.webhook.queue import DELIVERIES, WHOLE
from hub.commands import shared
from hub.domain.callers import Capacity
from hub.domain.keeping import RetentionRun
from hub.domain.messages import Message
from hub.domain.people import Person
from hub.domain.processing import Wanted
from hub.domain.requests import Asks, Decision
from hub.domain.subscriptions import Payload, Wish
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.network import Involved, Side
from hub.errors import HubError, RuleBroken
from hub.wiring import Watched, retained
from hub.wiring.examined import Looked, wrongs
from tests.adapters.registered import public
from tests.api.running import SOURCE, TYPE, Running, a_child, a_worry, an_event, running
from tests.given import NOON, a_number
from tests.journeys.test_erasing import readable, words_in
from tests.parts import databases
from tests.passing import notarised, passed_on

OFFICER = Capacity.DATA_PROTECTION_OFFICER
YEAR, DAY = timedelta(days=365), timedelta(days=1)
BY = "p.functionaris"
LASTING = "youth-work-2"
"""A key that is valid for longer than anything is kept."""
STOPPED = "het gezin is naar Oud-Ulekooterveen verhuisd"


def somebody(nth: int, name: str, given: str, **but: Any) -> dict[str, Any]:
    home = {"postcode": "9473XQ", "number": str(nth), "street": f"{name}dreef", "town": "Voorbeeldstad"}
    return {
        "bsn": a_number(nth),
        "familyName": name,
        "givenNames": given,
        "birthDate": "2014-02-28",
        "address": home,
        "role": "child",
    } | but


NOOR = somebody(321, "Zwaluwenhorst", "Quintijntje")
PIET = somebody(654, "Diederickson", "Boomklever")
OF_NOOR, OF_PIET = ["Zwaluwenhorst", "Quintijntje", a_number(321)], ["Diederickson", "Boomklever", a_number(654)]


@pytest.fixture
def hub(database: str, tmp_path: Path) -> Iterator[Running]:
    """A hub."""
    with running(tmp_path / "hub") as opened:
        opened.hub.registry.add_key("youth-work", public("PS256", LASTING), "operator", NOON - YEAR, NOON + 20 * YEAR)
        yield opened


async def a_family(hub: Running, *people: dict[str, Any], id: str = "1") -> UUID:
    """A family of these people, by one message."""
    said = await hub.post(an_event(a_worry(people=list(people)), id=id), signed_as=LASTING)
    assert said.status_code == 201, said.text
    return hub.family_in(said)


def stops(hub: Running, family: UUID, words: str = STOPPED) -> None:
    """Somebody ends a trajectory early."""
    hub.hub.casework.decide(family, lambda trajectory, _, on: trajectory.end_early(words, on), "duty-desk")


def later(hub: Running, by: timedelta) -> None:
    hub.clock.set(hub.clock.now() + by)


def let_go(hub: Running) -> dict[str, int]:
    """Somebody has everything ended that is due; gives what ended."""
    passed_on(hub.hub)
    ended = retained.run(hub.hub, BY, lambda *_: None)
    passed_on(hub.hub)
    return {category: many for category, many in ended.items() if many}


def due(hub: Running) -> dict[str, int]:
    passed_on(hub.hub)
    return {category: many for category, many in retained.counts(hub.hub).items() if many}


def is_sound(hub: Running) -> bool:
    """Whether all is as it was recorded and signed, by the whole examination."""
    notarised(hub.hub)
    passed_on(hub.hub)
    looked = Looked()
    found = list(wrongs(hub.hub, looked, lambda *_: None))
    assert looked.views == len(hub.hub.views.followers)
    return found == []


def is_kept(hub: Running, kept: str) -> bool:
    with hub.hub.stored.log.connect() as connection:
        try:
            hub.hub.received.fetch(connection, kept)
        except HubError as gone:
            assert gone.code == "erased"
            return False
    return True


async def test_a_family_goes_when_its_term_is_over_and_not_a_day_before(hub: Running) -> None:
    family = await a_family(hub, NOOR)
    stops(hub, family)
    assert words_in(readable(hub.hub), [*OF_NOOR, STOPPED]) == {*OF_NOOR, STOPPED}
    hub.clock.set(NOON.replace(year=2027, month=9))  # from 2 March 2026 a year and six months: 2 September 2027 is the last day
    assert "family-ended-otherwise" not in due(hub) | let_go(hub)
    later(hub, DAY)
    assert due(hub) == {"family-ended-otherwise": 1}
    assert let_go(hub)["family-ended-otherwise"] == 1
    assert words_in(readable(hub.hub), [*OF_NOOR, STOPPED]) == set()
    assert due(hub) == {}
    assert is_sound(hub)


async def test_who_stood_around_a_family_goes_with_it_and_so_does_what_was_met_about(hub: Running) -> None:
    family = await a_family(hub, NOOR)
    around, words = ["Zonnedauwtje", "moeder Korenbloem"], ["bij de Wilgenroosjes", "Oma haalt op bij de Ereprijs"]

    def meets(trajectory: Trajectory, _: Any, on: Any) -> None:
        named = {"name": around[0], "what": "oma", "permitted_by": around[1], "permitted_on": "2026-03-01"}
        grandmother = trajectory.involve(Involved("", Side.INFORMAL, **named), on)
        meeting = trajectory.call_meeting(on.at + DAY, words[0], [grandmother], ["school"], on)
        held = replace(on, at=on.at + 2 * DAY)
        trajectory.hold_meeting(meeting, [grandmother], "er waren er genoeg", [(words[1], "oma", NOON.date())], held)

    hub.hub.casework.decide(family, meets, "duty-desk")
    stops(hub, family)
    assert words_in(readable(hub.hub), [*around, *words]) == {*around, *words}
    later(hub, timedelta(days=560))
    let_go(hub)
    assert words_in(readable(hub.hub), [*around, *words]) == set()
    assert is_sound(hub)


async def test_nobody_sees_a_family_that_went_and_who_is_named_again_is_somebody_new(hub: Running) -> None:
    family = await a_family(hub, NOOR)
    stops(hub, family)
    assert (await hub.ask(f"/v1/families/{family}")).status_code == 200
    later(hub, timedelta(days=560))
    let_go(hub)
    hub.assign(family)
    for path in (f"/v1/families/{family}", f"/v1/families/{family}/history"):
        assert (await hub.ask(path, "auditor")).status_code == 404
    again = await a_family(hub, NOOR, id="2")
    assert again != family
    assert (
        hub.hub.register.read(lambda unit: unit.get(Trajectory, again).people)
        .keys()
        .isdisjoint(hub.hub.register.read(lambda unit: unit.get(Trajectory, family).people))
    )


async def test_a_family_under_way_is_never_due_and_one_that_was_never_helped_is_after_two_years(hub: Running) -> None:
    helped, candidate = await a_family(hub, NOOR), await a_family(hub, PIET, id="2")
    hub.hub.casework.decide(helped, lambda one, rules, on: one.refer("er is hulp nodig", rules, on), "duty-desk")
    later(hub, 2 * YEAR - DAY)
    assert "family-never-helped" not in due(hub)
    later(hub, 3 * DAY)
    assert let_go(hub)["family-never-helped"] == 1
    assert hub.hub.admittance.standing(candidate) is None
    assert hub.hub.admittance.standing(helped) is not None
    assert words_in(readable(hub.hub), [*OF_NOOR, *OF_PIET]) == set(OF_NOOR)


async def test_a_new_signal_begins_the_term_anew(hub: Running) -> None:
    family = await a_family(hub, NOOR)
    later(hub, 2 * YEAR - 2 * DAY)
    assert await a_family(hub, NOOR, id="2") == family
    later(hub, 4 * DAY)
    assert let_go(hub).get("family-never-helped") is None
    assert hub.hub.admittance.standing(family) is not None


async def test_what_is_held_stays_until_it_is_released(hub: Running) -> None:
    family = await a_family(hub, NOOR)
    stops(hub, family)
    said = await hub.tell(f"/v1/families/{family}/retention-holds", {"motivation": "onderzoek van de inspectie"}, OFFICER)
    assert said.status_code == 201, said.text
    later(hub, 5 * YEAR)
    shown = (await hub.ask(f"/v1/families/{family}/retention", "auditor")).json()
    assert (shown["isHeld"], shown["hold"]["motivation"]) == (True, "onderzoek van de inspectie")
    assert [one["family"] for one in (await hub.ask("/v1/retention?state=held", OFFICER)).json()["items"]] == [str(family)]
    assert [line.is_held for line in retained.lines(hub.hub)] == [True]
    assert "family-ended-otherwise" not in let_go(hub)
    assert words_in(readable(hub.hub), OF_NOOR) == set(OF_NOOR)
    assert (await hub.tell(f"/v1/families/{family}/retention-releases", {"motivation": "afgerond"}, OFFICER)).status_code == 201
    assert let_go(hub)["family-ended-otherwise"] == 1
    assert words_in(readable(hub.hub), OF_NOOR) == set()


async def test_what_somebody_had_kept_for_them_stays_until_that_is_lifted(hub: Running) -> None:
    family = await a_family(hub, NOOR)
    noor = person_called(hub, family, "Quintijntje")
    stops(hub, family)
    hub.hub.casework.decide(family, lambda one, _, on: one.mark_restricted(noor, True, on), BY)
    later(hub, 2 * YEAR)
    assert "family-ended-otherwise" not in let_go(hub)
    assert due(hub)["family-ended-otherwise"] == 1
    hub.hub.casework.decide(family, lambda one, _, on: one.mark_restricted(noor, False, on), BY)
    assert let_go(hub)["family-ended-otherwise"] == 1


async def test_whoever_asked_something_is_answered_before_their_family_goes(hub: Running) -> None:
    family = await a_family(hub, NOOR)
    (person,) = hub.hub.register.read(lambda unit: [UUID(each) for each in unit.get(Trajectory, family).people])
    stops(hub, family)
    later(hub, timedelta(days=560))
    request = hub.hub.requests.note(person, Asks.INSPECTION, hub.clock.now().date(), "wat weet u van mij", BY)
    assert "family-ended-otherwise" not in let_go(hub)
    assert words_in(readable(hub.hub), OF_NOOR) == set(OF_NOOR)
    hub.hub.requests.decide(request, Decision.WITHDRAWN, "", "toch niet nodig", BY)
    assert let_go(hub)["family-ended-otherwise"] == 1
    assert words_in(readable(hub.hub), OF_NOOR) == set()


async def test_only_the_officer_holds_and_says_why(hub: Running) -> None:
    family = await a_family(hub, NOOR)
    path, why = f"/v1/families/{family}/retention-holds", {"motivation": "klacht"}
    for role in ("coordinator", "team-lead", "auditor", "operator"):
        assert (await hub.tell(path, why, role)).status_code == 403
    assert (await hub.tell(path, {"motivation": " "}, OFFICER)).status_code == 400
    assert (await hub.tell(path, why, OFFICER)).status_code == 201
    assert (await hub.tell(path, why, OFFICER)).json()["code"] == "held-already"
    other = (await hub.tell(f"/v1/families/{UUID(int=1)}/retention-holds", why, OFFICER)).status_code
    assert other == 404


async def test_a_person_goes_with_the_last_family_that_has_them(hub: Running) -> None:
    first = await a_family(hub, NOOR, PIET)
    second = hub.hub.casework.split(first, [person_called(hub, first, "Boomklever")], "twee gezinnen", "duty-desk")
    assert await a_family(hub, NOOR, id="2") == first
    hub.hub.casework.decide(second, lambda one, rules, on: one.refer("hulp", rules, on), "duty-desk")
    stops(hub, first)
    later(hub, 2 * YEAR)
    let_go(hub)
    text = readable(hub.hub)
    assert words_in(text, OF_PIET) == set(OF_PIET), "of the family that stays"
    stops(hub, second)
    later(hub, 2 * YEAR)
    let_go(hub)
    assert words_in(readable(hub.hub), [*OF_NOOR, *OF_PIET]) == set()
    assert is_sound(hub)


def person_called(hub: Running, family: UUID, given: str) -> str:
    def look(unit: Any) -> str:
        people = {unit.get(Person, UUID(id)).given_names: id for id in unit.get(Trajectory, family).people}
        return str(people[given])

    return hub.hub.register.read(look)


def kept_of(hub: Running, family: UUID) -> set[str]:
    """Under which keys the bytes of the messages of a family are kept."""
    events = [one for one in hub.hub.history.facts(family) if isinstance(one, Trajectory.SignalRecorded)]
    return {hub.hub.register.read(lambda unit, id=event.message: unit.get(Message, UUID(id)).received.kept) for event in events}


async def test_what_came_together_goes_each_by_its_own_term_and_the_message_with_the_last(hub: Running) -> None:
    events = [
        {
            "specversion": "1.0",
            "id": str(nth),
            "source": SOURCE,
            "type": TYPE,
            "time": "2026-03-02T12:00:00Z",
            "data": a_worry(people=[one]),
        }
        for nth, one in enumerate((NOOR, PIET))
    ]
    said = await hub.post(json.dumps(events).encode(), "application/cloudevents-batch+json")
    assert said.status_code in (200, 201, 207), said.text
    passed_on(hub.hub)
    found = [UUID(item["family"]) for item in (await hub.ask("/v1/retention", OFFICER)).json()["items"]]
    assert len(found) == 2
    gone, stays = sorted(found, key=lambda family: "Diederickson" in names(hub, family))
    stops(hub, gone)
    hub.hub.casework.decide(stays, lambda one, rules, on: one.refer("hulp", rules, on), "duty-desk")
    (kept,) = kept_of(hub, gone)
    later(hub, 2 * YEAR)
    let_go(hub)
    assert hub.hub.admittance.standing(gone) is None
    assert is_kept(hub, kept), "what two families came in stays for the other"
    stops(hub, stays)
    later(hub, 2 * YEAR)
    let_go(hub)
    assert not is_kept(hub, kept)
    assert is_sound(hub)


def names(hub: Running, family: UUID) -> str:
    people = hub.hub.register.read(lambda unit: list(unit.get(Trajectory, family).people))
    return repr([[vars(hub.hub.mapper.to_domain_event(one)) for one in _stream(hub, UUID(id))] for id in people])


def _stream(hub: Running, id: UUID) -> list[Any]:
    with hub.hub.log.snapshot() as log:
        return log.stream(id)


async def test_what_nobody_could_read_or_place_goes_too(hub: Running) -> None:
    unread = await hub.post(an_event({"reference": "Kwikstaartje", "what": "is this"}, id="unread"))
    assert unread.json()["outcome"] == "quarantined", unread.text
    await a_family(hub, NOOR)
    like = {**NOOR, "bsn": a_number(777), "address": {"postcode": "1111AA", "number": "1"}}
    asked = await hub.post(an_event(a_worry(people=[{name: like[name] for name in like if name != "bsn"}]), id="like"))
    assert asked.json()["outcome"] == "match-question", asked.text
    later(hub, YEAR / 2 + 5 * DAY)
    assert let_go(hub)["messages-in-quarantine"] == 1
    assert (await hub.ask("/v1/quarantine", "operator")).json()["items"] == []
    later(hub, YEAR / 2)
    assert let_go(hub)["signals-unplaced"] == 1
    (question,) = (await hub.ask("/v1/match-questions")).json()["items"]
    assert question["state"] == "erased"
    text = readable(hub.hub)
    assert words_in(text, ["Kwikstaartje", "1111AA"]) == set()
    assert words_in(text, OF_NOOR) == set(OF_NOOR)
    assert is_sound(hub)


async def test_copies_of_what_was_told_are_deleted_and_later_ones_stay(hub: Running) -> None:
    hub.hub.subscribing.subscribe("police", Wish(payload=Payload.LEAN), "police")
    await hub.an_escalation()
    passed_on(hub.hub)
    before = copies(hub)
    assert min(before.values()) > 0, "on the feed, and kept for the police to fetch, at full length beside it"
    later(hub, YEAR - 2 * DAY)
    assert "deliveries" not in let_go(hub)
    again = {**a_child(5), "role": "child"}
    said = await hub.post(an_event(a_worry(people=[again], concern="honour-violence"), id="2"), signed_as=LASTING)
    assert said.status_code == 201, said.text
    passed_on(hub.hub)
    later_ones = {name: many - before[name] for name, many in copies(hub).items()}
    later(hub, 4 * DAY)
    assert let_go(hub)["deliveries"] == before["feed"] + before["deliveries"]
    assert copies(hub) == later_ones
    assert min(later_ones.values()) > 0
    assert is_sound(hub)


def copies(hub: Running) -> dict[str, int]:
    """How many rows there are of what was told."""
    with hub.hub.stored.outbox.connect() as connection:
        counted = {table.name: select(func.count()).select_from(table) for table in (FEED, DELIVERIES, WHOLE)}
        return {name: connection.execute(query).scalar_one() for name, query in counted.items()}


async def test_a_copy_that_somebody_else_took_away_is_still_found_after_a_run(hub: Running) -> None:
    hub.hub.subscribing.subscribe("police", Wish(), "police")
    await hub.an_escalation()
    later(hub, 10 * DAY)
    let_go(hub)
    with hub.hub.stored.outbox.begin() as connection:
        first = connection.execute(select(DELIVERIES.c.id).order_by(DELIVERIES.c.id)).scalars().first()
        connection.execute(delete(DELIVERIES).where(DELIVERIES.c.id == first))
    assert not is_sound(hub)


async def test_a_run_is_an_event_with_counts_and_the_register_and_nobody_runs_it_by_itself(hub: Running) -> None:
    family = await a_family(hub, NOOR)
    stops(hub, family)
    later(hub, 2 * YEAR)
    let_go(hub)
    said = [
        vars(hub.hub.mapper.to_domain_event(stored)) for _, stored in hub.hub.log.read(0, 10_000) if "retention-run" in stored.topic
    ]
    assert [(one["by"], one["register"]) for one in said] == [(BY, "2026-1")] * 2
    assert said[1]["ended"]["family-ended-otherwise"] == 1
    for nobody in ("", "hub"):
        with pytest.raises(RuleBroken):
            retained.run(hub.hub, nobody, lambda *_: None)


async def test_a_run_that_was_broken_off_goes_on_where_it_was(hub: Running) -> None:
    families = [await a_family(hub, one, id=str(nth)) for nth, one in enumerate((NOOR, PIET))]
    for family in families:
        stops(hub, family)
    later(hub, 2 * YEAR)
    passed_on(hub.hub)

    def break_off(what: str, done: int, _: int) -> None:
        if what.startswith("family") and done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        retained.run(hub.hub, BY, break_off)
    assert due(hub)["family-ended-otherwise"] == 1
    assert let_go(hub)["family-ended-otherwise"] == 1
    assert words_in(readable(hub.hub), [*OF_NOOR, *OF_PIET, STOPPED]) == set()
    runs = [stored.topic for _, stored in hub.hub.log.read(0, 10_000) if "retention-run" in stored.topic]
    assert runs == [RetentionRun.Begun.TOPIC, RetentionRun.Begun.TOPIC, RetentionRun.Finished.TOPIC]
    assert is_sound(hub)


# At the command line -----------------------------------------------------------------------------------


@pytest.fixture
def typed(hub: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """What an operator types beside a hub that runs, with its clock."""
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path / "hub"))
    monkeypatch.setenv("HUB_DATABASE_URL", databases.url_of(tmp_path / "hub"))
    monkeypatch.setenv("HUB_MODE", "demo")
    monkeypatch.setattr(shared.say, "_width", 300)
    # the hub that runs beside it would write its lines where nobody reads any more
    monkeypatch.setattr("hub.adapters.watching.lines.written", lambda *_: None)
    monkeypatch.setattr("hub.wiring.hub.SystemClock", lambda: hub.clock)
    return lambda *words: CliRunner().invoke(app, ["retention", *words])


async def test_a_dry_run_names_what_is_due_and_since_when_and_does_nothing(hub: Running, typed: Callable[..., Result]) -> None:
    gone, held = await a_family(hub, NOOR), await a_family(hub, PIET, id="2")
    for family in (gone, held):
        stops(hub, family)
    assert typed("hold", str(held), "--ground", "klacht", "--by", BY).exit_code == 0
    later(hub, 2 * YEAR)
    passed_on(hub.hub)
    before = hub.hub.log.last_position()
    said = typed("run", "--dry-run")
    assert said.exit_code == 0, said.output
    assert f"family-ended-otherwise: {gone}, counted from 2026-03-02, due since 2027-09-03\n" in said.output
    assert f"{held}, counted from 2026-03-02, due since 2027-09-03; HELD, so it stays" in said.output
    assert "processing-log: the hub cannot end these yet" in said.output
    assert words_in(said.output, [*OF_NOOR, *OF_PIET]) == set()
    assert hub.hub.log.last_position() == before
    assert hub.hub.admittance.standing(gone) is not None


async def test_a_run_is_by_somebody_and_stands_in_the_processing_log(hub: Running, typed: Callable[..., Result]) -> None:
    family = await a_family(hub, NOOR)
    stops(hub, family)
    later(hub, 2 * YEAR)
    passed_on(hub.hub)
    assert typed("run").exit_code == 2
    said = typed("run", "--by", BY)
    assert said.exit_code == 0, said.output
    assert "family-ended-otherwise: 1" in said.output
    assert hub.hub.admittance.standing(family) is None
    lines, _ = hub.hub.processings.page(Wanted(activity="end-retention"), "", 10)
    assert [line.name for line in lines] == ["hub retention run"]
    again = typed("run", "--by", BY)
    assert "family-ended-otherwise: 0" in again.output


def test_the_register_is_shown_with_terms_and_sources(hub: Running, typed: Callable[..., Result]) -> None:
    said = typed("show")
    assert said.exit_code == 0, said.output
    for words in ("family-closed", "P1Y", "trajectory-closed", "destroy-keys", "Jeugdwet, art. 7.3.8", "assumed:"):
        assert words in said.output


def test_who_is_not_there_is_not_held(hub: Running, typed: Callable[..., Result]) -> None:
    assert typed("hold", str(UUID(int=7)), "--ground", "klacht", "--by", BY).exit_code == 1


async def test_what_is_due_for_over_a_week_is_missing(hub: Running) -> None:
    family = await a_family(hub, NOOR)
    stops(hub, family)
    hub.clock.set(NOON.replace(year=2027, month=9) + 7 * DAY)
    passed_on(hub.hub)
    assert retained.overdue(hub.hub) == 0
    later(hub, DAY)
    assert retained.overdue(hub.hub) == 1
    assert "kept-too-long" in {one.code for one in Watched(hub.hub, "all", fresh=0).standing().missing}
    hub.hub.retention.hold(family, "klacht", BY)
    passed_on(hub.hub)
    assert retained.overdue(hub.hub) == 0
