"""What a partner was told can be proved, and so can what it knew at any moment; a person of it takes notice by name."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import msgspec
import pytest

from hub.domain.callers import Capacity
from hub.domain.subscriptions import Payload, Sink, Wish
from hub.domain.tellings import Attempt, Telling, Way
from hub.domain.trajectory import Trajectory
from hub.domain.words import Direction
from tests import issuer
from tests.channels.receiving import OK, Answer, Receiver, Sent, receiving, status
from tests.given import NOON
from tests.journeys.running import STRUCTURED, Process, Sender, Served, a_child, a_worry, serving, the_partners
from tests.parts import databases
from tests.parts.servers import until
from tests.passing import passed_on

pytestmark = pytest.mark.usefixtures("database")

RAISED, UP = "nl.vig.escalations.level-raised.v1", "nl.vig.escalations.direction-raised.v1"
WORRY = "worrying-situation"
"""Serious about safety: Veilig Thuis leads, and has to take notice."""
SOMEBODY = {"name": "Tessa de Proef", "role": "duty officer"}


@dataclass(frozen=True)
class Town:
    """A hub whose Veilig Thuis has a callback, and leads when a family's safety comes to level 2."""

    hub: Served
    receiver: Receiver
    place: Path

    def worry(self, nth: int = 1, concern: str = WORRY) -> str:
        """A partner posts something serious about the safety of a family; gives the family."""
        sender = self.hub.partners["any-partner"]
        child = a_child(nth, familyName=f"Voorbeeld{nth}", birthDate=f"2016-04-0{nth}")
        said = a_worry(child, concern=concern, reference=f"a-{nth}")
        posted = self.hub.post(sender, sender.an_event(said, self.hub.clock.now()))
        assert posted.status_code == 201, posted.text
        return self.hub.family_of(posted.json())

    def tellings(self, name: str = "veilig-thuis", **moments: Any) -> list[Telling]:
        """What the ledger in the log says that a partner was told."""
        return self.hub.hub.tellings.known_to(name, **moments)

    def told(self, count: int = 1) -> list[Telling]:
        """The same, when so many attempts to tell Veilig Thuis anything are kept."""
        until(lambda: sum(len(one.attempts) for one in self.tellings()) >= count)
        return self.tellings()

    def acknowledges(self, notice: str, who: Any = None, organisation: str = "veilig-thuis") -> httpx2.Response:
        """The system of a partner says that somebody there took notice."""
        token = self.hub.token(Capacity.PARTNER, organisation)
        return self.hub.client.post(f"/v1/notices/{notice}/acknowledgements", json=who or SOMEBODY, headers=token)

    def asks(self, who: str = "", **query: str) -> list[Any]:
        """The ledger as an auditor is shown it, or a partner."""
        role = Capacity.PARTNER if who else Capacity.AUDITOR
        passed_on(self.hub.hub)
        said = self.hub.client.get("/v1/tellings", params=query, headers=self.hub.token(role, who))
        assert said.status_code == 200, said.text
        return list(said.json()["items"])

    def passes(self, **time: float) -> None:
        """Lets so much time go by."""
        self.hub.clock.set(self.hub.clock.now() + timedelta(**time))

    def facts(self, family: str, kind: type[Any]) -> list[Any]:
        """What was recorded of that kind about a family."""
        return [fact for fact in self.hub.hub.history.facts(UUID(family)) if isinstance(fact, kind)]


@pytest.fixture
def answers() -> list[Answer]:
    return [OK]


@pytest.fixture
def town(database: str, tmp_path: Path, answers: list[Answer]) -> Iterator[Town]:
    with receiving(Receiver([*answers])) as receiver, serving(tmp_path, veilig_thuis=receiver.url) as hub:
        yield Town(hub, receiver, tmp_path)


def digests(receiver: Receiver) -> list[str]:
    return [sha256(sent.body).hexdigest() for sent in receiver.got]


# What was told ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answers", [[status(500), status(503), OK]])
def test_every_attempt_stands_in_the_log_with_its_outcome_and_the_digest_of_what_the_receiver_got(town: Town) -> None:
    family = town.worry()
    for count in (1, 2, 3):
        until(lambda count=count: len(town.receiver.got) == len(town.told()[0].attempts) == count)  # type: ignore[misc]
        town.passes(hours=1)
    (telling,) = town.tellings()
    assert [one.digest for one in telling.attempts] == digests(town.receiver)
    assert [(one.outcome, one.is_taken, one.number) for one in telling.attempts] == [
        ("http-500", False, 1),
        ("http-503", False, 2),
        ("http-200", True, 3),
    ]
    said = telling.told
    event = town.receiver.got[-1].event
    assert (said.notice, said.type, said.way, said.sequence) == (event["id"], RAISED, "webhook", int(event["sequence"]))
    assert (said.family, said.called) == (family, event["data"]["family"])
    (raised,) = town.facts(family, Trajectory.LevelRaised)
    ((_, there),) = town.hub.hub.log.read(said.fact - 1, 1)
    assert town.hub.hub.mapper.to_domain_event(there) == raised


def test_what_a_partner_knew_at_a_moment_is_what_it_was_told_by_then(town: Town) -> None:
    town.worry()
    (first,) = town.told()
    town.passes(days=2)
    town.worry(2)
    town.told(2)
    assert [len(town.tellings(valid_at=NOON + after)) for after in map(days, (-1, 0, 1, 2))] == [0, 1, 1, 2]
    assert [len(town.tellings(recorded_at=NOON + after)) for after in map(days, (-1, 0, 1, 2))] == [0, 1, 1, 2]
    asked = [town.asks(validAt=(NOON + after).isoformat()) for after in map(days, (-1, 0, 2))]
    assert [len(items) for items in asked] == [0, 1, 2]
    assert asked[1][0]["notice"] == first.told.notice
    assert asked[1][0]["takenAt"] is not None


def days(count: int) -> timedelta:
    return timedelta(days=count)


def test_an_operator_finds_on_the_command_line_what_a_partner_knew(town: Town) -> None:
    family = town.worry()
    (telling,) = town.told()
    assert town.acknowledges(telling.told.notice).status_code == 201
    shown = command(town, "known", "veilig-thuis")
    assert shown.returncode == 0, shown.stderr
    assert telling.told.notice[:8] in shown.stdout
    assert SOMEBODY["name"] in shown.stdout
    assert family[:8] not in shown.stdout
    before = command(town, "known", "veilig-thuis", "--at", "2026-03-02T12:59:59+01:00")
    assert (before.returncode, telling.told.notice[:8] in before.stdout) == (0, False), before.stderr
    assert command(town, "known", "nobody").returncode == 1
    assert command(town, "known", "veilig-thuis", "--at", "2026-03-02T12:00:00").returncode == 2


def command(town: Town, *words: str) -> "subprocess.CompletedProcess[str]":
    """What a command says about that hub."""
    kept = {"HUB_DATA_DIR": str(town.place), "HUB_DATABASE_URL": databases.url_of(town.place), "HUB_MODE": "demo", "COLUMNS": "240"}
    line = [sys.executable, "-m", "hub", "deliveries", *words]
    return subprocess.run(line, env=os.environ | kept, capture_output=True, text=True, check=False)


def test_an_auditor_finds_who_was_told_of_a_family_and_a_partner_what_it_was_told_itself(town: Town) -> None:
    family = town.worry()
    (telling,) = town.told()
    (found,) = town.asks(family=family)
    assert (found["organisation"], found["family"], found["fact"]) == ("veilig-thuis", family, telling.told.fact)
    (own,) = town.asks("veilig-thuis")
    assert (own["notice"], own["called"], own["family"], own["fact"]) == (telling.told.notice, telling.told.called, "", 0)
    assert family not in str(own)
    assert town.asks("police") == []
    assert town.asks("veilig-thuis", family=family) == []
    assert town.asks("veilig-thuis", organisation="police", fact="0") == [own]


@pytest.mark.parametrize("wrong", ["yesterday", "2026-03-02", "2026-03-02T12:00:00", "0001-01-01T00:00:00+14:00"])
def test_a_moment_that_is_none_is_refused(town: Town, wrong: str) -> None:
    assert town.hub.ask("/v1/tellings", Capacity.AUDITOR, validAt=wrong).status_code == 400


def subscribed(town: Town, payload: Payload = Payload.FULL) -> str:
    """A subscription of Veilig Thuis to fetch from."""
    return str(town.hub.hub.subscribing.subscribe("veilig-thuis", Wish(Sink.FEED, payload=payload), "veilig-thuis"))


def fetches(town: Town, path: str, **query: str) -> bytes:
    """What the system of Veilig Thuis fetches."""
    token = town.hub.token(Capacity.PARTNER, "veilig-thuis")
    said = town.hub.client.get(path, params=query, headers=token)
    assert said.status_code == 200, said.text
    return said.content


def kept_of(town: Town, subscription: str) -> list[tuple[str, str, str]]:
    """What the ledger has of a subscription."""
    mine = [one for one in town.tellings() if one.told.subscription == subscription]
    return [(each.way, each.outcome, each.digest) for one in mine for each in one.attempts if each.is_taken]


def test_who_fetches_is_told_and_once_is_enough(town: Town) -> None:
    id = subscribed(town)
    town.worry()
    passed_on(town.hub.hub)
    assert kept_of(town, id) == []
    items: Any = [msgspec.json.decode(fetches(town, "/v1/feed", subscription=id), type=Fetched).items for _ in range(2)]
    assert items[0] == items[1]
    (item,) = items[0]
    assert kept_of(town, id) == [("feed", "fetched", sha256(bytes(item.event)).hexdigest())]


class One(msgspec.Struct):
    """Of an item that was fetched, the bytes of its event."""

    event: msgspec.Raw


class Fetched(msgspec.Struct):
    """What was fetched."""

    items: list[One]


def test_the_whole_of_what_was_told_lean_is_one_more_thing_that_was_told(town: Town) -> None:
    id = subscribed(town, Payload.LEAN)
    town.worry()
    passed_on(town.hub.hub)
    (item,) = msgspec.json.decode(fetches(town, "/v1/feed", subscription=id), type=Fetched).items
    notice = msgspec.json.decode(item.event)["id"]
    whole, again = (fetches(town, f"/v1/notices/{notice}") for _ in range(2))
    assert whole == again
    kept = [one for one in town.tellings() if one.told.notice == notice]
    assert sha256(bytes(item.event)).hexdigest() in {each.digest for one in kept for each in one.attempts if each.way == "feed"}
    assert [each.digest for one in kept for each in one.attempts if each.way == "dataref"] == [sha256(whole).hexdigest()]


def test_who_follows_is_told_what_comes(town: Town) -> None:
    id = subscribed(town)
    headers = town.hub.token(Capacity.PARTNER, "veilig-thuis")
    with town.hub.client.stream("GET", "/v1/feed/stream", params={"subscription": id}, headers=headers) as stream:
        town.worry()
        passed_on(town.hub.hub)
        event = next(line for line in stream.iter_lines() if line.startswith("data:")).removeprefix("data:").strip()
        assert kept_of(town, id) == [("feed", "fetched", sha256(event.encode()).hexdigest())]


def test_who_only_fetches_takes_notice_too(town: Town) -> None:
    id = subscribed(town)
    family = town.worry()
    passed_on(town.hub.hub)
    (item,) = msgspec.json.decode(fetches(town, "/v1/feed", subscription=id), type=Fetched).items
    assert town.acknowledges(msgspec.json.decode(item.event)["id"]).status_code == 201
    assert len(town.facts(family, Trajectory.EscalationAcknowledged)) == 1


# Stopped in the middle -------------------------------------------------------------------------------------


def test_a_hub_killed_between_the_exchange_and_the_ledger_tells_again_and_keeps_that(tmp_path: Path) -> None:
    process, receiver = Process(tmp_path), Receiver()

    def kill_it_the_first_time(_: Sent) -> Answer:
        if len(receiver.got) == 1:
            process.kill()
        return OK

    receiver.answers = kill_it_the_first_time
    with receiving(receiver):
        partners = the_partners(veilig_thuis=receiver.url)
        registered(process, *partners.values())
        process.start()
        post(process, partners["any-partner"])
        until(lambda: process.running is None)
        assert known_to("veilig-thuis", process) == []
        process.start()
        until(lambda: asked_of(process) != [])
        process.end()
    (telling,) = known_to("veilig-thuis", process)
    assert [one.digest for one in telling.attempts] == digests(receiver)[1:]
    assert len(receiver.got) == 2


def registered(process: Process, *partners: Sender) -> None:
    with closing(process.open()) as hub:
        for partner in partners:
            partner.register(hub, datetime.now(UTC))


def post(process: Process, sender: Sender) -> None:
    now = datetime.now(UTC)
    body = sender.an_event(a_worry(concern=WORRY), now)
    headers = {**sender.signed(body, now), "content-type": STRUCTURED}
    assert httpx2.post(f"{process.url}/v1/signals", content=body, headers=headers).status_code == 201


def known_to(name: str, process: Process) -> list[Telling]:
    with closing(process.open()) as hub:
        return hub.tellings.known_to(name)


def asked_of(process: Process) -> list[Any]:
    """What an auditor is shown of the ledger."""
    token = issuer.bearer(Capacity.AUDITOR, "somebody", "watch", datetime.now(UTC))
    said = httpx2.get(f"{process.url}/v1/tellings", headers=token)
    assert said.status_code == 200, said.text
    return list(said.json()["items"])


def test_what_stands_in_the_ledger_already_is_told_again_where_it_was_not_settled_and_both_stand(town: Town) -> None:
    family = town.worry()
    (telling,) = town.told()
    first = same(telling.told)
    town.hub.hub.tellings.record([first, first])
    assert len(town.tellings()[0].attempts) == 1
    later = replace(first, began=first.began + timedelta(seconds=1), ended=first.ended + timedelta(seconds=1))
    town.hub.hub.tellings.record([later])
    assert [one.number for one in town.tellings()[0].attempts] == [1, 1]
    assert town.tellings()[0].told.family == family


def same(said: Telling.Attempted) -> Attempt:
    """The attempt that this is kept of."""
    kept = {field.name: getattr(said, field.name) for field in fields(Attempt)}
    return Attempt(**kept | {"way": Way(said.way)})


def test_lanes_that_tell_at_the_same_time_never_hold_up_each_other(town: Town) -> None:
    town.worry()
    (telling,) = town.told()
    said = telling.told
    more = [replace(same(said), subscription=f"lane-{nth % 5}", notice=str(uuid4())) for nth in range(200)]
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda one: town.hub.hub.tellings.record([one]), more))
    assert {one.told.notice for one in town.tellings()} == {said.notice, *(one.notice for one in more)}


# A person takes notice ---------------------------------------------------------------------------------------


def test_a_person_of_the_party_that_leads_takes_notice_and_the_escalation_is_acknowledged(town: Town) -> None:
    family = town.worry()
    (telling,) = town.told()
    (before,) = town.hub.ask("/v1/escalations").json()["items"]
    assert (before["leads"], before["state"]) == ("veilig-thuis", "open")
    for _ in range(2):
        assert town.acknowledges(telling.told.notice).status_code == 201
    (after,) = town.hub.ask("/v1/escalations").json()["items"]
    assert (after["state"], after["acknowledgedBy"]) == ("acknowledged", "veilig-thuis")
    assert len(town.facts(family, Trajectory.EscalationAcknowledged)) == 1
    town.passes(days=30)
    town.hub.hub.pass_deadlines()
    assert not [fact for fact in town.facts(family, Trajectory.DeadlinePassed) if fact.term.startswith("acknowledge-")]


def test_who_took_notice_stands_in_the_ledger_and_that_somebody_did_in_the_timeline(town: Town) -> None:
    family = town.worry()
    (telling,) = town.told()
    said = SOMEBODY | {"at": NOON.isoformat()}
    assert town.acknowledges(telling.told.notice, said).status_code == 201
    (shown,) = town.asks()
    (person,) = shown["acknowledgements"]
    assert (person["name"], person["role"], person["at"]) == (*SOMEBODY.values(), "2026-03-02T12:00:00.000000Z")
    assert town.asks(validAt=(NOON - timedelta(minutes=6)).isoformat()) == []
    sentences = [line["words"]["en"] for line in town.hub.ask(f"/v1/families/{family}/timeline").json()["items"]]
    assert "At Veilig Thuis a person by name took notice of what was told of this family." in sentences
    assert SOMEBODY["name"] not in str(sentences)
    town.hub.hub.settle()
    kept = b"".join(path.read_bytes() for path in town.place.rglob("*.db*"))
    assert SOMEBODY["name"].encode() not in kept


def test_nobody_takes_notice_of_what_their_organisation_was_not_told(town: Town) -> None:
    town.worry()
    (telling,) = town.told()
    assert town.acknowledges(telling.told.notice, organisation="police").status_code == 404
    assert town.acknowledges(str(uuid4())).status_code == 404
    assert [one.persons for one in town.tellings()] == [[]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "", "role": "duty officer"},
        {"name": "Tessa de Proef"},
        SOMEBODY | {"at": "2026-03-02T12:00:01Z"},
        SOMEBODY | {"at": "2026-03-02T11:59:59Z"},
        SOMEBODY | {"name": "Tessa\u202e de Proef"},
        SOMEBODY | {"name": "Tessa\nde Proef"},
        SOMEBODY | {"role": "\u200b"},
        SOMEBODY | {"name": "-"},
        SOMEBODY | {"at": 12},
        SOMEBODY | {"bsn": ""},
    ],
)
def test_an_acknowledgement_that_cannot_be_is_refused(town: Town, wrong: Any) -> None:
    town.worry()
    (telling,) = town.told()
    assert town.acknowledges(telling.told.notice, wrong).status_code == 400
    assert [one.persons for one in town.tellings()] == [[]]


def test_whoever_does_not_lead_takes_notice_and_the_escalation_stays_open(database: str, tmp_path: Path) -> None:
    with receiving() as receiver, serving(tmp_path, police=receiver.url) as hub:
        town = Town(hub, receiver, tmp_path)
        family = town.worry(concern="honour-violence")
        until(lambda: town.tellings("police") != [])
        (telling,) = town.tellings("police")
        assert town.acknowledges(telling.told.notice, organisation="police").status_code == 201
        assert [one.persons[0].name for one in town.tellings("police")] == [SOMEBODY["name"]]
        assert town.facts(family, Trajectory.EscalationAcknowledged) == []


def test_unacknowledged_an_escalation_stays_open_direction_goes_one_level_up_and_who_is_to_know_is_told(town: Town) -> None:
    family = town.worry()
    (telling,) = town.told()
    (raised,) = town.facts(family, Trajectory.LevelRaised)
    town.hub.clock.set(raised.acknowledge_by)
    passed_on(town.hub.hub)
    until(lambda: town.facts(family, Trajectory.DirectionRaised) != [])
    (up,) = town.facts(family, Trajectory.DirectionRaised)
    assert (up.level_from, up.level_to, up.rule) == (Direction.FAMILY, Direction.NETWORK, "unacknowledged-family")
    assert up.evidence == [raised.escalation]
    until(lambda: any(event["type"] == UP for event in town.receiver.events))
    (open_one,) = town.hub.ask("/v1/escalations").json()["items"]
    assert open_one["state"] == "open"
    assert town.acknowledges(telling.told.notice).status_code == 201
    (late,) = town.hub.ask("/v1/escalations").json()["items"]
    assert late["state"] == "acknowledged"
