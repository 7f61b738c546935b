"""What a login stands on: sessions in a database of their own, what an issuer says of itself, and attempts that are sealed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from hub.adapters.login import Attempts, LoggedIn, Sessions
from hub.adapters.login.issuer import Endpoints, endpoints_in
from hub.adapters.login.sessions import origin_of
from hub.adapters.migrations import bring_up
from hub.domain.callers import Caller, Capacity
from hub.errors import Malformed, NotAllowed, Unauthenticated, Unavailable
from tests.given import NOON
from tests.parts import databases

pytestmark = pytest.mark.usefixtures("database")

HERE, ISSUER = "https://hub.example.org", "https://login.example.org/realms/vig"
IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=9)
SOMEBODY = LoggedIn(Caller(Capacity.COORDINATOR, "a.voorbeeld", "team"), ISSUER, "subject-1", "session-1", "a statement")


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Sessions]:
    door = databases.opened(tmp_path / "door.db")
    bring_up(door, "door")
    yield Sessions(door, HERE, ISSUER, IDLE, LONGEST)
    door.dispose()


# Sessions -----------------------------------------------------------------------------------------------


def test_an_id_has_256_bits_and_no_two_are_alike(sessions: Sessions) -> None:
    ids = {sessions.open(SOMEBODY, NOON) for _ in range(50)}
    assert len(ids) == 50
    assert {len(id) for id in ids} == {43}


def test_a_session_says_whose_it_is_and_until_when(sessions: Sessions) -> None:
    session = sessions.look(sessions.open(SOMEBODY, NOON), NOON)
    assert session is not None
    assert (session.caller, session.idle_until, session.until) == (SOMEBODY.caller, NOON + IDLE, NOON + LONGEST)


def test_a_session_ends_the_second_that_it_stood_idle_long_enough(sessions: Sessions) -> None:
    id = sessions.open(SOMEBODY, NOON)
    assert sessions.look(id, NOON + IDLE) is None
    assert sessions.look(id, NOON + IDLE - timedelta(seconds=1)) is not None


def test_a_session_that_is_used_ends_after_its_longest_time_and_not_before(sessions: Sessions) -> None:
    id, at = sessions.open(SOMEBODY, NOON), NOON
    while at + IDLE / 2 < NOON + LONGEST:
        at += IDLE / 2
        session = sessions.look(id, at)
        assert session is not None
        assert session.idle_until <= session.until
    assert sessions.look(id, NOON + LONGEST) is None


def test_using_a_session_is_written_down_now_and_then_and_not_every_time(tmp_path: Path) -> None:
    door = databases.opened(tmp_path / "door.db")
    bring_up(door, "door")
    sessions, written = Sessions(door, HERE, ISSUER, IDLE, LONGEST), []
    event.listen(door, "before_cursor_execute", lambda *said: written.append(said[2]) if said[2].startswith("UPDATE") else None)
    id = sessions.open(SOMEBODY, NOON)
    for second in range(0, 600, 10):
        assert sessions.look(id, NOON + timedelta(seconds=second)) is not None
    assert len(written) == 9
    door.dispose()


def test_the_session_of_an_issuer_that_was_changed_is_no_session(tmp_path: Path) -> None:
    door = databases.opened(tmp_path / "door.db")
    bring_up(door, "door")
    id = Sessions(door, HERE, ISSUER, IDLE, LONGEST).open(SOMEBODY, NOON)
    assert Sessions(door, HERE, "https://other.example.org", IDLE, LONGEST).look(id, NOON) is None
    assert Sessions(door, HERE, "", IDLE, LONGEST).look(id, NOON) is None
    door.dispose()


def test_sessions_that_are_over_do_not_pile_up(sessions: Sessions) -> None:
    for _ in range(5):
        sessions.open(SOMEBODY, NOON)
    sessions.open(SOMEBODY, NOON + IDLE)
    assert sessions.close_all_of(SOMEBODY.subject, "") == 1


def test_closing_gives_the_statement_once(sessions: Sessions) -> None:
    id = sessions.open(SOMEBODY, NOON)
    assert (sessions.close(id), sessions.close(id)) == ("a statement", "")
    assert sessions.look(id, NOON) is None


@pytest.mark.parametrize(
    ("subject", "session", "ended"),
    [
        ("subject-1", "", [True, True, False, False]),
        ("", "session-1", [True, False, True, False]),
        ("subject-1", "session-1", [True, False, False, False]),
        ("subject-9", "session-1", [False] * 4),
    ],
)
def test_an_issuer_ends_the_sessions_that_it_means(sessions: Sessions, subject: str, session: str, ended: list[bool]) -> None:
    known = [("subject-1", "session-1"), ("subject-1", "session-2"), ("subject-2", "session-1"), ("subject-2", "session-2")]
    ids = [sessions.open(replace(SOMEBODY, subject=who, session=where), NOON) for who, where in known]
    assert sessions.close_all_of(subject, session) == sum(ended)
    assert [sessions.look(id, NOON) is None for id in ids] == ended


# Who asks -----------------------------------------------------------------------------------------------


def asks(sessions: Sessions, method: str = "POST", csrf: str | None = None, origin: str = "", site: str = "") -> Caller:
    id = sessions.open(SOMEBODY, NOON)
    session = sessions.look(id, NOON)
    assert session is not None
    return sessions.caller(id, session.csrf if csrf is None else csrf, method, origin, NOON, site)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "get"])
def test_looking_needs_no_token_of_the_session(sessions: Sessions, method: str) -> None:
    assert asks(sessions, method, csrf="", origin="https://elsewhere.example") == SOMEBODY.caller


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "QUERY"])
def test_everything_else_does(sessions: Sessions, method: str) -> None:
    assert asks(sessions, method) == SOMEBODY.caller
    with pytest.raises(NotAllowed, match="does not hold the token"):
        asks(sessions, method, csrf="")
    with pytest.raises(NotAllowed, match="does not hold the token"):
        asks(sessions, method, csrf="é")


@pytest.mark.parametrize(("origin", "site"), [("", ""), (HERE, ""), ("", "same-origin"), (HERE, "same-origin"), ("", "none")])
def test_what_a_page_of_ours_sends_is_let_through(sessions: Sessions, origin: str, site: str) -> None:
    assert asks(sessions, origin=origin, site=site) == SOMEBODY.caller


@pytest.mark.parametrize(
    ("origin", "site"),
    [
        ("null", ""),
        ("https://evil.example", ""),
        (f"{HERE}.evil.example", ""),
        ("http://hub.example.org", ""),
        (f"{HERE}:8443", ""),
        (HERE, "cross-site"),
        ("", "same-site"),
        ("", "anything"),
    ],
)
def test_what_another_page_sends_is_not(sessions: Sessions, origin: str, site: str) -> None:
    with pytest.raises(NotAllowed, match="not the hub's"):
        asks(sessions, origin=origin, site=site)


@pytest.mark.parametrize("id", ["", "x", "A" * 43, "é"])
def test_an_id_that_was_never_given_is_nobody(sessions: Sessions, id: str) -> None:
    sessions.open(SOMEBODY, NOON)
    with pytest.raises(Unauthenticated):
        sessions.caller(id, "", "GET", "", NOON)


def test_an_origin_is_written_as_browsers_do() -> None:
    assert origin_of("https://Hub.Example.org/vig") == "https://hub.example.org"
    assert origin_of("https://hub.example.org:443") == "https://hub.example.org"
    assert origin_of("http://127.0.0.1:8000") == "http://127.0.0.1:8000"


# What an issuer says of itself ---------------------------------------------------------------------------

SAID = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "end_session_endpoint": f"{ISSUER}/end",
    "authorization_response_iss_parameter_supported": True,
}


def test_an_issuer_says_where_it_does_what() -> None:
    assert endpoints_in(SAID, ISSUER) == Endpoints(f"{ISSUER}/authorize", f"{ISSUER}/token", f"{ISSUER}/end", True)


def test_an_issuer_need_not_say_where_people_log_out() -> None:
    said = {name: value for name, value in SAID.items() if name != "end_session_endpoint"}
    assert endpoints_in(said, ISSUER).end_session == ""


@pytest.mark.parametrize(
    "but",
    [
        {"issuer": "https://evil.example"},
        {"issuer": f"{ISSUER}/"},
        {"authorization_endpoint": "http://login.example.org/authorize"},
        {"token_endpoint": "http://login.example.org/token"},
        {"end_session_endpoint": "javascript:alert(1)"},
        {"token_endpoint": None},
        {"authorization_endpoint": 7},
    ],
)
def test_an_issuer_is_not_believed_that_says(but: dict[str, object]) -> None:
    with pytest.raises(Unavailable):
        endpoints_in({**SAID, **but}, ISSUER)


# Attempts -----------------------------------------------------------------------------------------------


def test_an_attempt_is_read_back_by_who_sealed_it_and_by_nobody_else() -> None:
    ours, others = Attempts(b"a" * 32), Attempts(b"b" * 32)
    attempt = ours.begin("/gezin?blad=2", NOON)
    sealed = ours.seal(attempt)
    assert ours.open(sealed) == attempt
    assert attempt.verifier not in sealed
    with pytest.raises(ValueError, match="not an attempt"):
        others.open(sealed)


@pytest.mark.parametrize("to", ["/", "/a/b?c=d&e=%20f", "/a//b", "/%2F%2Fevil.example"])
def test_a_path_of_the_hub_can_follow(to: str) -> None:
    assert Attempts(b"a" * 32).begin(to, NOON).to == to


@pytest.mark.parametrize("to", ["", "a", "//a", "/\\a", "https://a", "/a b", "/a\n", "/\x00", "/é", "/a#b"])
def test_nothing_else_can(to: str) -> None:
    with pytest.raises(Malformed):
        Attempts(b"a" * 32).begin(to, NOON)
