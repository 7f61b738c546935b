"""A backup is one file that opens only whole and with its key; a restore is all of it, or nothing."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from secrets import token_bytes
from uuid import uuid4
from zipfile import ZipFile

import msgspec
import pytest
from sqlalchemy import Column, Connection, Interval, MetaData, Table, insert, inspect, select, text

from hub import relay
from hub.adapters import backup, limits, once, vault
from hub.adapters.backup import Archive, Manifest, Own, Store, archive
from hub.adapters.backup.places import UNFINISHED, files, temporary
from hub.adapters.backup.rows import Table as Described
from hub.adapters.backup.rows import lines
from hub.adapters.database import engine, locked
from hub.adapters.event_store import EVENTS
from hub.adapters.kek import Given, Keks
from hub.adapters.migrations import bring_up, migrate, revisions
from hub.errors import Fault, HubError, Refused, RuleBroken, Unavailable
from tests.given import NOON, the_keks
from tests.parts import databases

TABLES = {
    "limits": [limits.TAKEN],
    "door": once.TABLES.sorted_tables,
    "log": [EVENTS, vault.KEYS],
}
ROW = {"organisation": "police", "day": "2026-03-02", "many": 7}
OWN = Own("1.2.3", NOON, json.dumps({"kek": "", "sealed": ""}))


def quiet(what: str, done: int, of: int) -> None:
    """Whoever does not want to know how far it is."""


@contextmanager
def some_stores(place: Path) -> Iterator[list[Store]]:
    """Stores with a row, as a hub that just began has them."""
    place.mkdir(parents=True, exist_ok=True)
    stores = [Store(name, databases.opened(place / f"{name}.db", name), tables) for name, tables in TABLES.items()]
    for store in stores:
        bring_up(store.engine, store.name)
    with locked(stores[0].engine) as connection:
        connection.execute(insert(limits.TAKEN), ROW)
    yield stores
    for store in stores:
        store.engine.dispose()


def a_backup(place: Path, keks: Keks | None = None, own: Own = OWN) -> Path:
    file = place / "backup.zip"
    with some_stores(place / "from") as stores:
        backup.back_up(stores, own, keks or the_keks(place), file, quiet)
    return file


def refuses(file: Path, keks: Keks) -> HubError:
    with pytest.raises((Refused, Unavailable)) as said, backup.reading(file, keks):
        pass
    error: HubError = said.value
    return error


def into(place: Path) -> AbstractContextManager[backup.Opens]:
    """A directory as a place to restore to."""
    stores = {name: place / f"{name}.db" for name in TABLES}
    return files(place, stores, place / "hub-keys.json", OWN.keys)


def restore(file: Path, keks: Keks, place: Path) -> None:
    with backup.reading(file, keks) as found, into(place) as opens:
        backup.put_back(found, opens, keks, (), quiet)


def what_is_in(place: Path) -> list[str]:
    return sorted(path.name for path in place.rglob("*")) if place.exists() else []


# The file ------------------------------------------------------------------------------------------


def test_it_is_for_the_hubs_own_user_alone(tmp_path: Path) -> None:
    assert a_backup(tmp_path).stat().st_mode & 0o777 == 0o600


def test_it_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "backup.zip").write_text("something dear")
    with pytest.raises(FileExistsError):
        a_backup(tmp_path)
    assert (tmp_path / "backup.zip").read_text() == "something dear"
    assert not list(tmp_path.glob(".backup*"))


def test_one_that_was_made_meanwhile_is_not_overwritten_either(tmp_path: Path) -> None:
    def another(what: str, done: int, of: int) -> None:
        (tmp_path / "backup.zip").write_text("something dear")

    with some_stores(tmp_path / "from") as stores, pytest.raises(FileExistsError):
        backup.back_up(stores, OWN, the_keks(tmp_path), tmp_path / "backup.zip", another)
    assert (tmp_path / "backup.zip").read_text() == "something dear"
    assert not list(tmp_path.glob(".backup*"))


def test_one_that_is_broken_off_leaves_no_file(tmp_path: Path) -> None:
    def broken_off(what: str, done: int, of: int) -> None:
        raise KeyboardInterrupt

    with some_stores(tmp_path / "from") as stores, pytest.raises(KeyboardInterrupt):
        backup.back_up(stores, OWN, the_keks(tmp_path), tmp_path / "backup.zip", broken_off)
    assert not list(tmp_path.glob("*backup*"))


def test_one_that_is_cut_short_anywhere_is_known(tmp_path: Path) -> None:
    file, keks = a_backup(tmp_path), the_keks(tmp_path)
    whole = file.read_bytes()
    for size in range(len(whole)):
        file.write_bytes(whole[:size])
        assert refuses(file, keks).code == "not-a-backup"


def test_a_change_of_any_byte_is_known(tmp_path: Path) -> None:
    file, keks = a_backup(tmp_path), the_keks(tmp_path)
    whole = file.read_bytes()
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert refuses(file, keks).code in {"not-a-backup", "no-kek"}
    file.write_bytes(whole)
    with backup.reading(file, keks):
        pass


@pytest.mark.parametrize("more", [b"x", b"\0" * 200])
def test_bytes_that_were_added_are_known(tmp_path: Path, more: bytes) -> None:
    file, keks = a_backup(tmp_path), the_keks(tmp_path)
    whole = file.read_bytes()
    for changed in (whole + more, more + whole):
        file.write_bytes(changed)
        assert refuses(file, keks).code == "not-a-backup"


@pytest.mark.parametrize("content", [b"", b"PK\5\6" + bytes(18), b"{}", b"[" * 5000, b'{"kek": 1, "sealed": 2}', bytes(300)])
def test_what_never_was_a_backup_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    assert refuses(tmp_path / "file", the_keks(tmp_path)).code == "not-a-backup"


def test_the_seal_of_another_backup_does_not_fit(tmp_path: Path) -> None:
    keks = the_keks(tmp_path)
    first = a_backup(tmp_path / "first", keks).read_bytes()
    second = a_backup(tmp_path / "second", keks, Own("other", NOON, OWN.keys)).read_bytes()
    (tmp_path / "mixed").write_bytes(first[: -archive.SEAL] + second[-archive.SEAL :])
    assert refuses(tmp_path / "mixed", keks).code == "not-a-backup"


def test_a_line_that_was_changed_on_its_way_from_the_disk_is_known(tmp_path: Path) -> None:
    """The seal was right a moment ago; every table is added up once more while it is read."""
    file, keks = a_backup(tmp_path), the_keks(tmp_path)
    with backup.reading(file, keks) as found, ZipFile(tmp_path / "other.zip", "w") as other:
        for name in found.zip.namelist():
            other.writestr(name, found.zip.read(name).replace(b'"2026-03-02"', b'"2026-03-03"'))
        with pytest.raises(Refused, match="not a whole backup"), temporary() as opens:
            backup.put_back(Archive(other, found.manifest), opens, keks, (), quiet)


def test_a_manifest_that_was_written_anew_after_the_seal_was_looked_at_is_known(tmp_path: Path) -> None:
    """Whoever may write to the file waits until its last byte was read, and puts another backup in its place."""
    keks = the_keks(tmp_path)
    file = a_backup(tmp_path / "first", keks)
    other = a_backup(tmp_path / "second", keks, Own("other", NOON, OWN.keys)).read_bytes()

    def then_write(_what: str, done: int, of: int) -> None:
        if done == of:
            file.write_bytes(other)

    with pytest.raises(Refused, match="not a whole backup"), backup.reading(file, keks, then_write):
        pytest.fail("what was written anew was read")


# The key -------------------------------------------------------------------------------------------


def a_key() -> str:
    return b64encode(token_bytes(32)).decode()


def test_another_key_is_said_at_once(tmp_path: Path) -> None:
    file = a_backup(tmp_path)
    given = the_keks(tmp_path / "another")
    error = refuses(file, given)
    assert (type(error), error.code) == (Unavailable, "no-kek")
    assert f"needs {the_keks(tmp_path).present().id}, and was given {given.present().id}" in error.detail


def test_a_key_that_some_rows_still_need_has_to_be_there_too(tmp_path: Path) -> None:
    """While a new key is being put around the others, a backup needs both."""
    old, new = a_key(), a_key()
    before, both, after = (Keks(Given(lambda text=text: text, "test")) for text in (old, f"{new},{old}", new))  # type: ignore[misc]
    with some_stores(tmp_path / "from") as stores:
        safe = vault.Vault(stores[-1].engine, before)
        safe.cipher(uuid4())
        manifest = backup.back_up(stores, OWN, both, tmp_path / "backup.zip", quiet)
    assert manifest.keks == tuple(sorted([before.present().id, both.present().id]))
    assert refuses(tmp_path / "backup.zip", after).code == "no-kek"
    assert refuses(tmp_path / "backup.zip", before).code == "no-kek"
    with backup.reading(tmp_path / "backup.zip", both) as found, temporary() as opens:
        assert backup.put_back(found, opens, both, (), quiet).keys == 1


def test_a_key_of_the_vault_that_does_not_open_is_no_restore(tmp_path: Path) -> None:
    keks = the_keks(tmp_path)
    with some_stores(tmp_path / "from") as stores:
        subject, moved = uuid4(), uuid4().hex
        vault.Vault(stores[-1].engine, keks).cipher(subject)
        with locked(stores[-1].engine) as connection:
            connection.execute(vault.KEYS.update().values(subject=moved))
        backup.back_up(stores, OWN, keks, tmp_path / "backup.zip", quiet)
    with pytest.raises(Fault, match=rf"does not open: log: vault_keys, subject {moved}\."):
        restore(tmp_path / "backup.zip", keks, tmp_path / "to")
    assert what_is_in(tmp_path / "to") == []


# Older and newer -----------------------------------------------------------------------------------


def forged(file: Path, keks: Keks, change: Callable[[Manifest], object]) -> None:
    """The same with another manifest, made by somebody who has the key."""
    with backup.reading(file, keks) as found, archive.writing(file.with_name("forged.zip"), keks) as writer:
        for name in set(found.zip.namelist()) - {archive.MANIFEST}:
            writer.zip.writestr(name, found.zip.read(name))
        writer.zip.writestr(archive.MANIFEST, msgspec.json.encode(change(found.manifest)))
    file.with_name("forged.zip").replace(file)


def test_one_of_a_newer_form_is_refused(tmp_path: Path) -> None:
    file, keks = a_backup(tmp_path), the_keks(tmp_path)
    forged(file, keks, lambda manifest: {**msgspec.to_builtins(manifest), "format": 2, "more": "than we know"})
    assert refuses(file, keks).code == "newer-backup"


def test_one_with_tables_of_a_newer_hub_is_refused(tmp_path: Path) -> None:
    file, keks = a_backup(tmp_path), the_keks(tmp_path)

    def newer(manifest: Manifest) -> Manifest:
        first, *others = manifest.stores
        return msgspec.structs.replace(manifest, stores=(msgspec.structs.replace(first, revision="9999"), *others))

    forged(file, keks, newer)
    with pytest.raises(Refused, match="newer hub"):
        restore(file, keks, tmp_path / "to")


def test_one_of_an_older_hub_comes_back_as_that_had_it_and_is_brought_up(tmp_path: Path) -> None:
    keks, file = the_keks(tmp_path), tmp_path / "backup.zip"
    with_the_vault = revisions("log")[1]
    opened = engine(f"sqlite:///{tmp_path / 'log.db'}")
    with locked(opened) as connection:
        migrate(connection, "log", with_the_vault)
    backup.back_up([Store("log", opened, [EVENTS, vault.KEYS])], OWN, keks, file, quiet)
    opened.dispose()
    with backup.reading(file, keks) as found, into(tmp_path / "to") as opens:
        assert found.manifest.stores[0].revision == with_the_vault
        backup.put_back(found, opens, keks, (), quiet)
    restored = engine(f"sqlite:///{tmp_path / 'to' / 'log.db'}")
    bring_up(restored, "log")
    assert inspect(restored).has_table("sealed_documents")
    restored.dispose()


def test_a_column_that_no_backup_can_hold_is_named() -> None:
    with pytest.raises(TypeError, match=r"things\.since"):
        Described.of(Table("things", MetaData(), Column("since", Interval)))


# All or nothing ------------------------------------------------------------------------------------


def test_rows_come_back(tmp_path: Path) -> None:
    file, keks = a_backup(tmp_path), the_keks(tmp_path)
    restore(file, keks, tmp_path / "to")
    restored = engine(f"sqlite:///{tmp_path / 'to' / 'limits.db'}")
    with restored.connect() as connection:
        assert [dict(row) for row in connection.execute(select(limits.TAKEN)).mappings()] == [ROW]
    restored.dispose()
    assert what_is_in(tmp_path / "to") == ["door.db", "hub-keys.json", "limits.db", "log.db"]
    assert (tmp_path / "to" / "hub-keys.json").read_text() == OWN.keys


@pytest.mark.parametrize("name", ["limits.db", "hub-keys.json"])
def test_where_there_is_a_hub_nothing_is_touched(tmp_path: Path, name: str) -> None:
    place = tmp_path / "to"
    place.mkdir()
    (place / name).write_text("somebody else's")
    with pytest.raises(RuleBroken, match=name), into(place):
        pass
    assert what_is_in(place) == [name]
    assert (place / name).read_text() == "somebody else's"


def told_at(nth: int) -> backup.Progress:
    """Somebody who breaks off the nth time they hear how far it is."""
    left = nth

    def tell(what: str, done: int, of: int) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise KeyboardInterrupt

    return tell


def test_one_that_is_broken_off_at_any_moment_leaves_nothing_and_can_be_done_again(tmp_path: Path) -> None:
    file, keks, moments = a_backup(tmp_path), the_keks(tmp_path), []
    with backup.reading(file, keks) as found:
        with into(tmp_path / "counted") as opens:
            backup.put_back(found, opens, keks, (), lambda *_: moments.append(1))
        for nth in range(1, len(moments) + 1):
            with pytest.raises(KeyboardInterrupt), into(tmp_path / "to") as opens:
                backup.put_back(found, opens, keks, (), told_at(nth))
            assert what_is_in(tmp_path / "to") == []
        with into(tmp_path / "to") as opens:
            backup.put_back(found, opens, keks, (), quiet)
    assert len(moments) > 5


def test_what_a_killed_one_left_is_cleared_by_the_next(tmp_path: Path) -> None:
    file, keks, place = a_backup(tmp_path), the_keks(tmp_path), tmp_path / "to"
    place.mkdir()
    for name in (UNFINISHED, "limits.db", f"log.db.{UNFINISHED}", f"log.db.{UNFINISHED}-wal"):
        (place / name).write_text("half")
    restore(file, keks, place)
    assert what_is_in(place) == ["door.db", "hub-keys.json", "limits.db", "log.db"]


def test_one_that_begins_during_another_in_the_same_place_touches_nothing_of_it(tmp_path: Path) -> None:
    file, keks, place = a_backup(tmp_path), the_keks(tmp_path), tmp_path / "to"
    with backup.reading(file, keks) as found, into(place) as opens:
        backup.put_back(found, opens, keks, (), quiet)
        with pytest.raises(RuleBroken, match="Somebody else is restoring"):
            restore(file, keks, place)
    assert what_is_in(place) == ["door.db", "hub-keys.json", "limits.db", "log.db"]


def test_a_database_that_does_not_keep_what_it_is_given_is_found_out(tmp_path: Path) -> None:
    file, keks = a_backup(tmp_path), the_keks(tmp_path)
    forgetful = engine(f"sqlite:///{tmp_path / 'forgetful.db'}")
    bring_up(forgetful, "limits")
    with locked(forgetful) as connection:
        connection.execute(text("CREATE TRIGGER less AFTER INSERT ON taken BEGIN UPDATE taken SET many = many - 1; END"))

    @contextmanager
    def opens(store: str) -> Iterator[Connection]:
        with locked(forgetful) as connection:
            yield connection

    with backup.reading(file, keks) as found, pytest.raises(Fault, match="limits: taken"):
        backup.put_back(found, opens, keks, (), quiet)
    forgetful.dispose()


def test_a_follower_that_came_further_than_the_log_is_no_restore(tmp_path: Path) -> None:
    keks, file = the_keks(tmp_path), tmp_path / "backup.zip"
    with some_stores(tmp_path / "from") as stores:
        outbox = databases.opened(tmp_path / "from" / "outbox.db", "outbox")
        bring_up(outbox, "outbox")
        with locked(outbox) as connection:
            connection.execute(insert(relay.POSITIONS), {"follower": "feed", "position": 1, "shape": ""})
        backup.back_up([Store("outbox", outbox, [relay.POSITIONS]), *stores], OWN, keks, file, quiet)
        outbox.dispose()
    stores_of = {name: tmp_path / "to" / f"{name}.db" for name in ("outbox", *TABLES)}
    with (
        backup.reading(file, keks) as found,
        pytest.raises(Fault, match="further than the log"),
        files(tmp_path / "to", stores_of, tmp_path / "to" / "hub-keys.json", OWN.keys) as opens,
    ):
        backup.put_back(found, opens, keks, (), quiet)


# Lines ---------------------------------------------------------------------------------------------


def test_a_line_is_the_same_from_either_database(database: str, tmp_path: Path) -> None:
    opened, stream = databases.opened(tmp_path / "hub.db"), uuid4()
    bring_up(opened, "log")
    with locked(opened) as connection:
        connection.execute(
            insert(EVENTS), {"position": 1, "stream_id": stream, "version": 1, "topic": "é\u2028", "state": b"\0\xff"}
        )
        assert list(lines(Described.of(EVENTS), connection)) == [f'[1,"{stream}",1,"é\u2028","AP8="]\n'.encode()]
    opened.dispose()


def test_lines_come_in_the_order_of_the_bytes_of_their_keys(database: str, tmp_path: Path) -> None:
    opened, names = databases.opened(tmp_path / "limits.db"), ["b", "B", "é", "a-b", "ab", "a b", "Z", "z", "1"]
    bring_up(opened, "limits")
    with locked(opened) as connection:
        connection.execute(insert(limits.TAKEN), [{**ROW, "organisation": name} for name in names])
        found = [json.loads(line)[0] for line in lines(Described.of(limits.TAKEN), connection)]
    assert found == sorted(names, key=str.encode)
    opened.dispose()
