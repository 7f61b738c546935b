"""The demo plays through a hub of its own, checks whatever it shows, and says so when something is not as the story says."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys

import pytest
from jsonschema_rs import Draft202012Validator
from lxml import etree

from hub.adapters.partners import found
from hub.demo import play
from hub.demo.letters import written
from hub.demo.story import STEPS, Post
from hub.errors import Unreadable
from tests.contracts.test_standards import COMPONENTS, XSDS, component
from tests.tools import ROOT, STANDARDS

POSTS = [step for step in STEPS if isinstance(step, Post)]
READABLE = [post for post in POSTS if post.outcome != "quarantined"]
needs_the_standards = pytest.mark.skipif(not STANDARDS.is_dir(), reason="the public standards do not lie beside this tree")

TOLD_WRONG = """
import sys
from dataclasses import replace
from hub.demo import play
from hub.demo.story import STORY, Post, Raised

def wrong(step):
    rose_otherwise = (Raised("income", 3, "income-3-repeated"),)
    is_about_debts = isinstance(step, Post) and step.template == "debt-signal.json" and step.raises
    return replace(step, raises=rose_otherwise) if is_about_debts else step

first, second = STORY.earlier
steps = tuple(wrong(step) for step in STORY.steps)
sys.exit(play(True, int(sys.argv[1]), replace(STORY, steps=steps, earlier=(replace(first, phase="eligible"), second))))
"""


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python of its own, where warnings are errors."""
    command = [sys.executable, "-W", "error", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def read_until(words: str, terminal: int) -> str:
    """What a process says at its terminal, up to these words."""
    said = ""
    while words not in said:
        said += os.read(terminal, 65_536).decode(errors="replace")
    return said


# The whole ---------------------------------------------------------------------------------------


def test_once_it_plays_checks_everything_it_shows_and_ends_with_0() -> None:
    ran = run("-m", "hub", "demo", "--once", "--port", str(a_free_port()))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stderr == ""
    for shown in (
        "escalation: safety 3 → 4",
        "safety-4-three-axes",
        "as it stood at the end of week 9",
        "all is as the story says",
    ):
        assert shown in ran.stdout


def test_whoever_asks_for_more_sees_one_more_household_arrive() -> None:
    ours, its = pty.openpty()
    command = [sys.executable, "-u", "-m", "hub", "demo", "--port", str(a_free_port())]
    with subprocess.Popen(command, cwd=ROOT, stdin=its, stdout=its, stderr=its, close_fds=True) as demo:
        os.close(its)
        read_until("Enter: a landlord", ours)
        for _ in range(2):
            os.write(ours, b"\n")
            read_until("it arrived", ours)
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 0
    os.close(ours)


def test_a_story_that_is_told_wrong_ends_with_1_and_says_what_is_otherwise() -> None:
    ran = run("-c", TOLD_WRONG, str(a_free_port()))
    assert ran.returncode == 1
    assert "2 of " in ran.stdout
    assert "what rose: expected [Raised(axis='income', level=3, rule='income-3-repeated')]" in " ".join(ran.stdout.split())
    assert "the phase at the end of week 5: expected 'eligible', found 'candidate'" in ran.stdout


def test_without_once_it_stays_up_until_ctrl_c() -> None:
    command = [sys.executable, "-u", "-m", "hub", "demo", "--port", str(a_free_port())]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ | {"COLUMNS": "100"}) as demo:
        assert demo.stdout is not None
        assert any("Ctrl+C ends" in line for line in demo.stdout)
        assert demo.poll() is None
        demo.send_signal(signal.SIGINT)
        assert demo.wait(30) == 0


def test_a_port_that_is_taken_is_named_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert play(once=True, port=port) == 1
    assert f"Port {port} of 127.0.0.1 is taken" in capsys.readouterr().out


# The messages ------------------------------------------------------------------------------------


def letter(post: Post) -> bytes:
    return written(post.template, post.sender, post.at, post.fill)


@pytest.mark.parametrize("post", READABLE, ids=lambda post: post.fill["reference"])
def test_each_message_is_readable_by_the_adapter_of_its_partner(post: Post) -> None:
    (type,) = [type for type in found()[post.sender.kind].messages if type.type == post.form.type]
    assert type.media == post.form.media
    (signal,) = type.read(letter(post), post.sender.oin)
    assert signal.reference == post.fill["reference"]


def test_the_message_for_quarantine_is_unreadable_for_the_reasons_of_the_story() -> None:
    (post,) = [post for post in POSTS if post.outcome == "quarantined"]
    with pytest.raises(Unreadable) as refused:
        found()[post.sender.kind].messages[0].read(letter(post), post.sender.oin)
    assert tuple(violation.where for violation in refused.value.violations) == post.reasons


@needs_the_standards
@pytest.mark.parametrize("post", [post for post in READABLE if post.form.media.endswith("xml")], ids=lambda post: post.template)
def test_each_xml_message_is_valid_by_the_official_schema(post: Post) -> None:
    schema = etree.XMLSchema(file=str(STANDARDS / "corv" / XSDS["vt-melding"]))
    assert schema.validate(etree.fromstring(letter(post))), schema.error_log


def of(*contracts: str) -> pytest.MarkDecorator:
    chosen = [post for post in READABLE if post.form.type.split(".")[-2] in contracts]
    return pytest.mark.parametrize("post", chosen, ids=lambda post: post.fill["reference"])


@needs_the_standards
@of("ddas-levering")
def test_each_delivery_of_debt_signals_is_valid_by_the_official_schema(post: Post) -> None:
    schema = json.loads((STANDARDS / "ddas/json_schema_Uitwisselmodel.json").read_text("utf-8"))
    assert [str(error) for error in Draft202012Validator(schema, offline=True).iter_errors(json.loads(letter(post)))] == []


@needs_the_standards
@of(*COMPONENTS)
def test_each_message_of_the_housing_corporation_is_valid_by_the_official_component(post: Post) -> None:
    official = component(*COMPONENTS[post.form.type.split(".")[-2]])
    assert [str(error) for error in official.iter_errors(json.loads(letter(post)))] == []
