"""Who signed a message: every way to sign it well, and every way to be refused."""

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.adapters import jws
from hub.adapters.jades import HTTP_HEADERS, digest
from hub.adapters.signatures import PartnerSignatures
from hub.errors import SignatureRefused
from tests.adapters.registered import BODY, NOW, OIN, YEAR, Book, a_registration, jwk, occasion, private, signed, with_key

ALGORITHMS = ("PS256", "ES256", "EdDSA")
SECOND = timedelta(seconds=1)
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=100)
Headers = dict[str, list[str]]


@pytest.fixture(scope="module")
def book() -> Book:
    """The police with a key of each kind, and a school with its own."""
    police = a_registration(algorithms=["ES256", "EdDSA"])
    for algorithm in ALGORITHMS:
        with_key(police, algorithm, f"police-{algorithm}")
    with_key(police)
    school = with_key(a_registration("school", "school-attendance", "00000099000000002000"), kid="school-1")
    return Book().save(police, school)


def refused(book: Book, headers: Headers, body: bytes = BODY, at: Any = NOW) -> str:
    """The code with which this message is refused."""
    with pytest.raises(SignatureRefused) as refusal:
        book.signatures.verify(body, headers, at)
    return refusal.value.code


def resigned(change: Callable[[dict[str, Any]], None], algorithm: str = "PS256", kid: str = "police-1") -> Headers:
    """A message whose protected header was changed before it was signed."""
    protected: dict[str, Any] = {
        "alg": algorithm,
        "kid": kid,
        "b64": False,
        "crit": ["b64", "sigD"],
        "iat": int(NOW.timestamp()),
        "sigD": {"mId": HTTP_HEADERS, "pars": ["digest"]},
    }
    change(protected)
    start = jws.b64url(json.dumps(protected).encode())
    value = jws.signature_of(f"{start}.digest: {digest(BODY)}".encode(), private(algorithm, kid))
    return {"digest": [digest(BODY)], "payload-signature": [f"{start}..{jws.b64url(value)}"]}


# Signed well -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_a_partner_signed_is_its_own(book: Book, algorithm: str) -> None:
    signer = book.signatures.verify(BODY, signed(algorithm=algorithm, kid=f"police-{algorithm}"), NOW)
    assert (signer.partner, signer.kind, signer.oin, signer.algorithm) == ("police", "police", OIN, algorithm)
    assert (signer.kid, signer.signed_at, signer.covered) == (f"police-{algorithm}", NOW, {"digest"})


def test_headers_can_be_signed_with_the_body(book: Book) -> None:
    headers = signed(ce_id="1", ce_source="urn:x", content_type="application/xml")
    assert book.signatures.verify(BODY, headers, NOW).covered == {"digest", "ce-id", "ce-source", "content-type"}


def test_the_newer_name_of_ed25519_is_understood(book: Book) -> None:
    headers = signed(algorithm="EdDSA", kid="police-EdDSA", alg="Ed25519")
    assert book.signatures.verify(BODY, headers, NOW).algorithm == "EdDSA"


def test_the_older_way_to_say_when_is_understood(book: Book) -> None:
    def older(protected: dict[str, Any]) -> None:
        del protected["iat"]
        protected["sigT"] = "2026-03-02T10:30:00+01:00"
        protected["crit"] = ["sigT", "sigD", "b64"]

    assert book.signatures.verify(BODY, resigned(older), NOW).signed_at == NOW


def test_a_signature_made_by_hand_after_the_standard_is_accepted(book: Book) -> None:
    """Written out with the primitives alone, so that our own writing and reading cannot be wrong together."""
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
    from cryptography.hazmat.primitives.hashes import SHA256

    line = "digest: SHA-256=" + b64encode(sha256(BODY).digest()).decode()
    sig_d = '{"mId":"http://uri.etsi.org/19182/HttpHeaders","pars":["digest"]}'
    start = jws.b64url(
        b'{"kid":"police-1","alg":"PS256","b64":false,"crit":["sigD","b64"],"sigT":"2026-03-02T09:30:00Z","sigD":'
        + sig_d.encode()
        + b"}"
    )
    value = private("PS256", "police-1").sign(f"{start}.{line}".encode(), PSS(MGF1(SHA256()), 32), SHA256())  # type: ignore[call-arg, arg-type]
    headers = {"digest": [line[8:]], "payload-signature": [f"{start}..{jws.b64url(value)}"]}
    assert book.signatures.verify(BODY, headers, NOW).kid == "police-1"


def test_another_library_agrees_with_what_we_sign() -> None:
    from joserfc import jws as other
    from joserfc.jwk import import_key
    from joserfc.registry import HeaderParameter

    headers = signed(ce_id="1")
    start, _, value = headers["payload-signature"][0].split(".")
    known = {name: HeaderParameter(name, str) for name in ("sigD", "iat")}
    registry = other.JWSRegistry(known, ["PS256"])
    payload = f"digest: {digest(BODY)}\nce-id: 1".encode()
    found = other.deserialize_compact(f"{start}..{value}", import_key(jwk()), payload=payload, registry=registry)
    assert found.headers()["kid"] == "police-1"


# Refused ---------------------------------------------------------------------------------------------


def test_no_signature(book: Book) -> None:
    assert refused(book, {"digest": [digest(BODY)]}) == "signature-missing"


def test_two_signatures(book: Book) -> None:
    headers = signed()
    assert refused(book, {**headers, "payload-signature": headers["payload-signature"] * 2}) == "signature-twice"


def test_two_signatures_joined_on_the_way(book: Book) -> None:
    headers = signed()
    joined = ", ".join(headers["payload-signature"] * 2)
    assert refused(book, {**headers, "payload-signature": [joined]}) == "signature-twice"


@pytest.mark.parametrize("text", ["", "x", "a.b", "a..b", "....", "é..b", "e30..e30", "W10..e30", "AA..AA", "x" * 20_000])
def test_what_is_no_signature(book: Book, text: str) -> None:
    code = refused(book, {**signed(), "payload-signature": [text]})
    assert code == ("algorithm-refused" if text == "e30..e30" else "signature-malformed")


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "RS256", "PS384", "ES384", "", "ps256"])
def test_an_algorithm_that_nobody_may_use(book: Book, alg: str) -> None:
    assert refused(book, resigned(lambda protected: protected.update(alg=alg))) == "algorithm-refused"


def test_an_unsigned_message_that_calls_itself_signed(book: Book) -> None:
    headers = resigned(lambda protected: protected.update(alg="none"))
    start = headers["payload-signature"][0].split(".")[0]
    assert refused(book, {**headers, "payload-signature": [f"{start}.."]}) == "algorithm-refused"


def test_a_public_key_used_as_a_shared_secret(book: Book) -> None:
    import hmac

    headers = resigned(lambda protected: protected.update(alg="HS256"))
    start = headers["payload-signature"][0].split(".")[0]
    secret = json.dumps(jws.public_half(jwk())).encode()
    mac = hmac.digest(secret, f"{start}.digest: {digest(BODY)}".encode(), "sha256")
    assert refused(book, {**headers, "payload-signature": [f"{start}..{jws.b64url(mac)}"]}) == "algorithm-refused"


@pytest.mark.parametrize(("key", "alg"), [("PS256", "ES256"), ("PS256", "EdDSA"), ("ES256", "PS256"), ("EdDSA", "PS256")])
def test_an_algorithm_that_does_not_fit_the_key(book: Book, key: str, alg: str) -> None:
    headers = resigned(lambda protected: protected.update(alg=alg), key, f"police-{key}")
    assert refused(book, headers) == "signature-wrong"


def test_an_algorithm_that_this_organisation_is_not_registered_with() -> None:
    book = Book().save(with_key(a_registration(), "EdDSA", "police-EdDSA"))
    assert refused(book, signed(algorithm="EdDSA", kid="police-EdDSA")) == "algorithm-refused"


@pytest.mark.parametrize("crit", [["sigD", "b64", "exp"], ["sigD", "b64", "alg"], ["x"]])
def test_a_critical_parameter_that_we_do_not_know(book: Book, crit: list[str]) -> None:
    assert refused(book, resigned(lambda protected: protected.update(crit=crit))) == "crit-unknown"


@pytest.mark.parametrize("crit", [[], ["sigD"], ["b64"], ["sigD", "b64", "b64"], ["sigD", "b64", "sigT"], "sigD", None])
def test_critical_parameters_that_do_not_stand_for_what_is_there(book: Book, crit: Any) -> None:
    assert refused(book, resigned(lambda protected: protected.update(crit=crit))) == "signature-malformed"


@pytest.mark.parametrize(
    "change",
    [
        {"b64": True},
        {"sigD": {"mId": "http://uri.etsi.org/19182/ObjectIdByURI", "pars": ["digest"]}},
        {"sigD": {"mId": HTTP_HEADERS, "pars": []}},
        {"sigD": {"mId": HTTP_HEADERS, "pars": ["ce-id"]}},
        {"sigD": {"mId": HTTP_HEADERS, "pars": ["Digest"]}},
        {"sigD": {"mId": HTTP_HEADERS, "pars": ["digest", "digest"]}},
        {"sigD": {"mId": HTTP_HEADERS, "pars": ["digest", "not-there"]}},
        {"sigD": {"mId": HTTP_HEADERS, "pars": ["digest", *(f"h{n}" for n in range(100))]}},
        {"sigD": {}},
        {"kid": 7},
        {"iat": "yesterday"},
        {"iat": 10**30},
        {"iat": None},
        {"sigT": "2026-03-02T09:30:00Z"},
    ],
)
def test_a_protected_header_that_is_not_as_the_standard_says(book: Book, change: dict[str, Any]) -> None:
    assert refused(book, resigned(lambda protected: protected.update(change))) == "signature-malformed"


@pytest.mark.parametrize("text", ["2026-03-02T09:30:00", "2026-02-30T09:30:00Z", "2026-03-02", "now"])
def test_a_signing_time_that_is_no_moment(book: Book, text: str) -> None:
    assert refused(book, resigned(lambda protected: protected.update(iat=None, sigT=text))) == "signature-malformed"


def test_a_protected_header_ten_thousand_deep(book: Book) -> None:
    start = jws.b64url(b'{"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}")
    assert refused(book, {**signed(), "payload-signature": [f"{start}..AA"]}) == "signature-malformed"


def test_a_body_inside_the_signature(book: Book) -> None:
    headers = signed()
    start, _, value = headers["payload-signature"][0].split(".")
    assert refused(book, {**headers, "payload-signature": [f"{start}.e30.{value}"]}) == "signature-malformed"


def test_a_key_that_nobody_registered(book: Book) -> None:
    assert refused(book, signed(kid="nobody-1")) == "signature-wrong"


def test_a_key_of_another_organisation(book: Book) -> None:
    """The school signs, and says that it was the key of the police."""
    from hub.adapters.jades import sign

    made = sign(BODY, {}, private("PS256", "school-1"), "police-1", NOW)
    assert refused(book, {name.lower(): [value] for name, value in made.items()}) == "signature-wrong"


def test_a_key_in_the_signature_itself_is_not_listened_to(book: Book) -> None:
    stranger = jws.new_jwk("PS256", "police-1")
    protected = {"alg": "PS256", "kid": "police-1", "b64": False, "crit": ["b64", "sigD"], "iat": int(NOW.timestamp())}
    protected |= {"sigD": {"mId": HTTP_HEADERS, "pars": ["digest"]}, "jwk": jws.public_half(stranger)}
    start = jws.b64url(json.dumps(protected).encode())
    value = jws.signature_of(f"{start}.digest: {digest(BODY)}".encode(), jws.private_key(stranger))
    headers = {"digest": [digest(BODY)], "payload-signature": [f"{start}..{jws.b64url(value)}"]}
    assert refused(book, headers) == "signature-wrong"


def test_a_key_before_its_time() -> None:
    book = Book().save(with_key(a_registration(), valid_from=NOW + SECOND))
    assert refused(book, signed()) == "key-not-yet-valid"


def test_a_key_after_its_time() -> None:
    book = Book().save(with_key(a_registration(), valid_until=NOW))
    assert refused(book, signed()) == "key-expired"


def test_a_revoked_key() -> None:
    police = with_key(a_registration())
    book = Book().save(police)
    assert book.signatures.verify(BODY, signed(), NOW).kid == "police-1"
    police.revoke_key("police-1", "lost", occasion())
    assert refused(book.save(police), signed()) == "key-revoked"


def test_a_suspended_organisation() -> None:
    police = with_key(a_registration())
    police.suspend("the covenant ended", occasion())
    book = Book().save(police)
    assert refused(book, signed()) == "partner-suspended"
    police.resume("a new covenant", occasion())
    assert book.save(police).signatures.verify(BODY, signed(), NOW).partner == "police"


def test_no_digest(book: Book) -> None:
    headers = signed()
    del headers["digest"]
    assert refused(book, headers) == "digest-missing"


def test_a_digest_of_another_kind_only(book: Book) -> None:
    assert refused(book, {**signed(), "digest": ["MD5=" + "A" * 22 + "=="]}) == "digest-missing"


def test_a_digest_of_another_body(book: Book) -> None:
    assert refused(book, signed(), body=BODY + b" ") == "digest-mismatch"


def test_a_body_exchanged_with_its_digest(book: Book) -> None:
    other = b"{}"
    assert refused(book, {**signed(), "digest": [digest(other)]}, body=other) == "signature-wrong"


def test_two_digests(book: Book) -> None:
    assert refused(book, {**signed(), "digest": [digest(BODY)] * 2}) == "digest-mismatch"


def test_a_signed_header_that_was_changed(book: Book) -> None:
    assert refused(book, {**signed(ce_id="1"), "ce-id": ["2"]}) == "signature-wrong"


@pytest.mark.parametrize("values", [[], ["1", "1"]])
def test_a_signed_header_that_is_not_there_once(book: Book, values: list[str]) -> None:
    assert refused(book, {**signed(ce_id="1"), "ce-id": values}) == "signature-malformed"


def test_a_header_value_cannot_pretend_to_be_two_headers(book: Book) -> None:
    headers = signed(ce_id="1", ce_type="t")
    assert refused(book, {**headers, "ce-id": ["1\nce-type: t"]}) == "signature-malformed"


def test_a_signature_sent_again_later(book: Book) -> None:
    headers = signed()
    assert book.signatures.verify(BODY, headers, NOW + 300 * SECOND).kid == "police-1"
    assert refused(book, headers, at=NOW + 301 * SECOND) == "signature-too-old"


def test_a_signature_of_tomorrow(book: Book) -> None:
    headers = signed(at=NOW + 60 * SECOND)
    assert book.signatures.verify(BODY, headers, NOW).kid == "police-1"
    assert refused(book, signed(at=NOW + 61 * SECOND)) == "signature-from-the-future"


def test_the_replay_window_can_be_set(book: Book) -> None:
    narrow = PartnerSignatures(book.registrations, max_age=SECOND, max_ahead=SECOND)
    with pytest.raises(SignatureRefused):
        narrow.verify(BODY, signed(), NOW + 2 * SECOND)


def test_a_second_writing_of_the_same_signature(book: Book) -> None:
    """The last letter of base64url holds bits that mean nothing; only one writing of them is accepted."""
    headers = signed()
    text = headers["payload-signature"][0]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = text[:-1] + letters[letters.index(text[-1]) ^ 1]
    assert refused(book, {**headers, "payload-signature": [twin]}) == "signature-malformed"


def test_a_refusal_tells_nothing_of_the_message(book: Book) -> None:
    with pytest.raises(SignatureRefused) as refusal:
        book.signatures.verify(b"Jansen", signed(ce_id="Jansen"), NOW)
    assert "Jansen" not in str(refusal.value)


# Nothing can be changed on the way -------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@UNHURRIED
@given(data=st.data())
def test_any_changed_byte_is_refused(book: Book, algorithm: str, data: st.DataObject) -> None:
    headers = signed(algorithm=algorithm, kid=f"police-{algorithm}", ce_id="one", ce_type="nl.test.v1")
    place = data.draw(st.sampled_from(["body", "payload-signature", "digest", "ce-id", "ce-type"]))
    text = BODY if place == "body" else headers[place][0].encode()
    at = data.draw(st.integers(0, len(text) - 1))
    flipped = text[:at] + bytes([text[at] ^ data.draw(st.integers(1, 255))]) + text[at + 1 :]
    if place != "body":
        headers[place] = [flipped.decode("latin-1")]
    refused(book, headers, flipped if place == "body" else BODY)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)
NAMES = st.sampled_from(["alg", "kid", "crit", "b64", "sigD", "sigT", "iat", "jwk"])


@UNHURRIED
@given(st.dictionaries(NAMES, JSON | st.sampled_from(["PS256", "police-1", ["b64", "sigD"], False])), st.binary())
def test_whatever_stands_in_the_protected_header_is_refused_in_order(book: Book, protected: dict[str, Any], value: bytes) -> None:
    text = f"{jws.b64url(json.dumps(protected).encode())}..{jws.b64url(value)}"
    refused(book, {**signed(), "payload-signature": [text]})


@UNHURRIED
@given(st.text(), st.text())
def test_whatever_stands_in_the_headers_is_refused_in_order(book: Book, signature: str, other: str) -> None:
    refused(book, {**signed(), "payload-signature": [signature]})
    refused(book, {**signed(), "digest": [other]})


# Rotation, and looking back --------------------------------------------------------------------------


def test_a_partner_changes_keys_without_a_gap() -> None:
    police = with_key(a_registration(), valid_until=NOW + timedelta(days=7))
    book = Book().save(with_key(police, kid="police-2", valid_from=NOW - SECOND))
    assert {book.signatures.verify(BODY, signed(kid=kid), NOW).kid for kid in ("police-1", "police-2")} == {"police-1", "police-2"}
    later = NOW + timedelta(days=8)
    assert refused(book, signed(at=later), at=later) == "key-expired"
    assert book.signatures.verify(BODY, signed(kid="police-2", at=later), later).kid == "police-2"


def test_an_auditor_verifies_years_later_what_was_signed_then() -> None:
    police = with_key(a_registration(), valid_until=NOW + timedelta(days=7))
    headers = signed(ce_id="1")
    police.revoke_key("police-1", "rotated", occasion(NOW + timedelta(days=3)))
    police.suspend("merged with another force", occasion(NOW + timedelta(days=900)))
    book = Book().save(police)
    [signature] = headers.pop("payload-signature")
    live = book.signatures.verify_again(BODY, headers, signature, NOW)
    assert (live.partner, live.covered) == ("police", {"digest", "ce-id"})


def test_an_auditor_sees_that_a_key_was_already_lost() -> None:
    police = with_key(a_registration())
    police.revoke_key("police-1", "found on a stolen laptop", occasion(NOW + YEAR), since=NOW - SECOND)
    book, headers = Book().save(police), signed()
    with pytest.raises(SignatureRefused) as refusal:
        book.signatures.verify_again(BODY, headers, headers["payload-signature"][0], NOW)
    assert refusal.value.code == "key-revoked"


def test_an_auditor_sees_that_kept_bytes_were_changed() -> None:
    book, headers = Book().save(with_key(a_registration())), signed()
    with pytest.raises(SignatureRefused) as refusal:
        book.signatures.verify_again(BODY[:-1], headers, headers["payload-signature"][0], NOW)
    assert refusal.value.code == "digest-mismatch"


def test_a_signer_is_a_plain_value(book: Book) -> None:
    signer = book.signatures.verify(BODY, signed(), NOW)
    assert replace(signer) == signer
