"""The hub's keys with the database: one set for all machines, made once, renewed for all, of no use without the key around them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest
from sqlalchemy import Engine, text

from hub.adapters.database import engine
from hub.adapters.hub_keys import HubKeys
from hub.adapters.kek import FromFile, Keks
from hub.adapters.migrations import bring_up
from hub.adapters.sealed_row import SealedRow
from hub.errors import RuleBroken, Unavailable
from tests.adapters.registered import NOW
from tests.given import the_keks


@pytest.fixture
def shared(postgresql: str) -> Iterator[Engine]:
    opened = engine(postgresql)
    bring_up(opened, "log")
    yield opened
    opened.dispose()


def on_a_machine(shared: Engine, place: Path) -> SealedRow:
    return SealedRow(shared, "hub-keys.json", the_keks(place))


def test_machines_that_start_at_the_same_moment_have_one_set_of_keys(shared: Engine, tmp_path: Path) -> None:
    the_keks(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: HubKeys.open(on_a_machine(shared, tmp_path), NOW), range(8)))
    assert len({keys.blind("somebody") for keys in opened}) == 1
    assert len({str(keys.public_jwks()) for keys in opened}) == 1


def test_a_key_that_one_machine_adds_is_known_to_the_others(shared: Engine, tmp_path: Path) -> None:
    here, there = (HubKeys.open(on_a_machine(shared, tmp_path), NOW) for _ in range(2))
    kid = here.rotate(NOW + timedelta(seconds=5))
    until = monotonic() + 30
    while kid not in str(there.public_jwks()) and monotonic() < until:
        sleep(0.05)
    assert there.at(NOW + timedelta(seconds=5)).kid == here.at(NOW + timedelta(seconds=5)).kid == kid


def test_two_machines_that_need_a_key_for_tokens_in_the_same_second_make_one(shared: Engine, tmp_path: Path) -> None:
    here, there = (HubKeys.open(on_a_machine(shared, tmp_path), NOW) for _ in range(2))
    assert here.token_key(NOW).kid == there.token_key(NOW).kid


def test_one_at_a_time_changes_them(shared: Engine, tmp_path: Path) -> None:
    here, there = (HubKeys.open(on_a_machine(shared, tmp_path), NOW) for _ in range(2))
    with here.document.alone(), pytest.raises(RuleBroken, match="somebody is changing"):
        there.rotate(NOW + timedelta(seconds=5))
    there.rotate(NOW + timedelta(seconds=5))


def test_who_has_the_database_alone_has_no_key(shared: Engine, tmp_path: Path) -> None:
    HubKeys.open(on_a_machine(shared, tmp_path), NOW)
    with shared.connect() as connection:
        kept = connection.execute(text("SELECT document FROM sealed_documents")).scalar_one()
    assert "blinding_secret" not in kept
    assert '"keys"' not in kept
    (tmp_path / "elsewhere").mkdir()
    other = Keks(FromFile.made(tmp_path / "elsewhere" / "kek.json"))
    with pytest.raises(Unavailable, match="key-encryption key is not the one"):
        HubKeys(SealedRow(shared, "hub-keys.json", other))


def test_keys_that_are_gone_are_said_to_be(shared: Engine, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="is gone"):
        HubKeys(on_a_machine(shared, tmp_path))


def test_the_key_around_them_is_renewed_for_all(shared: Engine, tmp_path: Path) -> None:
    keys = HubKeys.open(on_a_machine(shared, tmp_path), NOW)
    before, signed = keys.blind("somebody"), keys.sign(b"{}", NOW)
    source = FromFile(tmp_path / "kek.json")
    with source.renewing():
        keys.wrap_anew()
    after = HubKeys(SealedRow(shared, "hub-keys.json", Keks(source)))
    assert (after.blind("somebody"), after.read(signed)) == (before, b"{}")
