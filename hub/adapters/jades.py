"""The form of a partner's signature: a detached JAdES signature over a digest and headers, in `Payload-Signature`.

ETSI TS 119 182-1, sigD mechanism HttpHeaders (clause 5.2.8.2), as the NL API module on signing asks:
``<protected>..<signature>`` over the lines ``name: value`` of the headers that `pars` names, unencoded (RFC 7797).
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

import msgspec

from hub.adapters import jws, rfc3339
from hub.errors import SignatureRefused

HTTP_HEADERS = "http://uri.etsi.org/19182/HttpHeaders"

_UNDERSTOOD = frozenset({"sigD", "sigT", "b64", "iat"})
_NEEDED = frozenset({"sigD", "b64"})
_ALGORITHMS = {"PS256": "PS256", "ES256": "ES256", "EdDSA": "EdDSA", "Ed25519": "EdDSA"}
"""The algorithm in a signature → what a registration calls it; Ed25519 is the newer name (RFC 9864)."""
_MOST_HEADERS = 40
_LONGEST = 16_384


class _SigD(msgspec.Struct):
    mechanism: str = msgspec.field(default="", name="mId")
    pars: list[str] = msgspec.field(default_factory=list)


class _Protected(msgspec.Struct):
    alg: str = ""
    kid: str = ""
    crit: list[str] = msgspec.field(default_factory=list)
    b64: bool = True
    sig_d: _SigD = msgspec.field(default_factory=_SigD, name="sigD")
    sig_t: str | None = msgspec.field(default=None, name="sigT")
    iat: int | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as it was sent, well formed but not verified; `covers` names the headers in their order."""

    start: str
    kid: str
    algorithm: str
    signed_at: datetime
    covers: tuple[str, ...]
    value: bytes


def refusal(code: str, detail: str) -> SignatureRefused:
    """The error that refuses a signature for the reason of that code."""
    return SignatureRefused(f"the signature is refused: {detail}", code=code)


def read(text: str) -> Signature:
    """The signature in the value of the header.

    Raises:
        SignatureRefused: algorithm-refused, crit-unknown or signature-malformed.
    """
    start, payload, end = _parts(text)
    protected = _decoded(start)
    algorithm = _algorithm(protected.alg)
    _refuse_critical(protected)
    if payload or protected.b64:
        raise _malformed("the payload is to be detached and unencoded (b64 false)")
    return Signature(start, protected.kid, algorithm, _signed_at(protected), _covers(protected.sig_d), _bytes(end))


def write(lines: Mapping[str, str], key: jws.PrivateKey, kid: str, alg: str, at: datetime) -> str:
    """The value of the header that signs these lines: names in lower case, among them digest."""
    protected = {
        "alg": alg,
        "kid": kid,
        "b64": False,
        "crit": ["b64", "sigD"],
        "iat": int(at.timestamp()),
        "sigD": {"mId": HTTP_HEADERS, "pars": list(lines)},
    }
    start = jws.b64url(msgspec.json.encode(protected))
    value = jws.signature_of(signed_bytes(start, tuple(lines), {name: [line] for name, line in lines.items()}), key)
    return f"{start}..{jws.b64url(value)}"


def sign(body: bytes, headers: Mapping[str, str], key: jws.PrivateKey, kid: str, at: datetime, alg: str = "") -> dict[str, str]:
    """The headers `Digest` and `Payload-Signature` that sign this body, and all of the given headers with it."""
    found = digest(body)
    lines = {"digest": found, **{name.lower(): value for name, value in headers.items()}}
    return {"Digest": found, "Payload-Signature": write(lines, key, kid, alg or jws.algorithm_of(key), at)}


def signed_bytes(start: str, names: Sequence[str], headers: Mapping[str, Sequence[str]]) -> bytes:
    """What is signed: the protected header, a dot, and a line for each of the headers.

    Raises:
        SignatureRefused: signature-malformed, where a header is not there exactly once.
    """
    lines = "\n".join([f"{name}: {_only(name, headers)}" for name in names])
    return f"{start}.{lines}".encode()


def digest(body: bytes) -> str:
    """The value of the `Digest` header (RFC 3230)."""
    return "SHA-256=" + b64encode(sha256(body).digest()).decode()


def refuse_digest(found: Sequence[str], body: bytes) -> None:
    """Refuses a `Digest` header that is not this body's.

    Raises:
        SignatureRefused: digest-missing or digest-mismatch.
    """
    digests = [value.strip() for line in found for value in line.split(",")]
    ours = [value for value in digests if value[:8].upper() == "SHA-256="]
    if not ours:
        raise refusal("digest-missing", "there is no Digest header with SHA-256")
    if len(found) > 1 or ours[1:] or ours[0][8:] != digest(body)[8:]:
        raise refusal("digest-mismatch", "the Digest header is not the digest of this body")


def _parts(text: str) -> Sequence[str]:
    parts = text.split(".")
    if len(parts) != 3 or len(text) > _LONGEST:
        raise _malformed("it is not a detached JWS in compact form")
    return parts


def _decoded(start: str) -> _Protected:
    try:
        return _decoder.decode(_bytes(start))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _malformed("its protected header is not as JAdES describes it") from None


_decoder = msgspec.json.Decoder(_Protected)


def _bytes(text: str) -> bytes:
    try:
        return jws.from_b64url(text)
    except ValueError:
        raise _malformed("a part of it is not base64url") from None


def _algorithm(name: str) -> str:
    if name not in _ALGORITHMS:
        raise refusal("algorithm-refused", "alg is not PS256, ES256 or EdDSA")
    return _ALGORITHMS[name]


def _refuse_critical(protected: _Protected) -> None:
    names = set(protected.crit)
    if not names <= _UNDERSTOOD:
        raise refusal("crit-unknown", "crit names a parameter that the hub does not know")
    if not names >= _NEEDED or len(names) < len(protected.crit):
        raise _malformed("crit is to name sigD and b64, each once")
    if ("iat" in names and protected.iat is None) or ("sigT" in names and protected.sig_t is None):
        raise _malformed("crit names a parameter that is not there")


def _covers(sig_d: _SigD) -> tuple[str, ...]:
    names = tuple(sig_d.pars)
    if sig_d.mechanism != HTTP_HEADERS:
        raise _malformed("sigD is to use the mechanism HttpHeaders")
    if len(set(names)) < len(names) or len(names) > _MOST_HEADERS or any(name != name.lower() for name in names):
        raise _malformed("pars is to name headers in lower case, each once")
    if "digest" not in names:
        raise _malformed("pars is to name digest, or the body is not signed")
    return names


def _signed_at(protected: _Protected) -> datetime:
    try:
        match protected.iat, protected.sig_t:
            case int(seconds), None:
                return datetime.fromtimestamp(seconds, UTC)
            case None, str(text):
                return rfc3339.moment(text)
    except (ValueError, OverflowError, OSError):
        raise _malformed("the time that it was made is not a moment") from None
    raise _malformed("either iat or sigT is to say when it was made")


def _only(name: str, headers: Mapping[str, Sequence[str]]) -> str:
    found = headers.get(name, ())
    if len(found) != 1:
        raise _malformed("pars names a header that is not there exactly once")
    value = found[0].strip(" \t")
    if not (value.isascii() and value.isprintable()):
        raise _malformed("a signed header holds more than printable ASCII")
    return value


def _malformed(detail: str) -> SignatureRefused:
    return refusal("signature-malformed", detail)
