"""What the hub signs itself can be checked by anybody, and comes out the same again."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from joserfc import jws as other
from joserfc.jwk import KeySet

from hub.adapters import jws
from hub.adapters.hub_keys import HubKeys
from hub.errors import RuleBroken, Unavailable

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "hub-keys.json"


@pytest.fixture
def keys(path: Path) -> HubKeys:
    return HubKeys.open(path, NOW)


def test_a_receipt_comes_out_the_same_again(keys: HubKeys, path: Path) -> None:
    receipt = keys.sign(b"{}", NOW)
    assert keys.sign(b"{}", NOW + DAY) == receipt == HubKeys(path).sign(b"{}", NOW)


def test_another_library_verifies_a_receipt_with_the_public_keys(keys: HubKeys) -> None:
    receipt = keys.sign(b'{"position":1}', NOW)
    found = other.deserialize_compact(receipt, KeySet.import_key_set(keys.public_jwks()), algorithms=["Ed25519"])
    assert found.payload == b'{"position":1}'


def test_what_is_shown_holds_no_secret(keys: HubKeys) -> None:
    assert [set(key) for key in keys.public_jwks()["keys"]] == [{"kty", "crv", "x", "kid", "alg", "use"}]


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_the_file_is_for_the_hub_alone(keys: HubKeys, path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(Unavailable, match="read by others"):
        keys.sign(b"{}", NOW)


def test_nothing_is_left_beside_the_file(keys: HubKeys, path: Path) -> None:
    keys.rotate(NOW + DAY)
    assert list(path.parent.iterdir()) == [path]


def test_many_that_start_at_once_end_with_the_same_keys(path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        opened = list(pool.map(lambda _: HubKeys.open(path, NOW), range(16)))
    assert len({keys.sign(b"{}", NOW) for keys in opened}) == 1


def test_a_new_key_signs_from_its_moment_on_and_the_old_one_before(keys: HubKeys) -> None:
    before = keys.sign(b"{}", NOW)
    kid = keys.rotate(NOW + DAY)
    assert keys.sign(b"{}", NOW + DAY / 2) == before
    assert keys.sign(b"{}", NOW + DAY) != before
    assert [key["kid"] for key in keys.public_jwks()["keys"]][1] == kid
    assert keys.read(before) == keys.read(keys.sign(b"{}", NOW + DAY)) == b"{}"


def test_another_process_sees_the_new_key_at_once(keys: HubKeys, path: Path) -> None:
    another = HubKeys(path)
    keys.rotate(NOW + DAY)
    assert another.sign(b"{}", NOW + DAY) == keys.sign(b"{}", NOW + DAY)


def test_a_new_key_cannot_start_in_the_time_of_the_old_one(keys: HubKeys) -> None:
    with pytest.raises(RuleBroken):
        keys.rotate(NOW)


def test_two_cannot_rotate_at_once(keys: HubKeys, path: Path) -> None:
    path.with_name(path.name + ".lock").touch()
    with pytest.raises(RuleBroken, match="somebody"):
        keys.rotate(NOW + DAY)


def test_nothing_is_signed_for_a_time_without_a_key(keys: HubKeys) -> None:
    with pytest.raises(Unavailable):
        keys.sign(b"{}", NOW - DAY)


@pytest.mark.parametrize("place", range(3))
def test_a_receipt_with_a_changed_part_is_not_read(keys: HubKeys, place: int) -> None:
    parts = keys.sign(b'{"position":1}', NOW).split(".")
    parts[place] = ("A" if parts[place][0] != "A" else "B") + parts[place][1:]
    with pytest.raises(ValueError):
        keys.read(".".join(parts))


def test_a_receipt_of_another_hub_is_not_read(keys: HubKeys, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        keys.read(HubKeys.open(tmp_path / "other.json", NOW).sign(b"{}", NOW))


def test_what_was_signed_as_one_thing_is_not_read_as_another(keys: HubKeys) -> None:
    with pytest.raises(ValueError):
        keys.read(keys.sign(b"{}", NOW), typ="something-else")


def test_an_unsigned_text_with_the_kid_of_the_hub_is_not_read(keys: HubKeys) -> None:
    header = json.dumps({"alg": "none", "kid": keys.public_jwks()["keys"][0]["kid"], "typ": "JOSE"})
    with pytest.raises(ValueError):
        keys.read(f"{jws.b64url(header.encode())}.{jws.b64url(b'{}')}.")


def test_the_same_person_is_blinded_alike_here_and_otherwise_elsewhere(keys: HubKeys, path: Path, tmp_path: Path) -> None:
    blinded = keys.blind("999900018")
    elsewhere = HubKeys.open(tmp_path / "other.json", NOW)
    assert blinded == HubKeys(path).blind("999900018") and len(blinded) == 64
    assert blinded not in (keys.blind("999900020"), elsewhere.blind("999900018"))


def test_rotation_leaves_the_blinding_as_it_was(keys: HubKeys, path: Path) -> None:
    blinded = keys.blind("x")
    keys.rotate(NOW + DAY)
    assert HubKeys(path).blind("x") == blinded
