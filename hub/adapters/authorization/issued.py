"""The access tokens that the hub issues to partners' systems (RFC 9068): made, known again, and taken back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe

from hub.adapters import compact
from hub.adapters.compact import Compact
from hub.adapters.hub_keys import HubKeys
from hub.adapters.once import Once
from hub.adapters.registrations import Organisation

TYPE = "at+jwt"
ALGORITHM = "PS256"
LIFE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Issued:
    """Tokens of the hub at the address `base`, which is both who issues them and whom they are for."""

    keys: HubKeys
    once: Once
    base: str

    def issue(self, to: Organisation, scopes: Collection[str], bound: Mapping[str, str], at: datetime) -> str:
        """A token for that organisation from `at` on, bound to a key (`jkt`) or certificate (`x5t#S256`) where one is given.

        Raises:
            Unavailable: the hub has no key for tokens now.
        """
        key, begins = self.keys.token_key(at), int(at.timestamp())
        claims = {
            "iss": self.base,
            "sub": to.name,
            "client_id": to.name,
            "azp": to.name,
            "aud": self.base,
            "iat": begins,
            "exp": begins + int(LIFE.total_seconds()),
            "jti": token_urlsafe(24),
            "scope": " ".join(sorted(scopes)),
        }
        return compact.write(TYPE, claims | ({"cnf": dict(bound)} if bound else {}), key.private, kid=key.kid)

    def is_ours(self, token: Compact) -> bool:
        """That the hub issued this for itself, with the key that signed at that moment: one that was replaced is worth nothing."""
        try:
            begins, ends = token.moment("iat"), token.moment("exp")
        except ValueError:
            return False
        key = self.keys.token_key_of(begins)
        said = (token.algorithm, token.header_text("typ"), token.text("iss"), token.claims.get("aud"))
        if key is None or token.kid != key.kid or said != (ALGORITHM, TYPE, self.base, self.base):
            return False
        return ends - begins <= LIFE and bool(token.text("jti")) and token.is_signed(key.private.public_key())

    def is_revoked(self, token: Compact) -> bool:
        """That it was taken back before its end."""
        return self.once.is_taken("revoked", self.base, token.text("jti"))

    def revoke(self, token: Compact, at: datetime) -> None:
        """Takes it back: from now on it counts nowhere."""
        self.once.take("revoked", self.base, token.text("jti"), token.moment("exp"), at)
