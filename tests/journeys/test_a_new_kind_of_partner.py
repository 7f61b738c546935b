"""A kind of partner that was never there: one folder brings its module, its contract and its registration, and it takes part."""

import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from hub.adapters.contracts import contract_path
from hub.adapters.partners import found
from hub.client import Hub, Message, Receipt, Sender
from hub.errors import Malformed
from tests.channels.receiving import receiving
from tests.journeys.running import Process
from tests.tools import ROOT

PATIENCE = 120
OIN, POLICE = f"{99:08}{10042:012}", f"{99:08}{10001:012}"
WORRY = {
    "kenmerk": "M-7",
    "zorg": "zorgelijk",
    "sinds": "2026-06",
    "people": [{"familyName": "Voorbeeldkind", "givenNames": "Noor", "birthDate": "2016-04-05", "role": "child"}],
    "informed": {"how": "spoken"},
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The contracts of a hub elsewhere, that this test may add to."""
    shutil.copytree(contract_path(), tmp_path / "contracts")
    for path in (tmp_path / "contracts").rglob("*"):
        path.chmod(path.stat().st_mode & ~0o022)
    monkeypatch.setenv("HUB_CONTRACTS_DIR", str(tmp_path / "contracts"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def hub(place: Path, *said: str, status: int = 0, **environment: str) -> str:
    """What a command of the hub said, which ends as it should."""
    ran = subprocess.run(
        [sys.executable, "-m", "hub", *said],
        cwd=place,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ran.returncode == status, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def begin(place: Path, *more: str, name: str = "toy-library") -> Path:
    hub(place, "partner", "new", name, "--nl", "speelotheek", "--en", "toy library", *more)
    return contract_path("partners", name)


def of_its_own(folder: Path, said: str, instead: str) -> None:
    """Whoever began it goes on: another word in its own module."""
    module = folder / "partner.py"
    assert said in module.read_text()
    module.write_text(module.read_text().replace(said, instead))


def digests(place: Path) -> dict[str, str]:
    return {str(path): sha256(path.read_bytes()).hexdigest() for path in sorted(place.rglob("*")) if path.is_file()}


def passes(folder: Path) -> str:
    """Its own test, as whoever wrote it runs it."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(folder),
        "-c",
        "/dev/null",
        str(folder),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_a_folder_of_its_own_is_all_that_a_new_kind_needs_to_send_and_to_be_told(place: Path) -> None:
    before = digests(contract_path())
    folder = begin(place, "--own-contract")
    assert "3 passed" in passes(folder)
    of_its_own(folder, '"zorgelijk": "worrying-situation"', '"zorgelijk": "honour-violence"')
    process = Process(place / "var")
    with receiving() as receiver:
        for name, kind, oin in (("speelotheek-west", "toy-library", OIN), ("politie", "police", POLICE)):
            hub(place, "keys", "new", name, "--kind", kind, "--oin", oin)
            hub(place, "partner", "add", name, "--kind", kind, "--oin", oin, "--callback", receiver.url, **process.environment)
            hub(place, "partner", "key", name, "--jwk", f"{name}.public.json", **process.environment)
        process.start()
        try:
            with Hub(process.url, Sender.read(place / "speelotheek-west.key.json")) as ours:
                receipt = ours.send(Message("nl.vig.meldingen.melding.v1", json.dumps(WORRY).encode()))
                assert isinstance(receipt, Receipt) and receipt.outcome == "recorded"
                assert ours.send(Message("nl.vig.meldingen.melding.v1", b'{"zorg": "roddel"}')).outcome == "quarantined"  # type: ignore[union-attr]
                assert ours.status(receipt.message).outcome == "recorded"
            assert receiver.wait_for(1, PATIENCE), "the police hear of the escalation that its signal led to"
        finally:
            process.end()
    assert "nl.vig.escalations.raised" in str(receiver.got[0].body)
    assert {path: digest for path, digest in digests(contract_path()).items() if not path.startswith(str(folder))} == before


def test_a_kind_that_uses_the_contract_of_others_is_a_file_and_no_code(place: Path) -> None:
    folder = begin(place, "--like", "under-secrecy/delen-met-toestemming", "--ground", "bw-7-457-1", name="midwife")
    assert sorted(path.name for path in folder.iterdir()) == ["covenant.json", "kind.json", "test_midwife.py"]
    assert "1 passed" in passes(folder)
    (message,) = found()["midwife"].messages
    assert (message.type, message.legal_basis) == ("nl.vig.besluiten.delen-met-toestemming.v1", "bw-7-457-1")


def test_what_cannot_begin_says_everything_at_once_and_writes_nothing(place: Path) -> None:
    said = hub(place, "partner", "new", "police", "--nl", 'a"', "--en", "b", "--ground", "gossip", "--like", "no/where", status=1)
    assert all(word in said for word in ("name: is there already", "--nl: ", "--ground: must be one of", "--like: must be one of"))
    assert not (contract_path("partners", "police") / "kind.json").exists()


def wrong(place: Path, change: Any) -> list[tuple[str, str]]:
    path = begin(place, name="reading-club") / "kind.json"
    said = json.loads(path.read_text())
    change(said)
    path.write_text(json.dumps(said))
    with pytest.raises(Malformed) as refused:
        found()
    return [(violation.where, violation.what) for violation in refused.value.violations]


def test_a_kind_that_names_what_is_not_there_is_refused_with_every_place(place: Path) -> None:
    def elsewhere(said: Any) -> None:
        said["sends"] = [{"contract": "no/where", "purpose": "curiosity", "legal_basis": "gossip"}]

    places = ("contract", "purpose", "legal_basis")
    words = ("no/where is not known", "curiosity is not known", "gossip is not known")
    assert wrong(place, elsewhere) == [(f"/sends/0/{at}", what) for at, what in zip(places, words, strict=True)]


def test_code_that_others_may_write_is_not_run(place: Path) -> None:
    path = begin(place, "--own-contract") / "partner.py"
    path.chmod(0o666)
    with pytest.raises(Malformed) as refused:
        found()
    assert [violation.what for violation in refused.value.violations] == ["others than its owner may write partner.py: chmod go-w"]
