"""What the hub signs itself can be checked by anybody, and comes out the same again."""

import json
import os
import signal
import subprocess
import sys
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_bytes
from threading import Event
from typing import Any

import pytest
from joserfc import jws as other
from joserfc.jwk import KeySet

from hub.adapters import jws, sealed_file, secret_files
from hub.adapters.hub_keys import HubKeys
from hub.adapters.kek import Given, Keks
from hub.adapters.sealed_file import SealedFile
from hub.errors import RuleBroken, Unavailable
from hub.settings import Settings
from hub.wiring import Hub
from tests.given import some_hub_keys, the_keks
from tests.tools import ROOT

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "hub-keys.json"


@pytest.fixture
def keys(path: Path) -> HubKeys:
    return some_hub_keys(path, NOW)


def another(path: Path) -> HubKeys:
    """The keys as another process reads them."""
    return HubKeys(SealedFile(path, the_keks(path.parent)))


def test_a_receipt_comes_out_the_same_again(keys: HubKeys, path: Path) -> None:
    receipt = keys.sign(b"{}", NOW)
    assert keys.sign(b"{}", NOW + DAY) == receipt == another(path).sign(b"{}", NOW)


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
    assert {file.name for file in path.parent.iterdir()} == {path.name, "kek.json"}


def test_many_that_start_at_once_end_with_the_same_keys(path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        opened = list(pool.map(lambda _: some_hub_keys(path, NOW), range(16)))
    assert len({keys.sign(b"{}", NOW) for keys in opened}) == 1


def test_a_new_key_signs_from_its_moment_on_and_the_old_one_before(keys: HubKeys) -> None:
    before = keys.sign(b"{}", NOW)
    kid = keys.rotate(NOW + DAY)
    assert keys.sign(b"{}", NOW + DAY / 2) == before
    assert keys.sign(b"{}", NOW + DAY) != before
    assert [key["kid"] for key in keys.public_jwks()["keys"]][1] == kid
    assert keys.read(before) == keys.read(keys.sign(b"{}", NOW + DAY)) == b"{}"


def test_another_process_sees_the_new_key_at_once(keys: HubKeys, path: Path) -> None:
    other_process = another(path)
    keys.rotate(NOW + DAY)
    assert other_process.sign(b"{}", NOW + DAY) == keys.sign(b"{}", NOW + DAY)


def test_a_new_key_cannot_start_in_the_time_of_the_old_one(keys: HubKeys) -> None:
    with pytest.raises(RuleBroken):
        keys.rotate(NOW)


def test_two_cannot_rotate_at_once(keys: HubKeys, path: Path) -> None:
    path.with_name(path.name + ".lock").touch()
    with pytest.raises(RuleBroken, match="somebody"):
        keys.rotate(NOW + DAY)


def test_what_was_recorded_before_the_first_key_while_the_clock_was_back_is_signed_with_it(keys: HubKeys) -> None:
    # else a message that was recorded in that hour would never be answered with its receipt
    assert keys.sign(b"{}", NOW - DAY) == keys.sign(b"{}", NOW)
    assert keys.read(keys.sign(b"{}", NOW - DAY)) == b"{}"


@pytest.mark.parametrize("place", range(3))
def test_a_receipt_with_a_changed_part_is_not_read(keys: HubKeys, place: int) -> None:
    parts = keys.sign(b'{"position":1}', NOW).split(".")
    parts[place] = ("A" if parts[place][0] != "A" else "B") + parts[place][1:]
    with pytest.raises(ValueError):
        keys.read(".".join(parts))


def test_a_receipt_of_another_hub_is_not_read(keys: HubKeys, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        keys.read(some_hub_keys(tmp_path / "other.json", NOW).sign(b"{}", NOW))


def test_what_was_signed_as_one_thing_is_not_read_as_another(keys: HubKeys) -> None:
    with pytest.raises(ValueError):
        keys.read(keys.sign(b"{}", NOW), typ="something-else")


def test_an_unsigned_text_with_the_kid_of_the_hub_is_not_read(keys: HubKeys) -> None:
    header = json.dumps({"alg": "none", "kid": keys.public_jwks()["keys"][0]["kid"], "typ": "JOSE"})
    with pytest.raises(ValueError):
        keys.read(f"{jws.b64url(header.encode())}.{jws.b64url(b'{}')}.")


def test_the_same_person_is_blinded_alike_here_and_otherwise_elsewhere(keys: HubKeys, path: Path, tmp_path: Path) -> None:
    blinded = keys.blind("999900018")
    elsewhere = some_hub_keys(tmp_path / "other.json", NOW)
    assert blinded == another(path).blind("999900018") and len(blinded) == 64
    assert blinded not in (keys.blind("999900020"), elsewhere.blind("999900018"))


def test_rotation_leaves_the_blinding_as_it_was(keys: HubKeys, path: Path) -> None:
    blinded = keys.blind("x")
    keys.rotate(NOW + DAY)
    assert another(path).blind("x") == blinded


# The key around them ---------------------------------------------------------------------------------------------


def content(path: Path) -> dict[str, Any]:
    """What the file holds, for who has the key-encryption key."""
    return SealedFile(path, the_keks(path.parent)).read()


def as_before(path: Path) -> dict[str, Any]:
    """Puts the file back in the clear, as it was written before there was a key around it; gives what stands in it."""
    some_hub_keys(path, NOW).token_key(NOW)
    found = content(path)
    secret_files.replace(path, json.dumps(found))
    return found


def secrets_in(held: dict[str, Any]) -> Iterator[bytes]:
    """Every secret, as bytes: what hides who is looked up, and the private parts of the keys."""
    yield jws.from_b64url(held["blinding_secret"])
    for key in (*held["keys"], *held.get("token_keys", [])):
        yield from (jws.from_b64url(key[part]) for part in ("d", "p", "q", "dp", "dq", "qi") if part in key)


def forms_of(secret: bytes) -> Iterator[bytes]:
    """How a secret may stand in a file: as it is, in hexadecimal digits, in base64 of either alphabet, as a number."""
    yield secret
    yield secret.hex().encode()
    for start in range(3):  # base64 of a text in which it begins elsewhere
        for alphabet in (b64encode, urlsafe_b64encode):
            yield alphabet(bytes(start) + secret)[4:].rstrip(b"=")[:-1]
    yield str(int.from_bytes(secret, "big")).encode()


def test_nothing_secret_stands_in_the_file(keys: HubKeys, path: Path) -> None:
    keys.token_key(NOW)
    keys.rotate(NOW + DAY)
    secrets, on_disk = list(secrets_in(content(path))), path.read_bytes()
    assert len(secrets) == 1 + 2 + 6
    assert not [form for secret in secrets for form in forms_of(secret) if form in on_disk]
    assert set(json.loads(on_disk)) == {"kek", "sealed"}
    # the same look finds them where they do stand
    clear = json.dumps(content(path)).encode()
    assert all(any(form in clear for form in forms_of(secret)) for secret in secrets)


def test_a_file_from_before_is_taken_in_and_sealed(path: Path) -> None:
    held = as_before(path)
    keys = some_hub_keys(path, NOW + DAY)
    assert "blinding_secret" not in path.read_text()
    assert content(path) == held
    assert [key["kid"] for key in keys.public_jwks()["keys"]] == [key["kid"] for key in (*held["keys"], *held["token_keys"])]


def test_many_that_start_at_once_take_the_old_file_in(path: Path) -> None:
    held = as_before(path)
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: some_hub_keys(path, NOW), range(8)))
    assert len({keys.blind("x") for keys in opened}) == 1
    assert content(path) == held
    assert {file.name for file in path.parent.iterdir()} == {path.name, "kek.json"}


def test_an_old_file_that_cannot_be_sealed_is_not_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_before(path)
    path.with_name(path.name + ".lock").touch()
    monkeypatch.setattr(sealed_file, "_PATIENCE", 0)
    with pytest.raises(RuleBroken, match="remove hub-keys"):
        some_hub_keys(path, NOW)


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_an_old_file_that_others_could_read_is_not_taken_in(path: Path) -> None:
    as_before(path)
    path.chmod(0o644)
    with pytest.raises(Unavailable, match="read by others"):
        some_hub_keys(path, NOW)


def test_another_key_encryption_key_is_refused_in_words(keys: HubKeys, path: Path) -> None:
    with pytest.raises(Unavailable, match=r"the key-encryption key is not the one that hub-keys\.json was sealed with"):
        HubKeys.open(SealedFile(path, given(token_bytes(32))), NOW)


def given(*keks: bytes) -> Keks:
    """Keys that somebody else keeps, the present one first."""
    return Keks(Given(lambda: ",".join(b64encode(kek).decode() for kek in keks), "HUB_KEK"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: "",
        lambda _: "[]",
        lambda text: text[: len(text) // 2],
        lambda text: json.dumps(json.loads(text) | {"sealed": "no base64"}),
        lambda text: json.dumps(json.loads(text) | {"sealed": 1}),
        lambda text: json.dumps(json.loads(text) | {"sealed": b64encode(bytes(64)).decode()}),
        lambda text: json.dumps(json.loads(text) | {"sealed": json.loads(text)["sealed"][:-8]}),
    ],
    ids=["empty", "a list", "cut", "not base64", "a number", "exchanged", "shortened"],
)
def test_a_damaged_file_is_named_and_not_replaced(keys: HubKeys, path: Path, damage: Callable[[str], str]) -> None:
    text = damage(path.read_text())
    secret_files.replace(path, text)
    with pytest.raises(Unavailable, match=r"hub-keys\.json is not as the hub wrote it"):
        some_hub_keys(path, NOW)
    assert path.read_text() == text


def test_what_is_sealed_as_another_file_does_not_pass_for_this_one(keys: HubKeys, path: Path) -> None:
    other = path.with_name("other.json")
    some_hub_keys(other, NOW)
    secret_files.replace(path, other.read_text())
    with pytest.raises(Unavailable, match="not as the hub wrote it"):
        some_hub_keys(path, NOW)


def test_a_new_key_around_them_changes_nothing_that_they_do(path: Path) -> None:
    old, new = token_bytes(32), token_bytes(32)
    path.parent.mkdir()
    keys = HubKeys.open(SealedFile(path, given(old)), NOW)
    receipt, blinded = keys.sign(b"{}", NOW), keys.blind("x")
    both = HubKeys(SealedFile(path, given(new, old)))
    assert both.sign(b"{}", NOW) == receipt
    both.wrap_anew()
    assert both.sign(b"{}", NOW) == receipt
    renewed = HubKeys(SealedFile(path, given(new)))
    assert (renewed.sign(b"{}", NOW), renewed.blind("x")) == (receipt, blinded)
    with pytest.raises(Unavailable, match="not the one"):
        HubKeys(SealedFile(path, given(old)))


def test_readers_and_writers_go_on_while_the_key_around_them_is_renewed(keys: HubKeys, path: Path) -> None:
    receipt, stop = keys.sign(b"{}", NOW), Event()

    def read(reader: HubKeys) -> int:
        count = 0
        while not stop.is_set():
            assert reader.sign(b"{}", NOW) == receipt
            count += 1
        return count

    with ThreadPoolExecutor(3) as pool:
        reading = [pool.submit(read, another(path)) for _ in range(3)]
        try:
            for day in range(1, 21):
                renewing = another(path)
                with the_keks(path.parent).source.renewing():
                    renewing.wrap_anew()
                keys.rotate(NOW + day * DAY)
        finally:
            stop.set()
    assert all(each.result() > 0 for each in reading)
    assert len(another(path).public_jwks()["keys"]) == 21
    assert len(json.loads(path.with_name("kek.json").read_text())) == 1


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from tests.given import some_hub_keys

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

Path.replace = die
work = {"rotate": lambda keys: keys.rotate(datetime(2027, 1, 1, tzinfo=UTC)), "wrap": lambda keys: keys.wrap_anew()}
work[sys.argv[2]](some_hub_keys(Path(sys.argv[1]), datetime(2026, 3, 2, tzinfo=UTC)))
"""


@pytest.mark.parametrize("work", ["rotate", "wrap"])
def test_killed_between_writing_and_renaming_the_file_is_as_it_was(keys: HubKeys, path: Path, work: str) -> None:
    before, receipt = path.read_bytes(), keys.sign(b"{}", NOW)
    died = subprocess.run([sys.executable, "-c", KILLED, str(path), work], cwd=ROOT, check=False)
    assert died.returncode == -signal.SIGKILL
    assert (path.read_bytes(), another(path).sign(b"{}", NOW)) == (before, receipt)
    (left,) = path.parent.glob(".hub-keys.json.*")
    forms = [form for secret in secrets_in(content(path)) for form in forms_of(secret)]
    assert not [form for form in forms if form in left.read_bytes()]
    with pytest.raises(RuleBroken, match=r"if not, remove hub-keys\.json\.lock"):
        another(path).rotate(NOW + DAY)
    path.with_name(path.name + ".lock").unlink()
    another(path).rotate(NOW + DAY)
    assert another(path).sign(b"{}", NOW) == receipt


def test_a_sealed_file_without_its_key_gets_no_new_one(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, mode="demo")
    Hub.open(settings).close()
    for file in ("kek.json", "hub.db"):
        (tmp_path / file).unlink()
    with pytest.raises(Unavailable, match=r"kek\.json is gone"):
        Hub.open(settings)
    assert not (tmp_path / "kek.json").exists()


def test_with_a_key_from_elsewhere_a_hub_opens_its_keys_after_that_key_was_renewed(tmp_path: Path) -> None:
    old, new = (b64encode(token_bytes(32)).decode() for _ in range(2))

    def opened(kek: str) -> Hub:
        return Hub.open(Settings(data_dir=tmp_path, mode="demo", kek=kek))

    hub = opened(old)
    blinded = hub.keys.blind("x")
    hub.close()
    hub = opened(f"{new},{old}")
    hub.vault.rotate(hub.keys.wrap_anew)
    hub.close()
    hub = opened(new)
    assert hub.keys.blind("x") == blinded
    hub.close()
