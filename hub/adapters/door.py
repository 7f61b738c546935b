"""The front door put together: whom the hub gives tokens to, and whose tokens it believes."""

from dataclasses import dataclass
from typing import Self

from sqlalchemy import Engine

from hub.adapters import access_tokens
from hub.adapters.access_tokens import AccessTokens, OfPartners, OfPeople
from hub.adapters.authorization import Authorization
from hub.adapters.authorization.issued import Issued
from hub.adapters.hub_keys import HubKeys
from hub.adapters.jwks import Jwks
from hub.adapters.login import Claims
from hub.adapters.once import Once
from hub.adapters.proofs import Proofs
from hub.adapters.registrations import Registrations
from hub.ports import Clock


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another issuer of tokens, by its name (empty: there is none), where its keys are, and whom its tokens are for."""

    issuer: str = ""
    jwks: str = ""
    audience: str = ""


@dataclass(frozen=True, slots=True)
class Door:
    """Who reads tokens, and who gives them to partners (nobody, where another issuer does); `issued` are the hub's own."""

    tokens: AccessTokens
    authorization: Authorization | None
    issued: Issued

    @classmethod
    def of(
        cls,
        base: str,
        registrations: Registrations,
        keys: HubKeys,
        remembered: Engine,
        clock: Clock,
        people: Elsewhere,
        claims: Claims,
        partners: Elsewhere,
        has_certificates: bool = False,
    ) -> Self:
        """The door of the hub at the address `base`; `remembered` is where ids are kept that count once."""
        once = Once(remembered)
        proofs, issued = Proofs(once, base), Issued(keys, once, base)
        issuers: dict[str, access_tokens.Issuer] = {}
        if people.issuer:
            verified = access_tokens.of_issuer(Jwks(people.issuer, people.jwks), people.audience or base, ("at+jwt", "jwt"))
            issuers[people.issuer] = OfPeople(verified, claims.subject, claims.role, claims.organisation)
        if partners.issuer:
            verified = access_tokens.of_issuer(Jwks(partners.issuer, partners.jwks), partners.audience or base, ("at+jwt",))
            issuers[partners.issuer] = OfPartners(registrations, verified)
            return cls(AccessTokens(issuers, registrations, proofs), None, issued)
        issuers[base] = OfPartners(registrations, access_tokens.own(issued))
        tokens = AccessTokens(issuers, registrations, proofs)
        return cls(tokens, Authorization.of(base, registrations, keys, once, proofs, clock, has_certificates), issued)
