"""What a receiver would not have is shown to an operator, who has it told once more when the receiver is mended."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hub.domain.callers import Capacity
from tests.channels.receiving import OK, Receiver, receiving, status
from tests.journeys.running import Served, a_worry, serving
from tests.parts.servers import until

SERIOUS = "honour-violence"
GIVEN_UP = "nl.vig.registrations.callback-given-up.v1"


@dataclass(frozen=True)
class Refused:
    """A hub of which a receiver would not have a notice, and that receiver."""

    hub: Served
    receiver: Receiver
    family: str
    place: Path

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """What a command says about that hub."""
        environment = os.environ | {"HUB_DATA_DIR": str(self.place), "HUB_MODE": "demo", "COLUMNS": "160"}
        line = [sys.executable, "-m", "hub", "deliveries", *words]
        return subprocess.run(line, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(params=[422])
def refused(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Refused]:
    with receiving(Receiver([status(request.param), OK])) as receiver, serving(tmp_path, police=receiver.url) as hub:
        sender = hub.partners["any-partner"]
        receipt = hub.post(sender, sender.an_event(a_worry(concern=SERIOUS), hub.clock.now()))
        assert receipt.status_code == 201
        assert receiver.wait_for(1)
        yield Refused(hub, receiver, hub.family_of(receipt.json()), tmp_path)


def test_what_was_put_aside_is_shown_and_told_once_more(refused: Refused) -> None:
    shown = refused.command("list")
    assert shown.returncode == 0, shown.stderr
    assert "http-422" in shown.stdout
    assert refused.family not in shown.stdout
    again = refused.command("again", "--receiver", "police")
    assert (again.returncode, again.stdout.split()[0]) == (0, "1"), again.stderr
    assert refused.receiver.wait_for(2)
    first, second = (each.event["id"] for each in refused.receiver.got[:2])
    assert first == second


def test_what_was_not_put_aside_is_not_told_again(refused: Refused) -> None:
    assert refused.command("again", "999").returncode == 1
    assert len(refused.receiver.got) == 1


def test_what_outcomes_mean_is_said_in_two_languages(refused: Refused) -> None:
    assert "de ontvanger weigert dit bericht" in refused.command("list").stdout
    every = refused.command("codes").stdout
    assert all(code in every for code in ("timed-out", "tls-failed", "address-refused", "http-410", "failing-too-long"))


@pytest.mark.parametrize("refused", [410], indirect=True)
def test_a_callback_that_is_gone_is_given_up_and_said_so_and_goes_on_when_it_is_back(refused: Refused) -> None:
    feed = refused.hub.hub.ways["feed"].out
    until(lambda: GIVEN_UP in [shown.notice["type"] for shown in feed.after(0)])
    (said,) = [shown.notice for shown in feed.after(0) if shown.notice["type"] == GIVEN_UP]
    assert said["data"] == {"organisation": "police", "because": "http-410"}
    assert "http-410" in refused.command("list").stdout
    again = refused.command("again", "--receiver", "police")
    assert again.returncode == 0, again.stderr
    # what waited comes first, and then that it was given up
    assert refused.receiver.wait_for(3)
    types = [sent.event["type"] for sent in refused.receiver.got]
    assert types[0] == types[1]
    assert GIVEN_UP in types[2:]


def test_an_operator_sees_over_http_what_was_put_aside_and_has_it_told_once_more(refused: Refused) -> None:
    until(lambda: deliveries(refused) != [])
    (one,) = deliveries(refused)
    assert (one["receiver"], one["state"], one["lastOutcome"], one["attempts"]) == ("police", "dead", "http-422", 1)
    assert refused.family not in str(one)
    again = refused.hub.client.post(f"/v1/deliveries/{one['id']}/redrives", headers=refused.hub.token(Capacity.OPERATOR))
    assert (again.status_code, again.json()) == (201, {"id": one["id"], "state": "waiting"})
    assert refused.receiver.wait_for(2)
    gone = refused.hub.client.post(f"/v1/deliveries/{one['id']}/redrives", headers=refused.hub.token(Capacity.OPERATOR))
    assert (gone.status_code, gone.json()["code"]) == (404, "not-known")


def deliveries(refused: Refused) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = refused.hub.ask("/v1/deliveries", Capacity.OPERATOR, state="dead").json()["items"]
    return found


def test_an_operator_sees_who_takes_part_and_who_lags_behind(refused: Refused) -> None:
    police = next(one for one in refused.hub.ask("/v1/organisations", Capacity.OPERATOR).json()["items"] if one["name"] == "police")
    assert (police["state"], police["isSharing"], [key["kid"] for key in police["keys"]]) == ("active", True, ["police-PS256-1"])
    assert [each["sink"] for each in police["subscriptions"]] == ["webhook"]
    followers = {one["name"]: one for one in refused.hub.ask("/v1/followers", Capacity.OPERATOR).json()["items"]}
    assert {"family", "tellings", "webhook"} <= set(followers)
    assert all(not one["because"] for one in followers.values())
    text = refused.hub.ask("/v1/organisations", Capacity.OPERATOR).text
    assert refused.receiver.url not in text


def test_nobody_else_sees_that(refused: Refused) -> None:
    others = [role for role in Capacity if role not in (Capacity.OPERATOR, Capacity.PARTNER)]
    asked = [refused.hub.ask(f"/v1/{path}", role) for path in ("organisations", "deliveries", "followers") for role in others]
    assert {answer.status_code for answer in asked} == {403}
