"""The command line says in words what is wrong, names where it worked, and shows an auditor what is kept."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from pwd import getpwuid
from uuid import UUID, uuid4

import pytest
import structlog
from sqlalchemy import update

from hub import __main__ as command_line
from hub.adapters import received
from hub.commands.shared import aside, say
from hub.domain.callers import Caller, Capacity
from hub.domain.messages import Message
from hub.domain.processing import Processing, Wanted
from hub.domain.subscriptions import Interest, Payload, Sink, Wish
from hub.domain.trajectory import Trajectory
from hub.register import Unit
from hub.settings import Settings
from hub.wiring import Hub
from tests.journeys.running import Process
from tests.parts import databases
from tests.parts.servers import until
from tests.tools import ROOT

OIN = "00000099000000010001"
EXAMPLE = ROOT / "contracts/partners/police/vt-melding/examples/01-violence-with-an-arrest.given.xml"
TYPE = "nl.vig.meldingen.vt-melding.v1"


@dataclass(frozen=True)
class Ran:
    """What a command printed, in one line each, and its exit status."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


on_both_databases = pytest.mark.usefixtures("database")


def in_one_line(text: str) -> str:
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", text).split())


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Run]:
    """Runs commands in a directory of their own, as `hub` does."""
    monkeypatch.chdir(tmp_path)
    # as wide as a table needs, also where the width was read when the commands were imported
    for console in (say, aside):
        monkeypatch.setattr(console, "_width", 200)
    monkeypatch.setenv("HUB_MODE", "demo")
    monkeypatch.setenv("HUB_DATABASE_URL", databases.url_of(tmp_path / "var"))

    def run(*arguments: str, **environment: str) -> Ran:
        with monkeypatch.context() as given:
            given.setattr(sys, "argv", ["hub", *arguments])
            for name, value in environment.items():
                given.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                command_line.main()
                raise SystemExit(0)
        printed = capsys.readouterr()
        return Ran(int(ended.value.code or 0), printed.out, in_one_line(printed.err))

    yield run
    structlog.reset_defaults()  # what is captured here closes with the test


def registered(run: Run) -> None:
    """A police organisation of which the hub knows the key."""
    assert run("keys", "new", "politie", "--kind", "police", "--oin", OIN).status == 0
    assert run("partner", "add", "politie", "--kind", "police", "--oin", OIN).status == 0
    assert run("partner", "key", "politie", "--jwk", "politie.public.json").status == 0


@contextmanager
def running(data: Path) -> Iterator[Process]:
    process = Process(data)
    process.start()
    try:
        yield process
    finally:
        process.end()


# Keys and partners ---------------------------------------------------------------------------------------


def test_keys_for_a_kind_that_is_not_there_are_refused_with_the_kinds(run: Run, tmp_path: Path) -> None:
    ran = run("keys", "new", "x", "--kind", "polis", "--oin", OIN)
    assert ran.status == 2
    assert "'polis' is not one of adult-probation, any-partner, certified-institution, child-health-clinic" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_keys_that_no_hub_would_register_are_refused_with_all_that_is_wrong(run: Run, tmp_path: Path) -> None:
    ran = run("keys", "new", "x", "--kind", "police", "--oin", "123", "--algorithm", "HS256")
    assert ran.status == 1
    assert "oin: is not twenty digits" in ran.err
    assert "algorithms: are not among PS256, ES256, EdDSA" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_the_private_file_is_not_taken_for_the_public_one(run: Run) -> None:
    registered(run)
    ran = run("partner", "key", "politie", "--jwk", "politie.key.json")
    assert ran.status == 2
    assert "politie.key.json is the private file; give politie.public.json" in ran.err


def test_a_file_that_is_no_key_is_named(run: Run, tmp_path: Path) -> None:
    registered(run)
    for number, content in enumerate((b"not json", b"[1]", b"\xff\xfe")):
        (tmp_path / f"{number}.json").write_bytes(content)
        ran = run("partner", "key", "politie", "--jwk", f"{number}.json")
        assert (ran.status, f"{number}.json does not hold a JSON object" in ran.err) == (2, True)


def test_taking_a_partner_in_says_what_it_may_and_on_which_ground(run: Run) -> None:
    said = in_one_line(run("partner", "add", "politie", "--kind", "police", "--oin", OIN, "--per-minute", "60").out)
    for granted in (
        "messages nl.vig.meldingen.vt-melding.v1",
        "scopes notices:read, signals:read, signals:write",
        "shows a signature",
        "purposes child-safety",
        "grounds wpg-20",
        "covenant vig-2024 until 2028-12-31",
        "limits 60 a minute, 250000 a day (the settings')",
        "callback none: it is told what it subscribes to itself",
    ):
        assert granted in said


def test_terms_that_no_register_knows_are_refused_together(run: Run, tmp_path: Path) -> None:
    ran = run(
        "partner", "add", "x", "--kind", "police", "--oin", OIN, "--purpose", "profit", "--ground", "a-hunch", "--covenant", "c"
    )
    assert ran.status == 1
    for wrong in ("purposes: profit is not", "grounds: a-hunch is not", "covenant: c is not in the register"):
        assert wrong in ran.err
    assert "x" not in run("partner", "list").out.split()


def test_terms_are_changed_and_shown_with_who_and_why(run: Run) -> None:
    registered(run)
    why = ("--by", "jansen", "--reason", "a law to come")
    changed = run("partner", "change", "politie", "--ground", "wams", "--requires-token", "--covenant-until", "2020-01-01", *why)
    assert changed.status == 1 and "covenant: ends before it begins" in changed.err
    changed = run("partner", "change", "politie", "--ground", "wams", "--requires-token", "--covenant-until", "2026-01-01", *why)
    said = in_one_line(changed.out)
    assert "grounds wams (not in force)" in said
    assert "shows a signature, an access token" in said
    assert "which is not in force: nothing is shared" in said
    shown = run("partner", "show", "politie").out
    for line in ("registered", "access-granted", "grounds-granted", "covenant-agreed", "key-added", "jansen", "a law to come"):
        assert line in shown
    assert run("partner", "show", "nobody").status == 1


def test_what_an_organisation_subscribed_to_is_shown_with_what_it_wants(run: Run, tmp_path: Path) -> None:
    registered(run)
    data, wants = tmp_path / "var", Interest(axes=("housing",), level=3, own=True)
    hub = Hub.open(Settings(data_dir=data, database_url=databases.url_of(data), mode="demo"))
    with closing(hub):
        hub.subscribing.subscribe("politie", Wish(Sink.WEBHOOK, "https://politie.example/op", Payload.LEAN, wants), "politie")
        hub.subscribing.subscribe("politie", Wish(), "politie")
    shown = in_one_line(run("partner", "show", "politie").out)
    for said in ("webhook", "politie.example/op", "lean", "axes housing; level 3; own yes", "pending", "all that it may know"):
        assert said in shown


@on_both_databases
def test_a_key_is_rotated_and_the_old_one_ends_after_the_overlap(run: Run, tmp_path: Path) -> None:
    registered(run)
    (tmp_path / "new").mkdir()
    run("keys", "new", "politie", "--kind", "police", "--oin", OIN, "--to", "new")
    kid = json.loads((tmp_path / "new" / "politie.public.json").read_text())["kid"]
    assert f"politie signs with {kid} from now on" in run("partner", "rotate", "politie", "--jwk", "new/politie.public.json").out
    shown = run("partner", "show", "politie").out
    assert "key-limited" in shown and "no end" in shown
    again = run("partner", "rotate", "politie", "--jwk", "new/politie.public.json")
    assert (again.status, "this kid was used before" in again.err) == (1, True)


def test_whoever_is_removed_stays_known_and_never_comes_back(run: Run) -> None:
    registered(run)
    assert "takes part no longer" in in_one_line(run("partner", "remove", "politie", "--reason", "it stopped").out)
    assert "removed" in run("partner", "list").out
    back = run("partner", "resume", "politie", "--reason", "it wants to come back")
    assert (back.status, "takes part no longer" in back.err) == (1, True)
    assert "it stopped" in run("partner", "show", "politie").out


# Where the hub is ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ("partner", "list"),
        ("status",),
        ("quarantine", "list"),
        ("rebuild", "timeline"),
        ("message", str(uuid4())),
    ],
    ids=lambda command: command[0],
)
def test_where_no_hub_is_no_command_makes_one(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    ran = run(*command)
    assert ran.status == 1
    assert f"There is no hub in {tmp_path / 'var'}" in ran.err
    assert "HUB_DATA_DIR" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_commands_name_the_directory_that_they_worked_on(run: Run, tmp_path: Path) -> None:
    added = run("partner", "add", "politie", "--kind", "police", "--oin", OIN)
    assert f"politie is registered in {tmp_path / 'var'}" in in_one_line(added.out)
    assert f"The hub in {tmp_path / 'var'}" in run("partner", "list").err


@on_both_databases
def test_an_organisation_that_has_to_show_a_token_gets_it_with_its_key(run: Run, tmp_path: Path) -> None:
    registered(run)
    asked = ("--requires-token", "--requires-dpop", "--reason", "a test", "--by", "operator")
    assert run("partner", "change", "politie", *asked).status == 0
    with running(tmp_path / "var") as process:
        message = ("send", str(EXAMPLE), "--partner", "politie", "--type", TYPE, "--to", process.url)
        without = run(*message)
        assert (without.status, "add --token" in without.err) == (1, True)
        assert run(*message, "--token").status == 0
        unbound = run("token", "politie", "--to", process.url)
        assert (unbound.status, "The hub gives no token" in unbound.err) == (1, True)
        assert run("partner", "change", "politie", "--no-requires-dpop", "--reason", "a test").status == 0
        assert run("token", "politie", "--to", process.url).out.count(".") == 2
    assert "No hub answers" in run("token", "politie", "--to", process.url).err


# Settings ------------------------------------------------------------------------------------------------


def test_settings_that_cannot_be_used_are_named_together(run: Run) -> None:
    ran = run("status", HUB_DATABASE_URL="mysql://x", HUB_REPLAY_SECONDS="abc")
    assert ran.status == 1
    assert "HUB_DATABASE_URL: is postgresql://USER@HOST/DATABASE" in ran.err
    assert "HUB_REPLAY_SECONDS: is a whole number of seconds" in ran.err


def test_a_directory_that_cannot_be_is_named_with_what_to_do(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = run("partner", "add", "politie", "--kind", "police", "--oin", OIN, HUB_DATA_DIR=str(tmp_path / "file" / "var"))
    assert ran.status == 1
    assert f"The hub cannot use {tmp_path / 'file' / 'var'}: Not a directory. Run it as the user whose it is" in ran.err


def test_a_range_that_is_none_is_named(run: Run) -> None:
    ran = run("partner", "add", "politie", "--kind", "police", "--oin", OIN, HUB_WEBHOOK_ALLOW="everybody")
    assert ran.status == 1
    assert "The hub cannot open: 'everybody' does not appear to be an IPv4 or IPv6 network" in ran.err


def test_a_variable_that_nothing_reads_is_warned_of(run: Run) -> None:
    assert "HUB_DATADIR is no setting of the hub" in run("settings", HUB_DATADIR="elsewhere").err
    assert run("settings", HUB_WEBHOOK="off", HUB_WEBHOOK_ALLOW="", HUB_CONTRACTS_DIR="").err == ""


# Small mistakes ------------------------------------------------------------------------------------------


def test_a_read_model_that_is_not_there_is_answered_with_those_that_are(run: Run) -> None:
    registered(run)
    ran = run("rebuild", "nonsense")
    assert ran.status == 2
    assert "'nonsense' is not one of " in ran.err
    assert "timeline" in ran.err
    assert ran.out == ""
    assert "timeline: built anew from 5 events." in run("rebuild", "timeline").out


def test_a_port_that_is_taken_is_named_before_anything_is_said_to_listen(run: Run, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = run("all", "--port", str(port))
    assert (ran.status, ran.out) == (1, "")
    assert f"The hub cannot listen on 127.0.0.1:{port}: Address already in use. Choose another port with --port" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_what_was_sent_is_corrected_and_taken_back_at_the_command_line(run: Run, tmp_path: Path) -> None:
    registered(run)
    with running(tmp_path / "var") as process:
        send = ("send", "--partner", "politie", "--type", TYPE, "--to", process.url)
        first = json.loads(run(*send, str(EXAMPLE), "--id", "a-1").out)
        right = json.loads(run(*send, str(EXAMPLE), "--id", "a-2", "--corrects", "a-1").out)
        back = json.loads(run(*send, "--withdraws", "a-2").out)
        nothing, both = run(*send), run(*send, str(EXAMPLE), "--withdraws", "a-1")
    assert (right["corrects"], back["withdraws"]) == (first["message"], right["message"])
    assert (nothing.status, both.status) == (2, 2)
    assert "either a message, or --withdraws" in nothing.err


# Sending, and what is kept of it -------------------------------------------------------------------------


@on_both_databases
def test_a_signal_is_sent_and_an_auditor_sees_what_is_kept(run: Run, tmp_path: Path) -> None:
    def send(*more: str, file: Path = EXAMPLE) -> Ran:
        return run("send", str(file), "--partner", "politie", "--type", TYPE, "--to", process.url, *more)

    (tmp_path / "not-xml").write_text("not XML")
    (tmp_path / "other.xml").write_bytes(EXAMPLE.read_bytes() + b"\n")
    run("keys", "new", "politie", "--kind", "police", "--oin", OIN)
    with running(tmp_path / "var") as process:
        unknown = send()
        run("partner", "add", "politie", "--kind", "police", "--oin", OIN)
        run("partner", "key", "politie", "--jwk", "politie.public.json")
        sent = send("--id", "a-1")
        again = send("--id", "a-1", file=tmp_path / "other.xml")
        unreadable = send(file=tmp_path / "not-xml")

    assert (unknown.status, "The hub does not know a key by this kid" in unknown.err) == (1, True)
    assert "(hub partner key politie --jwk politie.public.json)" in unknown.err
    assert sent.status == 0
    assert (again.status, "A new message needs a new id" in again.err) == (1, True)
    assert (unreadable.status, "in quarantine, for it could not be read:" in unreadable.err) == (2, True)
    assert json.loads(unreadable.out)["reasons"][0]["what"] in unreadable.err

    receipt = json.loads(sent.out)
    shown = run("message", receipt["message"])
    assert shown.status == 0
    for said in (f"politie (police), OIN {OIN}", "PS256", TYPE, "a-1", receipt["digest"], "recorded"):
        assert said in shown.out
    assert f"position  {receipt['position']}\n" in shown.out
    assert "signature verified again with the key as it was valid then" in shown.out
    # a key that is revoked later was still valid then
    kid = json.loads((tmp_path / "politie.public.json").read_text())["kid"]
    run("partner", "revoke", "politie", kid, "--reason", "lost")
    assert run("message", receipt["message"]).status == 0
    assert run("message", receipt["message"], "--body").out.encode() == EXAMPLE.read_bytes()
    assert no_words_of(EXAMPLE, shown)

    change_what_is_kept(tmp_path / "var")
    changed = run("message", receipt["message"])
    assert (changed.status, "NOT VERIFIED: its bytes or its signature were changed" in changed.err) == (1, True)
    assert "verified again" not in changed.out


@on_both_databases
def test_a_message_that_somebody_typed_is_shown_with_who_did_and_verified_by_the_hubs_own_key(run: Run, tmp_path: Path) -> None:
    assert run("partner", "add", "buurthuis", "--kind", "any-partner", "--oin", OIN).status == 0
    typed = (ROOT / "contracts/partners/any-partner/signaal/examples/01-a-worry-about-upbringing.given.json").read_bytes()
    data = tmp_path / "var"
    hub = Hub.open(Settings(data_dir=data, database_url=databases.url_of(data), mode="demo"))
    headers, signer = hub.reports.sealed(typed, uuid4(), Caller(Capacity.REPORTER, "i.melder", "buurthuis"))
    (take_in,) = hub.intake.opened(signer, headers, typed)
    taken = take_in()
    assert isinstance(taken, Future)
    receipt = taken.result().value
    hub.close()
    shown = run("message", receipt.message)
    assert (shown.status, "typed by  i.melder, into the hub's own form; the hub signed it" in shown.out) == (0, True)
    assert "signature verified again" in shown.out


def no_words_of(message: Path, shown: Ran) -> bool:
    """That no content of an element stands in what was shown, but the number of the sender."""
    words = {text.strip() for text in re.findall(rb">([^<>]{4,})<", message.read_bytes())} - {OIN.encode(), b""}
    return bool(words) and not any(word.decode() in shown.out + shown.err for word in words)


def change_what_is_kept(data: Path) -> None:
    hub = Hub.open(Settings(data_dir=data, database_url=databases.url_of(data), mode="demo"))
    try:
        with hub.stored.log.begin() as connection:
            connection.execute(update(received.RECEIVED).values(body=b"something else"))
    finally:
        hub.close()


def test_a_message_that_is_not_there_is_not_known(run: Run) -> None:
    registered(run)
    ran = run("message", str(uuid4()))
    assert (ran.status, "There is nothing by that id." in ran.err) == (1, True)


# What is noted of it -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A step in the data-processing log, with how many people it concerns in which families."""

    command: str
    activity: str
    who: str
    outcome: str
    about: tuple[str, str]
    people: int
    families: frozenset[str]


def noted(data: Path) -> list[Line]:
    """What the command line noted, in order."""
    hub = Hub.open(Settings(data_dir=data, database_url=databases.url_of(data), mode="demo"))
    try:
        lines, _ = hub.processings.page(Wanted(), "", 500)
    finally:
        hub.close()
    steps: dict[str, list[Processing]] = {}
    for line in reversed(lines):
        steps.setdefault(line.trace.trace_id, []).append(line)
    return [a_line(step) for step in steps.values() if step[0].who.role is Capacity.OPERATOR]


def a_line(step: Sequence[Processing]) -> Line:
    of, people = step[0], [line.concerned for line in step if line.concerned.subject]
    about, families = (of.object_kind, of.object_reference), frozenset(one.family for one in people)
    return Line(of.name, of.activity, of.who.subject, of.outcome.value, about, len(people), families)


def stop_the_log(data: Path) -> None:
    """From here on nothing can be added to the data-processing log."""
    with databases.opened(data / "reads.db").begin() as connection:
        connection.exec_driver_sql("ALTER TABLE lines RENAME TO lines_elsewhere")


@dataclass(frozen=True)
class Kept:
    """What a hub keeps of two messages: one that opened a family with people in it, and one that could not be read."""

    data: Path
    message: str
    unreadable: str
    family: str
    people: Sequence[str]


@pytest.fixture
def kept(run: Run, tmp_path: Path) -> Kept:
    registered(run)
    (tmp_path / "not-xml").write_text("not XML")
    with running(tmp_path / "var") as process:
        message, unreadable = (
            json.loads(run("send", str(file), "--partner", "politie", "--type", TYPE, "--to", process.url).out)["message"]
            for file in (EXAMPLE, tmp_path / "not-xml")
        )
        hub = process.open()
        family, people = hub.register.read(
            lambda unit: ((id := family_of(unit, {"message": message})), list(unit.get(Trajectory, id).people))
        )
        until(lambda: not any(one.lag for one in hub.views.state()))
        hub.close()
    return Kept(tmp_path / "var", message, unreadable, str(family), people)


@on_both_databases
def test_what_a_command_shows_or_does_is_noted_with_who_has_the_shell(run: Run, kept: Kept) -> None:
    before, (person, *_) = noted(kept.data), kept.people
    assert run("message", kept.message).status == 0
    assert run("message", kept.message, "--body").status == 0
    assert run("message", kept.unreadable).status == 0
    assert run("quarantine", "list").status == 0
    assert run("quarantine", "again", kept.unreadable).status == 0
    assert run("person", "erase", person, "--ground", "avg-17-1-b", "--by", "officer").status == 0
    who, here, count = f"operator:{getpwuid(os.getuid()).pw_name}", frozenset({kept.family}), len(kept.people)
    message, unreadable = ("message", kept.message), ("message", kept.unreadable)
    assert before == []
    assert count > 1
    assert noted(kept.data) == [
        Line("hub message", "look-at-message", who, "given", message, count, here),
        Line("hub message --body", "read-message", who, "given", message, count, here),
        Line("hub message", "look-at-message", who, "given", unreadable, 0, frozenset()),
        Line("hub quarantine list", "look-at-quarantine", who, "given", ("list", ""), 0, frozenset()),
        Line("hub quarantine again", "process-again", who, "given", unreadable, 0, frozenset()),
        Line("hub person erase", "erase-person", who, "given", ("family", kept.family), 1, here),
    ]


@on_both_databases
def test_who_has_the_shell_is_not_what_a_variable_says(run: Run, kept: Kept) -> None:
    run("quarantine", "list", USER="somebody-else", LOGNAME="somebody-else")
    assert [line.who for line in noted(kept.data)] == [f"operator:{getpwuid(os.getuid()).pw_name}"]


@on_both_databases
def test_what_the_hub_refuses_to_do_to_people_is_noted_as_refused(run: Run, kept: Kept) -> None:
    (person, *_) = kept.people
    assert run("person", "erase", person, "--ground", " ", "--by", "officer").status == 1
    assert run("person", "erase", str(uuid4()), "--ground", "avg-17-1-b", "--by", "officer").status == 1
    assert [(line.command, line.outcome, line.people) for line in noted(kept.data)] == [
        ("hub person erase", outcome, 1) for outcome in ("given", "refused") * 2
    ]


@on_both_databases
def test_what_cannot_be_noted_is_neither_shown_nor_done(run: Run, kept: Kept) -> None:
    (person, *_) = kept.people
    stop_the_log(kept.data)
    for command in (
        ("message", kept.message),
        ("message", kept.message, "--body"),
        ("quarantine", "list"),
        ("quarantine", "again", kept.unreadable),
        ("person", "erase", person, "--ground", "avg-17-1-b", "--by", "officer"),
    ):
        ran = run(*command)
        assert (ran.status, ran.out, "cannot be logged" in ran.err) == (1, "", True), command
        assert no_words_of(EXAMPLE, ran)
    with databases.opened(kept.data / "reads.db").begin() as connection:
        connection.exec_driver_sql("ALTER TABLE lines_elsewhere RENAME TO lines")
    assert run("message", kept.message, "--body").out.encode() == EXAMPLE.read_bytes()


# Keys of the hub, and people ---------------------------------------------------------------------------------


@on_both_databases
def test_a_person_is_erased_while_the_hub_runs_and_their_message_is_unreadable(run: Run, tmp_path: Path) -> None:
    registered(run)
    with running(tmp_path / "var") as process:
        receipt = json.loads(run("send", str(EXAMPLE), "--partner", "politie", "--type", TYPE, "--to", process.url).out)
        hub = process.open()
        (person, *_) = hub.register.read(lambda unit: list(unit.get(Trajectory, family_of(unit, receipt)).people))
        hub.close()
        wrong = run("person", "erase", str(uuid4()), "--ground", "avg-17-1-b", "--by", "officer")
        assert (wrong.status, "There is nothing by that id." in wrong.err) == (1, True)
        erased = run("person", "erase", person, "--ground", "avg-17-1-b", "--by", "officer")
        assert (erased.status, f"{person} is erased, with 1 messages as received" in erased.out) == (0, True), erased
        shown = run("message", receipt["message"], "--body")
        assert (shown.status, "NOT VERIFIED: What was received is unreadable" in shown.err, "<" in shown.out) == (1, True, False)
        again = json.loads(run("send", str(EXAMPLE), "--partner", "politie", "--type", TYPE, "--to", process.url).out)
        assert again["outcome"] == "recorded"
        until(lambda: run("status").status == 0)


def family_of(unit: Unit, receipt: Mapping[str, str]) -> UUID:
    return UUID(unit.get(Message, UUID(receipt["message"])).signals[0]["family"])


@on_both_databases
def test_keys_are_rotated_while_the_hub_runs(run: Run, tmp_path: Path) -> None:
    registered(run)
    with running(tmp_path / "var") as process:
        receipt = json.loads(run("send", str(EXAMPLE), "--partner", "politie", "--type", TYPE, "--to", process.url).out)
        before = (tmp_path / "var" / "kek.json").read_text()
        rotated = run("keys", "rotate")
        assert (rotated.status, rotated.out.endswith("keys are wrapped anew.\n")) == (0, True)
        assert (tmp_path / "var" / "kek.json").read_text() != before
        assert json.loads(run("send", str(EXAMPLE), "--partner", "politie", "--type", TYPE, "--to", process.url).out)
        assert run("message", receipt["message"]).status == 0
        signing = run("keys", "rotate", "--signing")
        assert (signing.status, "signs from" in signing.out) == (0, True)


# The demo ------------------------------------------------------------------------------------------------


def test_the_demo_leaves_nothing_behind_when_it_is_asked_to_end(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-u", "-m", "hub", "demo", "--port", str(port)]
    environment = os.environ | {"TMPDIR": str(tmp_path), "COLUMNS": "200"}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment) as demo:
        assert demo.stdout is not None
        lines: list[str] = []
        for line in demo.stdout:
            lines.append(line)
            if "Ctrl+C ends" in line:
                break
        assert any(line.rstrip().endswith("/v1/escalations/stream?after=0'") for line in lines), "".join(lines)
        assert list(tmp_path.iterdir()) != []
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(120) == 143
    assert list(tmp_path.iterdir()) == []


def test_where_a_partner_is_told_things_can_be_changed_and_a_plain_address_is_refused(run: Run) -> None:
    run("partner", "add", "politie", "--kind", "police", "--oin", OIN)
    assert "https://p.example" in in_one_line(run("partner", "callback", "politie", "https://p.example").out)
    assert "p.example" in run("partner", "list").out
    refused = run("partner", "callback", "politie", "ftp://q.example")
    assert (refused.status != 0, "q.example" in run("partner", "list").out) == (True, False)
