"""The vault: one key for a subject in every process, gone everywhere when it is destroyed, and wrapped anew while all go on."""

import json
import shlex
import sys
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from secrets import token_bytes
from threading import Event, Thread
from time import monotonic, sleep
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from hub.adapters import vault as vaults
from hub.adapters.database import locked, settle
from hub.adapters.kek import FromFile, Given, Kek, Keks, keys_in, printed
from hub.adapters.vault import DoesNotOpen, Vault, has_keys
from hub.errors import RuleBroken, Unavailable
from hub.settings import Settings
from hub.wiring import Hub
from tests.given import a_vault
from tests.parts import databases

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Engine]:
    found = databases.opened(tmp_path / "hub.db")
    yield found
    found.dispose()


@pytest.fixture
def vault(opened: Engine, tmp_path: Path) -> Vault:
    return a_vault(tmp_path, opened)


@contextmanager
def writing(vault: Vault) -> Iterator[bool]:
    """While a transaction is open that keeps new keys."""
    with locked(vault._engine) as connection, vault.during(connection) as is_changed:
        yield is_changed


def seal(vault: Vault, subject: UUID, data: bytes = b"words") -> bytes:
    with writing(vault):
        sealed = vault.seal(subject, data, b"here")
    assert sealed is not None
    return sealed


def destroy(vault: Vault, *subjects: UUID) -> None:
    with locked(vault._engine) as connection, vault.during(connection):
        vault.destroy(subjects, connection)


def another(vault: Vault, place: Path) -> Vault:
    """The vault as another process opens it."""
    return Vault(vault._engine, Keks(FromFile(place / "kek.json")))


def rotate(vault: Vault) -> int:
    """A new key around those of the vault, and nothing else."""
    return vault.rotate(lambda: None)


def wrapped(vault: Vault) -> dict[str, bytes]:
    """What stands in the table, by subject."""
    with vault._engine.connect() as connection:
        return {row.subject: row.wrapped for row in connection.execute(vaults.KEYS.select())}


# Sealing -------------------------------------------------------------------------------------------------


def test_what_was_sealed_opens_in_every_process(vault: Vault, tmp_path: Path) -> None:
    subject = uuid4()
    sealed = seal(vault, subject)
    assert vault.open(subject, sealed, b"here") == b"words"
    assert another(vault, tmp_path).open(subject, sealed, b"here") == b"words"
    assert b"words" not in sealed


def test_it_opens_at_its_own_place_and_for_its_own_subject_alone(vault: Vault) -> None:
    subject, other = uuid4(), uuid4()
    sealed, _ = seal(vault, subject), seal(vault, other)
    for whose, what, where in (
        (subject, sealed, b"there"),
        (other, sealed, b"here"),
        (subject, sealed[:-1], b"here"),
        (subject, b"", b"here"),
    ):
        with pytest.raises(DoesNotOpen):
            vault.open(whose, what, where)


def test_a_key_of_one_subject_does_not_serve_another_in_the_table(vault: Vault, tmp_path: Path) -> None:
    subject, other = uuid4(), uuid4()
    sealed, _ = seal(vault, subject), seal(vault, other)
    with vault._engine.begin() as connection:
        connection.execute(
            vaults.KEYS.update().values(wrapped=wrapped(vault)[other.hex]).where(vaults.KEYS.c.subject == subject.hex)
        )
    with pytest.raises(DoesNotOpen):
        another(vault, tmp_path).open(subject, sealed, b"here")


def test_a_key_that_is_gone_without_being_destroyed_is_trouble_and_not_erasure(vault: Vault, tmp_path: Path) -> None:
    subject = uuid4()
    sealed = seal(vault, subject)
    with vault._engine.begin() as connection:
        connection.execute(vaults.KEYS.delete())
    with pytest.raises(Unavailable):
        another(vault, tmp_path).open(subject, sealed, b"here")


def test_a_key_is_made_only_within_a_transaction(vault: Vault) -> None:
    with pytest.raises(RuntimeError):
        vault.seal(uuid4(), b"words", b"here")
    assert not has_keys(vault._engine)


def test_a_key_of_a_transaction_that_was_rolled_back_is_forgotten(vault: Vault) -> None:
    subject = uuid4()
    with pytest.raises(ZeroDivisionError), writing(vault):
        lost = vault.seal(subject, b"words", b"here")
        assert vault.open(subject, lost or b"", b"here") == b"words"
        raise ZeroDivisionError
    kept = seal(vault, subject)
    assert vault.open(subject, kept, b"here") == b"words"
    with pytest.raises(DoesNotOpen):
        vault.open(subject, lost or b"", b"here")


def test_processes_that_open_a_subject_at_once_end_with_one_key(vault: Vault, tmp_path: Path) -> None:
    processes, subjects = [another(vault, tmp_path) for _ in range(8)], [uuid4() for _ in range(20)]
    with ThreadPoolExecutor(8) as pool:
        sealed = list(pool.map(lambda one: [seal(one, subject) for subject in subjects], processes))
    reader = another(vault, tmp_path)
    assert len(wrapped(vault)) == len(subjects)
    for theirs in sealed:
        assert [reader.open(subject, one, b"here") for subject, one in zip(subjects, theirs, strict=True)] == [b"words"] * len(
            subjects
        )


def test_no_more_keys_stay_in_memory_than_are_allowed(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vaults, "REMEMBERED", 10)
    kept = {subject: seal(vault, subject) for subject in (uuid4() for _ in range(30))}
    for _ in range(2):
        assert all(vault.open(subject, sealed, b"here") == b"words" for subject, sealed in kept.items())
        assert len(vault._kept) == 10


# Destroying ------------------------------------------------------------------------------------------------


def test_a_destroyed_key_opens_nothing_and_never_comes_back(vault: Vault, tmp_path: Path) -> None:
    subject, other = uuid4(), uuid4()
    sealed, theirs = seal(vault, subject), seal(vault, other)
    destroy(vault, subject, subject)
    vault.look()
    assert vault.open(subject, sealed, b"here") is None
    assert another(vault, tmp_path).open(subject, sealed, b"here") is None
    with writing(vault):
        assert vault.seal(subject, b"words", b"here") is None
    assert vault.open(other, theirs, b"here") == b"words"


def test_another_process_notices_within_a_second(vault: Vault, tmp_path: Path) -> None:
    subject, reader = uuid4(), another(vault, tmp_path)
    sealed = seal(vault, subject)
    assert reader.open(subject, sealed, b"here") == b"words"
    destroy(vault, subject)
    since = monotonic()
    while reader.open(subject, sealed, b"here") is not None:
        assert monotonic() - since < 1
        sleep(0.05)


def test_who_writes_notices_at_once_and_is_told(vault: Vault, tmp_path: Path) -> None:
    subject, writer = uuid4(), another(vault, tmp_path)
    seal(vault, subject)
    seal(writer, subject)
    destroy(vault, subject)
    with writing(writer) as is_changed:
        assert is_changed
        assert writer.seal(subject, b"words", b"here") is None
    with writing(writer) as is_changed:
        assert not is_changed


def test_a_destroying_that_was_rolled_back_destroyed_nothing(vault: Vault) -> None:
    subject = uuid4()
    sealed = seal(vault, subject)
    with pytest.raises(ZeroDivisionError), locked(vault._engine) as connection, vault.during(connection):
        vault.destroy([subject], connection)
        raise ZeroDivisionError
    assert vault.open(subject, sealed, b"here") == b"words"


def test_who_never_had_a_key_and_was_erased_never_gets_one(vault: Vault) -> None:
    subject = uuid4()
    destroy(vault, subject)
    with writing(vault):
        assert vault.seal(subject, b"words", b"here") is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nothing_of_a_destroyed_key_stays_on_the_disk(vault: Vault, tmp_path: Path) -> None:
    subject = uuid4()
    seal(vault, subject)
    secret = wrapped(vault)[subject.hex]
    settle(vault._engine)
    assert secret in (tmp_path / "hub.db").read_bytes()
    destroy(vault, subject)
    settle(vault._engine)
    assert not any(secret in file.read_bytes() for file in tmp_path.iterdir())


# The key around the keys ---------------------------------------------------------------------------------------


def test_rotating_wraps_every_key_anew_and_drops_the_old_one(vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vaults, "AT_ONCE", 7)
    kept = {subject: seal(vault, subject) for subject in (uuid4() for _ in range(30))}
    gone = uuid4()
    destroy(vault, gone)
    before, old = wrapped(vault), (tmp_path / "kek.json").read_text()
    assert rotate(vault) == 30
    after, new = wrapped(vault), (tmp_path / "kek.json").read_text()
    assert not set(filter(None, before.values())) & set(after.values())
    assert (len(json.loads(old)), len(json.loads(new)), old == new) == (1, 1, False)
    fresh = another(vault, tmp_path)
    assert all(fresh.open(subject, sealed, b"here") == b"words" for subject, sealed in kept.items())
    assert fresh.open(gone, b"", b"") is None
    assert (tmp_path / "kek.json").stat().st_mode & 0o077 == 0


def test_rotating_under_load_fails_nobody(vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vaults, "REMEMBERED", 5)
    monkeypatch.setattr(vaults, "AT_ONCE", 20)
    kept = {subject: seal(vault, subject) for subject in (uuid4() for _ in range(100))}
    stop, wrong, opened = Event(), [], []

    def read(reader: Vault) -> None:
        while not stop.is_set():
            for subject, sealed in list(kept.items()):
                try:
                    assert reader.open(subject, sealed, b"here") == b"words"
                    opened.append(1)
                except BaseException as error:
                    wrong.append(error)
                    return

    def write(writer: Vault) -> None:
        while not stop.is_set():
            subject = uuid4()
            kept[subject] = seal(writer, subject)
            sleep(0.001)

    threads = [Thread(target=read, args=(another(vault, tmp_path),)) for _ in range(3)]
    threads.append(Thread(target=write, args=(another(vault, tmp_path),)))
    for thread in threads:
        thread.start()
    for _ in range(10):
        rotate(another(vault, tmp_path))
    stop.set()
    for thread in threads:
        thread.join()
    assert (wrong, len(opened) > 100) == ([], True)
    rotate(vault)
    fresh = another(vault, tmp_path)
    assert all(fresh.open(subject, sealed, b"here") == b"words" for subject, sealed in kept.items())


def test_a_rotation_that_broke_off_is_taken_up_by_the_next(vault: Vault, tmp_path: Path) -> None:
    kept = {subject: seal(vault, subject) for subject in (uuid4() for _ in range(5))}
    with pytest.raises(ZeroDivisionError), vault._keks.source.renewing():
        raise ZeroDivisionError
    assert len(json.loads((tmp_path / "kek.json").read_text())) == 2
    extra = uuid4()
    kept[extra] = seal(another(vault, tmp_path), extra)
    assert rotate(another(vault, tmp_path)) == 6
    fresh = another(vault, tmp_path)
    assert all(fresh.open(subject, sealed, b"here") == b"words" for subject, sealed in kept.items())


def test_two_do_not_rotate_at_once(vault: Vault, tmp_path: Path) -> None:
    with FromFile(tmp_path / "kek.json").renewing(), pytest.raises(RuleBroken):
        rotate(vault)


def base64(key: bytes) -> str:
    return b64encode(key).decode()


def test_a_key_from_the_environment_is_rotated_by_putting_a_new_one_in_front(tmp_path: Path) -> None:
    old, new = token_bytes(32), token_bytes(32)
    if databases.url_of(tmp_path):
        (tmp_path / "kek.json").unlink()
    with a_hub(tmp_path, kek=base64(old)) as hub:
        subject = uuid4()
        sealed = seal(hub.vault, subject)
        with pytest.raises(RuleBroken, match="in front"):
            hub.vault.rotate(hub.keys.wrap_anew)
    assert not (tmp_path / "kek.json").exists()
    with a_hub(tmp_path, kek=f"{base64(new)},{base64(old)}") as hub:
        assert hub.vault.rotate(hub.keys.wrap_anew) > 0
    with a_hub(tmp_path, kek=base64(new)) as hub:
        assert hub.vault.open(subject, sealed, b"here") == b"words"
    with pytest.raises(Unavailable, match="not the one"), a_hub(tmp_path, kek=base64(old)):
        pass


def test_a_key_from_a_command_no_shell_reads(tmp_path: Path) -> None:
    key = base64(token_bytes(32))
    command = shlex.join([sys.executable, "-c", f"print({key!r})  # $(exit 1) ; `exit 1` | true"])
    with a_hub(tmp_path, kek_command=command) as hub:
        subject = uuid4()
        sealed = seal(hub.vault, subject)
    with a_hub(tmp_path, kek=key) as hub:
        assert hub.vault.open(subject, sealed, b"here") == b"words"


@pytest.mark.parametrize("command", ["/no/such/program", f"{sys.executable} -c 'import sys; sys.exit(3)'", "'", ""])
def test_a_command_that_gives_no_key_is_said_to_and_not_quoted(command: str) -> None:
    with pytest.raises(Unavailable, match="HUB_KEK_COMMAND gave no key") as refused:
        printed(command)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("text", ["", "   ", "no key", base64(b"short"), f"{base64(bytes(32))},x", "[]", "[1]", "[[]]", '["x"]'])
def test_what_holds_no_key_is_refused(text: str) -> None:
    with pytest.raises(Unavailable, match="does not hold keys of 32 bytes"):
        keys_in(text, "HUB_KEK")


def test_keys_stand_with_commas_spaces_or_as_a_list() -> None:
    keys = [token_bytes(32), token_bytes(32)]
    texts = [base64(key) for key in keys]
    assert keys_in(",".join(texts), "") == keys_in("\n".join(texts) + "\n", "") == keys_in(json.dumps(texts), "") == keys


def test_a_lost_key_is_not_replaced_by_a_new_one(tmp_path: Path) -> None:
    with a_hub(tmp_path) as hub:
        seal(hub.vault, uuid4())
    (tmp_path / "kek.json").unlink()
    with pytest.raises(Unavailable, match=r"kek\.json is gone|has to be given"), a_hub(tmp_path):
        pass
    assert not (tmp_path / "kek.json").exists()


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    with a_hub(tmp_path):
        pass
    (tmp_path / "kek.json").chmod(0o644)
    with pytest.raises(Unavailable, match="make it 0600"), a_hub(tmp_path):
        pass


def test_the_id_of_a_key_tells_nothing_of_it() -> None:
    key = token_bytes(32)
    assert Kek.of(key).id == Kek.of(key).id != Kek.of(token_bytes(32)).id
    assert Kek.of(key).id not in key.hex()


def test_keys_that_are_given_have_no_file() -> None:
    source = Given(lambda: base64(bytes(32)), "HUB_KEK")
    assert Keks(source).present().id == Kek.of(bytes(32)).id
    assert Keks(source).find("another") is None


@contextmanager
def a_hub(place: Path, **settings: str) -> Iterator[Hub]:
    """A hub in a directory, with these settings."""
    hub = Hub.open(Settings(data_dir=place, database_url=databases.url_of(place), mode="demo", **settings))
    try:
        yield hub
    finally:
        hub.close()


def test_a_file_that_the_hub_may_not_write_is_rotated_by_whoever_does(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject, file = uuid4(), tmp_path / "kek.json"
    sealed = seal(vault, subject)
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(RuleBroken, match="in front"):
        rotate(vault)
    file.write_text(json.dumps([base64(token_bytes(32)), *json.loads(file.read_text())]))
    assert rotate(another(vault, tmp_path)) == 1
    file.write_text(json.dumps(json.loads(file.read_text())[:1]))
    assert another(vault, tmp_path).open(subject, sealed, b"here") == b"words"


def test_on_postgresql_a_key_that_nobody_gave_is_not_made_up(tmp_path: Path, postgresql: str) -> None:
    with pytest.raises(Unavailable, match=r"has to be given, the same to every process: HUB_KEK_FILE.*head -c 32") as refused:
        Hub.open(Settings(data_dir=tmp_path, database_url=postgresql, mode="demo"))
    assert refused.value.code == "no-kek"
    assert not (tmp_path / "kek.json").exists()


@pytest.mark.parametrize("how", ["file", "command", "value", "kept"])
def test_on_postgresql_any_key_that_was_given_will_do(how: str, tmp_path: Path, postgresql: str) -> None:
    key, file = base64(token_bytes(32)), tmp_path / "kek"
    file.write_text(key)
    file.chmod(0o600)
    if how == "kept":
        FromFile.made(tmp_path / "kek.json")
    given = {"file": {"kek_file": str(file)}, "command": {"kek_command": f"cat {file}"}, "value": {"kek": key}}
    Hub.open(Settings(data_dir=tmp_path, database_url=postgresql, mode="demo", **given.get(how, {}))).close()
