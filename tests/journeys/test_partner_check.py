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
    """A webhook that wants to be told, and believes the hub and nobody else."""
    verifier = Verifier(sandbox.url)

    def answer(sent: Sent) -> Answer:
        if is_asked(sent):
            welcome = verifier.welcome(sent.headers)
            return status(204, **{name.replace("-", "_"): value for name, value in welcome.items()})
        try:
            verifier.notice(sent.headers, sent.body)
        except NotByTheHub:
            return UNAUTHORIZED
        return OK

    return answer


def is_asked(sent: Sent) -> bool:
    """Whether the hub asks if it may send, rather than sends."""
    return "webhook-request-origin" in sent.headers


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
    assert ran.out.count("ja ") == 22
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
        "it says beforehand that this hub may send",
        "without a signature: refused",
        "a changed body: refused",
        "signed by somebody else: refused",
        "signed an hour ago: refused",
        "a wrong JWS: refused",
        "a wrong Standard Webhooks signature: refused",
    ]
    assert "Nog niet klaar: 7 punten" in believing.out


@pytest.mark.parametrize(("code", "words"), [(410, "ends all"), (429, "pauses all"), (500, "401 is expected")])
def test_a_webhook_that_answers_a_stranger_with_more_than_no_is_named(run: Run, sandbox: Process, code: int, words: str) -> None:
    send(sandbox, Path("signal.json").read_bytes())
    believes = careful(sandbox)
    with receiving(Receiver(lambda sent: status(code) if believes(sent) is UNAUTHORIZED else believes(sent))) as webhook:
        ran = checked(run, sandbox, "--webhook", webhook.url)
    assert (ran.status, len(points(ran)), words in ran.out) == (1, 6, True)


def test_a_webhook_that_is_busy_says_until_when(run: Run, sandbox: Process) -> None:
    send(sandbox, Path("signal.json").read_bytes())
    believes = careful(sandbox)
    receiver = Receiver()

    def busy(until: str = "") -> Callable[[Sent], Answer]:
        later = status(429, Retry_After=until) if until else status(429)
        return lambda sent: later if len(receiver.got) > 20 else believes(sent)

    with receiving(receiver) as webhook:
        said = []
        for answers in (busy("5"), busy("Wed, 01 Jan 2031 10:00:00 GMT"), busy(), busy("soon")):
            receiver.got.clear()
            receiver.answers = answers
            said.append(checked(run, sandbox, "--webhook", webhook.url))
    *polite, rude, unclear = said
    assert [ran.status for ran in polite] == [0, 0]
    assert points(rude) == points(unclear) == ["40 in quick succession: taken, or 429 with Retry-After"]
    assert "429 without Retry-After" in rude.out
    assert "neither seconds nor a date" in unclear.out


def test_a_webhook_that_does_not_say_well_that_it_wants_to_be_told_is_named(run: Run, sandbox: Process) -> None:
    send(sandbox, Path("signal.json").read_bytes())
    believes = careful(sandbox)
    for answer, words in (
        (status(405), "it answered 405 to OPTIONS"),
        (status(204), "WebHook-Allowed-Origin is not 127.0.0.1"),
        (status(204, WebHook_Allowed_Origin="elsewhere.example"), "WebHook-Allowed-Origin is not 127.0.0.1"),
        (status(200, WebHook_Allowed_Origin="*", WebHook_Allowed_Rate="many"), "WebHook-Allowed-Rate is neither"),
    ):
        with receiving(Receiver(lambda sent, said=answer: said if is_asked(sent) else believes(sent))) as webhook:  # type: ignore[misc]
            ran = checked(run, sandbox, "--webhook", webhook.url)
        assert (ran.status, points(ran), words in ran.out) == (1, ["it says beforehand that this hub may send"], True)


def test_nobody_is_tried_against_a_hub_in_earnest_or_that_does_not_know_them(run: Run, sandbox: Process) -> None:
    earnest = checked_with(run, sandbox, HUB_MODE="production")
    assert (earnest.status, "This is no sandbox" in earnest.err) == (1, True)
    run("keys", "new", "stranger", "--kind", "any-partner", "--oin", OIN)
    unknown = run("partner", "check", "stranger", "--message", "signal.json", "--type", ANY_TYPE, "--to", sandbox.url)
    assert (unknown.status, "stranger is not registered in this sandbox" in unknown.err) == (1, True)


def checked_with(run: Run, sandbox: Process, **environment: str) -> Ran:
    return run("partner", "check", "jeugdwerk", "--message", "signal.json", "--type", ANY_TYPE, "--to", sandbox.url, **environment)
