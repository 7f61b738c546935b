"""A front door with real keys and stores, and partners' systems that ask it for tokens with another library than its own."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import JWKRegistry

from hub.adapters.door import Door, Elsewhere
from hub.adapters.login import Claims
from hub.adapters.migrations import bring_up
from hub.adapters.secret_files import write_new
from hub.domain.registrations import Access
from hub.ports import SetClock, Shown
from tests import issuer
from tests.adapters.registered import NOW, Book, a_registration, jwk, occasion, with_key
from tests.given import some_hub_keys
from tests.parts import databases

BASE = "https://hub.example.org"
TOKEN, INTROSPECT, REVOKE = "/oauth/token", "/oauth/introspect", "/oauth/revoke"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ["PS256", "RS256", "ES256", "EdDSA", "Ed25519", "HS256", "none"]
OTHER_OIN = "00000099000000002000"
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def encoded(header: Mapping[str, Any], claims: Mapping[str, Any], key: Mapping[str, Any]) -> str:
    """A JWT by joserfc."""
    bare = {name: value for name, value in key.items() if name not in ("alg", "use", "kid")}
    return jwt.encode(dict(header), dict(claims), _imported(json.dumps(bare)), algorithms=ALGORITHMS)


@cache
def _imported(key: str) -> Any:
    return JWKRegistry.import_key(json.loads(key))


def public_of(key: Mapping[str, Any]) -> dict[str, Any]:
    """The public half of a key, by joserfc, with nothing beside its numbers."""
    found = JWKRegistry.import_key(dict(key)).as_dict(private=False)
    return {name: value for name, value in found.items() if name not in ("alg", "use", "kid")}


def jkt(key: Mapping[str, Any]) -> str:
    """The thumbprint of a key, by joserfc."""
    return JWKRegistry.import_key(public_of(key)).thumbprint()


@dataclass(frozen=True)
class System:
    """A partner's system with a key of its registration, and one to bind tokens to."""

    name: str = "police"
    kid: str = "police-1"
    algorithm: str = "PS256"
    base: str = BASE

    @property
    def key(self) -> Mapping[str, Any]:
        return jwk(self.algorithm, self.kid)

    @property
    def bound_to(self) -> Mapping[str, Any]:
        return jwk("ES256", f"{self.name}-dpop")

    def claims(self, at: datetime = NOW, **but: Any) -> dict[str, Any]:
        """What its assertion says; `None` leaves a claim out."""
        begins = int(at.timestamp())
        said = {"iss": self.name, "sub": self.name, "aud": self.base + TOKEN, "iat": begins, "exp": begins + 60}
        return {name: value for name, value in (said | {"jti": str(uuid4())} | but).items() if value is not None}

    def assertion(self, at: datetime = NOW, header: Mapping[str, Any] | None = None, alg: str = "", **but: Any) -> str:
        """An assertion, with more in its header where that is given."""
        start = {"alg": alg or self.algorithm, "kid": self.kid, "typ": "JWT", **(header or {})}
        return encoded(start, self.claims(at, **but), self.key)

    def form(self, assertion: str = "", at: datetime = NOW, **but: str) -> dict[str, str]:
        """What it posts to get a token."""
        said = {"grant_type": "client_credentials", "client_assertion_type": JWT_BEARER}
        return said | {"client_assertion": assertion or self.assertion(at)} | but

    def proof(self, method: str, path: str, token: str = "", at: datetime = NOW, **but: Any) -> str:
        """A proof that it holds its other key."""
        ath = {"ath": urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode()} if token else {}
        said = {"htm": method, "htu": self.base + path, "iat": int(at.timestamp()), "jti": str(uuid4()), **ath}
        key = but.pop("key", self.bound_to)
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": public_of(key)} | but.pop("header", {})
        return encoded(header, {name: value for name, value in (said | but).items() if value is not None}, key)


@cache
def _keys() -> Mapping[str, str]:
    """The files with the keys of a hub that has one for tokens, made once in a run."""
    with TemporaryDirectory() as place:
        some_hub_keys(Path(place) / "hub-keys.json", NOW).token_key(NOW)
        return {file.name: file.read_text() for file in Path(place).iterdir()}


@dataclass
class Gate:
    """The door of a hub with one organisation; more of them come with `register`."""

    place: Path
    people: Elsewhere = field(default_factory=lambda: Elsewhere(issuer.ISSUER, str(issuer.jwks()), issuer.AUDIENCE))
    partners: Elsewhere = field(default_factory=Elsewhere)
    book: Book = field(default_factory=Book)

    def __post_init__(self) -> None:
        self.clock = SetClock(NOW)
        for name, text in _keys().items():
            write_new(self.place / name, text)
        self.keys = some_hub_keys(self.place / "hub-keys.json", NOW)
        self.engine = databases.opened(self.place / "door.db")
        bring_up(self.engine, "door")
        self.registered = self.register("police", "police-1")
        self.reopen()

    def reopen(self) -> None:
        """The same door in another process."""
        known = self.book.registrations
        self.door = Door.of(BASE, known, self.keys, self.engine, self.clock, self.people, Claims(), self.partners, True)

    def register(self, name: str, kid: str, algorithm: str = "PS256", oin: str = "", **access: Any) -> Any:
        """Takes an organisation in, with a key."""
        oins = {"oin": oin} if oin else {}
        made = with_key(a_registration(name, algorithms=[algorithm], **oins), algorithm, kid)
        made.grant_access(Access(**access), "a test", occasion())
        self.book.save(made)
        return made

    def post(self, path: str, form: Mapping[str, str], *proofs: str, certificate: str = "") -> tuple[int, dict[str, Any]]:
        """What the authorization server answers to a form."""
        assert self.door.authorization is not None
        shown = Shown("POST", path, (), proofs, certificate)
        status, said = self.door.authorization.answer(path, form, shown)
        return status, dict(json.loads(json.dumps(said)))

    def token(self, system: System | None = None, *proofs: str, certificate: str = "", **asked: str) -> str:
        """A token for a system."""
        form = (system or System()).form(at=self.clock.now(), **asked)
        status, said = self.post(TOKEN, form, *proofs, certificate=certificate)
        assert status == 200, said
        return str(said["access_token"])

    def bound(self, system: System | None = None, **but: Any) -> str:
        """A token that is bound to the other key of a system."""
        system = system or System()
        return self.token(system, system.proof("POST", TOKEN, at=self.clock.now()), **but)

    def refused(self, form: Mapping[str, str], *proofs: str, path: str = TOKEN, certificate: str = "") -> str:
        """The error that a form is answered with."""
        status, said = self.post(path, form, *proofs, certificate=certificate)
        assert status == 400, said
        return str(said["error"])


def bearer(token: str, **but: Any) -> Shown:
    """A token as it is shown to post a signal."""
    return Shown(**{"method": "POST", "address": "/v1/signals", "authorization": (f"Bearer {token}",)} | but)


def with_proof(token: str, *proofs: str, **but: Any) -> Shown:
    """The same for a token that is bound to a key."""
    return bearer(token, **{"authorization": (f"DPoP {token}",), "dpop": proofs} | but)
