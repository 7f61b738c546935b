"""People log in at a real Keycloak, in a real browser, to the hub as it is started: in, out, and all the ways not in."""

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.parts.keycloak import Keycloak, Realm, the_realm
from tests.parts.servers import a_free_port, running

PASSWORD = "alleen-voor-de-demo"
IN = "Vandaag"
"""What the first page is called, for whoever is logged in."""
WITHIN = 90.0
"""Seconds: what a busy machine may need."""


@dataclass(frozen=True)
class Hub:
    """`hub all`, at this address."""

    url: str

    def answers(self) -> bool:
        """Whether it does already."""
        try:
            return httpx2.get(self.url, timeout=WITHIN).is_success
        except httpx2.TransportError:
            return False


@dataclass(frozen=True)
class House:
    """A hub, and the realm where its people log in."""

    hub: Hub
    realm: Realm

    def token(self, username: str, client: str = "at-a-terminal") -> str:
        """An access token for somebody, of a client that may ask for it with a password."""
        said = {"grant_type": "password", "client_id": client, "username": username, "password": PASSWORD}
        found = httpx2.post(f"{self.realm.issuer}/protocol/openid-connect/token", data=said, timeout=WITHIN)
        assert found.is_success, found.text
        token: str = found.json()["access_token"]
        return token

    def ask(self, token: str) -> httpx2.Response:
        """The escalations, as whoever has that token."""
        return httpx2.get(f"{self.hub.url}/v1/escalations", headers={"Authorization": f"Bearer {token}"}, timeout=WITHIN)


@pytest.fixture(scope="module")
def house(keycloak: Keycloak, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The realm of the compose file, with the hub for which it is."""
    data, port = tmp_path_factory.mktemp("hub"), a_free_port()
    described = the_realm(f"http://127.0.0.1:{port}")
    described["clients"] += [
        at_a_terminal(described, "at-a-terminal"),
        at_a_terminal(described, "of-another", "https://other.example.org"),
    ]
    realm = keycloak.take_in(described)
    hub = Hub(f"http://127.0.0.1:{port}")
    command = [sys.executable, "-m", "hub", "all", "--port", str(port)]
    settings = {"HUB_DATA_DIR": str(data), "HUB_MODE": "demo", **login_settings(realm, hub.url, data / "login-secret")}
    with running(command, hub.answers, data / "hub.log", os.environ | settings):
        yield House(hub, realm)


def login_settings(realm: Realm, hub: str, secret: Path) -> dict[str, str]:
    """How a hub is told of it, as in the compose file."""
    secret.write_text("only-for-the-demo")
    return {
        "HUB_BASE_URL": hub,
        "HUB_LOGIN_ISSUER": realm.issuer,
        "HUB_LOGIN_CLIENT_SECRET_FILE": str(secret),
        "HUB_LOGIN_SUBJECT_CLAIM": "preferred_username",
    }


def at_a_terminal(realm: dict[str, Any], name: str, audience: str = "") -> dict[str, Any]:
    """A client that says the same of people as the hub's, but asks for tokens with a password."""
    (of_the_hub,) = (client for client in realm["clients"] if client["clientId"] == "vig-hub")
    mappers = [dict(mapper) for mapper in of_the_hub["protocolMappers"]]
    for mapper in mappers:
        if audience and "included.custom.audience" in mapper["config"]:
            mapper["config"] = mapper["config"] | {"included.custom.audience": audience}
    kept = ("protocol", "attributes", "defaultClientScopes", "optionalClientScopes")
    attributes = {name: value for name, value in of_the_hub["attributes"].items() if not name.startswith("backchannel")}
    own = {"clientId": name, "publicClient": True, "directAccessGrantsEnabled": True, "standardFlowEnabled": False}
    # whose roles go into its tokens
    own |= {"fullScopeAllowed": True, "protocolMappers": mappers}
    return {name: of_the_hub[name] for name in kept} | own | {"attributes": attributes}


@pytest.fixture
def page(browser_page: Page) -> Page:
    """The page that somebody looks at."""
    return browser_page


def log_in(page: Page, hub: Hub, username: str, password: str = PASSWORD) -> None:
    """What a person does to come in."""
    page.goto(hub.url)
    page.get_by_role("link", name="Inloggen").click()
    show(page, username, password)


def show(page: Page, username: str, password: str) -> None:
    """Says at Keycloak's own page who one is."""
    page.locator("#username").fill(username)
    page.locator("#password").fill(password)
    page.locator("#kc-login").click()


def heading(page: Page, text: str) -> None:
    """The page is the one with that heading."""
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def eventually(is_so: Callable[[], bool]) -> None:
    """It becomes so."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < WITHIN, "it did not become so"
        time.sleep(0.1)


# In -----------------------------------------------------------------------------------------------------


def test_a_person_logs_in_and_the_page_says_who_they_are(house: House, page: Page) -> None:
    log_in(page, house.hub, "regisseur")
    heading(page, IN)
    assert page.url == f"{house.hub.url}/"
    page.get_by_role("link", name="Anne Voorbeeld", exact=True).click()
    heading(page, "U bent ingelogd")
    for words in ("Anne Voorbeeld", "regisseur of gezinscoach", "Wijkteam Voorbeeldstad"):
        expect(page.locator("dd", has_text=re.compile(rf"^{words}"))).to_have_count(1)


@pytest.mark.parametrize(
    ("username", "role"),
    [
        ("gezinscoach", "regisseur of gezinscoach"),
        ("teamleider", "teamleider"),
        ("bestuur", "bestuurlijk escalatieniveau"),
        ("auditor", "auditor"),
        ("fg", "functionaris gegevensbescherming"),
        ("beheerder", "beheerder"),
    ],
)
def test_everybody_of_the_demo_realm_has_the_role_of_their_work(house: House, page: Page, username: str, role: str) -> None:
    log_in(page, house.hub, username)
    expect(page.locator(".who .as")).to_have_text(role)


def test_the_login_page_is_dutch_and_asks_with_pkce_for_no_more_than_who_it_is(house: House, page: Page) -> None:
    page.goto(house.hub.url)
    with page.expect_request(re.compile("/protocol/openid-connect/auth")) as asked:
        page.get_by_role("link", name="Inloggen").click()
    expect(page.locator("html")).to_have_attribute("lang", "nl")
    for words in ("code_challenge_method=S256", "scope=openid&", "nonce=", "state="):
        assert words in f"{asked.value.url}&"


def test_a_wrong_password_lets_nobody_in(house: House, page: Page) -> None:
    log_in(page, house.hub, "teamleider", "not-the-password")
    expect(page.get_by_text("Gebruikersnaam of wachtwoord ongeldig.")).to_be_visible()
    page.goto(house.hub.url)
    heading(page, "Samen rond één gezin")


def test_who_has_no_role_sees_a_page_that_says_so(house: House, page: Page) -> None:
    log_in(page, house.hub, "zonder-rol")
    heading(page, "U heeft hier nog geen rol")
    page.goto(house.hub.url)
    heading(page, "Samen rond één gezin")


def test_a_script_of_the_page_cannot_read_the_session(house: House, page: Page) -> None:
    log_in(page, house.hub, "regisseur")
    heading(page, IN)
    (session,) = (cookie for cookie in page.context.cookies(house.hub.url) if "session" in cookie["name"])
    assert (session["httpOnly"], session["secure"], session["sameSite"]) == (True, True, "Lax")
    assert page.evaluate("document.cookie") == ""


def test_a_login_that_another_browser_began_is_not_finished_in_this_one(house: House, page: Page) -> None:
    page.goto(house.hub.url)
    page.get_by_role("link", name="Inloggen").click()
    page.locator("#username").wait_for()
    page.context.clear_cookies(name=re.compile("hub-"))
    show(page, "regisseur", PASSWORD)
    heading(page, "Deze aanmelding geldt niet meer")
    page.goto(house.hub.url)
    heading(page, "Samen rond één gezin")


# Out ----------------------------------------------------------------------------------------------------


def test_who_logs_out_is_out_here_and_at_keycloak(house: House, page: Page) -> None:
    others = house.realm.sessions_of("fg")
    log_in(page, house.hub, "fg")
    heading(page, IN)
    assert len(house.realm.sessions_of("fg")) == len(others) + 1
    page.goto(f"{house.hub.url}/account")
    page.get_by_role("button", name="Uitloggen").click()
    expect(page.get_by_role("status")).to_contain_text("U bent uitgelogd.")
    assert house.realm.sessions_of("fg") == others
    page.get_by_role("link", name="Inloggen").click()
    expect(page.locator("#password")).to_be_visible()


def test_who_is_logged_out_at_keycloak_is_out_here_too(house: House, page: Page) -> None:
    log_in(page, house.hub, "auditor")
    heading(page, IN)
    house.realm.log_out("auditor")
    page.reload()
    heading(page, "Samen rond één gezin")


def test_one_session_that_keycloak_ends_leaves_the_other_one(house: House, page: Page) -> None:
    with elsewhere(page) as other:
        log_in(page, house.hub, "bestuur")
        heading(page, IN)
        here = {session["id"] for session in house.realm.sessions_of("bestuur")}
        log_in(other, house.hub, "bestuur")
        heading(other, IN)
        (there,) = {session["id"] for session in house.realm.sessions_of("bestuur")} - here
        house.realm.end_session(there)
        other.reload()
        heading(other, "Samen rond één gezin")
        page.reload()
        heading(page, IN)


@contextmanager
def elsewhere(page: Page) -> Iterator[Page]:
    """A page in another browser of the same person."""
    assert page.context.browser is not None
    with page.context.browser.new_context(locale="nl-NL") as context:
        yield context.new_page()


# The interface ------------------------------------------------------------------------------------------


def test_a_session_alone_changes_nothing_without_the_token_of_a_page(house: House, page: Page) -> None:
    log_in(page, house.hub, "regisseur")
    heading(page, IN)
    page.goto(f"{house.hub.url}/account")
    address, csrf = f"{house.hub.url}/v1/families/{uuid4()}/glass-breakings", page.locator("input[name=csrf]").first.input_value()
    shown: list[dict[str, str]] = [{}, {"X-CSRF-Token": csrf[::-1]}, {"X-CSRF-Token": csrf}]
    answers = [page.context.request.post(address, data={}, headers=headers) for headers in shown]
    assert [(answer.status, answer.json()["code"]) for answer in answers[:2]] == [(403, "csrf")] * 2
    assert answers[2].json()["code"] != "csrf"
    assert page.context.request.get(f"{house.hub.url}/v1/escalations").status == 200


def test_a_page_of_a_stranger_cannot_make_a_browser_do_something_here(house: House, page: Page) -> None:
    log_in(page, house.hub, "regisseur")
    heading(page, IN)
    # another port of the same machine is the same site for cookies: the browser sends the session along
    form = f"<form method=post action='{house.hub.url}/logout'><input name=csrf><button>win</button></form>"
    page.route("http://127.0.0.1:9/", lambda route: route.fulfill(content_type="text/html", body=form))
    page.goto("http://127.0.0.1:9/")
    page.get_by_role("button", name="win").click()
    heading(page, "Niet gedaan")
    page.goto(house.hub.url)
    heading(page, IN)


def test_an_access_token_for_the_hub_is_believed_and_one_for_another_is_not(house: House) -> None:
    assert house.ask(house.token("regisseur")).status_code == 200
    refused = house.ask(house.token("regisseur", "of-another"))
    assert (refused.status_code, refused.json()["code"]) == (401, "token-audience")


def test_an_access_token_of_who_has_no_role_opens_nothing(house: House) -> None:
    refused = house.ask(house.token("zonder-rol"))
    assert (refused.status_code, refused.json()["code"]) == (401, "token-role")


def test_an_access_token_of_another_realm_is_not_believed(house: House) -> None:
    refused = house.ask(house.realm.server.token())
    assert (refused.status_code, refused.json()["code"]) == (401, "token-issuer")


# This one stands last: when it comes, the hub has known the first key for as long as it takes before it looks for another.


def test_a_new_signing_key_of_keycloak_is_followed(house: House, page: Page) -> None:
    before = house.token("regisseur")
    house.realm.sign_with_a_new_key("PS256", 200)
    after = house.token("regisseur")
    assert before.partition(".")[0] != after.partition(".")[0]
    eventually(lambda: house.ask(after).status_code == 200)
    assert house.ask(before).status_code == 200
    eventually(lambda: comes_in(page, house.hub, "regisseur"))


def comes_in(page: Page, hub: Hub, username: str) -> bool:
    """Whether the hub lets somebody in who logs in now."""
    page.context.clear_cookies()
    log_in(page, hub, username)
    page.wait_for_url(f"{hub.url}/**")
    return page.get_by_role("heading", level=1).inner_text() == IN
