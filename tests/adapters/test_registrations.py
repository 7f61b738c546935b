"""Looking up registrations: consistent in one process, within a second in another."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from hub.adapters.registrations import Organisation, Registrations
from hub.domain.registrations import Access
from hub.errors import Malformed, RuleBroken
from tests.adapters.registered import NOW, OIN, YEAR, Book, a_registration, occasion, public, with_covenant, with_key, with_tables
from tests.parts import databases

DAY = timedelta(days=1)


def test_an_organisation_is_found_by_its_name() -> None:
    book = Book().save(a_registration(algorithms=["ES256"], message_types=["a.v1"], callback="https://example.org/"))
    found = Organisation("police", "police", OIN, frozenset({"PS256", "ES256"}), frozenset({"a.v1"}), "https://example.org/", False)
    assert book.registrations.by_name("police") == found
    assert book.registrations.all() == (found,)
    assert book.registrations.by_name("school") is None


def test_a_key_is_found_with_its_holder_and_its_period() -> None:
    book = Book().save(with_key(a_registration(), valid_until=None))
    key = book.registrations.by_kid("police-1")
    assert key is not None
    assert (key.holder.name, key.valid_from, key.valid_until, key.revoked_from) == ("police", NOW - YEAR, None, None)
    assert book.registrations.keys_of("police") == (key,)
    assert book.registrations.by_kid("police-2") is None


def test_what_changes_is_seen_after_the_commit() -> None:
    police = with_key(a_registration())
    book = Book().save(police)
    assert book.registrations.by_kid("police-1")
    police.revoke_key("police-1", "lost", occasion(), since=NOW - DAY)
    police.suspend("covenant", occasion())
    police.change_callback("https://example.org/", occasion())
    key = book.save(police).registrations.by_kid("police-1")
    assert key is not None
    assert (key.revoked_from, key.holder.is_suspended, key.holder.callback) == (NOW - DAY, True, "https://example.org/")
    police.resume("a new covenant", occasion())
    found = book.save(police).registrations.by_name("police")
    assert found is not None and not found.is_suspended


def test_a_kid_of_another_organisation_is_refused_in_the_same_transaction() -> None:
    book = Book().save(with_key(a_registration()))
    with pytest.raises(RuleBroken):
        book.save(with_key(a_registration("school", "school-attendance")))
    book.registrations.forget()
    key = book.registrations.by_kid("police-1")
    assert key is not None and key.holder.name == "police"
    assert book.registrations.by_name("school") is None


def test_a_point_off_its_curve_is_refused_in_the_same_transaction() -> None:
    police = a_registration(algorithms=["ES256"])
    key = public("ES256", "police-ES256")
    police.add_key("police-ES256", {**key, "x": key["y"]}, NOW, None, occasion())
    with pytest.raises(Malformed):
        Book().save(police)


def test_a_revocation_by_another_process_is_seen_in_time(database: str, tmp_path: Path) -> None:
    engine = with_tables(databases.opened(tmp_path / "hub.db"))
    here, police = Book(engine), with_key(a_registration())
    here.save(police)
    elsewhere = Registrations(databases.opened(tmp_path / "hub.db"), max_age=0)
    police.revoke_key("police-1", "lost", occasion())
    before = elsewhere.by_kid("police-1")
    here.save(police)
    after = elsewhere.by_kid("police-1")
    assert before is not None and before.revoked_from is None
    assert after is not None and after.revoked_from == NOW


def test_a_new_key_of_another_process_counts_though_the_old_ones_are_remembered() -> None:
    moment = [0.0]
    police = with_key(a_registration())
    book = Book().save(police)
    elsewhere = Registrations(book.engine, max_age=3600, seconds=lambda: moment[0])
    assert elsewhere.by_kid("police-1")
    book.save(with_key(police, kid="police-2"))
    assert elsewhere.by_kid("police-2") is None
    moment[0] = 0.1
    assert elsewhere.by_kid("police-2")


def test_between_changes_the_database_is_left_alone() -> None:
    book = Book().save(with_key(a_registration()))
    book.registrations = Registrations(book.engine, max_age=3600)
    asked: list[Any] = []
    event.listen(book.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    for _ in range(10):
        assert book.registrations.by_kid("police-1") and book.registrations.by_name("police")
    assert len(asked) == 3
    book.registrations.forget()
    book.registrations.all()
    assert len(asked) == 6


def test_what_was_read_before_a_commit_is_not_remembered_after_it() -> None:
    """Somebody commits and forgets while a reader is still reading: the reader's answer may be old, the next may not."""
    police = with_key(a_registration())
    book = Book().save(police)
    police.revoke_key("police-1", "lost", occasion())
    registrations = Registrations(book.engine, max_age=3600)
    read = registrations._read

    def slow(asked: float) -> Any:
        seen = read(asked)
        book.save(police)
        registrations.forget()
        return seen

    registrations._read = slow  # type: ignore[method-assign]
    old = registrations.by_kid("police-1")
    registrations._read = read  # type: ignore[method-assign]
    new = registrations.by_kid("police-1")
    assert old is not None and old.revoked_from is None
    assert new is not None and new.revoked_from == NOW


def test_what_is_granted_is_found_and_what_is_not_is_nothing() -> None:
    police, school = with_covenant(a_registration()), a_registration("school", "school-attendance")
    police.grant_access(Access(frozenset({"signals:write"}), True, True, "A" * 43), "", occasion())
    police.set_limits(60, 1000, "", occasion())
    book = Book().save(police, school)
    found, bare = book.registrations.by_name("police"), book.registrations.by_name("school")
    assert found is not None and bare is not None
    assert (found.scopes, found.requires_token, found.requires_dpop) == (frozenset({"signals:write"}), True, True)
    assert (found.certificate, found.per_minute, found.per_day) == ("A" * 43, 60, 1000)
    assert (found.covenant, "child-safety" in found.purposes, "wpg-20" in found.grounds) == ("vig-2024", True, True)
    assert (bare.scopes, bare.purposes, bare.grounds, bare.covenant) == (frozenset(), frozenset(), frozenset(), "")


def test_sharing_ends_with_the_covenant_and_with_the_removal() -> None:
    police = with_covenant(a_registration(), until=NOW + DAY)
    book = Book().save(police)
    found = book.registrations.all()[0]
    assert [book.registrations.is_sharing(found, NOW + DAY * days) for days in (0, 1, 2)] == [True, False, False]
    police.remove("it stopped", occasion())
    (removed,) = book.save(police).registrations.all()
    assert (removed.is_removed, removed.is_suspended, removed.callback) == (True, True, "")
    assert not book.registrations.is_sharing(removed, NOW)


def test_what_became_known_of_the_end_is_kept() -> None:
    police = with_covenant(a_registration(), until=NOW + DAY)
    book, told = Book().save(police), []
    for days in (0, 1):
        police.notice_end(NOW + DAY, occasion(NOW + DAY * days))
        (found,) = book.save(police).registrations.all()
        told.append(found.told_of_end)
    assert told == ["ends-soon", "ended"]


def test_a_key_that_was_rotated_out_ends_when_it_was_said() -> None:
    police = with_key(a_registration())
    police.rotate("police-2", public(kid="police-2"), NOW + DAY, "", occasion())
    book = Book().save(police)
    old, new = book.registrations.by_kid("police-1"), book.registrations.by_kid("police-2")
    assert old is not None and new is not None
    assert (old.valid_until, new.valid_until) == (NOW + DAY, None)
