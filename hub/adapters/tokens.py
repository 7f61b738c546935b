"""Short-lived bearer tokens by which people and partners are told apart, until they log in elsewhere."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe

import msgspec

from hub.adapters.hub_keys import HubKeys
from hub.domain.callers import Caller, Capacity
from hub.errors import Malformed, Unauthenticated, Violation

TYPE = "vig-hub-token+jwt"
ISSUER = "urn:vig-hub"
LONGEST = timedelta(minutes=60)
_MOST_KEPT = 10_000


class _Claims(msgspec.Struct):
    iss: str
    aud: str
    sub: str
    role: Capacity
    organisation: str
    iat: int
    exp: int
    jti: str


@dataclass(frozen=True, slots=True)
class _Read:
    caller: Caller
    begins: datetime
    ends: datetime


class Tokens:
    """Issues and reads tokens (JWT, Ed25519 by the hub's own key); what was verified once is remembered until it ends."""

    def __init__(self, keys: HubKeys, issuer: str = ISSUER) -> None:
        self._keys, self._issuer = keys, issuer
        self._known: dict[str, _Read] = {}

    def issue(self, role: Capacity, subject: str, organisation: str, at: datetime, minutes: int = 60) -> str:
        """A token that is valid from `at` for so many minutes, 60 at most.

        Raises:
            Malformed: a longer or no time, or no subject.
        """
        if not 0 < minutes <= 60:
            raise Malformed("no such token", [Violation("minutes", "are not from 1 to 60")])
        if not subject:
            raise Malformed("no such token", [Violation("subject", "is empty")])
        begins = int(at.timestamp())
        claims = _Claims(self._issuer, self._issuer, subject, role, organisation, begins, begins + 60 * minutes, token_urlsafe(16))
        return self._keys.sign(msgspec.json.encode(claims), at, TYPE)

    def read(self, token: str, at: datetime) -> Caller:
        """Who shows this token.

        Raises:
            Unauthenticated: not a token of ours, or not valid `at`.
        """
        read = self._known.get(token) or self._verified(token)
        if not read.begins <= at < read.ends:
            raise Unauthenticated("the token is not valid now: ask for a new one")
        return read.caller

    def _verified(self, token: str) -> _Read:
        try:
            read = self._read(_decoder.decode(self._keys.read(token, TYPE)))
        except (ValueError, OverflowError):
            raise Unauthenticated("the token is not one of this hub") from None
        if len(self._known) >= _MOST_KEPT:
            self._known.clear()
        self._known[token] = read
        return read

    def _read(self, claims: _Claims) -> _Read:
        if (claims.iss, claims.aud) != (self._issuer, self._issuer):
            raise ValueError("for another hub")
        if not 0 < claims.exp - claims.iat <= LONGEST.total_seconds():
            raise ValueError("valid for too long")
        begins, ends = (datetime.fromtimestamp(moment, UTC) for moment in (claims.iat, claims.exp))
        return _Read(Caller(claims.role, claims.sub, claims.organisation), begins, ends)


_decoder = msgspec.json.Decoder(_Claims)
