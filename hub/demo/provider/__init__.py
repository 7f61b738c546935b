"""A provider of log-ins that exists only while the demo runs: OpenID Connect as the hub needs it, for people who do not exist."""

import hmac
import re
import socket
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from threading import Lock, Thread
from time import sleep
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from hub.adapters.jws import b64url
from hub.console.pages import assets, fields_of, page
from hub.console.words import Both
from hub.demo.provider.people import PEOPLE, Application, Person
from hub.demo.provider.tokens import LASTS, Seal, Tokens
from hub.ports import Clock

ROOM = "hub.demo"
CODE_LASTS = timedelta(minutes=1)
_ASKED = ("response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


class Refused(Exception):
    """What the provider does not do; the words are an error of RFC 6749."""


@dataclass(frozen=True, slots=True)
class Given:
    """A code that was given: to whom, for which application, with what has to come back, and until when."""

    who: Person
    to: Application
    challenge: str
    nonce: str
    until: datetime


@dataclass
class Provider:
    """Who is logged in where, and the codes that wait to be exchanged."""

    tokens: Tokens
    applications: Sequence[Application]
    people: Sequence[Person] = PEOPLE
    sessions: dict[str, tuple[Person, Application]] = field(default_factory=dict)
    _codes: dict[str, Given] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @property
    def issuer(self) -> str:
        return self.tokens.issuer

    def wanted(self, asked: Mapping[str, str]) -> Application:
        """The application that asks to let somebody log in. Raises: Refused."""
        to = next((each for each in self.applications if each.id == asked.get("client_id")), None)
        if to is None or asked.get("redirect_uri") != to.callback:
            raise Refused("invalid_request")
        is_code = asked.get("response_type") == "code" and "openid" in asked.get("scope", "").split()
        is_proven = asked.get("code_challenge_method") == "S256" and _CHALLENGE.fullmatch(asked.get("code_challenge", ""))
        if not (is_code and is_proven):
            raise Refused("invalid_request")
        return to

    def let_in(self, asked: Mapping[str, str], who: str) -> str:
        """The address to go back to with a code for somebody who was chosen. Raises: Refused."""
        to, person = self.wanted(asked), next((each for each in self.people if each.subject == who), None)
        if person is None:
            raise Refused("access_denied")
        code, until = token_urlsafe(24), self.tokens.clock.now() + CODE_LASTS
        with self._lock:
            self._codes[code] = Given(person, to, asked["code_challenge"], asked.get("nonce", ""), until)
        return f"{to.callback}?{urlencode({'code': code, 'state': asked.get('state', ''), 'iss': self.issuer})}"

    def exchange(self, form: Mapping[str, str], to: Application) -> dict[str, Any]:
        """The tokens for a code, once. Raises: Refused."""
        with self._lock:
            given = self._codes.pop(form.get("code", ""), None)
        shown = b64url(sha256(form.get("code_verifier", "").encode()).digest())
        if given is None or given.to != to or form.get("redirect_uri") != to.callback or shown != given.challenge:
            raise Refused("invalid_grant")
        if self.tokens.clock.now() >= given.until:
            raise Refused("invalid_grant")
        session, access = token_urlsafe(16), self.tokens.access(given.who, to)
        self.sessions[session] = (given.who, to)
        identity = self.tokens.identity(given.who, to, given.nonce, session, access)
        return {"access_token": access, "token_type": "Bearer", "expires_in": LASTS, "scope": "openid", "id_token": identity}

    def known(self, form: Mapping[str, str], authorization: str) -> Application:
        """The application that shows who it is, by its secret (RFC 6749, section 2.3.1) or without one. Raises: Refused."""
        id, secret = _shown(authorization) or (form.get("client_id", ""), "")
        to = next((each for each in self.applications if each.id == id), None)
        if to is None or not hmac.compare_digest(to.secret.encode(), secret.encode()):
            raise Refused("invalid_client")
        return to

    def end(self, session: str) -> bool:
        """Ends a session, and tells its application; gives whether there was one."""
        found = self.sessions.pop(session, None)
        if found is None:
            return False
        who, to = found
        if to.logged_out:
            said = {"logout_token": self.tokens.log_out(who, to, session)}
            httpx2.post(to.logged_out, data=said, timeout=5, verify=False)
        return True

    def end_hinted(self, hint: str) -> bool:
        """The same by an ID token of that session. Raises: Refused."""
        try:
            return self.end(str(self.tokens.seal.read(hint).get("sid", "")))
        except ValueError:
            raise Refused("invalid_request") from None


def application(provider: Provider) -> Starlette:
    """The provider over HTTP."""
    home = next((each.home for each in provider.applications if each.home), "/")

    async def about(_: Request) -> Response:
        return JSONResponse(_about(provider.issuer))

    async def keys(_: Request) -> Response:
        return JSONResponse(provider.tokens.seal.jwks())

    async def choose(request: Request) -> Response:
        asked = fields_of(request.query_params.multi_items())
        try:
            to = provider.wanted(asked)
        except Refused:
            return _refused(home)
        back = "/".join(to.callback.split("/")[:3])
        shown = {name: asked[name] for name in _ASKED if name in asked}
        return page("choose.html", sends_to=f"'self' {back}", room=ROOM, asked=shown, people=provider.people, **_demo(home))

    async def chosen(request: Request) -> Response:
        form = await _form(request)
        try:
            return RedirectResponse(provider.let_in(form, form.get("who", "")), 303, _NO_STORE)
        except Refused:
            return _refused(home)

    async def token(request: Request) -> Response:
        form = await _form(request)
        try:
            to = provider.known(form, request.headers.get("authorization", ""))
            if form.get("grant_type") != "authorization_code":
                raise Refused("unsupported_grant_type")
            return JSONResponse(provider.exchange(form, to), headers=_NO_STORE)
        except Refused as error:
            return JSONResponse({"error": str(error)}, 401 if str(error) == "invalid_client" else 400, _NO_STORE)

    async def end(request: Request) -> Response:
        form = await _form(request) if request.method == "POST" else fields_of(request.query_params.multi_items())
        try:
            await run_in_threadpool(provider.end_hinted, form.get("id_token_hint", ""))
        except Refused:
            return _refused(home)
        said = Both("U bent uitgelogd bij de inlogdienst van de demo", "You are logged out of the demo's login service")
        return page("refused.html", room=ROOM, title=said, **_demo(home))

    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", about),
            Route("/jwks", keys),
            Route("/authorize", choose),
            Route("/authorize", chosen, methods=["POST"]),
            Route("/token", token, methods=["POST"]),
            Route("/end-session", end, methods=["GET", "POST"]),
            *assets(),
        ]
    )


@contextmanager
def serving(provider: Provider, at: socket.socket) -> Iterator[None]:
    """Lets the provider listen on a bound socket of this machine while the block lasts."""
    config = uvicorn.Config(application(provider), log_level="error", lifespan="off", access_log=False, server_header=False)
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, args=([at],), name="demo-provider", daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        sleep(0.005)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)
        at.close()


@contextmanager
def providing(clock: Clock, *applications: Application, people: Sequence[Person] = PEOPLE, port: int = 0) -> Iterator[Provider]:
    """A provider on a port of 127.0.0.1 (0: any that is free) while the block lasts."""
    at = socket.create_server(("127.0.0.1", port))
    issuer = f"http://127.0.0.1:{at.getsockname()[1]}"
    provider = Provider(Tokens(issuer, clock, Seal()), applications, people)
    with serving(provider, at):
        yield provider


def _about(issuer: str) -> dict[str, Any]:
    places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
    places |= {"end_session_endpoint": "end-session"}
    return {
        "issuer": issuer,
        **{name: f"{issuer}/{path}" for name, path in places.items()},
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    }


def _demo(home: str) -> dict[str, Any]:
    return {"is_demo": True, "home": home}


def _refused(home: str) -> Response:
    said = Both("De inlogdienst van de demo kan hier niets mee", "The demo's login service can do nothing with this")
    return page("refused.html", 400, room=ROOM, title=said, **_demo(home))


async def _form(request: Request) -> Mapping[str, str]:
    return fields_of(parse_qsl((await request.body()).decode("ascii", "replace"), keep_blank_values=True))


def _shown(authorization: str) -> tuple[str, str] | None:
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        id, _, secret = b64decode(text, validate=True).decode().partition(":")
    except ValueError:
        raise Refused("invalid_client") from None
    return unquote_plus(id), unquote_plus(secret)
