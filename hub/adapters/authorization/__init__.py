"""The hub as OAuth 2 authorization server for partners' systems, on Authlib's core: tokens given, looked into, and taken back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.adapters.authorization.assertions import ALGORITHMS, Assertions
from hub.adapters.authorization.issued import Issued
from hub.adapters.authorization.server import Server
from hub.adapters.hub_keys import HubKeys
from hub.adapters.once import Once
from hub.adapters.proofs import ALGORITHMS as OF_PROOFS
from hub.adapters.proofs import Proofs
from hub.adapters.registrations import Registrations
from hub.domain.registrations import SCOPES
from hub.ports import Clock, Shown

TOKEN, INTROSPECTION, REVOCATION = "/oauth/token", "/oauth/introspect", "/oauth/revoke"
METADATA = "/.well-known/oauth-authorization-server"


@dataclass(frozen=True, slots=True)
class Authorization:
    """The authorization server at the address `base`."""

    base: str
    server: Server
    is_bound: bool

    @classmethod
    def of(
        cls, base: str, registrations: Registrations, keys: HubKeys, once: Once, proofs: Proofs, clock: Clock, is_bound: bool
    ) -> "Authorization":
        """All of it put together; `is_bound` where a proxy passes certificates of clients on."""
        assertions = Assertions(registrations, keys, once, frozenset({base, base + TOKEN}))
        return cls(base, Server(base + TOKEN, assertions, Issued(keys, once, base), proofs, clock), is_bound)

    def answer(self, path: str, form: Mapping[str, str], shown: Shown) -> tuple[int, Mapping[str, Any]]:
        """The status and the JSON that a form posted to that path is answered with.

        Raises:
            Unavailable: what was used cannot be remembered now.
        """
        return self.server.answered({TOKEN: "token", INTROSPECTION: "introspection", REVOCATION: "revocation"}[path], form, shown)

    def metadata(self) -> Mapping[str, Any]:
        """What clients have to know of it (RFC 8414)."""
        ways = {"": TOKEN, "introspection_": INTROSPECTION, "revocation_": REVOCATION}
        said: dict[str, Any] = {}
        for name, path in ways.items():
            said[f"{name or 'token_'}endpoint"] = self.base + path
            said[f"{name or 'token_'}endpoint_auth_methods_supported"] = ["private_key_jwt"]
            said[f"{name or 'token_'}endpoint_auth_signing_alg_values_supported"] = list(ALGORITHMS)
        return {
            "issuer": self.base,
            "jwks_uri": self.base + "/v1/jwks",
            "scopes_supported": sorted(SCOPES),
            "response_types_supported": ["none"],
            "grant_types_supported": ["client_credentials"],
            "dpop_signing_alg_values_supported": list(OF_PROOFS),
            "tls_client_certificate_bound_access_tokens": self.is_bound,
            **said,
        }
