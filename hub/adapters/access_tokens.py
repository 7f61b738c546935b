"""Who asks: access tokens of partners' systems and of people (RFC 9068, RFC 9449, RFC 8705), read and believed or refused."""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from hub.adapters import certificates, compact, jws
from hub.adapters.authorization.issued import Issued
from hub.adapters.compact import Compact
from hub.adapters.jwks import Jwks
from hub.adapters.proofs import Proofs
from hub.adapters.registrations import Organisation, Registrations
from hub.domain.callers import Caller, Capacity
from hub.errors import NotAllowed, Unauthenticated
from hub.ports import Shown, Signer

ALGORITHMS = ("PS256", "RS256", "ES256", "EdDSA", "Ed25519")
TYPE = "at+jwt"
LEEWAY = timedelta(seconds=30)
"""How far the clock of another issuer may be ahead of ours."""
POST = "signals:write"
_ROLES = {each.value: each for each in Capacity if each is not Capacity.PARTNER}
_BINDINGS = frozenset({"jkt", "x5t#S256"})


class Issuer(Protocol):
    """Whoever issued a token: says whom it is of, or why it does not count."""

    def caller(self, token: Compact, at: datetime) -> Caller: ...


class AccessTokens:
    """Reads what is shown; `issuers` are those that are believed, by their name (`iss`)."""

    def __init__(self, issuers: "dict[str, Issuer]", registrations: Registrations, proofs: Proofs) -> None:
        self._issuers, self._registrations, self._proofs = issuers, registrations, proofs

    def read(self, shown: Shown, at: datetime) -> Caller:
        """Who shows this.

        Raises:
            Unauthenticated: nothing, or no token that counts now for who shows it; with the code of the reason.
            Unavailable: whether it counts cannot be told now.
        """
        scheme, text = _credentials(shown.authorization)
        token = _read(text)
        caller = self._caller(token, at)
        self._refuse_stolen(scheme, token, text, shown, at)
        return caller

    def _caller(self, token: Compact, at: datetime) -> Caller:
        issuer = self._issuers.get(token.text("iss"))
        if issuer is None:
            raise refusal("token-issuer", "is of an issuer that the hub does not believe")
        return issuer.caller(token, at)

    def refuse_other(self, shown: Shown, signer: Signer, at: datetime) -> None:
        """Refuses a signal whose sender shows a token that is not its own, or none where its registration asks for one.

        Raises:
            Unauthenticated: the token does not count, or is missing.
            NotAllowed: it is another's, or not for posting signals.
        """
        if not shown.authorization and not self._requires_token(signer.partner):
            return
        caller = self.read(shown, at)
        if caller.role is not Capacity.PARTNER or caller.organisation != signer.partner:
            raise NotAllowed("The token is not of the organisation that signed.", code="token-of-another")
        if POST not in caller.scopes:
            raise NotAllowed(f"The token is not for {POST}.", code="scope-missing")

    def _requires_token(self, name: str) -> bool:
        organisation = self._registrations.by_name(name)
        return organisation is None or organisation.requires_token

    def _refuse_stolen(self, scheme: str, token: Compact, text: str, shown: Shown, at: datetime) -> None:
        bound = _confirmation(token)
        if (scheme == "dpop") != ("jkt" in bound):
            raise refusal("token-scheme", "is bound to a key and shown with DPoP, or not and shown with Bearer")
        if "x5t#S256" in bound:
            _refuse_without(shown.certificate, bound["x5t#S256"])
        if "jkt" in bound and not shown.was_let_in:
            self._proofs.holder(shown, at, text, bound["jkt"])


@dataclass(frozen=True, slots=True)
class OfPartners:
    """Tokens of partners' systems: of the hub itself, or of one other issuer."""

    registrations: Registrations
    verified: Callable[[Compact, datetime], None]

    def caller(self, token: Compact, at: datetime) -> Caller:
        """The organisation of the token, with the scopes that it was given and still has."""
        self.verified(token, at)
        organisation = self.registrations.by_name(token.text("client_id"))
        if organisation is None:
            raise refusal("token-partner", "is of no organisation that is registered")
        if organisation.is_suspended:
            raise refusal("partner-suspended", "is of an organisation of which nothing is accepted for the time being")
        _refuse_loose(token, organisation)
        scopes = frozenset(token.text("scope").split()) & organisation.scopes
        return Caller(Capacity.PARTNER, organisation.name, organisation.name, scopes)


@dataclass(frozen=True, slots=True)
class OfPeople:
    """Tokens of people who logged in elsewhere; the names of the claims are those of the settings."""

    verified: Callable[[Compact, datetime], None]
    subject: str = "sub"
    role: str = "hub_role"
    organisation: str = "organisation"

    def caller(self, token: Compact, at: datetime) -> Caller:
        """The person of the token, in the one role that it names."""
        self.verified(token, at)
        _refuse_no_access(token)
        subject, role = token.text(self.subject), _ROLES.get(_only(token.claims.get(self.role)))
        if not 0 < len(subject) <= 200 or not subject.isprintable():
            raise refusal("token-subject", "does not say whose it is")
        if role is None:
            raise refusal("token-role", "does not name one role that the hub knows")
        organisation = _only(token.claims.get(self.organisation))
        if not organisation:
            raise refusal("token-organisation", "does not name one organisation")
        return Caller(role, subject, organisation)


def own(issued: Issued) -> Callable[[Compact, datetime], None]:
    """What verifies tokens of the hub itself."""

    def verified(token: Compact, at: datetime) -> None:
        _refuse_untimely(token, at, timedelta())
        if not issued.is_ours(token):
            raise refusal("token-signature", "is not signed by the hub")
        if issued.is_revoked(token):
            raise refusal("token-revoked", "was revoked")

    return verified


def of_issuer(keys: Jwks, audience: str, types: Sequence[str]) -> Callable[[Compact, datetime], None]:
    """What verifies tokens of another issuer, with its keys; in the header stands one of these types."""

    def verified(token: Compact, at: datetime) -> None:
        if token.header_text("typ").lower().removeprefix("application/") not in types:
            raise refusal("token-type", "is no access token")
        _refuse_untimely(token, at, LEEWAY)
        if audience not in token.audiences():
            raise refusal("token-audience", "is for somebody else")
        _refuse_forged(token, keys)

    return verified


def refusal(code: str, detail: str) -> Unauthenticated:
    """The error that refuses a token for the reason of that code."""
    return Unauthenticated(f"The token {detail}.", code=code)


def _credentials(authorization: tuple[str, ...]) -> tuple[str, str]:
    if not authorization:
        raise Unauthenticated("Show who you are: Authorization: Bearer or DPoP, and a token.", code="token-missing")
    scheme, _, token = authorization[0].partition(" ")
    if len(authorization) > 1 or scheme.lower() not in ("bearer", "dpop") or not token.strip():
        raise Unauthenticated("Show who you are once: Authorization: Bearer or DPoP, and a token.", code="token-missing")
    return scheme.lower(), token.strip()


def _read(text: str) -> Compact:
    try:
        return compact.read(text)
    except ValueError:
        raise refusal("token-malformed", "is none that the hub reads") from None


def _refuse_untimely(token: Compact, at: datetime, leeway: timedelta) -> None:
    try:
        begins = [token.moment(name) for name in ("iat", "nbf") if name in token.claims]
        ends = token.moment("exp")
    except ValueError:
        raise refusal("token-malformed", "does not say until when it counts") from None
    if any(begin > at + leeway for begin in begins):
        raise refusal("token-not-yet", "does not count yet")
    if at >= ends:
        raise refusal("token-expired", "does not count any more: ask for a new one")


def _refuse_forged(token: Compact, keys: Jwks) -> None:
    if token.algorithm not in ALGORITHMS:
        raise refusal("token-algorithm", f"is not signed with {', '.join(ALGORITHMS)}")
    key = keys.key(token.kid)
    if key is None:
        raise refusal("token-key", "is signed with a key that its issuer does not show")
    if key.get("alg", token.algorithm) != token.algorithm or not token.is_signed(jws.key_in(key)):
        raise refusal("token-signature", "is not signed by its issuer")


def _refuse_loose(token: Compact, organisation: Organisation) -> None:
    """A registration may ask more than its issuer did."""
    bound = _confirmation(token)
    if organisation.requires_dpop and "jkt" not in bound:
        raise refusal("token-unbound", "is not bound to a key (DPoP), as this registration asks")
    if organisation.certificate and not hmac.compare_digest(bound.get("x5t#S256", "").encode(), organisation.certificate.encode()):
        raise refusal("token-unbound", "is not bound to the certificate of this registration")


def _refuse_no_access(token: Compact) -> None:
    # an id token has the same signer, and where the hub is named as audience the same audience: it gives access to nothing
    marks = {"nonce", "at_hash", "c_hash", "events"} & token.claims.keys()
    if token.header_text("typ").lower() in ("jwt", "") and (marks or token.claims.get("typ", "Bearer") != "Bearer"):
        raise refusal("token-type", "is no access token")


def _confirmation(token: Compact) -> dict[str, str]:
    bound: Any = token.claims.get("cnf", {})
    if not isinstance(bound, dict) or not bound.keys() <= _BINDINGS or not all(isinstance(value, str) for value in bound.values()):
        raise refusal("token-binding", "is bound to something that the hub does not know")
    return bound


def _refuse_without(certificate: str, bound: str) -> None:
    if not certificate:
        raise refusal("certificate-missing", "is bound to a certificate, and none was shown")
    try:
        shown = certificates.thumbprint(certificate)
    except ValueError:
        shown = ""
    if not hmac.compare_digest(shown.encode(), bound.encode()):
        raise refusal("certificate-other", "is bound to another certificate")


def _only(claim: Any) -> str:
    if isinstance(claim, list) and len(claim) == 1:
        (claim,) = claim
    return claim if isinstance(claim, str) and len(claim) <= 200 else ""
