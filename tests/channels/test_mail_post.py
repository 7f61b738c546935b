"""Handing mail to a real mail server: with TLS and a password, refused, gone, or not what it says that it is."""

import ssl
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import create_engine

from hub.adapters import calendars
from hub.adapters.calendars import Entry
from hub.adapters.channels.mail.post import Post, Refused
from hub.adapters.channels.mail.queue import ON_CALL, TABLES, Item, due, next_hour, queue
from hub.adapters.channels.mail.words import written
from hub.domain.terms import AMSTERDAM
from hub.errors import Unavailable
from tests.channels.mailboxes import Mailboxes, receiving_mail
from tests.channels.test_addresses import ServedAs, served_as
from tests.parts.servers import a_free_port

__all__ = ["served_as"]
TO = "c.eerst@gemeente.example"


def a_mail() -> EmailMessage:
    item = Item("r", "escalation", "n", "a", "2026-03-29T08:00:00Z", datetime(2026, 3, 28, tzinfo=UTC), None, 7)
    return written([item], "hub@gemeente.example", TO, "https://hub.example", datetime(2026, 3, 28, tzinfo=UTC))


def a_post(boxes: Mailboxes, security: str = "none", tls: ssl.SSLContext | None = None, **who: str) -> Post:
    host = "localhost" if security != "none" else "127.0.0.1"
    return Post(host, boxes.port, security, "hub@gemeente.example", tls=tls, **who)  # type: ignore[arg-type]


def test_mail_goes_over_starttls_with_a_password(served_as: ServedAs) -> None:
    server, client = served_as("localhost")
    with receiving_mail(tls=server, password="a secret") as boxes:
        assert a_post(boxes, "starttls", client, user="hub", password="a secret").send(a_mail()) == "smtp-250"
        with pytest.raises(Refused) as refused:
            a_post(boxes, "starttls", client, user="hub", password="another").send(a_mail())
    assert (refused.value.code, refused.value.is_final) == ("login-refused", False)
    (mail,) = boxes.got
    assert mail["To"] == TO and "zondag 29-03-2026 10:00" in mail.get_content()


def test_a_server_whose_certificate_is_not_trusted_gets_nothing(served_as: ServedAs) -> None:
    server, _ = served_as("localhost")
    with receiving_mail(tls=server) as boxes, pytest.raises(Refused) as refused:
        a_post(boxes, "starttls").send(a_mail())
    assert (refused.value.code, boxes.got) == ("tls-failed", [])


def test_a_server_without_tls_is_not_told_in_the_clear_what_was_to_go_over_tls() -> None:
    with receiving_mail() as boxes, pytest.raises(Refused):
        a_post(boxes, "starttls").send(a_mail())
    assert boxes.got == []


def test_nobody_there_is_tried_again() -> None:
    boxes = Mailboxes(port=a_free_port())
    with pytest.raises(Refused) as refused:
        a_post(boxes).send(a_mail())
    assert (refused.value.code, refused.value.is_final) == ("unreachable", False)


@pytest.mark.parametrize(("says", "is_final"), [("550 nobody here", True), ("452 full", False)])
def test_what_a_server_says_decides_whether_it_is_tried_again(says: str, is_final: bool) -> None:
    with receiving_mail(Mailboxes([says])) as boxes, pytest.raises(Refused) as refused:
        a_post(boxes).send(a_mail())
    assert (refused.value.code, refused.value.is_final) == (f"smtp-{says[:3]}", is_final)


class Rude(Mailboxes):
    """Takes what comes, and ends with something else than a goodbye."""

    async def handle_QUIT(self, _server: Any, _session: Any, _envelope: Any) -> str:
        """Says that it is out of order."""
        return "421 out of order"


def test_what_was_taken_is_not_mailed_again_because_of_how_a_server_says_goodbye() -> None:
    with receiving_mail(Rude()) as boxes:
        assert a_post(boxes).send(a_mail()) == "smtp-250"
    assert len(boxes.got) == 1


def test_who_is_on_call_does_not_wait_behind_what_others_are_mailed() -> None:
    outbox, at = create_engine("sqlite://"), datetime(2026, 3, 28, tzinfo=UTC)
    TABLES.create_all(outbox)
    with outbox.begin() as connection:
        queue(connection, [Item("r", "escalation", "n", "a", "", at, None)], at)
        queue(connection, [Item("s", ON_CALL, "n", "a", "", at + timedelta(minutes=1), None)], at)
        first, second = due(connection, at + timedelta(hours=1))
    assert [first[0].kind, second[0].kind] == [ON_CALL, "escalation"]
    outbox.dispose()


def test_a_term_that_ends_in_the_hour_that_comes_twice_stands_at_its_own_moment_in_a_calendar() -> None:
    ends = [datetime(2026, 10, 25, 2, 30, tzinfo=AMSTERDAM, fold=fold) for fold in (0, 1)]
    entries = [Entry(str(nth), end, "termijn", "term", "https://hub.example") for nth, end in enumerate(ends)]
    shown = Calendar.from_ical(calendars.written(entries, datetime(2026, 10, 1, tzinfo=UTC)))
    found = [event.decoded("dtstart") for event in shown.walk("VEVENT")]
    assert found == [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]


def test_the_same_mail_has_the_same_id() -> None:
    assert a_mail()["Message-ID"] == a_mail()["Message-ID"] == "<7.r@gemeente.example>"


@pytest.mark.parametrize(
    "wrong",
    [
        {"HUB_MAIL_FROM": ""},
        {"HUB_MAIL_SECURITY": "plain"},
        {"HUB_MAIL_PORT": "x"},
        {"HUB_MAIL_SECURITY": "none", "HUB_MAIL_HOST": "mail.example"},
        {"HUB_MAIL_PASSWORD_FILE": "not-there"},
    ],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Unavailable):
        Post.of({"HUB_MAIL_HOST": "localhost", "HUB_MAIL_FROM": "hub@gemeente.example", **wrong})


def test_without_a_server_nobody_is_mailed_and_a_password_does_not_show(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("a secret\n")
    said = {
        "HUB_MAIL_HOST": "localhost",
        "HUB_MAIL_FROM": "hub@gemeente.example",
        "HUB_MAIL_PASSWORD_FILE": str(tmp_path / "password"),
    }
    post = Post.of(said)
    assert Post.of({}) is None and post is not None
    assert (post.port, post.security, post.password) == (587, "starttls", "a secret")
    assert "a secret" not in repr(post)


def test_a_daily_mail_comes_at_its_hour_also_when_the_clock_goes_forward() -> None:
    before = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    assert next_hour(before, 8) == datetime(2026, 3, 29, 6, 0, tzinfo=UTC)
    assert next_hour(datetime(2026, 3, 28, 6, 0, tzinfo=UTC), 8) == datetime(2026, 3, 28, 7, 0, tzinfo=UTC)
    assert next_hour(before, 2) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # that hour is not there; three o'clock is
