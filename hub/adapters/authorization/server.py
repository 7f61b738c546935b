"""Authlib's authorization server with what is the hub's own: who clients are, what tokens look like, and what is remembered."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authlib.oauth2.rfc6749 import (  # type: ignore[import-untyped]
    AuthorizationServer,
    ClientMixin,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
    OAuth2Request,
    TokenEndpoint,
)
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload  # type: ignore[import-untyped]
from authlib.oauth2.rfc7009 import RevocationEndpoint  # type: ignore[import-untyped]
from authlib.oauth2.rfc7662 import IntrospectionEndpoint  # type: ignore[import-untyped]

from hub.adapters import certificates, compact
from hub.adapters.authorization.assertions import Assertions, refusal
from hub.adapters.authorization.issued import LIFE, Issued
from hub.adapters.compact import Compact
from hub.adapters.proofs import Proofs
from hub.adapters.registrations import Organisation
from hub.errors import Unauthenticated
from hub.ports import Clock, Shown

METHOD, GRANT = "private_key_jwt", "client_credentials"
_TOLD = ("iss", "sub", "client_id", "aud", "iat", "exp", "jti", "scope", "cnf")


@dataclass(frozen=True, slots=True)
class Client(ClientMixin):  # type: ignore[misc]
    """A partner's system, as Authlib asks about it."""

    organisation: Organisation

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == GRANT

    def check_endpoint_auth_method(self, method: str, _: str) -> bool:
        return method == METHOD


@dataclass(frozen=True, slots=True)
class Known:
    """A token of the hub, as Authlib asks about it."""

    token: Compact
    has_ended: bool
    was_revoked: bool

    def check_client(self, client: Client) -> bool:
        return self.token.text("client_id") == client.organisation.name

    def is_expired(self) -> bool:
        return self.has_ended

    def is_revoked(self) -> bool:
        return self.was_revoked


class _Request(OAuth2Request):  # type: ignore[misc]
    def __init__(self, uri: str, form: Mapping[str, str], shown: Shown) -> None:
        super().__init__("POST", uri)
        self.payload, self.shown = BasicOAuth2Payload(dict(form)), shown

    @property
    def form(self) -> Mapping[str, str]:
        said: Mapping[str, str] = self.payload.data
        return said


class Server(AuthorizationServer):  # type: ignore[misc]
    """Answers forms; the token endpoint is at the address `uri`."""

    def __init__(self, uri: str, assertions: Assertions, issued: Issued, proofs: Proofs, clock: Clock) -> None:
        super().__init__()
        self.uri, self.assertions, self.issued, self.proofs, self.clock = uri, assertions, issued, proofs, clock
        self.register_client_auth_method(METHOD, self._client)
        self.register_grant(_Grant)
        self.register_endpoint(_Revocation)
        self.register_endpoint(_Introspection)

    def answered(self, endpoint: str, form: Mapping[str, str], shown: Shown) -> tuple[int, Mapping[str, Any]]:
        """The status and the JSON of an answer."""
        try:
            request = _Request(self.uri, form, shown)
        except OAuth2Error as error:
            return self.handle_response(*error())
        if endpoint == "token":
            found: tuple[int, Mapping[str, Any]] = self.create_token_response(request)
        else:
            found = self.create_endpoint_response(endpoint, request)
        return found

    def known(self, text: str) -> Known | None:
        """The token of the hub in that text, whether it still counts or not."""
        try:
            token = compact.read(text)
        except ValueError:
            return None
        if not self.issued.is_ours(token):
            return None
        return Known(token, self.clock.now() >= token.moment("exp"), self.issued.is_revoked(token))

    def _client(self, _: Any, request: _Request) -> Client:
        organisation = self.assertions.organisation(request.form, self.clock.now())
        _refuse_certificate(organisation, request.shown.certificate)
        return Client(organisation)

    # What Authlib leaves to us ------------------------------------------------------------------------

    def query_client(self, client_id: str) -> None:
        """Nobody: clients are known by their keys alone."""

    def save_token(self, token: Mapping[str, Any], request: Any) -> None:
        """Keeps nothing: a token says all there is to it."""

    def send_signal(self, name: str, *args: Any, **more: Any) -> None:
        """Tells nobody."""

    def create_oauth2_request(self, request: _Request) -> _Request:
        return request

    def handle_response(self, status: int, body: Mapping[str, Any], _: Any) -> tuple[int, Mapping[str, Any]]:
        return status, body

    def handle_error_response(self, _: Any, error: OAuth2Error) -> tuple[int, Mapping[str, Any]]:
        status, said = error()[:2]
        # what was asked is not said again
        plain = {"error_description": f"the one grant_type here is {GRANT}"}
        return status, said | (plain if said["error"] == "unsupported_grant_type" else {})


class _Grant(ClientCredentialsGrant):  # type: ignore[misc]
    GRANT_TYPE = GRANT
    TOKEN_ENDPOINT_AUTH_METHODS = (METHOD,)

    def validate_token_request(self) -> None:
        super().validate_token_request()
        self.bound = self._bound(self.request.client.organisation, self.request.shown, self.server.clock.now())

    def validate_requested_scope(self) -> None:
        self.scopes = _scopes(self.request.form.get("scope", ""), self.request.client.organisation)

    def create_token_response(self) -> tuple[int, Mapping[str, Any], list[Any]]:
        organisation = self.request.client.organisation
        said = {
            "access_token": self.server.issued.issue(organisation, self.scopes, self.bound, self.server.clock.now()),
            "token_type": "DPoP" if "jkt" in self.bound else "Bearer",
            "expires_in": int(LIFE.total_seconds()),
            "scope": " ".join(sorted(self.scopes)),
        }
        return 200, said, []

    def _bound(self, organisation: Organisation, shown: Shown, at: datetime) -> dict[str, str]:
        to_certificate = {"x5t#S256": organisation.certificate} if organisation.certificate else {}
        if not shown.dpop and not organisation.requires_dpop:
            return to_certificate
        try:
            return to_certificate | {"jkt": self.server.proofs.holder(shown, at)}
        except Unauthenticated as error:
            raise OAuth2Error(error.detail, error="invalid_dpop_proof") from None


class _Asked(TokenEndpoint):  # type: ignore[misc]
    CLIENT_AUTH_METHODS = (METHOD,)

    def check_params(self, request: _Request, _: Client) -> None:
        # a hint that is of no use is passed over (RFC 7009, section 2.1)
        if not request.form.get("token"):
            raise InvalidRequestError("token is missing")

    def query_token(self, text: str, _: str | None) -> Known | None:
        found: Known | None = self.server.known(text)
        return found

    def check_permission(self, token: Known, client: Client, _: Any) -> bool:
        return token.check_client(client)

    def introspect_token(self, token: Known) -> dict[str, Any]:
        said = {name: token.token.claims[name] for name in _TOLD if name in token.token.claims}
        return {"active": True, "token_type": "DPoP" if "jkt" in said.get("cnf", {}) else "Bearer", **said}

    def revoke_token(self, token: Known, _: Any) -> None:
        if not token.has_ended:
            self.server.issued.revoke(token.token, self.server.clock.now())


class _Revocation(_Asked, RevocationEndpoint):  # type: ignore[misc]
    ENDPOINT_NAME = RevocationEndpoint.ENDPOINT_NAME


class _Introspection(_Asked, IntrospectionEndpoint):  # type: ignore[misc]
    ENDPOINT_NAME = IntrospectionEndpoint.ENDPOINT_NAME


def _scopes(asked: str, organisation: Organisation) -> frozenset[str]:
    scopes = frozenset(asked.split(" ")) if asked else organisation.scopes
    if not scopes or not scopes <= organisation.scopes:
        raise InvalidScopeError("more is asked than this organisation is registered for")
    return scopes


def _refuse_certificate(organisation: Organisation, shown: str) -> None:
    if not organisation.certificate:
        return
    try:
        found = certificates.thumbprint(shown) if shown else ""
    except ValueError:
        found = ""
    if not hmac.compare_digest(found.encode(), organisation.certificate.encode()):
        raise refusal("the certificate of this registration is not shown")
