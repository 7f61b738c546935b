"""Whose access tokens the hub believes, and whom it gives them to itself."""

from dataclasses import dataclass

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


def believed(
    base: str,
    registrations: Registrations,
    keys: HubKeys,
    once: Once,
    clock: Clock,
    people: Elsewhere,
    claims: Claims,
    partners: Elsewhere,
    has_certificates: bool = False,
) -> tuple[AccessTokens, Authorization | None]:
    """What reads tokens for the hub at the address `base`, and what gives them to partners: nothing, where another issuer does.

    `has_certificates` where a proxy passes those of clients on.
    """
    proofs, issued = Proofs(once, base), Issued(keys, once, base)
    issuers: dict[str, access_tokens.Issuer] = {}
    if people.issuer:
        verified = access_tokens.of_issuer(Jwks(people.issuer, people.jwks), people.audience or base, ("at+jwt", "jwt"))
        issuers[people.issuer] = OfPeople(verified, claims.subject, claims.role, claims.organisation)
    if partners.issuer:
        verified = access_tokens.of_issuer(Jwks(partners.issuer, partners.jwks), partners.audience or base, ("at+jwt",))
        issuers[partners.issuer] = OfPartners(registrations, verified)
        return AccessTokens(issuers, registrations, proofs), None
    issuers[base] = OfPartners(registrations, access_tokens.own(issued))
    server = Authorization.of(base, registrations, keys, once, proofs, clock, has_certificates)
    return AccessTokens(issuers, registrations, proofs), server
