"""A hub with a real provider of log-ins beside it, and browsers that keep cookies: what the tests of logging in stand on."""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx2

from hub.demo.provider import Provider, providing
from hub.demo.provider.people import PEOPLE, Person, the_desk, the_hub
from hub.demo.stage import listening
from hub.ports import SetClock
from hub.settings import Settings
from hub.wiring import Hub
from tests.given import NOON
from tests.journeys.running import a_free_port

Change = Callable[[dict[str, Any]], None]
Write = Callable[[dict[str, Any]], str]
SESSION, ATTEMPT = "__Host-hub-session", "__Host-hub-login"
SECRET = "a secret of the tests"
COORDINATOR = PEOPLE[0]
HTTP = httpx2.Client(timeout=20)
"""Keeps no cookie by itself: those of the hub are for browsers, which trust this machine without TLS, and this does not."""


@dataclass
class Browser:
    """Somebody's browser: it keeps the cookies of the hub, and follows no address by itself."""

    base: str
    cookies: dict[str, str] = field(default_factory=dict)
    seen: list[httpx2.Response] = field(default_factory=list)

    def get(self, address: str, **headers: str) -> httpx2.Response:
        """Opens an address of the hub, or of anybody."""
        return self._keep(HTTP.get(self._whole(address), headers={**self._own(address), **headers}))

    def post(self, address: str, form: Mapping[str, str], **headers: str) -> httpx2.Response:
        """Sends a form."""
        return self._keep(HTTP.post(self._whole(address), data=dict(form), headers={**self._own(address), **headers}))

    def send(self, form: "Form", **more: str) -> httpx2.Response:
        """Sends a form that stood on a page."""
        return self.post(form.action, {**form.fields, **more})

    def _whole(self, address: str) -> str:
        return self.base + address if address.startswith("/") else address

    def _own(self, address: str) -> dict[str, str]:
        is_hub = self._whole(address).startswith(self.base)
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if is_hub and self.cookies else {}

    def _keep(self, answer: httpx2.Response) -> httpx2.Response:
        self.seen.append(answer)
        for text in answer.headers.get_list("set-cookie"):
            name, _, value = text.partition(";")[0].partition("=")
            if "Max-Age=0" in text:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer


@dataclass(frozen=True)
class Form:
    """A form on a page: where it goes, and what it holds already."""

    action: str
    fields: dict[str, str]


def form_on(page: httpx2.Response) -> Form:
    """The first form of a page."""
    action, within = re.findall(r'<form method="post" action="([^"]*)"(.*?)</form>', page.text, re.DOTALL)[0]
    fields = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', within))
    whole = action if "://" in action else "/".join(str(page.url).split("/")[:3]) + action
    return Form(whole, {name: html.unescape(value) for name, value in fields.items()})


def changed(address: str, **but: str | None) -> str:
    """The address with other fields in its query; `None` leaves one out."""
    parts = urlsplit(address)
    fields = {**dict(parse_qsl(parts.query)), **but}
    return parts._replace(query=urlencode({name: value for name, value in fields.items() if value is not None})).geturl()


def field_of(address: str, name: str) -> str:
    """One field of the query of an address."""
    (value,) = parse_qs(urlsplit(address).query)[name]
    return value


@dataclass
class Door:
    """The hub, its provider, and a clock that stands still."""

    hub: Hub
    provider: Provider
    clock: SetClock
    base: str

    def browser(self) -> Browser:
        """A new browser."""
        return Browser(self.base)

    def chosen(self, browser: Browser, who: Person = COORDINATOR, to: str = "") -> str:
        """Begins to log in and chooses somebody: the address with which the provider sends the browser back."""
        begun = browser.get("/login" + (f"?{urlencode({'to': to})}" if to else ""))
        assert begun.status_code == 303, begun.text
        page = browser.get(begun.headers["location"])
        assert page.status_code == 200, page.text
        return str(browser.send(form_on(page), who=who.subject).headers["location"])

    def logged_in(self, who: Person = COORDINATOR) -> Browser:
        """The browser of somebody who logged in."""
        browser = self.browser()
        entered = browser.get(self.chosen(browser, who))
        assert entered.status_code == 303, entered.text
        return browser

    def is_in(self, browser: Browser) -> bool:
        """Whether the hub knows who this is."""
        return browser.get("/account").status_code == 200

    def crooked(
        self, change: Callable[[dict[str, Any]], None] = lambda _: None, write: Callable[[dict[str, Any]], str] | None = None
    ) -> None:
        """Lets the provider state something else than what is so: other claims, or signed in another way."""
        seal: Any = _Crooked(self.provider.tokens.seal, change, write)
        self.provider.tokens = replace(self.provider.tokens, seal=seal)


@dataclass(frozen=True)
class _Crooked:
    """The provider's seal in wrong hands: it changes what ID tokens and logout tokens say, or how they are signed."""

    honest: Any
    change: Change
    sign: Write | None

    def write(self, typ: str, claims: Mapping[str, Any]) -> str:
        if typ == "at+jwt":
            return str(self.honest.write(typ, claims))
        said = dict(claims)
        self.change(said)
        return self.sign(said) if self.sign else str(self.honest.write(typ, said))

    def read(self, token: str) -> Mapping[str, Any]:
        read: Mapping[str, Any] = self.honest.read(token)
        return read

    def jwks(self) -> dict[str, Any]:
        return dict(self.honest.jwks())


@contextmanager
def a_door(place: Path, secret: str = SECRET, **settings: Any) -> Iterator[Door]:
    """A hub on a port of its own, with the demo's provider as a second server beside it."""
    clock, base = SetClock(NOON), f"http://127.0.0.1:{(port := a_free_port())}"
    place.mkdir(parents=True, exist_ok=True)
    (place / "secret").write_text(secret)
    with providing(clock, the_hub(base, secret), the_desk(base)) as provider:
        known = {"data_dir": place, "mode": "demo", "base_url": base, "login_issuer": provider.issuer}
        hub = Hub.open(Settings(**{**known, "login_client_secret_file": str(place / "secret"), **settings}), clock, {})
        with hub.running(), listening(hub, port):
            yield Door(hub, provider, clock, base)
