"""What the pages for partners show is what happens: every example in them is run, in the order of a reader, against a hub."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from hub.adapters.contracts import contract_path
from hub.client import Hub, Message, Receipt, Sender
from hub.client.advice import ADVICE
from tests.channels.receiving import Sent, receiving
from tests.journeys.running import Process
from tests.parts.servers import a_free_port, until
from tests.tools import NODE, ROOT

PAGES = ROOT / "docs" / "partners"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"(?:#|//) ([a-z_]+\.(?:py|mjs|sh))\n")
TOOLS = ("bash", "openssl", "curl", "jq")
LACKING = [tool for tool in TOOLS if shutil.which(tool) is None]
PATIENCE = 120
TESTED = "nl.vig.subscriptions.tested.v1"

needs_the_tools = pytest.mark.skipif(
    bool(LACKING), reason=f"not on this machine: {', '.join(LACKING)}; the examples in shell were not run"
)


def examples() -> dict[str, str]:
    """Every example in the pages, by the name in its first line."""
    blocks = [block for page in sorted(PAGES.glob("*.md")) for block in BLOCK.findall(page.read_text())]
    named = [(NAME.match(text), text) for language, text in blocks if language != "json"]
    assert all(name for name, _ in named), "an example has no name in its first line"
    return {name[1]: text for name, text in named if name}


EXAMPLES = examples()
RUN_HERE = frozenset(
    {
        *("register.sh", "register_openssl.sh", "send.py", "send_bare.py", "send.mjs", "send.sh"),
        *("receipt.py", "receipt.mjs", "receipt.sh", "status.py", "status.sh"),
        *("webhook.py", "webhook.mjs", "webhook.sh", "again.py", "late.py", "rotate.sh", "no.py", "check.sh"),
        *("subscribe.py", "subscribe.sh", "feed.py", "feed.sh", "feed.mjs", "follow.py", "acknowledge.py"),
        *("correct.py", "withdraw.sh", "secret.sh", "new_kind.sh", "own_contract.sh"),
    }
)


@dataclass
class Desk:
    """A partner's engineer at a desk: a directory with all the examples, and a sandbox hub that runs."""

    place: Path
    hub: Process

    @property
    def environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(self.place / "bin"), os.environ.get("PATH", os.defpath)])
        return {**os.environ, **self.hub.environment, "PATH": path, "HUB": self.hub.url, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}

    def command(self, example: str) -> Sequence[str]:
        match example.rsplit(".", 1)[1]:
            case "py":
                return [sys.executable, "-W", "error", example]
            case "mjs":
                return [str(NODE), example]
        return ["bash", "-eu", "-o", "pipefail", example]

    def run(self, example: str, *arguments: str) -> str:
        """What an example prints, once it has done what it should."""
        ran = subprocess.run(
            [*self.command(example), *arguments],
            cwd=self.place,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def tries(self, example: str, *arguments: str) -> bool:
        """Whether an example did what it should, this time."""
        try:
            self.run(example, *arguments)
        except AssertionError:
            return False
        return True

    def hub_command(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "hub", *arguments]
        subprocess.run(command, cwd=self.place, env=self.environment, capture_output=True, timeout=PATIENCE, check=True)

    @contextmanager
    def serving(self, example: str, port: int = 0, **environment: str) -> Iterator[tuple[str, Callable[[], list[str]]]]:
        """An example that listens while the block lasts: its address, and the lines that it said."""
        port = port or a_free_port()
        with self.running(example, PORT=str(port), **environment) as said:
            until(lambda: listens(port))
            yield f"http://127.0.0.1:{port}/", said

    @contextmanager
    def running(self, example: str, **environment: str) -> Iterator[Callable[[], list[str]]]:
        """An example that goes on while the block lasts: the lines that it said."""
        said = self.place / f"{example}.said"
        with said.open("w") as out:
            command = self.command(example)
            running = subprocess.Popen(command, cwd=self.place, env={**self.environment, **environment}, stdout=out, stderr=out)
        try:
            yield lambda: said.read_text().splitlines()
        finally:
            running.terminate()
            running.wait(PATIENCE)


def listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    place = tmp_path_factory.mktemp("desk")
    for name, text in EXAMPLES.items():
        (place / name).write_text(text)
    (json_block,) = [text for language, text in BLOCK.findall((PAGES / "README.md").read_text()) if language == "json"]
    (place / "signal.json").write_text(json_block)
    (place / "bin").mkdir()
    (place / "bin" / "hub").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hub "$@"\n')
    (place / "bin" / "hub").chmod(0o755)
    process = Process(place / "var")
    process.start()
    try:
        desk = Desk(place, process)
        for line in EXAMPLES["register.sh"].splitlines()[1:]:
            # by hand, so that this goes where there is no bash
            desk.hub_command(*line.split("#")[0].split()[1:])
        yield desk
    finally:
        process.end()


# From nothing to a receipt -----------------------------------------------------------------------


def test_every_example_of_the_pages_is_run_here() -> None:
    assert EXAMPLES.keys() == RUN_HERE


@needs_the_tools
def test_the_registration_is_as_the_page_says(desk: Desk, tmp_path: Path) -> None:
    at_another = Desk(tmp_path, Process(tmp_path / "var"))
    shutil.copytree(desk.place / "bin", tmp_path / "bin")
    shutil.copy(desk.place / "register.sh", tmp_path)
    assert "jeugdwerk signs with" in at_another.run("register.sh")


@pytest.mark.parametrize("language", ["py", "mjs"])
def test_a_signal_is_sent_and_its_receipt_verified(desk: Desk, language: str) -> None:
    assert "recorded" in desk.run(f"send.{language}")
    assert "recorded" in desk.run(f"receipt.{language}")
    # the same again is the same
    assert "recorded" in desk.run(f"send.{language}")
    assert "recorded" in desk.run("status.py")
    receipt = json.loads((desk.place / "receipt.json").read_text())
    changed = {**receipt, "position": receipt["position"] + 1}
    (desk.place / "receipt.json").write_text(json.dumps(changed))
    with pytest.raises(AssertionError, match=r"not to be believed|NotByTheHub"):
        desk.run(f"receipt.{language}")


def test_a_signal_is_sent_with_nothing_of_the_hub(desk: Desk) -> None:
    assert "hub.client" not in EXAMPLES["send_bare.py"]
    assert desk.run("send_bare.py") == "201 recorded\n"
    assert desk.run("send_bare.py") == "200 recorded\n"
    assert "recorded" in desk.run("receipt.mjs")


@needs_the_tools
def test_a_signal_is_sent_with_openssl_and_curl(desk: Desk) -> None:
    assert "jeugdwerk signs with jeugdwerk-openssl" in desk.run("register_openssl.sh")
    assert desk.run("send.sh").splitlines() == ["201", "recorded"]
    assert desk.run("send.sh").splitlines() == ["200", "recorded"]
    assert desk.run("receipt.sh").splitlines()[-1].endswith("recorded")
    assert desk.run("status.sh") == "recorded\n"
    receipt = (desk.place / "receipt.json").read_text()
    (desk.place / "receipt.json").write_text(receipt.replace('"outcome":"recorded"', '"outcome":"match-question"', 1))
    with pytest.raises(AssertionError):
        desk.run("receipt.sh")


# Correcting and subscribing -----------------------------------------------------------------------


def test_what_was_sent_is_corrected_and_taken_back(desk: Desk) -> None:
    first, right, back, became = desk.run("correct.py").splitlines()
    assert first == "recorded None None"
    assert right.startswith("recorded") and right.endswith("None") and back.startswith("recorded None")
    assert became == "corrected"


@needs_the_tools
def test_what_was_sent_with_openssl_is_taken_back_with_it(desk: Desk) -> None:
    if not (desk.place / "jeugdwerk.pem").exists():
        desk.run("register_openssl.sh")
    desk.run("send.sh")
    assert desk.run("withdraw.sh").startswith("recorded ")


@needs_the_tools
def test_who_subscribes_fetches_replays_and_follows(desk: Desk) -> None:
    *types, subscribed = desk.run("subscribe.sh").splitlines()
    assert "nl.vig.escalations.level-raised.v1: Een as is opgeschaald / An axis rose" in types
    assert subscribed.endswith(" active")
    until(lambda: TESTED in desk.run("feed.sh"))
    assert desk.run("feed.sh") == f"1 {TESTED}\n"
    assert desk.run("feed.mjs") == f"1 {TESTED}\n"
    assert desk.run("feed.py").startswith(f"1 {TESTED} ")
    assert desk.run("feed.py") == "", "the cursor is at the end"
    assert desk.run("feed.py", "2026-01-01").startswith(f"1 {TESTED} ")
    with desk.running("follow.py") as said:
        a_test_notice(desk)
        until(lambda: said() == [f"2 {TESTED}"])
        desk.hub.kill()
        desk.hub.start()
        a_test_notice(desk)
        until(lambda: said() == [f"2 {TESTED}", f"3 {TESTED}"])
    assert (desk.place / "cursor.txt").read_text() == "3"


def a_test_notice(desk: Desk) -> None:
    with Hub(desk.hub.url, Sender.read(desk.place / "jeugdwerk.key.json")) as hub:
        hub.test((desk.place / "subscription.txt").read_text().strip())


# Going live --------------------------------------------------------------------------------------


def test_repeats_change_nothing_and_late_ones_are_recorded(desk: Desk) -> None:
    assert desk.run("again.py") == "True True\n"
    assert desk.run("late.py").splitlines() == [f"JW-2026-{day} recorded" for day in ("05-20", "03-02", "04-11")]


def test_a_no_comes_with_what_to_do(desk: Desk) -> None:
    first, _, last = desk.run("no.py").splitlines()
    assert first == "400 unknown-type"
    assert last == ADVICE["unknown-type"][1]


@needs_the_tools
def test_a_new_key_counts_at_once_and_the_old_one_still_for_a_while(desk: Desk) -> None:
    said = desk.run("rotate.sh")
    assert "signs with" in said
    assert '"outcome": "recorded"' in said
    assert desk.run("again.py") == "True True\n"


@needs_the_tools
def test_who_read_all_that_is_ready(desk: Desk) -> None:
    desk.run("send.py")
    assert "Ready to join." in desk.run("check.sh")


@needs_the_tools
def test_a_kind_of_partner_that_is_not_there_is_begun(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(contract_path(), tmp_path / "contracts")
    monkeypatch.setenv("HUB_CONTRACTS_DIR", str(tmp_path / "contracts"))
    for example, name in (("new_kind.sh", "midwife"), ("own_contract.sh", "toy-library")):
        assert f"Now: pytest {tmp_path / 'contracts' / 'partners' / name}" in desk.run(example)


# Webhooks ----------------------------------------------------------------------------------------


def told(desk: Desk, nth: int) -> None:
    """Something becomes of a family that the police hear of."""
    person = {"familyName": f"Voorbeeld{nth}", "givenNames": "Noor", "birthDate": "2016-04-05", "role": "child"}
    person["address"] = {"postcode": "2599ZZ", "number": str(nth), "town": "Den Haag"}  # type: ignore[assignment]
    said = {
        "reference": f"t-{nth}",
        "concern": "honour-violence",
        "happened": "2026-03-01",
        "people": [person],
        "informed": {"how": "spoken"},
    }
    with Hub(desk.hub.url, Sender.read(desk.place / "jeugdwerk.key.json")) as hub:
        assert isinstance(hub.send(Message("nl.vig.signalen.signaal.v1", json.dumps(said).encode())), Receipt)


def to_be_told(desk: Desk, nth: int, url: str) -> None:
    """One more organisation that is told, there, when a child is in danger: what waits for others is not in its way."""
    desk.hub_command("partner", "add", f"politie-{nth}", "--kind", "police", "--oin", f"{99:08}{nth:012}", "--callback", url)
    # what another process changed is seen within a second
    time.sleep(1.5)


def a_delivery(desk: Desk, nth: int) -> Sent:
    """A delivery of the hub as it came in."""
    with receiving() as receiver:
        to_be_told(desk, nth, receiver.url)
        told(desk, nth)
        assert receiver.wait_for(1, PATIENCE)
        return receiver.got[0]


@pytest.mark.parametrize(("language", "nth"), [("py", 301), ("mjs", 302)])
def test_a_webhook_believes_the_hub_and_nobody_else(desk: Desk, language: str, nth: int) -> None:
    with desk.serving(f"webhook.{language}") as (url, said):
        to_be_told(desk, nth, url)
        told(desk, nth)
        until(lambda: any(line.startswith("told nl.vig.escalations.") for line in said()))
    sent = a_delivery(desk, nth + 10)
    headers = {name: values[0] for name, values in sent.headers.items() if name not in ("host", "content-length")}
    old = {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 600)}
    with desk.serving(f"webhook.{language}") as (url, said):
        answers = [httpx2.post(url, content=sent.body, headers=headers).status_code for _ in range(2)]
        wrong = [
            httpx2.post(url, content=sent.body + b" ", headers=headers),
            httpx2.post(url, content=sent.body, headers={**headers, **old}),
            httpx2.post(url, content=sent.body, headers={**headers, "webhook-signature": "v1a,AAAA"}),
            httpx2.post(url, content=sent.body, headers={**headers, "webhook-id": "another"}),
            httpx2.post(url, content=sent.body, headers={"content-type": "application/cloudevents+json"}),
        ]
        lines = said()
    with desk.serving(f"webhook.{language}", SECRETS="whsec_AAAA") as (url, _):
        wrong.append(httpx2.post(url, content=sent.body, headers=headers))
    assert answers == [204, 204]
    assert [answer.status_code for answer in wrong] == [401] * 6
    assert len([line for line in lines if line.startswith("told")]) == 1
    assert [line.split()[1] for line in lines if line.startswith("refused")][:3] == [
        "digest-mismatch",
        "delivery-too-old",
        "webhook-signature-wrong",
    ]


@needs_the_tools
@pytest.mark.parametrize("language", ["py", "mjs"])
def test_a_webhook_that_was_asked_for_says_first_that_it_wants_it(desk: Desk, language: str) -> None:
    with Hub(desk.hub.url, Sender.read(desk.place / "jeugdwerk.key.json")) as hub:
        with desk.serving(f"webhook.{language}") as (url, _):
            stranger = httpx2.options(url, headers={"WebHook-Request-Origin": "elsewhere.example"})
            assert stranger.status_code == 204 and "webhook-allowed-origin" not in stranger.headers
            assert desk.run("subscribe.py", url).endswith((" pending\n", " active\n"))
            id = (desk.place / "subscription.txt").read_text()
            until(lambda: hub.subscription(id).state == "active")
        assert hub.subscription(id).per_minute == 600
        desk.run("secret.sh")
        port, secret = httpx2.URL(url).port or 0, (desk.place / "secret.txt").read_text()
        with desk.serving(f"webhook.{language}", port, SECRETS=secret) as (_, said):
            hub.test(id)
            until(lambda: bool(said()))
            assert said()[0].startswith(f"told {TESTED}")
        until(lambda: desk.tries("acknowledge.py", said()[0].split()[2]))
        hub.end(id)


@needs_the_tools
def test_a_delivery_that_was_kept_is_verified_with_openssl(desk: Desk) -> None:
    sent = a_delivery(desk, 320)
    lines = [f"{name}: {value}" for name, values in sent.headers.items() for value in values]
    (desk.place / "delivery.headers").write_text("\n".join(lines) + "\n")
    (desk.place / "delivery.body").write_bytes(sent.body)
    assert desk.run("webhook.sh").splitlines()[-1].startswith("told nl.vig.escalations.")
    (desk.place / "delivery.body").write_bytes(sent.body + b" ")
    with pytest.raises(AssertionError):
        desk.run("webhook.sh")


# The page of errors ------------------------------------------------------------------------------


def test_the_page_of_errors_has_the_table_of_the_code() -> None:
    rows = re.findall(r"^\| (\d{3}) \| `([a-z_-]+)` \| (.+) \|$", (PAGES / "errors.md").read_text(), re.MULTILINE)
    assert rows == [(str(status), code, words) for code, (status, words) in ADVICE.items()]
