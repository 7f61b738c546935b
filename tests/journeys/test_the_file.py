"""The file of a case, from the shell of the hub to the auditor's own machine: made, handed over, verified, and noted."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
import structlog

from hub import __main__ as command_line
from hub.adapters.contracts import contract_path
from hub.adapters.evidence.bundle_jwe import reader_of
from hub.commands.shared import aside, say
from hub.domain.access import Access
from hub.domain.processing import Processing, Wanted
from hub.settings import Settings
from hub.wiring import Hub
from hub.wiring.exported import case_of
from tests import issuer
from tests.api.running import running
from tests.parts import databases
from tests.tools import ROOT
from tests.verifier.cases import a_case


@dataclass(frozen=True)
class Ran:
    """What a command printed, in one line, and its exit status."""

    status: int
    said: str


Run = Callable[..., Ran]
GROUND = ("--ground", "avg-6-1-c", "--by", "A. Auditor")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Run]:
    """Runs commands of a hub in a directory of its own."""
    monkeypatch.chdir(tmp_path)
    for name, value in {"HUB_MODE": "demo", "HUB_DATABASE_URL": databases.url_of(tmp_path / "var"), **issuer.environment()}.items():
        monkeypatch.setenv(name, value)
    for console in (say, aside):
        monkeypatch.setattr(console, "_width", 200)

    def run(*arguments: object) -> Ran:
        with monkeypatch.context() as given:
            given.setattr(sys, "argv", ["hub", *map(str, arguments)])
            with pytest.raises(SystemExit) as ended:
                command_line.main()
                raise SystemExit(0)
        printed = capsys.readouterr()
        return Ran(int(ended.value.code or 0), " ".join(re.sub(r"[│╭╮╰╯─]", " ", printed.out + printed.err).split()))

    yield run
    structlog.reset_defaults()


@pytest.fixture
def family(database: str, run: Run, tmp_path: Path) -> UUID:
    """A family with a past at this hub, which does not run now; and the key of an auditor."""

    async def lived() -> UUID:
        with running(tmp_path / "var") as hub:
            return await a_case(hub)

    key = subprocess.run([sys.executable, "-m", "vig_verifier", "--new-key=auditor"], cwd=tmp_path, env=beside(), check=True)
    assert key.returncode == 0
    return asyncio.run(lived())


def beside() -> dict[str, str]:
    """Where the verifier is, and nothing of the hub."""
    return {"PYTHONPATH": str(ROOT / "verifier"), "PATH": ""}


def export(run: Run, family: object, *more: object, out: str = "case.vig") -> Ran:
    return run("audit", "export", family, "--for", "auditor.public.json", "--out", out, *(more or GROUND))


def looks(data: Path) -> list[Processing]:
    """What stands in the data-processing log, the newest first."""
    hub = Hub.open(Settings(data_dir=data, database_url=databases.url_of(data), mode="demo"))
    try:
        return hub.processings.page(Wanted(activity="export-family"), "", 100)[0]
    finally:
        hub.close()


def test_a_case_goes_to_an_auditor_who_verifies_it_without_the_hub(family: UUID, run: Run, tmp_path: Path) -> None:
    made = export(run, family)
    assert made.status == 0, made.said
    assert "4 messages (0 bodies are erased)" in made.said
    assert (tmp_path / "case.vig").stat().st_mode & 0o077 == 0
    assert b"Voorbeeld" not in (tmp_path / "case.vig").read_bytes()
    keys = written_keys(tmp_path)
    command = [sys.executable, "-m", "vig_verifier", "case.vig", "--key=auditor.key.json", f"--hub={keys}", "--unpack=case"]
    ran = subprocess.run(command, cwd=tmp_path, env=beside(), capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "De hub tekende met een sleutel die u kent." in ran.stdout
    assert "Alles wat te controleren was, klopt." in ran.stdout
    assert "Noor" in (tmp_path / "case" / "report.html").read_text()


def test_the_file_has_the_matrix_as_it_was_put_into_use_whatever_the_folder_says_now(
    family: UUID, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(contract_path(), tmp_path / "contracts")
    used = (folder / "intervention-matrix" / "2026-1.json").read_bytes()
    (folder / "intervention-matrix" / "2026-1.json").write_bytes(used.replace(b'"level": 4', b'"level": 3', 1))
    monkeypatch.setenv("HUB_CONTRACTS_DIR", str(folder))
    assert export(run, family).status == 0
    ran = run("audit", "verify", "case.vig", "--key", "auditor.key.json", "--language", "en", "--unpack", "case")
    assert "[holds] The file of the matrix (2026-1) is byte for byte the one that was put into use by the log." in ran.said
    assert (tmp_path / "case" / "matrices" / "2026-1.json").read_bytes() == used


def written_keys(directory: Path) -> Path:
    """What the hub shows at GET /v1/jwks."""
    data = directory / "var"
    hub = Hub.open(Settings(data_dir=data, database_url=databases.url_of(data), mode="demo"))
    try:
        path = directory / "jwks.json"
        path.write_text(json.dumps(hub.keys.public_jwks()))
        return path
    finally:
        hub.close()


def test_the_hubs_own_command_is_the_same_program(family: UUID, run: Run, tmp_path: Path) -> None:
    assert export(run, family, *GROUND, "--language", "en").status == 0
    ran = run("audit", "verify", "case.vig", "--key", "auditor.key.json", "--hub", written_keys(tmp_path))
    assert ran.status == 0
    assert "[holds] The hub signed with a key that you know." in ran.said
    file = tmp_path / "case.vig"
    file.write_bytes(file.read_bytes()[:-1])
    ran = run("audit", "verify", "case.vig", "--key", "auditor.key.json", "--language", "en")
    assert (ran.status, "does not open with this key" in ran.said) == (2, True)


def test_that_it_was_exported_is_noted_and_stands_in_the_file_itself(family: UUID, run: Run, tmp_path: Path) -> None:
    assert export(run, family).status == 0
    noted = looks(tmp_path / "var")
    (line,) = [each for each in noted if each.concerned.subject]
    assert (line.ground, line.handling.value, line.object_reference) == ("avg-6-1-c", "export", str(family))
    assert line.who.subject.endswith("(A. Auditor)")
    assert run("audit", "verify", "case.vig", "--key", "auditor.key.json", "--unpack", "case").status == 0
    (*_, last) = (tmp_path / "case" / "readings.jsonl").read_text().splitlines()
    assert "hub audit export" in json.loads(last)["leaf"]


def test_that_it_was_made_stands_in_the_log_with_what_tells_the_file_and_its_key_apart(
    family: UUID, run: Run, tmp_path: Path
) -> None:
    assert export(run, family).status == 0
    hub = Hub.open(Settings(data_dir=tmp_path / "var", database_url=databases.url_of(tmp_path / "var"), mode="demo"))
    try:
        (event,) = case_of(hub, family).of(Access.FileMade)
    finally:
        hub.close()
    assert (event.assignment, event.digest) == ("", sha256((tmp_path / "case.vig").read_bytes()).hexdigest())
    assert event.kid == reader_of(json.loads((tmp_path / "auditor.public.json").read_text()))[1]
    assert "Auditor" not in event.by, "whose key it is stands in the data-processing log alone"


def test_without_a_ground_a_name_or_a_family_nothing_is_made(family: UUID, run: Run, tmp_path: Path) -> None:
    refused = {
        "ground: is none of": export(run, family, "--ground", "because", "--by", "A. Auditor"),
        "by: names nobody": export(run, family, "--ground", "avg-6-1-c", "--by", " "),
        "nothing by that id": export(run, UUID(int=7)),
        "has not come yet": export(run, family, *GROUND, "--until", "2999-01-01T00:00:00Z"),
        "RFC 3339": export(run, family, *GROUND, "--until", "yesterday"),
        "is nl or en": export(run, family, *GROUND, "--language", "fr"),
    }
    assert [(words, ran.said) for words, ran in refused.items() if words not in ran.said or ran.status not in (1, 2)] == []
    assert not (tmp_path / "case.vig").exists()
    assert looks(tmp_path / "var") == []


def test_it_is_for_a_public_key_alone_and_never_in_the_place_of_another_file(family: UUID, run: Run, tmp_path: Path) -> None:
    private = run("audit", "export", family, "--for", "auditor.key.json", "--out", "case.vig", *GROUND)
    assert (private.status, "is private: keep it to yourself" in private.said) == (1, True)
    (tmp_path / "case.vig").write_text("what was there")
    taken = export(run, family)
    assert (taken.status, "is there already" in taken.said) == (2, True)
    assert (tmp_path / "case.vig").read_text() == "what was there"


def test_what_came_after_a_moment_is_not_in_it(family: UUID, run: Run, tmp_path: Path) -> None:
    assert export(run, family, *GROUND, "--until", "2026-03-02T12:00:00+00:00").status == 0
    assert run("audit", "verify", "case.vig", "--key", "auditor.key.json", "--unpack", "case").status == 0
    said = (tmp_path / "case" / "readings.jsonl").read_text()
    assert "hub audit export" not in said
    early = export(run, family, *GROUND, "--until", "2026-03-01T12:00:00Z", out="early.vig")
    assert (early.status, "nothing was known then" in early.said) == (1, True)
