"""Whoever was told something hears that it is otherwise, whatever they ask for by now; or it is said who has to be told by hand."""

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from hub.domain.callers import Capacity
from hub.domain.trajectory import Trajectory
from hub.projections import tellings
from hub.registry import Terms
from tests import issuer
from tests.channels.mailboxes import receiving_mail
from tests.channels.receiving import Answer, Receiver, Sent, receiving, status
from tests.journeys.running import Sender, Served, a_child, a_worry, serving
from tests.parts import databases
from tests.parts.servers import until
from tests.passing import passed_on

pytestmark = pytest.mark.usefixtures("database")

RAISED, RECTIFIED = "nl.vig.escalations.level-raised.v1", "nl.vig.escalations.rectified.v1"
GRAVE = "honour-violence"
"""Of which the police and Veilig Thuis are told."""
POLICE = "police"
NARROW: dict[str, dict[str, Any]] = {
    "another type": {"types": ["nl.vig.trajectories.*"]},
    "another axis": {"axes": ["income"]},
    "a higher level": {"level": 4},
    "another municipality": {"municipalities": ["0999"]},
    "its own signals": {"ownSignalsOnly": True},
}
"""What lets nothing of these families through."""


def willing(sent: Sent) -> Answer:
    """An address that wants to be told things, and takes all of them."""
    return status(200, WebHook_Allowed_Origin="*") if not sent.body else status(200)


@dataclass
class Town:
    """A hub whose police subscribe, in this process, with a receiver of webhooks beside it."""

    hub: Served
    receiver: Receiver
    count: int = 0

    def ask(self, path: str, method: str = "GET", who: str = POLICE, **more: Any) -> Any:
        """A partner asks, or says, something."""
        passed_on(self.hub.hub)
        said = self.hub.client.request(method, path, headers=self.hub.token(Capacity.PARTNER, who), **more)
        assert said.is_success, said.text
        return said.json() if said.content else None

    def subscribe(self, who: str = POLICE, sink: str = "feed", **wanted: Any) -> str:
        callback = {"callback": self.receiver.url} if sink == "webhook" else {}
        id = str(self.ask("/v1/subscriptions", "POST", who, json={"sink": sink} | callback | wanted)["id"])
        if callback:
            until(lambda: self.ask(f"/v1/subscriptions/{id}", who=who)["state"] == "active")
        return id

    def change(self, id: str, who: str = POLICE, sink: str = "feed", **wanted: Any) -> None:
        callback = {"callback": self.receiver.url} if sink == "webhook" else {}
        self.ask(f"/v1/subscriptions/{id}", "PUT", who, json={"sink": sink} | callback | wanted)

    def end(self, id: str, who: str = POLICE) -> None:
        self.ask(f"/v1/subscriptions/{id}", "DELETE", who)

    def feed(self, id: str, who: str = POLICE) -> list[dict[str, Any]]:
        """What a partner fetches."""
        return [item["event"] for item in self.ask("/v1/feed", who=who, params={"subscription": id, "limit": 500})["items"]]

    def fetched(self, id: str, type: str, who: str = POLICE) -> list[dict[str, Any]]:
        return [event["data"] for event in self.feed(id, who) if event["type"] == type]

    def sent(self, type: str) -> list[dict[str, Any]]:
        """What the receiver got."""
        return [sent.event for sent in self.receiver.got if sent.body and sent.event["type"] == type]

    def escalates(self) -> tuple[str, str]:
        """A partner signals something grave about somebody; gives its id there, and the family."""
        self.count += 1
        letters = "".join("abcdefghij"[int(digit)] for digit in str(self.count))
        child = a_child(self.count, familyName=f"Voorbeeld{letters}", birthDate=f"{2000 + self.count % 20}-04-05")
        receipt = self._posts(a_worry(child, concern=GRAVE), f"w-{self.count}")
        return f"w-{self.count}", self.hub.family_of(receipt)

    def withdraws(self, id: str) -> None:
        """The partner takes it back."""
        self._posts(None, f"{id}-gone", withdraws=id)

    def corrects(self, id: str) -> None:
        """The partner says that it was less."""
        self._posts(a_worry(a_child(self.count), concern="nuisance"), f"{id}-instead", corrects=id)

    def _posts(self, data: Any, id: str, **about: str) -> Any:
        sender: Sender = self.hub.partners["any-partner"]
        said = self.hub.post(sender, sender.an_event(data, self.hub.clock.now(), id=id, extensions=about))
        assert said.status_code == 201, said.text
        passed_on(self.hub.hub)
        return said.json()

    def shared(self, family: str) -> dict[str, Any]:
        """Of each partner that was told that this family was escalated: whether that was put right, and received."""
        items = self.hub.ask(f"/v1/families/{family}/tellings").json()["items"]
        return {one["organisation"]: one["putRight"] for one in items if one["type"] == RAISED}


@pytest.fixture
def town(database: str, tmp_path: Path) -> Iterator[Town]:
    with receiving(Receiver(willing)) as receiver, serving(tmp_path) as hub:
        yield Town(hub, receiver)


# Who asks for something else by now -------------------------------------------------------------------


@pytest.mark.parametrize("wanted", NARROW.values(), ids=NARROW.keys())
def test_a_partner_that_asks_for_something_else_by_now_hears_it_all_the_same(town: Town, wanted: dict[str, Any]) -> None:
    id = town.subscribe()
    message, family = town.escalates()
    told = town.fetched(id, RAISED)
    town.change(id, filters=wanted)
    town.withdraws(message)
    heard = town.fetched(id, RECTIFIED)
    assert told and [one["escalation"] for one in heard] == [one["escalation"] for one in told]
    assert all(one["holds"] < one["level"] for one in heard)
    assert town.shared(family)[POLICE]["takenAt"]


def test_what_waits_to_be_fetched_is_put_right_too(town: Town) -> None:
    id = town.subscribe()
    message, _ = town.escalates()
    town.change(id, filters=NARROW["a higher level"])
    town.withdraws(message)
    types = [event["type"] for event in town.feed(id) if event["type"] in (RAISED, RECTIFIED)]
    assert types == sorted(types, key=[RAISED, RECTIFIED].index) and len(types) % 2 == 0 < len(types)


def test_what_is_sent_comes_in_order_also_where_it_was_paused_meanwhile_and_once(town: Town) -> None:
    id = town.subscribe(sink="webhook", payload="lean")
    message, _ = town.escalates()
    until(lambda: bool(town.sent(RAISED)))
    town.ask(f"/v1/subscriptions/{id}/pauses", "POST")
    town.change(id, sink="webhook", filters=NARROW["another axis"])
    town.withdraws(message)
    assert not town.sent(RECTIFIED)
    town.ask(f"/v1/subscriptions/{id}/resumptions", "POST")
    until(lambda: len(town.sent(RECTIFIED)) == len(town.sent(RAISED)))
    last = max(int(event["sequence"]) for event in town.sent(RAISED))
    assert all(int(event["sequence"]) > last for event in town.sent(RECTIFIED))
    town.hub.hub.outbox.catch_up()
    ids = [event["id"] for event in town.sent(RECTIFIED)]
    assert len(ids) == len(set(ids))


def test_whoever_was_not_told_is_not_told_that_it_is_otherwise(town: Town) -> None:
    town.subscribe()
    strict = town.subscribe(filters=NARROW["another axis"])
    message, family = town.escalates()
    late = town.subscribe("veilig-thuis")
    town.withdraws(message)
    assert not town.fetched(strict, RECTIFIED) and not town.fetched(late, RECTIFIED, "veilig-thuis")
    assert "veilig-thuis" not in town.shared(family)


# Who has another subscription, or none ------------------------------------------------------------------


def test_where_a_subscription_ended_another_of_the_same_partner_hears_it(town: Town) -> None:
    first = town.subscribe()
    message, family = town.escalates()
    told = town.fetched(first, RAISED)
    other = town.subscribe(filters=NARROW["another type"])
    town.end(first)
    town.withdraws(message)
    assert [one["escalation"] for one in town.fetched(other, RECTIFIED)] == [one["escalation"] for one in told] != []
    assert town.shared(family)[POLICE]["takenAt"]


def disabled(town: Town, id: str) -> None:
    town.hub.hub.subscribing.disable(UUID(id), town.receiver.url, "http-410")


def test_where_an_address_was_given_up_another_subscription_hears_it_and_what_waits_comes_if_it_is_back(town: Town) -> None:
    first = town.subscribe(sink="webhook")
    message, _ = town.escalates()
    until(lambda: bool(town.sent(RAISED)))
    disabled(town, first)
    other = town.subscribe(filters=NARROW["another type"])
    town.withdraws(message)
    heard = town.fetched(other, RECTIFIED)
    assert len(heard) == len(town.sent(RAISED)) and not town.sent(RECTIFIED)
    town.ask(f"/v1/subscriptions/{first}/resumptions", "POST")
    until(lambda: len(town.sent(RECTIFIED)) == len(heard))


NOBODY: dict[str, Callable[[Town, str], None]] = {
    "its only subscription ended": lambda town, id: town.end(id),
    "it was suspended": lambda town, _: town.hub.hub.registry.suspend(POLICE, "an incident", "operator"),
    "it was removed": lambda town, _: town.hub.hub.registry.remove(POLICE, "it stopped", "operator"),
    "it may know nothing of it any more": lambda town, _: town.hub.hub.registry.change(POLICE, Terms(purposes=[], grounds=[]), "o"),
}


@pytest.mark.parametrize("gone", NOBODY.values(), ids=NOBODY.keys())
def test_whoever_cannot_be_reached_any_more_is_named_to_be_told_by_hand(
    town: Town, gone: Callable[[Town, str], None], tmp_path: Path
) -> None:
    id = town.subscribe()
    message, family = town.escalates()
    assert town.fetched(id, RAISED)
    gone(town, id)
    town.withdraws(message)
    (named,) = town.shared(family).values()
    assert named["rectifiedAt"] and named["takenAt"] is None
    said = command(tmp_path, "deliveries", "owed")
    assert said.returncode == 0 and POLICE in said.stdout, said.stderr
    assert family not in said.stdout


def command(place: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """What a command says about that hub."""
    kept = {"HUB_DATA_DIR": str(place), "HUB_DATABASE_URL": databases.url_of(place), "HUB_MODE": "demo", "COLUMNS": "240"}
    line = [sys.executable, "-m", "hub", *words]
    return subprocess.run(line, env=os.environ | kept, capture_output=True, text=True, check=False)


# What is otherwise: taken back, corrected, or about others -----------------------------------------------


def signal_of(town: Town, family: str) -> str:
    return next(iter(town.hub.hub.register.read(lambda unit: unit.get(Trajectory, UUID(family)).signals)))


def moved(town: Town, _: str, family: str) -> None:
    other = town.escalates()[1]
    town.hub.hub.casework.move_signal(signal_of(town, family), UUID(family), UUID(other), "the neighbours", "a.voorbeeld")


OTHERWISE: dict[str, Callable[[Town, str, str], None]] = {
    "withdrawn": lambda town, message, _: town.withdraws(message),
    "corrected": lambda town, message, _: town.corrects(message),
    "about another family": moved,
}


@pytest.mark.parametrize("happens", OTHERWISE.values(), ids=OTHERWISE.keys())
def test_whatever_makes_it_otherwise_is_told_to_whoever_was_told(town: Town, happens: Callable[[Town, str, str], None]) -> None:
    id = town.subscribe()
    message, family = town.escalates()
    told = town.fetched(id, RAISED)
    happens(town, message, family)
    heard = town.fetched(id, RECTIFIED)
    assert {one["escalation"] for one in heard} >= {one["escalation"] for one in told} != set()
    assert town.shared(family)[POLICE]["takenAt"]


def test_whoever_was_mailed_is_mailed_that_it_is_otherwise_and_of_whom_not_at_all(database: str, tmp_path: Path) -> None:
    with receiving_mail() as there, receiving(Receiver(willing)) as receiver:
        mail = {"HUB_MAIL_HOST": there.host, "HUB_MAIL_PORT": str(there.port), "HUB_MAIL_SECURITY": "none"}
        with serving(tmp_path, more=mail | {"HUB_MAIL_FROM": "hub@gemeente.example"}) as hub:
            town, director = Town(hub, receiver), hub.hub.settings.duty_director
            wants(hub, director, "at-once")
            message, _ = town.escalates()
            until(lambda: len(there.got) > 0)
            wants(hub, director, "never")
            town.withdraws(message)
            until(lambda: any("rechtgezet" in one["Subject"] for one in there.got))
    told = [one for one in there.got if "rechtgezet" in one["Subject"]]
    assert len(told) == len(there.got) - len(told)
    assert not [word for word in ("Voorbeeld", "honour", "safety", "1234AB") if any(word in str(one) for one in told)]


def wants(hub: Served, who: str, mail: str) -> None:
    body = {"email": "director@gemeente.example", "mail": mail, "hour": 8}
    token = issuer.bearer(Capacity.COORDINATOR, who, hub.hub.settings.duty_organisation, hub.clock.now())
    assert hub.client.put("/v1/me/contact", json=body, headers=token).is_success


# Whatever happens -----------------------------------------------------------------------------------------


@dataclass
class History:
    """What partners do at random, and what each of them got of which escalation; `told` has its family too, as they call that."""

    town: Town
    chance: random.Random
    open: dict[str, str] = field(default_factory=dict)
    live: dict[str, str] = field(default_factory=dict)
    told: dict[str, dict[str, str]] = field(default_factory=lambda: {who: {} for who in WHO})
    heard: dict[str, set[str]] = field(default_factory=lambda: {who: set() for who in WHO})

    def step(self) -> None:
        often = [self.escalates, self.escalates, self.withdraws, self.fetches]
        self.chance.choice([self.subscribes, self.narrows, self.ends, *often])()

    def subscribes(self) -> None:
        who = self.chance.choice(WHO)
        wanted = self.chance.choice([{}, {}, *NARROW.values()])
        self.live[self.town.subscribe(who, filters=wanted)] = who

    def narrows(self) -> None:
        if self.live:
            id = self.chance.choice(sorted(self.live))
            self.town.change(id, self.live[id], filters=self.chance.choice([{}, *NARROW.values()]))

    def ends(self) -> None:
        if self.live:
            id = self.chance.choice(sorted(self.live))
            self.town.end(id, self.live.pop(id))

    def escalates(self) -> None:
        message, family = self.town.escalates()
        self.open[message] = family

    def withdraws(self) -> None:
        """And whoever has a subscription of any kind hears it, if they were told."""
        if self.open:
            message = self.chance.choice(sorted(self.open))
            family = self.open.pop(message)
            self.town.withdraws(message)
            self.fetches()
            for who in {*self.live.values()}:
                theirs = str(self.town.hub.hub.tellings.own(who, "family", family))
                assert {one for one, of in self.told[who].items() if of == theirs} <= self.heard[who]

    def fetches(self) -> None:
        for id, who in self.live.items():
            self.told[who] |= {one["escalation"]: one["family"] for one in self.town.fetched(id, RAISED, who)}
            self.heard[who] |= {one["escalation"] for one in self.town.fetched(id, RECTIFIED, who)}


WHO = (POLICE, "veilig-thuis")


@pytest.mark.parametrize("seed", range(3))
def test_whatever_partners_do_whoever_was_told_hears_it_or_is_named(town: Town, seed: int) -> None:
    history = History(town, random.Random(seed))  # noqa: S311
    history.live = {town.subscribe(who): who for who in WHO}
    for _ in range(40):
        history.step()
    while history.open:
        history.withdraws()
    missing = {who for who, told in history.told.items() if told.keys() - history.heard[who]}
    assert missing <= set(owed(town))
    assert any(history.told.values()) and any(history.heard.values())


def owed(town: Town) -> list[str]:
    """Whom somebody has to tell by hand."""
    passed_on(town.hub.hub)
    with town.hub.hub.stored.views.connect() as connection:
        return [name for name, _ in tellings.owed(connection)]
