"""The people who work here hear of what is theirs: by mail, in a calendar, and at night whoever is on call."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from icalendar import Calendar

from hub.adapters.channels.mail import queue
from hub.domain.callers import Capacity
from hub.domain.contacting import Contact
from hub.domain.requests import Asks
from hub.domain.subscriptions import Sink, Wish
from hub.domain.trajectory import Trajectory
from hub.errors import Malformed
from tests import issuer
from tests.channels.mailboxes import Mailboxes, receiving_mail
from tests.journeys.running import Served, a_child, a_worry, serving
from tests.parts.servers import until
from tests.passing import passed_on

pytestmark = pytest.mark.usefixtures("database")

NIGHT = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
"""Two o'clock at night by the Dutch clock."""
DAY = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
TEAM = "neighbourhood-team"
DIRECTOR, FIRST, SECOND = "duty-desk", "c.eerst", "d.daarna"


@dataclass(frozen=True)
class Office:
    """A hub whose mail goes to a mail server of the test."""

    hub: Served
    boxes: Mailboxes

    def ask(self, who: str, method: str, path: str, role: str = Capacity.COORDINATOR, **more: Any) -> httpx2.Response:
        passed_on(self.hub.hub)
        headers = issuer.bearer(role, who, TEAM, self.hub.clock.now())
        return self.hub.client.request(method, path, headers=headers, **more)

    def wants(self, who: str, mail: str = "at-once", hour: int = 8) -> str:
        """Somebody says how they want to be mailed; gives their address."""
        address = f"{who}@gemeente.example"
        said = self.ask(who, "PUT", "/v1/me/contact", json={"email": address, "mail": mail, "hour": hour})
        assert said.status_code == 200, said.text
        return address

    def on_call(self, who: str, rank: int, since: timedelta = timedelta(hours=-8), until: timedelta = timedelta(hours=16)) -> None:
        """Somebody is put on call, for a day around now."""
        now = self.hub.clock.now()
        when = {"begins": (now + since).isoformat(), "ends": (now + until).isoformat()}
        said = self.ask("t.leider", "POST", "/v1/duty-shifts", Capacity.TEAM_LEAD, json={"who": who, "rank": rank, **when})
        assert said.status_code == 201, said.text

    def escalates(self, nth: int = 1) -> str:
        """An axis rises that asks to be acknowledged; gives the escalation."""
        sender = self.hub.partners["any-partner"]
        worry = a_worry(a_child(nth, familyName=f"Voorbeeld{nth}", birthDate=f"201{nth}-04-05"), concern="honour-violence")
        posted = self.hub.post(sender, sender.an_event(worry, self.hub.clock.now()))
        assert posted.status_code == 201, posted.text
        passed_on(self.hub.hub)
        family = self.hub.family_of(posted.json())
        raised = [one for one in self.ask(DIRECTOR, "GET", "/v1/escalations").json()["items"] if one["family"] == family]
        return f"{family}/escalations/{raised[0]['id']}"

    def acknowledges(self, escalation: str) -> None:
        said = self.ask(DIRECTOR, "POST", f"/v1/families/{escalation}/acknowledgements")
        assert said.status_code == 201, said.text
        passed_on(self.hub.hub)

    def passes(self, **time: float) -> None:
        """Lets so much time go by, and mail that is due now go out."""
        self.hub.clock.set(self.hub.clock.now() + timedelta(**time))
        until(lambda: not self._is_any_due())

    def _is_any_due(self) -> bool:
        with self.hub.hub.stored.outbox.connect() as connection:
            return bool(queue.due(connection, self.hub.clock.now()))


@contextmanager
def an_office(place: Path, at: datetime, boxes: Mailboxes | None = None) -> Iterator[Office]:
    with receiving_mail(boxes) as there:
        mail = {"HUB_MAIL_HOST": there.host, "HUB_MAIL_PORT": str(there.port), "HUB_MAIL_SECURITY": "none"}
        more = {"HUB_MAIL_FROM": "hub@gemeente.example", "HUB_MAIL_OPERATOR": "beheer@gemeente.example"}
        with serving(place, at, more=mail | more) as hub:
            yield Office(hub, there)


def test_whoever_directs_is_mailed_at_once_with_a_link_and_a_clock_and_nothing_of_whom(database: str, tmp_path: Path) -> None:
    with an_office(tmp_path, DAY) as office:
        address = office.wants(DIRECTOR)
        escalation = office.escalates().rpartition("/")[2]
        assert office.boxes.wait_for(1)
        (mail,) = office.boxes.got
        assert mail["To"] == address and "Er wacht een opschaling op u / An escalation waits for you" in mail["Subject"]
        text = mail.get_content()
        assert f"/escalations/{escalation}" in text and "vóór" in text
        everything = str(mail) + text
        assert not [word for word in ("Voorbeeld", "Noor", "honour", "1234AB", "safety", "2016") if word in everything]
        assert [event.about for event in facts(office, Contact.Mailed)] == [escalation]


def test_outside_office_hours_the_first_on_call_is_mailed_and_unanswered_the_next(database: str, tmp_path: Path) -> None:
    with an_office(tmp_path, NIGHT) as office:
        first, second = office.wants(FIRST, "never"), office.wants(SECOND, "daily")
        office.on_call(SECOND, 2)
        office.on_call(FIRST, 1)
        escalation = office.escalates()
        assert office.boxes.wait_for(1)
        assert [mail["To"] for mail in office.boxes.got] == [first]
        office.passes(minutes=29)
        assert len(office.boxes.got) == 1
        office.passes(minutes=1)
        assert office.boxes.wait_for(2) and [mail["To"] for mail in office.boxes.got] == [first, second]
        assert "U bent bereikbaar" in office.boxes.got[1]["Subject"]
        office.acknowledges(escalation)


def test_the_next_is_who_is_on_call_by_then(database: str, tmp_path: Path) -> None:
    with an_office(tmp_path, NIGHT) as office:
        addresses = [office.wants(who) for who in (FIRST, "gaat.naar-huis", SECOND)]
        office.on_call(FIRST, 1)
        office.on_call("gaat.naar-huis", 2, until=timedelta(minutes=10))
        office.on_call(SECOND, 3, since=timedelta(minutes=20))
        office.escalates()
        office.passes(hours=3)
        assert office.boxes.wait_for(2)
        assert [mail["To"] for mail in office.boxes.got] == [addresses[0], addresses[2]]


def test_once_somebody_took_notice_nobody_else_is_mailed(database: str, tmp_path: Path) -> None:
    with an_office(tmp_path, NIGHT) as office:
        first = office.wants(FIRST)
        office.wants(SECOND)
        office.on_call(FIRST, 1)
        office.on_call(SECOND, 2)
        escalation = office.escalates()
        assert office.boxes.wait_for(1)
        office.acknowledges(escalation)
        office.passes(hours=2)
        assert [mail["To"] for mail in office.boxes.got] == [first]


def test_by_day_nobody_on_call_is_mailed_and_whoever_chose_nothing_is_not(database: str, tmp_path: Path) -> None:
    with an_office(tmp_path, DAY) as office:
        office.wants(FIRST, "never")
        office.on_call(FIRST, 1)
        office.wants(DIRECTOR, "never")
        office.escalates()
        office.passes(hours=1)
        assert office.boxes.got == []


def test_a_daily_mail_comes_once_at_its_hour_with_all_of_a_day(database: str, tmp_path: Path) -> None:
    with an_office(tmp_path, DAY) as office:
        office.wants(DIRECTOR, "daily", hour=7)
        escalations = {office.escalates(nth).rpartition("/")[2] for nth in (1, 2, 3)}
        office.passes(hours=19, minutes=59)
        assert office.boxes.got == []
        office.passes(minutes=1)  # seven o'clock the next day, by the Dutch clock
        assert office.boxes.wait_for(1)
        (mail,) = office.boxes.got
        assert all(f"/escalations/{one}" in mail.get_content() for one in escalations)
        office.passes(days=1)
        assert len(office.boxes.got) == 1


def test_mail_that_is_refused_for_now_comes_later_and_what_is_refused_for_good_waits_for_a_person(
    database: str, tmp_path: Path
) -> None:
    boxes = Mailboxes(["451 try later"])
    with an_office(tmp_path, DAY, boxes) as office:
        office.wants(DIRECTOR)
        office.escalates()
        until(lambda: boxes.tries == 1)
        until(lambda: _outcomes(office) == [("waiting", "smtp-451")])
        office.passes(minutes=2)
        assert boxes.wait_for(1)
        boxes.says = ["550 no such person"]
        office.escalates(2)
        until(lambda: ("dead", "smtp-550") in _outcomes(office))


def test_a_calendar_shows_ones_own_terms_and_nothing_of_whom(database: str, tmp_path: Path) -> None:
    with an_office(tmp_path, DAY) as office:
        office.escalates()
        said = office.ask(DIRECTOR, "POST", "/v1/me/calendar")
        assert said.status_code == 201 and said.headers["cache-control"] == "no-store"
        path = said.json()["url"].removeprefix(office.hub.hub.settings.base_url)
        passed_on(office.hub.hub)
        shown = office.hub.client.get(path)
        assert shown.status_code == 200 and shown.headers["content-type"].startswith("text/calendar")
        events = Calendar.from_ical(shown.text).walk("VEVENT")
        due = {
            datetime.fromisoformat(clock["due"])
            for item in office.ask(DIRECTOR, "GET", "/v1/clocks").json()["items"]
            for clock in item["clocks"]
        }
        assert {event.decoded("dtstart") for event in events} == due
        families = {item["family"] for item in office.ask(DIRECTOR, "GET", "/v1/clocks").json()["items"]}
        assert {str(event["url"]) for event in events} == {f"{office.hub.hub.settings.base_url}/families/{one}" for one in families}
        assert all(len(line.encode()) <= 75 for line in shown.text.split("\r\n"))
        assert not [word for word in ("Voorbeeld", "Noor", "honour", "1234AB") if word in shown.text]
        assert {str(event["uid"]) for event in events} == {
            str(event["uid"]) for event in Calendar.from_ical(office.hub.client.get(path).text).walk("VEVENT")
        }


def test_the_officers_calendar_has_before_when_requests_are_answered_and_not_by_whom_they_are(
    database: str, tmp_path: Path
) -> None:
    with an_office(tmp_path, DAY) as office:
        family = office.escalates().partition("/")[0]
        hub, officer = office.hub.hub, Capacity.DATA_PROTECTION_OFFICER
        person = next(iter(hub.register.read(lambda unit: unit.get(Trajectory, UUID(family)).people)))
        request = hub.requests.note(UUID(person), Asks.INSPECTION, hub.clock.now().date(), "wat weet u van mij", "g.privacy")
        shown = {}
        for who, role in (("g.privacy", officer), (DIRECTOR, Capacity.COORDINATOR)):
            path = office.ask(who, "POST", "/v1/me/calendar", role).json()["url"].removeprefix(hub.settings.base_url)
            shown[who] = office.hub.client.get(path).text
        (event,) = Calendar.from_ical(shown["g.privacy"]).walk("VEVENT")
        due = office.ask("g.privacy", "GET", f"/v1/person-requests/{request}", officer).json()["due"]
        assert (str(event["url"]), event.decoded("dtstart")) == (
            f"{hub.settings.base_url}/person-requests/{request}",
            datetime.fromisoformat(due).replace(microsecond=0),
        )
        assert person not in shown["g.privacy"] and str(request) not in shown[DIRECTOR]


def test_a_calendars_link_counts_until_it_is_made_anew_closed_or_old(database: str, tmp_path: Path) -> None:
    with an_office(tmp_path, DAY) as office:

        def made() -> str:
            url: str = office.ask(DIRECTOR, "POST", "/v1/me/calendar").json()["url"]
            return url.removeprefix(office.hub.hub.settings.base_url)

        def status(path: str) -> int:
            return office.hub.client.get(path).status_code

        first, second = made(), made()
        assert (status(first), status(second)) == (404, 200)
        assert status(second[:-1] + ("A" if second[-1] != "A" else "B")) == 404
        assert status("/v1/calendars/anything") == 400
        assert office.ask(DIRECTOR, "DELETE", "/v1/me/calendar").json()["calendarUntil"] is None
        assert status(second) == 404
        third = made()
        office.hub.clock.set(office.hub.clock.now() + timedelta(days=90))
        assert status(third) == 404


def test_whom_nobody_can_be_reached_like_is_refused_with_the_place(database: str, tmp_path: Path) -> None:
    with an_office(tmp_path, DAY) as office:
        for wrong, where in (
            ({"mail": "at-once"}, "/email"),
            ({"mail": "at-once", "email": "a b@c"}, "/email"),
            ({"mail": "at-once", "email": "a@b\r\nBcc: c@d"}, "/email"),
            ({"mail": "weekly"}, "/mail"),
            ({"mail": "daily", "email": "a@b.example", "hour": 24}, "/hour"),
        ):
            said = office.ask(DIRECTOR, "PUT", "/v1/me/contact", json=wrong)
            assert said.status_code == 400 and where in json.dumps(said.json()["violations"]), said.text
        for who, rank, begins, ends, where in (
            (FIRST, 1, DAY, DAY, "/ends"),
            (FIRST, 1, DAY - timedelta(days=2), DAY - timedelta(days=1), "/ends"),
            (FIRST, 1, DAY, DAY + timedelta(days=15), "/ends"),
            (FIRST, 0, DAY, DAY + timedelta(days=1), "/rank"),
        ):
            said = office.ask(
                "t.leider",
                "POST",
                "/v1/duty-shifts",
                Capacity.TEAM_LEAD,
                json={"who": who, "rank": rank, "begins": begins.isoformat(), "ends": ends.isoformat()},
            )
            assert said.status_code == 400 and where in json.dumps(said.json()["violations"]), said.text
        office.on_call(FIRST, 1)
        (shift,) = office.ask(FIRST, "GET", "/v1/duty-shifts").json()["items"]
        assert office.ask(FIRST, "DELETE", f"/v1/duty-shifts/{shift['id']}").status_code == 403
        assert office.ask("t.leider", "DELETE", f"/v1/duty-shifts/{shift['id']}", Capacity.TEAM_LEAD).json()["items"] == []


def facts(office: Office, kind: type[Any]) -> list[Any]:
    """What was recorded of that kind, once it was."""

    def found() -> list[Any]:
        decoded = (office.hub.hub.mapper.to_domain_event(one) for _, one in office.hub.hub.log.read(0, 100_000))
        return [event for event in decoded if isinstance(event, kind)]

    until(lambda: bool(found()))
    return found()


def _outcomes(office: Office) -> list[tuple[str, str]]:
    with office.hub.hub.stored.outbox.connect() as connection:
        return [(row.state, row.last_outcome) for row in connection.execute(queue.MAILS.select())]


def test_of_an_address_that_was_given_up_the_operator_and_its_organisation_are_mailed(database: str, tmp_path: Path) -> None:
    with an_office(tmp_path, DAY) as office:
        hub = office.hub.hub
        hub.registry.contact("police", "koppelingen@politie.example", "operator")
        disabled: list[str] = []
        for partner in ("police", "housing-corporation"):
            address = f"https://{partner}.example/told"
            id = hub.subscribing.subscribe(partner, Wish(Sink.WEBHOOK, address), partner)
            hub.subscribing.confirm(id, address, 0)
            hub.subscribing.disable(id, address, "http-410")
            disabled.append(f"/operations?subscription={id}")
        assert office.boxes.wait_for(3)
        passed_on(hub)
        said = sorted((mail["To"], mail["Subject"]) for mail in office.boxes.got)
        about = "Een abonnement is stilgelegd / A subscription was disabled"
        mailed = ["beheer@gemeente.example", "beheer@gemeente.example", "koppelingen@politie.example"]
        assert said == [(to, about) for to in mailed]
        assert all(any(link in mail.get_content() for link in disabled) for mail in office.boxes.got)
        with pytest.raises(Malformed):
            hub.registry.contact("police", "not an address", "operator")
