"""Who asks for a token: the assertion that a partner's system signs with a key of its registration (RFC 7523)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from authlib.oauth2.rfc6749 import InvalidClientError  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from hub.adapters import compact, jws
from hub.adapters.authorization.issued import ALGORITHM
from hub.adapters.compact import Compact
from hub.adapters.hub_keys import HubKeys
from hub.adapters.once import Once
from hub.adapters.registrations import Key, Organisation, Registrations

KIND = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("PS256", "RS256", "ES256")
LONGEST = timedelta(seconds=120)
AHEAD = timedelta(seconds=30)
"""How far ahead of our clock that of a partner may be."""

_ID = re.compile(r"[A-Za-z0-9._~:+/=-]{22,200}", re.ASCII)
_NOBODY = generate_private_key(SECP256R1()).public_key()
"""Nobody signs with this: it is verified with where nobody is known, so that a stranger waits as long as a forger."""


@dataclass(frozen=True, slots=True)
class Assertions:
    """Reads assertions for an authorization server that goes by these addresses; each of them counts once."""

    registrations: Registrations
    keys: HubKeys
    once: Once
    audiences: frozenset[str]

    def organisation(self, form: Mapping[str, str], at: datetime) -> Organisation:
        """Who signed the assertion in this form.

        Raises:
            InvalidClientError: nobody who may; an unknown client and a wrong signature are told in the same words.
        """
        if form.get("client_assertion_type") != KIND or not form.get("client_assertion"):
            raise refusal("send a client_assertion, of the type jwt-bearer")
        assertion = _read(form["client_assertion"])
        client = self._client(assertion, form)
        until = _until(assertion, at)
        organisation = self._signer(assertion, client, at)
        if not self.once.take("assertion", client, assertion.text("jti"), until, at):
            raise refusal("the assertion was used before: make one for every request")
        if organisation.is_suspended:
            raise refusal("nothing of this organisation is accepted for the time being")
        return organisation

    def _client(self, assertion: Compact, form: Mapping[str, str]) -> str:
        client = assertion.text("iss")
        if not client or assertion.text("sub") != client or form.get("client_id", client) != client:
            raise refusal("iss, sub and client_id of the assertion are not one")
        if len(assertion.audiences()) != 1 or not assertion.audiences() <= self.audiences:
            raise refusal("the assertion is for another server than this one alone")
        if not _ID.fullmatch(assertion.text("jti")):
            raise refusal("the jti of the assertion has not from 22 to 200 characters")
        return client

    def _signer(self, assertion: Compact, client: str, at: datetime) -> Organisation:
        # a name that nobody has makes the registrations look as anew as a stranger's does: after that all are looked up alike
        self.registrations.by_kid("")
        key = self.registrations.by_kid(assertion.kid)
        public = _public(key, assertion.algorithm)
        is_signed = assertion.is_signed(public or self._nobody(assertion.algorithm, at))
        if not is_signed or key is None or public is None or key.holder.name != client or not _counts(key, at):
            raise refusal("nobody is registered by that name with that key, or the assertion is not signed with it")
        return key.holder

    def _nobody(self, algorithm: str, at: datetime) -> jws.PublicKey:
        return _NOBODY if algorithm == "ES256" else self.keys.token_key(at).private.public_key()


def refusal(detail: str) -> InvalidClientError:
    """The error that refuses a client for that reason."""
    return InvalidClientError(detail)


def _read(text: str) -> Compact:
    try:
        assertion = compact.read(text)
    except ValueError:
        raise refusal("the assertion cannot be read, or its header has more than alg, typ and kid") from None
    if assertion.algorithm not in ALGORITHMS:
        raise refusal(f"the assertion is not signed with {', '.join(ALGORITHMS)}")
    if assertion.header_text("typ").lower() not in ("", "jwt", "client-authentication+jwt"):
        raise refusal("the typ of the assertion is that of something else")
    return assertion


def _until(assertion: Compact, at: datetime) -> datetime:
    try:
        begins, ends = assertion.moment("iat"), assertion.moment("exp")
        later = assertion.moment("nbf") if "nbf" in assertion.claims else begins
    except ValueError:
        raise refusal("the assertion has no iat or exp") from None
    if max(begins, later) > at + AHEAD:
        raise refusal("the assertion was made later than our clock says")
    if at >= ends:
        raise refusal("the assertion does not count any more")
    if not timedelta() < ends - begins <= LONGEST:
        raise refusal(f"the assertion counts for more than {int(LONGEST.total_seconds())} seconds")
    return ends


def _public(key: Key | None, algorithm: str) -> jws.PublicKey | None:
    """The key, where it may be used with that algorithm: RS256 and PS256 by every RSA key that does not name another."""
    if key is None:
        return None
    public = jws.public_key(key.jwk)
    is_named = json.loads(key.jwk).get("alg", algorithm) == algorithm
    is_asked = algorithm in ("RS256", ALGORITHM) or algorithm in key.holder.algorithms
    return public if is_named and is_asked and jws.fits_token(algorithm, public) else None


def _counts(key: Key, at: datetime) -> bool:
    is_over = (key.valid_until is not None and at >= key.valid_until) or (key.revoked_from is not None and at >= key.revoked_from)
    return key.valid_from <= at and not is_over
