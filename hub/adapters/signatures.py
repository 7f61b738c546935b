"""Who signed a message, and whether that counts: the signature, the key and its period, the digest, the replay window."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from hub.adapters import jades, jws
from hub.adapters.jades import Signature, refusal
from hub.adapters.registrations import Key, Registrations
from hub.ports import Signer

HEADER = "payload-signature"


class PartnerSignatures:
    """Verifies what partners signed, with the keys of their registrations.

    `max_age` and `max_ahead` are the replay window: how long ago, and how far ahead of our clock, a signature may be made.
    """

    def __init__(
        self,
        registrations: Registrations,
        max_age: timedelta = timedelta(seconds=300),
        max_ahead: timedelta = timedelta(seconds=60),
    ) -> None:
        self._registrations, self._max_age, self._max_ahead = registrations, max_age, max_ahead

    def verify(self, body: bytes, headers: Mapping[str, Sequence[str]], now: datetime) -> Signer:
        """Who signed this body, and these headers (names in lower case), within the replay window before `now`.

        Raises:
            SignatureRefused: with the code of the reason.
        """
        signature = self._recent(headers, now)
        jades.refuse_digest(headers.get("digest", ()), body)
        return self._admitted(signature, headers, now)

    def verify_headers(self, headers: Mapping[str, Sequence[str]], now: datetime) -> Signer:
        """The same before there is a body: all but that the digest, which is signed, is that of the body.

        Raises:
            SignatureRefused: with the code of the reason.
        """
        return self._admitted(self._recent(headers, now), headers, now)

    def verify_again(self, body: bytes, headers: Mapping[str, Sequence[str]], signature: str, at: datetime) -> Signer:
        """Who signed what was kept: bytes, headers and signature as received `at`, with the key as it was valid then.

        Raises:
            SignatureRefused: with the code of the reason.
        """
        read = jades.read(signature)
        jades.refuse_digest(headers.get("digest", ()), body)
        return _signer(read, self._key(read, headers, at))

    def _recent(self, headers: Mapping[str, Sequence[str]], now: datetime) -> Signature:
        signature = jades.read(_only_signature(headers))
        if signature.signed_at < now - self._max_age:
            raise refusal("signature-too-old", "it was made too long ago: sign again")
        if signature.signed_at > now + self._max_ahead:
            raise refusal("signature-from-the-future", "it was made later than our clock says: set yours")
        return signature

    def _admitted(self, signature: Signature, headers: Mapping[str, Sequence[str]], now: datetime) -> Signer:
        key = self._key(signature, headers, now)
        if key.holder.is_removed:
            raise refusal("partner-removed", "this organisation takes part no longer")
        if key.holder.is_suspended:
            raise refusal("partner-suspended", "nothing of this organisation is accepted for the time being")
        return _signer(signature, key)

    def _key(self, signature: Signature, headers: Mapping[str, Sequence[str]], at: datetime) -> Key:
        """The key that made the signature: only who holds one is told more of it than that it is wrong."""
        key = self._registrations.by_kid(signature.kid)
        if key is None or not _is_signed(signature, key, headers):
            _look_as_long(self._registrations, signature, key, headers)
            raise refusal("signature-wrong", "it was not made over this message with a key that is registered by that kid")
        _refuse_invalid(key, at)
        if signature.algorithm not in key.holder.algorithms:
            raise refusal("algorithm-refused", "alg is not one that this organisation is registered with")
        return key


def _only_signature(headers: Mapping[str, Sequence[str]]) -> str:
    found = headers.get(HEADER, ())
    if not found:
        raise refusal("signature-missing", "there is no Payload-Signature header")
    if len(found) > 1 or "," in found[0]:
        raise refusal("signature-twice", "there is more than one signature")
    return found[0]


def _refuse_invalid(key: Key, at: datetime) -> None:
    if at < key.valid_from:
        raise refusal("key-not-yet-valid", "this key is not valid yet")
    if key.revoked_from is not None and at >= key.revoked_from:
        raise refusal("key-revoked", "this key was revoked")
    if key.valid_until is not None and at >= key.valid_until:
        raise refusal("key-expired", "this key is not valid any more")


def _signer(signature: Signature, key: Key) -> Signer:
    holder, covered = key.holder, frozenset(signature.covers)
    return Signer(
        holder.name, holder.oin, key.kid, signature.algorithm, signature.signed_at, holder.kind, covered, holder.message_types
    )


def _is_signed(signature: Signature, key: Key, headers: Mapping[str, Sequence[str]]) -> bool:
    public = jws.public_key(key.jwk)
    fitting = public if jws.fits(signature.algorithm, public) else jws.nobodys_key(signature.algorithm)
    is_signed = jws.is_signed(jades.signed_bytes(signature.start, signature.covers, headers), signature.value, fitting)
    return is_signed and fitting is public


def _look_as_long(
    registrations: Registrations, signature: Signature, key: Key | None, headers: Mapping[str, Sequence[str]]
) -> None:
    """Does what was not done yet, so that the wait for a refusal does not tell whether there is a key by that kid."""
    if key is None:
        signed = jades.signed_bytes(signature.start, signature.covers, headers)
        jws.is_signed(signed, signature.value, jws.nobodys_key(signature.algorithm))
    else:
        registrations.by_kid("")
