"""A partner's system is tried against a sandbox: one that is ready is told so, and of one that is not, every point is named."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.client import Hub, Message, NotByTheHub, Sender, Verifier
from tests.channels.receiving import Answer, Receiver, Sent, receiving, status
from tests.journeys.running import ANY_TYPE, Process, a_child, a_worry
from tests.journeys.test_command_line import Ran, Run, run

__all__ = ["run"]

OIN = "00000099000000012345"
OK, UNAUTHORIZED = status(204), status(401)


@pytest.fixture
def sandbox(run: Run, tmp_path: Path) -> Iterator[Process]:
    """A hub in demo mode that knows a partner, and runs."""
    assert run("keys", "new", "jeugdwerk", "--kind", "any-partner", "--oin", OIN).status == 0
    assert run("partner", "add", "jeugdwerk", "--kind", "any-partner", "--oin", OIN).status == 0
    assert run("partner", "key", "jeugdwerk", "--jwk", "jeugdwerk.public.json").status == 0
    (tmp_path / "signal.json").write_text(json.dumps(a_worry(a_child(1))))
    process = Process(tmp_path / "var")
    process.start()
    yield process
    process.end()


def checked(run: Run, sandbox: Process, *more: str) -> Ran:
    return run("partner", "check", "jeugdwerk", "--message", "signal.json", "--type", ANY_TYPE, "--to", sandbox.url, *more)


def send(sandbox: Process, body: bytes) -> None:
    """What the partner's own system does."""
    with Hub(sandbox.url, Sender.read("jeugdwerk.key.json", "dossier")) as hub:
        hub.send(Message(ANY_TYPE, body))


def careful(sandbox: Process) -> Callable[[Sent], Answer]:
    """A webhook that believes the hub and nobody else."""
    verifier = Verifier(sandbox.url)

    def answer(sent: Sent) -> Answer:
        try:
            verifier.notice(sent.headers, sent.body)
        except NotByTheHub:
            return UNAUTHORIZED
        return OK

    return answer


def points(ran: Ran) -> list[str]:
    """What is said to be wrong."""
    return [line.split(" · ")[1] for line in ran.out.splitlines() if "NEE" in line]


def test_a_system_that_is_ready_is_told_so_in_both_languages(run: Run, sandbox: Process) -> None:
    send(sandbox, Path("signal.json").read_bytes())
    with receiving(Receiver(careful(sandbox))) as webhook:
        ran = checked(run, sandbox, "--webhook", webhook.url)
        again = checked(run, sandbox, "--webhook", webhook.url)
    assert (ran.status, points(ran)) == (0, []), ran.out
    assert "Klaar om aan te sluiten. · Ready to join." in ran.out
    assert ran.out.count("ja ") == 20
    assert again.out == ran.out


def test_a_system_that_sent_nothing_or_what_cannot_be_read_is_not_ready(run: Run, sandbox: Process) -> None:
    nothing = checked(run, sandbox)
    assert (nothing.status, points(nothing)) == (1, ["its own system signs as agreed"])
    assert "Its webhook" not in nothing.out
    send(sandbox, b"{}")
    unread = checked(run, sandbox)
    assert (unread.status, points(unread)) == (1, ["the hub can read all that it sent"])
    assert "1 of 1 wait in quarantine" in unread.out
    Path("signal.json").write_text("{}")
    assert "a right message is accepted" in points(checked(run, sandbox))


def test_a_webhook_that_believes_everybody_is_found_out(run: Run, sandbox: Process) -> None:
    send(sandbox, Path("signal.json").read_bytes())
    with receiving(Receiver([OK])) as webhook:
        believing = checked(run, sandbox, "--webhook", webhook.url)
    assert believing.status == 1
    assert points(believing) == [
        "without a signature: refused",
        "a changed body: refused",
        "signed by somebody else: refused",
        "signed an hour ago: refused",
        "a wrong JWS: refused",
        "a wrong Standard Webhooks signature: refused",
    ]
    assert "Nog niet klaar: 6 punten" in believing.out


@pytest.mark.parametrize(("code", "words"), [(410, "ends all"), (429, "pauses all"), (500, "401 is expected")])
def test_a_webhook_that_answers_a_stranger_with_more_than_no_is_named(run: Run, sandbox: Process, code: int, words: str) -> None:
    send(sandbox, Path("signal.json").read_bytes())
    believes = careful(sandbox)
    with receiving(Receiver(lambda sent: OK if believes(sent) is OK else status(code))) as webhook:
        ran = checked(run, sandbox, "--webhook", webhook.url)
    assert (ran.status, len(points(ran)), words in ran.out) == (1, 6, True)


def test_a_webhook_that_is_busy_says_until_when(run: Run, sandbox: Process) -> None:
    send(sandbox, Path("signal.json").read_bytes())
    believes = careful(sandbox)
    receiver = Receiver()

    def busy(with_until: bool) -> Callable[[Sent], Answer]:
        later = status(429, Retry_After="5") if with_until else status(429)
        return lambda sent: later if len(receiver.got) > 20 else believes(sent)

    with receiving(receiver) as webhook:
        receiver.answers = busy(True)
        polite = checked(run, sandbox, "--webhook", webhook.url)
        receiver.got.clear()
        receiver.answers = busy(False)
        rude = checked(run, sandbox, "--webhook", webhook.url)
    assert (polite.status, rude.status) == (0, 1)
    assert points(rude) == ["40 in quick succession: taken, or 429 with Retry-After"]
    assert "429 without Retry-After" in rude.out


def test_nobody_is_tried_against_a_hub_in_earnest_or_that_does_not_know_them(run: Run, sandbox: Process) -> None:
    earnest = checked_with(run, sandbox, HUB_MODE="production")
    assert (earnest.status, "This is no sandbox" in earnest.err) == (1, True)
    run("keys", "new", "stranger", "--kind", "any-partner", "--oin", OIN)
    unknown = run("partner", "check", "stranger", "--message", "signal.json", "--type", ANY_TYPE, "--to", sandbox.url)
    assert (unknown.status, "stranger is not registered in this sandbox" in unknown.err) == (1, True)


def checked_with(run: Run, sandbox: Process, **environment: str) -> Ran:
    return run("partner", "check", "jeugdwerk", "--message", "signal.json", "--type", ANY_TYPE, "--to", sandbox.url, **environment)
