"""How the hub says no over HTTP: one table from error to status, answered as problem documents (RFC 9457)."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from math import ceil
from traceback import extract_tb
from typing import Any
from uuid import uuid4

import msgspec
import structlog
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hub import errors
from hub.api.filling import violations_of
from hub.errors import HubError, Malformed, TooMany, Unauthenticated, Unavailable, Violation

MEDIA = "application/problem+json"
TYPE = "urn:vig-hub:problem:"

STATUS: Mapping[type[BaseException], tuple[int, str]] = {
    errors.HubError: (500, "The hub cannot do this"),
    errors.Refused: (400, "Refused"),
    errors.Malformed: (400, "The request is not what its contract asks"),
    errors.TooLarge: (413, "Too large"),
    errors.WrongMediaType: (415, "A content type that is not read here"),
    errors.SignatureRefused: (401, "The signature is not accepted"),
    errors.UnknownType: (400, "No contract for this type of message"),
    errors.NotAllowed: (403, "Not allowed"),
    errors.NotKnown: (404, "Not found"),
    errors.IdReused: (409, "The id was used for another message"),
    errors.TooMany: (429, "Not so many, or not so fast"),
    errors.Unreadable: (400, "The message cannot be read"),
    errors.Unauthenticated: (401, "Who are you?"),
    errors.RuleBroken: (409, "The rules of the trajectory forbid this"),
    errors.StaleDecision: (412, "The family has changed since"),
    errors.Fault: (500, "Something in the hub is broken"),
    errors.Unavailable: (503, "The hub cannot keep its promises right now"),
    errors.OutOfReach: (503, "The hub cannot keep its promises right now"),
}
"""Looked up along the ancestry of an error's class."""

_HEADERS: Mapping[type[BaseException], Mapping[str, str]] = {
    errors.SignatureRefused: {"WWW-Authenticate": 'Payload-Signature realm="signals"'},
    errors.Unavailable: {"Retry-After": "2"},
    errors.TooLarge: {"Connection": "close"},
    errors.WrongMediaType: {"Accept-Encoding": "identity"},
}
_HTTP = {
    400: ("malformed", "The request cannot be read", "This is nothing that the hub can read."),
    404: ("not-known", "Not found", "There is nothing at this address."),
    405: ("method-not-allowed", "Method not allowed", "This address does not answer to that method."),
    408: ("too-slow", "The request came too slowly", "The body did not come within the time that the hub waits for it."),
    414: ("address-too-long", "The address is too long", "The address is longer than the hub reads."),
    431: ("headers-too-large", "The headers are too large", "The headers hold more bytes than the hub reads."),
}

_told = structlog.get_logger("hub.api")


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem document, and the headers that go with it."""

    status: int
    title: str
    detail: str
    code: str
    violations: tuple[Violation, ...] = ()
    instance: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The members of RFC 9457, with the hub's own `code` and `violations`."""
        said = {"type": TYPE + self.code, "title": self.title, "status": self.status, "detail": self.detail, "code": self.code}
        wrong = [{"where": violation.where, "what": violation.what} for violation in self.violations]
        return {**said, **({"violations": wrong} if wrong else {}), **({"instance": self.instance} if self.instance else {})}


def problem_of(error: Exception) -> Problem:
    """What to answer to an error; one that nobody foresaw is told to the log under a number that the caller gets too."""
    if isinstance(error, RequestValidationError):
        error = Malformed("The request is not what its contract asks.", violations_of(error.errors()))
    if isinstance(error, NoConnection):
        error = Unavailable("The hub's database is too busy.")
    if isinstance(error, HubError):
        status, title = _first(error, STATUS)
        return Problem(status, title, error.detail, error.code, error.violations, headers=_headers_of(error))
    if isinstance(error, HTTPException) and error.status_code in _HTTP:
        code, title, detail = _HTTP[error.status_code]
        return Problem(error.status_code, title, detail, code, headers=error.headers or {})
    return _unforeseen(error)


def _headers_of(error: HubError) -> Mapping[str, str]:
    if isinstance(error, TooMany):
        return _until(error)
    if isinstance(error, Unauthenticated) or error.code == "scope-missing":
        return {"WWW-Authenticate": _challenge(error.code)}
    return _first(error, _HEADERS) if any(kind in _HEADERS for kind in type(error).__mro__) else {}


def _challenge(code: str) -> str:
    """What to show, and what is wrong with what was shown (RFC 6750, section 3; RFC 9449, section 7.1)."""
    bearer, bound = 'Bearer realm="hub"', 'DPoP realm="hub", algs="PS256 ES256 EdDSA Ed25519"'
    if code.startswith("dpop-"):
        return f'{bound}, error="invalid_dpop_proof"'
    if code == "scope-missing":
        return f'{bearer}, error="insufficient_scope"'
    wrong = "" if code.endswith("-missing") else ', error="invalid_token"'
    return f"{bearer}{wrong}, {bound}{wrong}"


def _until(error: TooMany) -> dict[str, str]:
    """When to come again, and by which measure (draft-ietf-httpapi-ratelimit-headers)."""
    wait = str(max(1, ceil(error.wait)))
    if error.quota is None:
        return {"Retry-After": wait}
    name, most, seconds, left = astuple(error.quota)
    return {
        "Retry-After": wait,
        "RateLimit-Policy": f'"{name}";q={most};w={seconds}',
        "RateLimit": f'"{name}";r={left};t={wait}',
    }


def _first(error: Exception, table: Mapping[type[BaseException], Any]) -> Any:
    return next(table[kind] for kind in type(error).__mro__ if kind in table)


def _unforeseen(error: Exception) -> Problem:
    incident = f"urn:uuid:{uuid4()}"
    # the words of an error may quote somebody's data: only its kind and its place are told
    places = [f"{frame.name}:{frame.lineno}" for frame in extract_tb(error.__traceback__)[-3:]]
    _told.error("unforeseen", incident=incident, kind=type(error).__name__, places=places)
    detail = "Something went wrong that should not; the operators of the hub find it under this instance."
    return Problem(500, "Something went wrong in the hub", detail, "unforeseen", instance=incident)


def refusal(problem: Problem) -> Response:
    """A problem document as it is answered."""
    headers = {"content-language": "en", **problem.headers}
    return Response(msgspec.json.encode(problem.document()), problem.status, headers, MEDIA)
