"""What a receiver would not have is shown to an operator, who has it told once more when the receiver is mended."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

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
