"""What somebody asks about their own data, at the command line: noted, decided, done, and each of it noted at the person."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from pwd import getpwuid
from uuid import UUID

import pytest

from hub.adapters import jws
from hub.domain.processing import Wanted
from hub.domain.trajectory import Trajectory
from hub.settings import Settings
from hub.wiring import Hub
from tests.api.running import a_worry, an_event, running
from tests.journeys.commanding import Run, caught_up, commands
from tests.journeys.test_erasing import CHILD, OF_THE_PARENT, PARENT, words_in
from tests.parts import databases
from tests.passing import passed_on

BY = ("--by", "g.privacy")


@pytest.fixture
async def child(database: str, tmp_path: Path) -> UUID:
    """A child, whom a partner named with a parent to a hub that does not run any more."""
    with running(tmp_path / "var") as hub:
        family = hub.family_in(await hub.post(an_event(a_worry(people=[CHILD, PARENT], concern="honour-violence"))))
        people = hub.hub.register.read(lambda unit: unit.get(Trajectory, family).people)
        passed_on(hub.hub)
    return next(UUID(id) for id, member in people.items() if member.role == "child")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Run]:
    with commands("person", monkeypatch, capsys, tmp_path) as run:
        yield run


def noted(place: Path, person: UUID) -> list[tuple[str, str, str]]:
    """What stands in the data-processing log at that person: what was done, by whom, and what came of it; the first one first."""
    settings = Settings(data_dir=place, database_url=databases.url_of(place), mode="demo")
    hub = Hub.open(settings)
    lines, _ = hub.processings.page(Wanted(subjects=frozenset({str(person)})), "", 500)
    hub.close()
    return [(line.name.removeprefix("hub person "), line.who.subject, line.outcome.value) for line in reversed(lines)]


def said(ran: tuple[int, str, str]) -> str:
    assert ran[0] == 0, ran
    return ran[1]


def refusal(ran: tuple[int, str, str]) -> str:
    """In which words the hub said no."""
    assert ran[0] == 1, ran
    return ran[2]


def test_a_request_goes_its_whole_way_at_the_command_line(child: UUID, run: Run, tmp_path: Path) -> None:
    request = run("request", str(child), "erasure", "--received", "2026-01-02", *BY)
    # the clock of a command is that of the machine: by then it is long over
    (id,) = re.findall(r"([0-9a-f-]{36}) is to be answered before 2026-02-02", said(request))
    caught_up(tmp_path / "var")
    assert f"{id}  erasure     LATE    2026-02-02  {child}" in said(run("requests"))
    assert "The term is over" in refusal(run("extend", id, "--motivation", "druk", *BY))
    said(run("identify", id, "--how", "digid", *BY))
    assert "ground: is not one of avg-17-1-a" in refusal(
        run("decide", id, "granted", "--ground", "zomaar", "--motivation", "x", *BY)
    )
    said(run("decide", id, "granted", "--ground", "avg-17-1-d", "--motivation", "onrechtmatig", *BY))
    file = tmp_path / "file.html"
    said(run("inspect", str(child), "--out", str(file)))
    assert "Zwaluwenhorst" in file.read_text() and words_in(file.read_text(), OF_THE_PARENT) == set()
    assert file.stat().st_mode & 0o077 == 0
    said(run("inspect", str(child), "--out", str(tmp_path / "file.json"), "--language", "en"))
    assert json.loads((tmp_path / "file.json").read_text())["identity"][0]["familyName"] == "Zwaluwenhorst"
    said(run("carry-out", id, "--words", "per brief", *BY))
    certificate = said(run("certificate", str(child))).split()[-1]
    assert json.loads(jws.from_b64url(certificate.split(".")[1]))["request"] == id
    caught_up(tmp_path / "var")
    assert f"{id}  erasure     closed" in said(run("requests"))
    who, no = f"operator:{getpwuid(os.getuid()).pw_name}", "refused"
    done = [("request", ""), ("extend", ""), ("extend", no), ("identify", ""), ("decide", ""), ("decide", no), ("decide", "")]
    done += [(name, "") for name in ("inspect", "inspect", "carry-out", "certificate")]
    assert noted(tmp_path / "var", child) == [(name, who, outcome or "given") for name, outcome in done]


def test_somebody_is_erased_without_a_request_on_a_ground_of_the_register_and_by_a_person(child: UUID, run: Run) -> None:
    for ground, by, words in (
        ("zomaar", "g.privacy", "Nobody is erased on that ground."),
        ("avg-17-3-b", "g.privacy", "Nobody is erased on that ground."),
        ("avg-17-1-a", "hub", "A person decides this, by name."),
        ("avg-17-1-a", " ", "A person decides this, by name."),
    ):
        assert words in refusal(run("erase", str(child), "--ground", ground, "--by", by))
    assert f"{child} is erased, with 1 messages" in said(run("erase", str(child), "--ground", "avg-17-1-a", *BY))
    assert said(run("certificate", str(child))).split()[-1].count(".") == 2


def test_a_restriction_is_lifted_and_words_stand_beside_at_the_command_line(child: UUID, run: Run) -> None:
    (id, *_) = re.findall(r"[0-9a-f-]{36}", said(run("request", str(child), "restriction", "--received", "2026-01-02", *BY)))
    said(run("identify", id, "--how", "seen-in-person", *BY))
    said(run("decide", id, "granted", "--ground", "avg-18-1-a", "--motivation", "betwist", *BY))
    assert "is not restricted" in refusal(run("lift", str(child), "--words", "verteld", *BY))
    said(run("carry-out", id, *BY))
    said(run("state", str(child), "--words", "het was anders", *BY))
    said(run("lift", str(child), "--words", "verteld", *BY))


def test_a_file_is_of_somebody_and_has_a_name_that_says_what_it_is(child: UUID, run: Run, tmp_path: Path) -> None:
    wrong = "its name ends with .html or .json"
    assert wrong in refusal(run("inspect", str(child), "--out", str(tmp_path / "file.pdf")))
    assert wrong in refusal(run("inspect", str(child), "--out", str(tmp_path / "file.html"), "--language", "fr"))
    assert "There is nothing by that id." in refusal(run("inspect", str(UUID(int=1)), "--out", str(tmp_path / "file.html")))
    assert not list(tmp_path.glob("file.*"))
