"""People log in, work and log out, over real HTTP with a real provider as a second server; whoever tampers stays out."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hub.adapters import compact, jws
from hub.demo.provider import providing
from hub.demo.provider.people import PEOPLE, the_hub
from hub.domain.callers import Capacity
from hub.ports import SetClock
from tests.console.browsing import ATTEMPT, COORDINATOR, HTTP, SESSION, Browser, Door, a_door, changed, field_of, form_on
from tests.given import NOON

NOBODY = next(person for person in PEOPLE if not person.role)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with a_door(tmp_path_factory.mktemp("door")) as door:
        yield door


@pytest.fixture
def door(shared: Door) -> Iterator[Door]:
    """The one hub of these tests, at noon and with an honest provider again."""
    honest = shared.provider.tokens
    shared.clock.set(max(shared.clock.now(), NOON))
    yield shared
    shared.provider.tokens = honest


def families(browser: Browser, door: Door) -> httpx2.Response:
    """What the API answers to this browser."""
    return browser.get("/v1/clocks")


# In -----------------------------------------------------------------------------------------------------


def test_somebody_logs_in_and_sees_who_they_are(door: Door) -> None:
    page = door.logged_in().get("/account")
    assert page.status_code == 200
    assert all(
        words in page.text
        for words in (COORDINATOR.name, COORDINATOR.subject, COORDINATOR.organisation_name, "regisseur", "Uitloggen")
    )


@pytest.mark.parametrize("person", [person for person in PEOPLE if person.role], ids=lambda person: person.role)
def test_everybody_comes_in_in_the_role_that_the_provider_gives(door: Door, person: Any) -> None:
    browser = door.logged_in(person)
    session = door.hub.sessions.look(browser.cookies[SESSION], door.clock.now())
    assert session is not None
    assert (session.caller.role, session.caller.subject) == (Capacity(person.role), person.subject)
    assert session.caller.organisation == person.organisation


def test_a_session_is_good_for_the_interface(door: Door) -> None:
    assert families(door.logged_in(), door).status_code == 200
    assert families(door.browser(), door).status_code == 401


def test_whoever_has_no_role_is_told_whom_to_ask_and_gets_no_session(door: Door) -> None:
    browser = door.browser()
    answer = browser.get(door.chosen(browser, NOBODY))
    assert answer.status_code == 403
    assert "U heeft hier nog geen rol" in answer.text
    assert SESSION not in browser.cookies


@pytest.mark.parametrize("role", ["partner", "mayor", ["coordinator", "auditor"], [], None, 7, {"coordinator": True}, ""])
def test_a_role_that_is_not_one_role_of_people_lets_nobody_in(door: Door, role: Any) -> None:
    door.crooked(lambda claims: claims.update(hub_role=role))
    browser = door.browser()
    assert browser.get(door.chosen(browser)).status_code == 403
    assert SESSION not in browser.cookies


def test_a_role_alone_in_a_list_is_that_role(door: Door) -> None:
    door.crooked(lambda claims: claims.update(hub_role=["auditor", "something-else"]))
    browser = door.logged_in()
    session = door.hub.sessions.look(browser.cookies[SESSION], door.clock.now())
    assert session is not None and session.caller.role is Capacity.AUDITOR


@pytest.mark.parametrize("organisation", ["", None, 7, ["a"], "a\nb", "a" * 201])
def test_without_an_organisation_nobody_comes_in(door: Door, organisation: Any) -> None:
    door.crooked(lambda claims: claims.update(organisation=organisation))
    browser = door.browser()
    assert browser.get(door.chosen(browser)).status_code == 403


def test_after_logging_in_the_page_follows_that_was_asked_for(door: Door) -> None:
    browser = door.browser()
    entered = browser.get(door.chosen(browser, to="/gezinnen/een?blad=2"))
    assert entered.headers["location"] == "/gezinnen/een?blad=2"


ELSEWHERE = (
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\tx",
    "/\n/evil.example",
    "javascript:alert(1)",
    "evil.example",
    "",
    "/%0d%0aSet-Cookie:x=y\r\nX: y",
    "/" + "a" * 600,
    " /x",
)


@pytest.mark.parametrize("to", ELSEWHERE)
def test_after_logging_in_nobody_is_sent_elsewhere(door: Door, to: str) -> None:
    answer = HTTP.get(f"{door.base}/login", params={"to": to})
    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_two_places_to_go_to_are_refused(door: Door) -> None:
    assert HTTP.get(f"{door.base}/login?to=/a&to=/b").status_code == 400


def test_a_login_asks_for_a_code_with_pkce_state_and_nonce_and_the_exact_address(door: Door) -> None:
    begun = door.browser().get("/login")
    asked = {name: field_of(begun.headers["location"], name) for name in ("state", "nonce", "code_challenge")}
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", value) for value in asked.values())
    assert field_of(begun.headers["location"], "code_challenge_method") == "S256"
    assert field_of(begun.headers["location"], "response_type") == "code"
    assert field_of(begun.headers["location"], "redirect_uri") == f"{door.base}/login/callback"


def test_no_two_logins_share_anything(door: Door) -> None:
    one, other = (door.browser().get("/login").headers["location"] for _ in range(2))
    assert all(field_of(one, name) != field_of(other, name) for name in ("state", "nonce", "code_challenge"))


def test_cookies_are_for_this_host_alone_and_out_of_reach_of_scripts(door: Door) -> None:
    browser = door.logged_in()
    made = [text for answer in browser.seen for text in answer.headers.get_list("set-cookie") if "Max-Age=0" not in text]
    assert len(made) == 2
    for text in made:
        assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(text.split("; "))
        assert "domain" not in text.lower()


def test_no_token_stands_in_an_address_a_page_or_a_cookie(door: Door) -> None:
    browser = door.logged_in()
    home = browser.get("/account")
    browser.send(form_on(home))
    sent = [*browser.seen]
    shown = "\n".join(f"{answer.request.url} {answer.headers} {answer.text}" for answer in sent)
    assert not re.search(r"eyJ[A-Za-z0-9_-]+\.eyJ", shown)


# Tampering ----------------------------------------------------------------------------------------------


def refused(door: Door, browser: Browser, back: str) -> httpx2.Response:
    """Nobody came in."""
    answer = browser.get(back)
    assert answer.status_code in (400, 403), answer.text
    assert SESSION not in browser.cookies
    assert ATTEMPT not in browser.cookies
    return answer


@pytest.mark.parametrize("state", ["", "x", None])
def test_another_state_is_refused(door: Door, state: str | None) -> None:
    browser = door.browser()
    refused(door, browser, changed(door.chosen(browser), state=state))


def test_an_answer_to_somebody_elses_login_is_refused(door: Door) -> None:
    victim, attacker = door.browser(), door.browser()
    theirs = door.chosen(attacker)
    victim.get("/login")
    refused(door, victim, theirs)


def test_an_answer_without_a_login_that_began_is_refused(door: Door) -> None:
    back = door.chosen(door.browser())
    refused(door, door.browser(), back)


def test_a_code_of_somebody_else_is_refused_because_it_was_asked_for_with_another_secret(door: Door) -> None:
    victim, attacker = door.browser(), door.browser()
    stolen = field_of(door.chosen(attacker), "code")
    refused(door, victim, changed(door.chosen(victim), code=stolen))


def test_an_answer_counts_once(door: Door) -> None:
    browser = door.browser()
    back = door.chosen(browser)
    kept = dict(browser.cookies)
    assert browser.get(back).status_code == 303
    again = Browser(door.base, kept)
    refused(door, again, back)


def test_a_code_counts_once(door: Door) -> None:
    browser, other = door.browser(), door.browser()
    back = door.chosen(browser)
    assert browser.get(back).status_code == 303
    refused(door, other, changed(door.chosen(other), code=field_of(back, "code")))


def test_a_login_has_ten_minutes(door: Door) -> None:
    browser = door.browser()
    back = door.chosen(browser)
    door.clock.set(door.clock.now() + timedelta(minutes=10))
    assert "langer dan tien minuten" in refused(door, browser, back).text


def test_an_answer_of_another_issuer_is_refused(door: Door) -> None:
    browser = door.browser()
    refused(door, browser, changed(door.chosen(browser), iss="https://evil.example"))


def test_an_answer_that_does_not_name_its_issuer_is_refused(door: Door) -> None:
    browser = door.browser()
    refused(door, browser, changed(door.chosen(browser), iss=None))


def test_a_changed_cookie_of_the_login_is_refused(door: Door) -> None:
    browser = door.browser()
    back = door.chosen(browser)
    sealed = browser.cookies[ATTEMPT]
    browser.cookies[ATTEMPT] = sealed[:20] + ("A" if sealed[20] != "A" else "B") + sealed[21:]
    refused(door, browser, back)


@pytest.mark.parametrize("cookie", ["", "x", "=", "A" * 40])
def test_a_cookie_of_the_login_that_is_none_is_refused(door: Door, cookie: str) -> None:
    browser = door.browser()
    back = door.chosen(browser)
    browser.cookies[ATTEMPT] = cookie
    refused(door, browser, back)


def test_when_the_provider_refuses_nobody_comes_in_and_its_words_are_not_shown(door: Door) -> None:
    browser = door.browser()
    state = field_of(door.chosen(browser), "state")
    back = f"/login/callback?state={state}&error=access_denied&error_description=SHOW-THIS&iss={door.provider.issuer}"
    assert "SHOW-THIS" not in refused(door, browser, back).text


CROOKED: dict[str, Any] = {
    "of another issuer": {"iss": "https://evil.example"},
    "for another audience": {"aud": "another"},
    "for no audience": {"aud": []},
    "for two, and issued to the other": {"aud": ["vig-hub", "another"], "azp": "another"},
    "for two, without saying to whom": {"aud": ["vig-hub", "another"], "azp": None},
    "expired": {"exp": int(NOON.timestamp()) - 3600},
    "that never expires": {"exp": None},
    "of the future": {"iat": int(NOON.timestamp()) + 10 * 86400},
    "made long ago": {"iat": int(NOON.timestamp()) - 3600},
    "of no moment": {"iat": None},
    "not valid yet": {"nbf": int(NOON.timestamp()) + 10 * 86400},
    "with another nonce": {"nonce": "another"},
    "without a nonce": {"nonce": None},
    "that belongs to another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "of nobody": {"sub": None},
    "of no text": {"sub": 7},
}


@pytest.mark.parametrize("but", CROOKED.values(), ids=CROOKED)
def test_a_statement_is_refused_that_is(door: Door, but: dict[str, Any]) -> None:
    def change(claims: dict[str, Any]) -> None:
        claims.update(but)
        for name in [name for name, value in but.items() if value is None]:
            claims.pop(name, None)

    door.crooked(change)
    browser = door.browser()
    refused(door, browser, door.chosen(browser))


def unsigned(claims: dict[str, Any]) -> str:
    header = {"alg": "none", "typ": "JWT"}
    return ".".join([*(jws.b64url(json.dumps(part).encode()) for part in (header, claims)), ""])


def by_a_strange_key(claims: dict[str, Any]) -> str:
    jwk = jws.new_jwk("ES256", "strange")
    return compact.write("JWT", claims, jws.private_key(jwk), kid="strange")


def by_a_key_that_it_brings(claims: dict[str, Any]) -> str:
    jwk = jws.new_jwk("ES256", "strange")
    return compact.write("JWT", claims, jws.private_key(jwk), kid="strange", jwk=jws.public_half(jwk))


@pytest.mark.parametrize("write", [unsigned, by_a_strange_key, by_a_key_that_it_brings], ids=lambda write: write.__name__)
def test_a_statement_is_refused_that_is_signed(door: Door, write: Any) -> None:
    door.crooked(write=write)
    browser = door.browser()
    refused(door, browser, door.chosen(browser))


def test_a_statement_is_refused_that_is_signed_with_the_public_key_as_a_secret(door: Door) -> None:
    from joserfc import jwt
    from joserfc.jwk import OctKey

    public = door.provider.tokens.seal.jwks()["keys"][0]

    def write(claims: dict[str, Any]) -> str:
        secret = OctKey.import_key(json.dumps(public).encode())
        return jwt.encode({"alg": "HS256", "kid": public["kid"]}, claims, secret)

    door.crooked(write=write)
    browser = door.browser()
    refused(door, browser, door.chosen(browser))


def test_a_statement_is_refused_whose_name_for_the_key_is_that_of_the_provider_but_not_the_key(door: Door) -> None:
    kid = door.provider.tokens.seal.jwks()["keys"][0]["kid"]
    strange = jws.private_key(jws.new_jwk("ES256", kid))
    door.crooked(write=lambda claims: compact.write("JWT", claims, strange, kid=kid))
    browser = door.browser()
    refused(door, browser, door.chosen(browser))


# Sessions -----------------------------------------------------------------------------------------------


def test_an_id_that_was_there_before_logging_in_is_not_the_one_after(door: Door) -> None:
    browser = door.browser()
    browser.cookies[SESSION] = "chosen-by-an-attacker"
    browser.get(door.chosen(browser))
    assert browser.cookies[SESSION] != "chosen-by-an-attacker"
    assert not door.is_in(Browser(door.base, {SESSION: "chosen-by-an-attacker"}))


def test_logging_in_again_ends_the_session_before(door: Door) -> None:
    browser = door.logged_in()
    before = browser.cookies[SESSION]
    browser.get(door.chosen(browser, PEOPLE[1]))
    assert browser.cookies[SESSION] != before
    assert not door.is_in(Browser(door.base, {SESSION: before}))
    assert door.is_in(browser)


def test_what_is_stored_opens_no_session(door: Door) -> None:
    browser = door.logged_in()
    stored = (door.hub.settings.data_dir / "door.db").read_bytes() + (door.hub.settings.data_dir / "door.db-wal").read_bytes()
    assert COORDINATOR.subject.encode() in stored
    assert browser.cookies[SESSION].encode() not in stored
    assert b"eyJ" not in stored


def test_a_session_that_nobody_uses_ends(door: Door) -> None:
    browser = door.logged_in()
    door.clock.set(door.clock.now() + timedelta(minutes=29))
    assert door.is_in(browser)
    door.clock.set(door.clock.now() + timedelta(minutes=30))
    assert not door.is_in(browser)
    assert families(browser, door).status_code == 401


def test_a_session_that_is_used_goes_on_and_ends_anyhow(door: Door) -> None:
    browser = door.logged_in()
    for _ in range(26):
        door.clock.set(door.clock.now() + timedelta(minutes=20))
        assert door.is_in(browser)
    door.clock.set(door.clock.now() + timedelta(minutes=20))
    assert not door.is_in(browser)


# Somebody else's page -----------------------------------------------------------------------------------


def test_logging_out_takes_the_token_of_the_session(door: Door) -> None:
    browser = door.logged_in()
    csrf = form_on(browser.get("/account")).fields["csrf"]
    other = form_on(door.logged_in().get("/account")).fields["csrf"]
    for wrong in ("", "x", other, csrf[:-1]):
        assert browser.post("/logout", {"csrf": wrong}).status_code == 403
    assert door.is_in(browser)


@pytest.mark.parametrize(
    "header",
    [("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site")],
)
def test_a_form_from_somebody_elses_page_does_nothing(door: Door, header: tuple[str, str]) -> None:
    browser = door.logged_in()
    form = form_on(browser.get("/account"))
    assert browser.post("/logout", form.fields, **dict([header])).status_code == 403
    assert door.is_in(browser)
    assert browser.post("/logout", form.fields, Origin=door.base, **{"Sec-Fetch-Site": "same-origin"}).status_code == 303


def decide(browser: Browser, **headers: str) -> httpx2.Response:
    """Posts something to the interface; what it says of it does not matter here."""
    cookie = {"Cookie": f"{SESSION}={browser.cookies[SESSION]}"}
    return HTTP.post(f"{browser.base}/v1/families/_search", json={"bsn": "999900006"}, headers={**cookie, **headers})


def test_the_interface_takes_the_token_of_the_session_for_what_is_not_a_get(door: Door) -> None:
    browser = door.logged_in()
    csrf = form_on(browser.get("/account")).fields["csrf"]
    assert decide(browser).status_code == 403
    assert decide(browser, **{"X-CSRF-Token": "x"}).status_code == 403
    assert decide(browser, **{"X-CSRF-Token": csrf, "Origin": "https://evil.example"}).status_code == 403
    assert decide(browser, **{"X-CSRF-Token": csrf, "Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert decide(browser, **{"X-CSRF-Token": csrf, "Origin": door.base, "Sec-Fetch-Site": "same-origin"}).status_code == 200


# Out ----------------------------------------------------------------------------------------------------


def test_logging_out_ends_the_session_here_and_at_the_provider(door: Door) -> None:
    browser = door.logged_in()
    kept, (issuers,) = browser.cookies[SESSION], list(door.provider.sessions)[-1:]
    out = browser.send(form_on(browser.get("/account")))
    assert (out.status_code, out.headers["location"]) == (303, "/?left=1")
    assert "U bent uitgelogd" in browser.get("/?left=1").text
    assert issuers not in door.provider.sessions
    assert not door.is_in(Browser(door.base, {SESSION: kept}))


def test_when_the_provider_ends_a_session_it_ends_here_at_once(door: Door) -> None:
    browser, other = door.logged_in(), door.logged_in()
    first, _ = list(door.provider.sessions)[-2:]
    assert door.provider.end(first)
    assert not door.is_in(browser)
    assert door.is_in(other)


def say_out(door: Door, **but: Any) -> httpx2.Response:
    """The provider says that somebody is out, otherwise than it should."""
    who, to = COORDINATOR, door.provider.applications[0]
    token = door.provider.tokens.log_out(who, to, but.pop("sid", "unknown"))
    return HTTP.post(f"{door.base}/logout/back-channel", data={"logout_token": token, **but})


def test_a_statement_about_somebody_without_a_session_of_theirs_ends_all_that_they_have(door: Door) -> None:
    one, other, else_ = door.logged_in(), door.logged_in(), door.logged_in(PEOPLE[1])
    door.crooked(lambda claims: claims.pop("sid"))
    assert say_out(door).status_code == 200
    assert (door.is_in(one), door.is_in(other), door.is_in(else_)) == (False, False, True)


def test_that_somebody_is_out_is_said_once(door: Door) -> None:
    token = door.provider.tokens.log_out(COORDINATOR, door.provider.applications[0], "unknown")
    said = [HTTP.post(f"{door.base}/logout/back-channel", data={"logout_token": token}) for _ in range(2)]
    assert [answer.status_code for answer in said] == [200, 400]
    assert said[1].json()["error"] == "invalid_request"
    assert all(answer.headers["cache-control"] == "no-store" for answer in said)


NOT_OUT: dict[str, Any] = {
    "an ID token": {"events": None, "nonce": "n"},
    "one with a nonce": {"nonce": "n"},
    "one without the event": {"events": {}},
    "one with another event": {"events": {"http://schemas.openid.net/event/other": {}}},
    "one whose event is no object": {"events": {"http://schemas.openid.net/event/backchannel-logout": True}},
    "one about nobody": {"sub": None, "sid": None},
    "one without an id": {"jti": None},
    "one for another": {"aud": "another"},
    "one of another": {"iss": "https://evil.example"},
    "an old one": {"iat": int(NOON.timestamp()) - 86400},
    "an expired one": {"exp": int(NOON.timestamp()) - 86400},
}


@pytest.mark.parametrize("but", NOT_OUT.values(), ids=NOT_OUT)
def test_nobody_is_logged_out_by(door: Door, but: dict[str, Any]) -> None:
    browser = door.logged_in()
    sid = list(door.provider.sessions)[-1]

    def change(claims: dict[str, Any]) -> None:
        claims.update(but)
        for name in [name for name, value in but.items() if value is None]:
            claims.pop(name, None)

    door.crooked(change)
    assert say_out(door, sid=sid).status_code == 400
    assert door.is_in(browser)


@pytest.mark.parametrize("write", [unsigned, by_a_strange_key], ids=lambda write: write.__name__)
def test_nobody_is_logged_out_by_a_statement_that_is_signed(door: Door, write: Any) -> None:
    browser = door.logged_in()
    sid = list(door.provider.sessions)[-1]
    door.crooked(write=write)
    assert say_out(door, sid=sid).status_code == 400
    assert door.is_in(browser)


def test_a_session_that_the_provider_ended_while_it_began_does_not_begin(door: Door) -> None:
    sid = "ended-meanwhile"
    assert say_out(door, sid=sid).status_code == 200
    door.crooked(lambda claims: claims.update(sid=sid))
    browser = door.browser()
    refused(door, browser, door.chosen(browser))


@pytest.mark.parametrize("body", [b"", b"\xff", b"logout_token=a&logout_token=b", b"a=" + b"b" * 70_000, b"&".join([b"a=b"] * 60)])
def test_a_form_that_is_none_is_refused(door: Door, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert HTTP.post(f"{door.base}/logout/back-channel", content=body, headers=headers).status_code == 400


def test_what_is_no_form_is_refused(door: Door) -> None:
    assert HTTP.post(f"{door.base}/logout/back-channel", json={"logout_token": "x"}).status_code == 400


# Pages --------------------------------------------------------------------------------------------------


def test_every_page_may_do_nothing_but_show_itself(door: Door) -> None:
    for answer in (
        door.browser().get("/"),
        door.browser().get("/login/callback"),
        door.browser().get("/login?to=x"),
    ):
        assert answer.headers.get_list("content-security-policy") == [
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ]
        assert answer.headers.get_list("cache-control") == ["no-store"]
        assert not re.search(r"<script|<style|\son\w+=|\sstyle=|https?://", answer.text)


def test_a_page_of_somebody_who_is_logged_in_runs_the_hubs_own_script_and_no_other(door: Door) -> None:
    browser = door.logged_in()
    page, again = browser.get("/account"), browser.get("/account")
    (policy,) = page.headers.get_list("content-security-policy")
    (nonce,) = re.findall(r"'nonce-([^']+)'", policy)
    assert (
        f"script-src 'self' 'nonce-{nonce}'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types htmx" in policy
    )
    assert "unsafe" not in policy and nonce not in again.headers["content-security-policy"]
    (script,) = re.findall(r"<script[^>]*>", page.text)
    assert re.fullmatch(rf'<script src="/assets/hub\.js\?[0-9a-f]+" nonce="{nonce}" defer>', script)
    assert page.headers.get_list("cache-control") == ["no-store"]
    assert not re.search(r"<style|\son\w+=|\sstyle=|https?://", page.text)


def test_every_page_of_the_demo_says_that_it_is_one(door: Door) -> None:
    browser = door.browser()
    pages = [browser.get("/"), browser.get(browser.get("/login").headers["location"]), browser.get("/login/callback")]
    pages += [browser.get(f"{door.provider.issuer}/authorize"), door.logged_in().get("/")]
    assert all("DEMO</strong> – verzonnen gegevens" in page.text for page in pages)


def test_a_name_that_is_markup_is_shown_as_text(door: Door) -> None:
    markup = "<img src=x onerror=alert(1)>"
    door.crooked(lambda claims: claims.update(name=markup, organisation=markup, organisation_name=markup))
    page = door.logged_in().get("/account")
    assert "<img src=x" not in page.text
    assert page.text.count("&lt;img src=x") >= 2


def test_without_an_issuer_nobody_can_log_in_and_the_page_says_so(tmp_path: Path) -> None:
    with a_door(tmp_path, login_issuer="") as door:
        page = door.browser().get("/")
        assert page.status_code == 200
        assert "HUB_LOGIN_ISSUER" in page.text
        assert [door.browser().get(path).status_code for path in ("/login", "/login/callback?code=x&state=y")] == [503, 503]


def test_a_hub_whose_issuer_is_gone_says_so(tmp_path: Path) -> None:
    with a_door(tmp_path, login_issuer="http://127.0.0.1:9") as door:
        assert door.browser().get("/").status_code == 200
        assert door.browser().get("/login").status_code == 503


def test_a_hub_without_the_right_secret_gets_nobody_in(tmp_path: Path) -> None:
    with a_door(tmp_path) as door:
        door.provider.applications = [the_hub(door.base, "another secret")]
        browser = door.browser()
        back = door.chosen(browser)
        refused(door, browser, back)


def test_a_provider_that_names_itself_otherwise_is_not_believed(tmp_path: Path) -> None:
    clock = SetClock(NOON)
    with providing(clock) as honest, a_door(tmp_path, login_issuer=honest.issuer.replace("127.0.0.1", "localhost")) as door:
        assert door.browser().get("/login").status_code == 503
