"""On which ground partners share, over a real connection: what has none is refused, and reaches neither a family nor quarantine."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from structlog.testing import capture_logs

from hub.adapters.contracts import contract_path
from hub.domain.registrations import Registration
from hub.domain.streams import Occasion
from hub.errors import NotAllowed
from hub.registry import Terms
from tests.adapters.registered import public
from tests.given import NOON
from tests.journeys.running import Sender, Served, a_child, a_worry, serving
from tests.passing import passed_on

pytestmark = pytest.mark.usefixtures("database")

DAY = timedelta(days=1)
REPORT = "nl.vig.meldingen.vt-melding.v1"
EXAMPLE = contract_path("partners", "police", "vt-melding", "examples", "01-violence-with-an-arrest.given.xml")
SECRET = "Geheimenberg"
WORRY = a_worry(a_child(7, familyName=SECRET))


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as served:
        yield served


def post(hub: Served, kind: str = "any-partner", data: Any = WORRY, **but: Any) -> httpx2.Response:
    sender = hub.partners[kind]
    return hub.post(sender, sender.an_event(data, hub.clock.now(), **but))


def post_report(hub: Served) -> httpx2.Response:
    return post(hub, "police", EXAMPLE.read_bytes(), type=REPORT, media="application/xml")


def recorded(hub: Served) -> Counter[str]:
    """What stands in the log of messages, families and people: how much of each kind."""
    topics = Counter(stored.topic for _, stored in hub.hub.log.read(0, 100_000))
    ours = ("message-", "signal-", "person-", "family-", "trajectory-", "match-question-")
    return Counter({topic: count for topic, count in topics.items() if topic.startswith(ours)})


def refused(said: httpx2.Response) -> tuple[int, str, list[str]]:
    problem = said.json()
    assert said.headers["content-type"] == "application/problem+json"
    return said.status_code, problem["code"], [violation["where"] for violation in problem["violations"]]


# The way in ------------------------------------------------------------------------------------------------


def test_a_covenant_that_ends_between_two_signals_lets_the_first_in_and_not_the_second(hub: Served) -> None:
    hub.hub.registry.change("any-partner", Terms(covenant_until=NOON + DAY), "operator")
    assert post(hub).status_code == 201
    before = recorded(hub)
    assert {"message-received", "signal-recorded", "person-named"} <= before.keys()
    hub.clock.set(NOON + DAY)
    assert refused(post(hub)) == (403, "covenant-expired", ["covenant"])
    assert recorded(hub) == before


def test_what_is_refused_leaves_a_line_without_a_person_and_nothing_else(hub: Served) -> None:
    hub.hub.registry.change("any-partner", Terms(covenant_until=NOON), "operator")
    with capture_logs() as logged:
        said = post(hub)
    lines = [line for line in logged if line["event"] == "refused-without-ground"]
    assert [(line["partner"], line["because"]) for line in lines] == [("any-partner", "covenant-expired")]
    assert SECRET not in json.dumps(logged, default=str) + said.text
    assert recorded(hub) == Counter()


def test_every_reason_is_told_at_once(hub: Served) -> None:
    hub.hub.registry.change("any-partner", Terms(purposes=[], grounds=["wpg-20"], covenant_until=NOON), "operator")
    assert refused(post(hub)) == (403, "covenant-expired", ["covenant", "purpose", "ground"])


def test_a_basis_that_the_register_ends_is_not_relied_on_from_the_next_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(contract_path(), tmp_path / "contracts")
    path = tmp_path / "contracts" / "registers" / "legal-bases.json"
    said = json.loads(path.read_text())
    next(basis for basis in said["legal_bases"] if basis["code"] == "wpg-20")["valid_until"] = str(NOON.date())
    path.write_text(json.dumps(said))
    monkeypatch.setenv("HUB_CONTRACTS_DIR", str(tmp_path / "contracts"))
    with serving(tmp_path / "data") as hub:
        assert post_report(hub).status_code == 201
        hub.clock.set(NOON + DAY)
        assert refused(post_report(hub)) == (403, "ground-not-valid", ["ground"])
        assert post(hub).status_code == 201


def test_a_message_type_without_a_purpose_of_its_partner_is_refused(hub: Served) -> None:
    hub.hub.registry.change("police", Terms(purposes=["school-attendance"]), "operator")
    assert refused(post_report(hub)) == (403, "purpose-not-allowed", ["purpose"])


def test_in_a_batch_nothing_of_what_has_no_ground_is_taken_in(hub: Served) -> None:
    sender = hub.partners["any-partner"]
    hub.hub.registry.change("any-partner", Terms(covenant_until=NOON), "operator")
    events = [sender.an_event(WORRY, hub.clock.now()) for _ in range(3)]
    said = hub.post(sender, b"[" + b",".join(events) + b"]", media="application/cloudevents-batch+json")
    assert {one["code"] for one in problems(said.json())} == {"covenant-expired"}
    assert recorded(hub) == Counter()


def problems(said: Any) -> list[Any]:
    """Every problem document within an answer."""
    within = said.values() if isinstance(said, dict) else said if isinstance(said, list) else ()
    found = [one for each in within for one in problems(each)]
    return [said, *found] if isinstance(said, dict) and "code" in said else found


def test_what_waits_in_quarantine_is_not_read_after_the_covenant_ended(hub: Served) -> None:
    kept = post(hub, data={"reference": "a-1"}).json()
    assert kept["outcome"] == "quarantined"
    hub.hub.registry.change("any-partner", Terms(covenant_until=NOON), "operator")
    with pytest.raises(NotAllowed):
        hub.hub.intake.process_again(UUID(kept["message"]), "operator")


def test_whoever_is_removed_is_refused_for_good_and_stays_in_history(hub: Served) -> None:
    assert post(hub).status_code == 201
    hub.hub.registry.remove("any-partner", "it stopped", "operator")
    said = post(hub)
    assert (said.status_code, said.json()["code"]) == (401, "partner-removed")
    last = hub.hub.history.of_organisation("any-partner")[-1]
    assert (last.TOPIC, last.by, last.reason) == ("registration-removed", "operator", "it stopped")


def test_the_new_key_counts_at_once_and_the_old_one_for_as_long_as_was_said(hub: Served) -> None:
    hub.hub.registry.rotate("any-partner", public("PS256", "next"), "operator", DAY)
    assert post(hub).status_code == 201
    hub.clock.set(NOON + DAY)
    said = post(hub)
    assert (said.status_code, said.json()["code"]) == (401, "key-expired")


# A store from before there were grounds ----------------------------------------------------------------


def test_an_organisation_of_an_older_store_shares_again_once_it_is_granted_what_it_needs(hub: Served) -> None:
    old = Sender("old", "any-partner", f"{99:08}{10009:012}")

    def work(unit: Any) -> None:
        on = Occasion(unit.at, "operator")
        registration = unit.add(
            Registration.register(old.name, old.kind, old.oin, on, message_types=["nl.vig.signalen.signaal.v1"])
        )
        registration.add_key(old.kid, public("PS256", old.kid), NOON - DAY, None, on)

    hub.hub.register.do(work)
    hub.hub.registrations.forget()
    said = hub.post(old, old.an_event(WORRY, NOON))
    assert refused(said) == (403, "covenant-missing", ["covenant", "purpose", "ground"])
    terms = Terms(purposes=["early-help"], grounds=["jeugdwet-7-1-4-1"], covenant="vig-2024")
    hub.hub.registry.change(old.name, terms, "operator")
    assert hub.post(old, old.an_event(WORRY, NOON)).status_code == 201


# That people hear of it ---------------------------------------------------------------------------------


def test_the_end_of_a_covenant_becomes_an_event_once_and_people_hear_of_it(hub: Served) -> None:
    hub.hub.registry.change("police", Terms(covenant_until=NOON + 40 * DAY), "operator")
    for days in (0, 10, 11, 40, 41):
        hub.clock.set(NOON + days * DAY)
        for _ in range(2):
            hub.hub.notice_covenants()
    topics = [event.TOPIC for event in hub.hub.history.of_organisation("police")]
    assert [topics.count(f"registration-covenant-{what}") for what in ("ends-soon", "ended")] == [1, 1]
    passed_on(hub.hub)
    told = [one.notice for one in hub.hub.ways["feed"].out.after(0) if one.notice["type"].startswith("nl.vig.registrations.")]
    assert [notice["type"] for notice in told] == [
        "nl.vig.registrations.covenant-ends-soon.v1",
        "nl.vig.registrations.covenant-ended.v1",
    ]
    assert told[-1]["data"] == {"organisation": "police", "covenant": "vig-2024", "ended": "2026-04-11T12:00:00Z"}
