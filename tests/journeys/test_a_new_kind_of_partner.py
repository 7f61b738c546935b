"""A kind of partner that was never there: one folder brings its module, its contract and its registration, and it takes part."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hub.adapters.contracts import contract_path
from hub.adapters.partners import found
from hub.client import Hub, Message, Receipt, Sender
from hub.errors import Malformed
from tests.channels.receiving import receiving
from tests.journeys.running import Process, serving
from tests.journeys.running import Sender as Organisation
from tests.tools import ROOT

PATIENCE = 120
OIN, POLICE = f"{99:08}{10042:012}", f"{99:08}{10001:012}"
WORRY: dict[str, Any] = {
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
    assert b"nl.vig.escalations.level-raised.v1" in receiver.got[0].body
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


# Two versions of one contract ------------------------------------------------------------------------

FIRST, SECOND = "nl.vig.meldingen.melding.v1", "nl.vig.meldingen.melding.v2"
LATER = f"""

from dataclasses import replace

PARTNER = replace(PARTNER, messages=(*PARTNER.messages, replace(PARTNER.messages[0], type="{SECOND}")))
"""
NOW = datetime.now(UTC).replace(hour=11)
"""Today: what begins now has a covenant from now."""
TOLD_FROM, LAST_DAY = NOW.date() + timedelta(days=10), NOW.date() + timedelta(days=40)
LIBRARY = Organisation("speelotheek-west", "toy-library", OIN)


def two_versions(place: Path) -> None:
    """The contract gets a second version; the first ends on a day, and its senders are told so from another."""
    folder = begin(place, "--own-contract")
    shutil.copytree(folder / "melding", folder / "melding-v2")
    (folder / "partner.py").write_text((folder / "partner.py").read_text() + LATER)
    first, second = folder / "melding" / "contract.json", folder / "melding-v2" / "contract.json"
    said = json.loads(first.read_text())
    second.write_text(json.dumps(said | {"type": SECOND}))
    ends = {"valid_from": "2025-01-01", "told_from": TOLD_FROM.isoformat(), "valid_until": LAST_DAY.isoformat()}
    first.write_text(json.dumps(said | {"validity": ends, "replaced_by": SECOND}))


def test_two_versions_live_side_by_side_and_the_end_of_one_is_told_ahead_in_every_receipt(place: Path) -> None:
    two_versions(place)
    with serving(place / "var", NOW) as hub:
        LIBRARY.register(hub.hub, NOW)

        def post(type: str, nth: int) -> httpx2.Response:
            """The nth worry, each about somebody else."""
            people = [WORRY["people"][0] | {"familyName": f"Voorbeeld{'abcdef'[nth]}"}]
            about = WORRY | {"kenmerk": f"M-{nth}", "people": people}
            return hub.post(LIBRARY, LIBRARY.an_event(about, NOW, id=f"m-{nth}", type=type))

        early = post(FIRST, 0).json()
        hub.clock.set(NOW + timedelta(days=10))
        answers = {type: post(type, nth).json() for nth, type in enumerate((FIRST, SECOND), start=1)}
        assert [answer["outcome"] for answer in answers.values()] == ["recorded", "recorded"]
        assert answers[FIRST]["ending"] == {"lastDay": LAST_DAY.isoformat(), "instead": SECOND}
        assert "ending" not in early and "ending" not in answers[SECOND]
        assert post(FIRST, 0).json() == early, "a receipt is always the same"
        hub.clock.set(NOW + timedelta(days=40))
        assert post(FIRST, 3).json()["outcome"] == "recorded"
        hub.clock.set(NOW + timedelta(days=41))
        refused = post(FIRST, 4)
        assert (refused.status_code, refused.json()["code"]) == (400, "type-ended")
        assert LAST_DAY.isoformat() in refused.json()["detail"] and SECOND in refused.json()["detail"]
        assert post(SECOND, 5).json()["outcome"] == "recorded"
