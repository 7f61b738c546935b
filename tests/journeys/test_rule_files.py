"""By which file an escalation was decided: the matrices stand in the log as put into use, and no other passes for them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from threading import Barrier, Thread

import pytest

from hub.adapters.contracts import contract_path
from hub.domain.rule_files import DISCLOSURE, INTERVENTION, RuleFile
from hub.errors import Unavailable
from hub.ports import SetClock
from hub.settings import Settings
from hub.wiring import Hub, put_into_use
from hub.wiring.examined import Looked, wrongs
from hub.wiring.in_use import in_use
from tests.api.running import a_child, a_worry, an_event, running
from tests.given import NOON
from tests.parts import databases

Opens = Callable[[], Hub]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The contracts, in a folder of their own."""
    place = shutil.copytree(contract_path(), tmp_path / "contracts")
    monkeypatch.setenv("HUB_CONTRACTS_DIR", str(place))
    return place


@pytest.fixture
def opens(database: str, folder: Path, tmp_path: Path) -> Opens:
    """Opens one hub, as often as one likes."""
    place = tmp_path / "hub"
    place.mkdir()
    settings = Settings(data_dir=place, database_url=databases.url_of(place), mode="demo")
    return lambda: Hub.open(settings, SetClock(NOON), {})


def started(hub: Hub) -> None:
    """Started, and stopped again."""
    with hub.running(()):
        pass


def change(path: Path, was: str, is_now: str) -> None:
    said = path.read_text()
    assert was in said
    path.write_text(said.replace(was, is_now, 1))


def events(hub: Hub) -> list[RuleFile.PutIntoUse | RuleFile.EndSet]:
    found = [hub.mapper.to_domain_event(stored) for _, stored in hub.log.read(0, 100)]
    return [each for each in found if isinstance(each, RuleFile.PutIntoUse | RuleFile.EndSet)]


def test_when_a_hub_starts_every_version_is_put_into_use_once_with_its_bytes_and_digest(opens: Opens, folder: Path) -> None:
    started(opens())
    started(opens())
    hub = opens()
    said = events(hub)
    hub.close()
    assert [(each.kind, each.version) for each in said] == [
        (DISCLOSURE, "2026-1"),
        (INTERVENTION, "2024-1"),
        (INTERVENTION, "2026-1"),
    ]
    for each in said:
        there = (folder / each.kind / f"{each.version}.json").read_bytes()
        assert (each.file.encode(), each.digest) == (there, sha256(there).hexdigest())
        assert isinstance(each, RuleFile.PutIntoUse) and each.valid_from == json.loads(there)["validFrom"]


def test_hubs_that_start_at_once_put_each_version_into_use_once(opens: Opens) -> None:
    hubs, together = [opens() for _ in range(4)], Barrier(4)

    def start(hub: Hub) -> None:
        together.wait()
        put_into_use(hub.register)

    threads = [Thread(target=start, args=(hub,)) for hub in hubs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    said = [(each.kind, each.version) for each in events(hubs[0])]
    for hub in hubs:
        hub.close()
    assert (len(said), len(set(said))) == (3, 3)


@pytest.mark.parametrize("kind", [INTERVENTION, DISCLOSURE])
def test_a_hub_does_not_start_by_another_file_under_a_version_that_was_used(opens: Opens, folder: Path, kind: str) -> None:
    started(opens())
    change(folder / kind / "2026-1.json", '"source": "', '"source": "Otherwise. ')
    with pytest.raises(Unavailable, match=rf"{kind}/2026-1.json is not the file .* make what changes a new version") as refused:
        started(opens())
    assert refused.value.code == "rule-file-changed"
    hub = opens()
    assert len(events(hub)) == 3
    (wrong,) = [each for each in wrongs(hub, Looked(), lambda *_: None) if each.where == "matrices"]
    hub.close()
    assert f"{kind}/2026-1.json is not the file that was put into use" in wrong.what


def test_that_nothing_but_white_space_changed_is_another_file_too(opens: Opens, folder: Path) -> None:
    started(opens())
    path = folder / DISCLOSURE / "2026-1.json"
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(Unavailable):
        started(opens())


def test_a_version_gets_an_end_that_is_not_over_yet_once_and_both_files_stay_known(opens: Opens, folder: Path) -> None:
    started(opens())
    path = folder / DISCLOSURE / "2026-1.json"
    change(path, '"validUntil": null', '"validUntil": "2026-12-31"')
    started(opens())
    hub = opens()
    ended = events(hub)[-1]
    (now,) = [each for each in in_use(hub.log, hub.mapper) if each.kind == DISCLOSURE]
    hub.close()
    assert isinstance(ended, RuleFile.EndSet) and ended.valid_until == "2026-12-31"
    assert (now.file, ended.digest) == (path.read_text(), sha256(path.read_bytes()).hexdigest())
    change(path, '"2026-12-31"', '"2027-12-31"')
    with pytest.raises(Unavailable):
        started(opens())


def test_a_version_does_not_end_in_the_past_for_it_decided_since(opens: Opens, folder: Path) -> None:
    started(opens())
    change(folder / DISCLOSURE / "2026-1.json", '"validUntil": null', '"validUntil": "2025-12-31"')
    with pytest.raises(Unavailable):
        started(opens())


async def test_escalations_are_derived_by_the_file_that_was_put_into_use_also_where_the_folder_says_otherwise(
    tmp_path: Path, folder: Path
) -> None:
    place = tmp_path / "hub"
    place.mkdir()
    with running(place, database_url="") as hub:
        put_into_use(hub.hub.register)
        said = await hub.post(an_event(a_worry(people=[a_child(1)], concern="honour-violence")))
        assert said.status_code == 201
    path = folder / INTERVENTION / "2026-1.json"
    matrix = json.loads(path.read_text())
    matrix["rules"] = [rule for rule in matrix["rules"] if rule["level"] < 3]
    path.write_text(json.dumps(matrix))
    command = [sys.executable, "-m", "hub", "audit", "derive", "--quiet"]
    environment = os.environ | {"HUB_DATA_DIR": str(place), "HUB_CONTRACTS_DIR": str(folder)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "escalations that follow 1" in ran.stdout
    assert "intervention-matrix/2026-1.json is not the file that was put into use" in ran.stderr
    assert "It was derived by the file that was put into use." in ran.stderr
