"""A token counts for whom it was given, here, now, and for nobody who took it."""

import hmac
import json
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import CertificateBuilder, Name, NameAttribute, random_serial_number
from cryptography.x509.oid import NameOID

from hub.adapters import compact, jws
from hub.adapters.certificates import thumbprint
from hub.adapters.door import Elsewhere
from hub.adapters.jwks import OFTEN, OLD, SOON, Jwks
from hub.domain.callers import Caller, Capacity
from hub.errors import NotAllowed, Unauthenticated, Unavailable
from hub.ports import Shown, Signer
from tests import issuer
from tests.adapters.registered import NOW, jwk, occasion
from tests.adapters.systems import (
    BASE,
    MINUTE,
    OTHER_OIN,
    REVOKE,
    SECOND,
    Gate,
    System,
    bearer,
    encoded,
    jkt,
    public_of,
    with_proof,
)
from tests.given import some_hub_keys

SCOPES = frozenset({"signals:read", "signals:write"})
POLICE = Caller(Capacity.PARTNER, "police", "police", SCOPES)


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path)


def read(gate: Gate, shown: Shown) -> Caller:
    return gate.door.tokens.read(shown, gate.clock.now())


def refused(gate: Gate, shown: Shown) -> str:
    """The code with which what is shown is refused."""
    with pytest.raises(Unauthenticated) as raised:
        read(gate, shown)
    return raised.value.code


def forged(gate: Gate, typ: str = "at+jwt", header: dict[str, Any] | None = None, **but: Any) -> str:
    """A token that the hub really signed, but would not issue."""
    key = gate.keys.token_key(NOW)
    said = dict(compact.read(gate.token()).claims) | but
    said = {name: value for name, value in said.items() if value is not None}
    return compact.write(typ, said, key.private, **{"kid": key.kid} | (header or {}))


def signer(name: str = "police") -> Signer:
    return Signer(name, OTHER_OIN, "a-key", "PS256", NOW)


# Tokens of the hub -----------------------------------------------------------------------------------


def test_a_system_is_told_apart_by_its_token(gate: Gate) -> None:
    token = gate.token()
    assert read(gate, bearer(token)) == POLICE
    assert read(gate, bearer(token, authorization=(f"bearer  {token}",))) == POLICE


def test_a_token_is_for_what_was_asked(gate: Gate) -> None:
    assert read(gate, bearer(gate.token(scope="signals:read"))).scopes == {"signals:read"}


def test_what_a_registration_lost_a_token_has_no_more(gate: Gate) -> None:
    token, access = gate.token(), gate.registered.access
    gate.registered.grant_access(replace(access, scopes=frozenset({"signals:read"})), "a test", occasion())
    gate.book.save(gate.registered)
    assert read(gate, bearer(token)).scopes == {"signals:read"}


def test_a_token_ends(gate: Gate) -> None:
    token = gate.token()
    gate.clock.set(NOW + 15 * MINUTE - SECOND)
    assert read(gate, bearer(token))
    gate.clock.set(NOW + 15 * MINUTE)
    assert refused(gate, bearer(token)) == "token-expired"


def test_a_token_of_a_suspended_or_removed_partner(gate: Gate) -> None:
    token = gate.token()
    gate.registered.suspend("a test", occasion())
    gate.book.save(gate.registered)
    assert refused(gate, bearer(token)) == "partner-suspended"
    gate.registered.resume("a test", occasion())
    gate.book.save(gate.registered)
    assert read(gate, bearer(token)) == POLICE


def test_a_token_that_was_revoked(gate: Gate) -> None:
    token = gate.token()
    gate.post(REVOKE, System().form() | {"token": token})
    assert refused(gate, bearer(token)) == "token-revoked"
    assert read(gate, bearer(gate.token())) == POLICE


def test_a_token_of_another_hub(gate: Gate, tmp_path: Path) -> None:
    other = some_hub_keys(tmp_path / "other.json", NOW).token_key(NOW)
    said = compact.read(gate.token()).claims
    for kid in (other.kid, gate.keys.token_key(NOW).kid):
        assert refused(gate, bearer(compact.write("at+jwt", said, other.private, kid=kid))) == "token-signature"


@pytest.mark.parametrize(
    ("but", "code"),
    [
        ({"iss": "https://other.example.org"}, "token-issuer"),
        ({"iss": None}, "token-issuer"),
        ({"iss": 7}, "token-issuer"),
        ({"iss": issuer.ISSUER}, "token-audience"),
        ({"aud": "https://other.example.org"}, "token-signature"),
        ({"aud": [BASE, "https://other.example.org"]}, "token-signature"),
        ({"exp": int(NOW.timestamp()) - 1}, "token-expired"),
        ({"exp": int(NOW.timestamp()) + 901}, "token-signature"),
        ({"exp": None}, "token-malformed"),
        ({"exp": "tomorrow"}, "token-malformed"),
        ({"exp": 10**20}, "token-malformed"),
        ({"iat": int(NOW.timestamp()) + 1}, "token-not-yet"),
        ({"nbf": int(NOW.timestamp()) + 1}, "token-not-yet"),
        ({"iat": None}, "token-signature"),
        ({"iat": int(NOW.timestamp()) - 1}, "token-signature"),
        ({"jti": None}, "token-signature"),
        ({"client_id": "nobody"}, "token-partner"),
        ({"client_id": None}, "token-partner"),
        ({"cnf": {"x": "y"}}, "token-binding"),
        ({"cnf": "x"}, "token-binding"),
        ({"cnf": {"jkt": 7}}, "token-binding"),
    ],
    ids=str,
)
def test_a_token_that_the_hub_signed_but_would_not_issue(gate: Gate, but: dict[str, Any], code: str) -> None:
    assert refused(gate, bearer(forged(gate, **but))) == code


@pytest.mark.parametrize("typ", ["JWT", "", "JOSE", "dpop+jwt", "application/at+jwt"])
def test_a_token_of_another_type(gate: Gate, typ: str) -> None:
    assert refused(gate, bearer(forged(gate, typ))) == "token-signature"


def test_the_forgeries_of_these_tests_start_from_a_good_token(gate: Gate) -> None:
    assert read(gate, bearer(forged(gate))) == POLICE


def test_an_assertion_and_a_receipt_are_no_tokens(gate: Gate) -> None:
    receipt = gate.keys.sign(json.dumps(dict(compact.read(gate.token()).claims)).encode(), NOW, "at+jwt")
    assert refused(gate, bearer(receipt)) == "token-signature"
    assert refused(gate, bearer(System().assertion())) == "token-issuer"
    assert (
        refused(
            gate,
            bearer(
                encoded({"alg": "PS256", "kid": "police-1", "typ": "at+jwt"}, {**compact.read(gate.token()).claims}, System().key)
            ),
        )
        == "token-signature"
    )


@pytest.mark.parametrize("alg", ["none", "HS256", "RS256", "ES256", "Ed25519"])
def test_a_token_of_another_algorithm(gate: Gate, alg: str) -> None:
    """The public key as a shared secret, no signature at all, and the right signature under another name."""
    key = gate.keys.token_key(NOW)
    _, payload, value = gate.token().split(".")
    start = f"{jws.b64url(json.dumps({'alg': alg, 'kid': key.kid, 'typ': 'at+jwt'}).encode())}.{payload}"
    mac = jws.b64url(hmac.digest(json.dumps(dict(key.public)).encode(), start.encode(), sha256))
    for end in (mac, "", value):
        assert refused(gate, bearer(f"{start}.{end}")) == "token-signature"


@pytest.mark.parametrize(
    "header",
    [
        {"jwk": public_of(jwk("PS256", "stranger"))},
        {"jku": "https://evil.example.org/jwks"},
        {"x5u": "https://evil.example.org/chain"},
        {"x5c": ["MIIB"]},
        {"crit": ["x"], "x": 1},
        {"b64": False},
        {"zip": "DEF"},
    ],
    ids=lambda header: next(iter(header)),
)
def test_a_header_chooses_no_key_and_no_rules(gate: Gate, header: dict[str, Any]) -> None:
    stranger = jws.private_key(jwk("PS256", "stranger"))
    said = compact.read(gate.token()).claims
    assert refused(gate, bearer(forged(gate, header=header))) == "token-malformed"
    assert refused(gate, bearer(compact.write("at+jwt", said, stranger, **header))) == "token-malformed"


@pytest.mark.parametrize(
    "authorization",
    [
        (),
        ("",),
        ("Bearer",),
        ("Bearer ",),
        ("Basic eDp5",),
        ("x",),
        ("Bearer x", "Bearer y"),
    ],
    ids=str,
)
def test_nothing_is_shown(gate: Gate, authorization: tuple[str, ...]) -> None:
    assert refused(gate, bearer("", authorization=authorization)) == "token-missing"


@pytest.mark.parametrize("token", ["x", "a.b", "a.b.c", "a.b.c.d", "é.é.é", "." * 20_000, "e30.e30.", "bnVsbA.bnVsbA.", "A.A.A"])
def test_what_is_no_token(gate: Gate, token: str) -> None:
    assert refused(gate, bearer(token)) in ("token-malformed", "token-issuer")


def test_what_is_shown_is_in_no_words(gate: Gate) -> None:
    token = gate.token()
    assert token not in repr(bearer(token)) and token not in str(bearer(token))
    with pytest.raises(Unauthenticated) as raised:
        read(gate, bearer(token + "x"))
    assert token not in raised.value.detail


# Bound to a key --------------------------------------------------------------------------------------


def test_a_bound_token_counts_with_a_proof(gate: Gate) -> None:
    system, token = System(), gate.bound()
    assert read(gate, with_proof(token, system.proof("POST", "/v1/signals", token))) == POLICE


def test_a_stolen_token_is_worth_nothing_without_its_key(gate: Gate) -> None:
    system, token = System(), gate.bound()
    good = {"method": "POST", "path": "/v1/signals", "token": token}
    thief = jwk("ES256", "thief")
    assert refused(gate, bearer(token)) == "token-scheme"
    assert refused(gate, with_proof(token)) == "dpop-missing"
    assert refused(gate, with_proof(token, system.proof(**good, key=thief))) == "dpop-other-key"
    assert (
        refused(gate, with_proof(token, system.proof(**good, key=thief, header={"jwk": public_of(system.bound_to)})))
        == "dpop-invalid"
    )
    assert refused(gate, with_proof(token, system.proof(**good, htm="GET"))) == "dpop-other-request"
    assert refused(gate, with_proof(token, system.proof("POST", "/v1/radar", token))) == "dpop-other-request"
    assert (
        refused(gate, with_proof(token, system.proof(**good, htu="https://other.example.org/v1/signals"))) == "dpop-other-request"
    )
    assert refused(gate, with_proof(token, system.proof("POST", "/v1/signals", gate.bound()))) == "dpop-other-token"
    assert refused(gate, with_proof(token, system.proof("POST", "/v1/signals"))) == "dpop-other-token"
    assert refused(gate, with_proof(token, system.proof(**good), system.proof(**good))) == "dpop-invalid"
    assert refused(gate, with_proof(token, "a.b.c")) == "dpop-invalid"


@pytest.mark.parametrize("seconds", [-61, 31])
def test_a_proof_of_another_time(gate: Gate, seconds: int) -> None:
    token = gate.bound()
    proof = System().proof("POST", "/v1/signals", token, at=NOW + timedelta(seconds=seconds))
    assert refused(gate, with_proof(token, proof)) == "dpop-untimely"


def test_a_token_that_is_not_bound_is_not_shown_as_if_it_were(gate: Gate) -> None:
    token = gate.token()
    assert refused(gate, with_proof(token, System().proof("POST", "/v1/signals", token))) == "token-scheme"


def test_of_sixty_four_with_one_proof_one_comes_in(gate: Gate) -> None:
    token = gate.bound()
    shown = with_proof(token, System().proof("POST", "/v1/signals", token))

    def comes_in(_: int) -> str:
        try:
            return read(gate, shown).organisation
        except Unauthenticated as error:
            return error.code

    with ThreadPoolExecutor(64) as pool:
        assert sorted(pool.map(comes_in, range(64))) == ["dpop-replayed"] * 63 + ["police"]


def test_who_was_let_in_with_a_proof_goes_on_until_the_token_ends(gate: Gate) -> None:
    token = gate.bound()
    shown = with_proof(token, System().proof("POST", "/v1/signals", token))
    assert read(gate, shown) == POLICE
    assert refused(gate, shown) == "dpop-replayed"
    assert read(gate, replace(shown, was_let_in=True)) == POLICE
    gate.clock.set(NOW + 15 * MINUTE)
    assert refused(gate, replace(shown, was_let_in=True)) == "token-expired"


def test_a_registration_that_asks_for_proof_has_no_use_for_other_tokens(gate: Gate) -> None:
    token = gate.token()
    gate.registered.grant_access(replace(gate.registered.access, requires_dpop=True), "a test", occasion())
    gate.book.save(gate.registered)
    assert refused(gate, bearer(token)) == "token-unbound"


# Bound to a certificate ----------------------------------------------------------------------------------


def a_certificate() -> tuple[str, str]:
    """A new certificate as RFC 9440 passes it on, and as some proxies do: PEM with percent-encoding."""
    key, name = generate_private_key(SECP256R1()), Name([NameAttribute(NameOID.COMMON_NAME, "client.example.org")])
    made = CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    dated = made.serial_number(random_serial_number()).not_valid_before(NOW).not_valid_after(NOW + 60 * MINUTE)
    signed = dated.sign(key, SHA256())
    return f":{b64encode(signed.public_bytes(Encoding.DER)).decode()}:", quote(signed.public_bytes(Encoding.PEM).decode())


def test_a_token_is_bound_to_the_certificate_of_the_registration(gate: Gate) -> None:
    (der, pem), (other, _) = a_certificate(), a_certificate()
    assert thumbprint(der) == thumbprint(pem) != thumbprint(other)
    gate.register("housing", "housing-1", oin=OTHER_OIN, certificate=thumbprint(der))
    system = System("housing", "housing-1")
    for shown in ("", other, "::", "x"):
        assert gate.refused(system.form(), certificate=shown) == "invalid_client"
    token = gate.token(system, certificate=pem)
    assert compact.read(token).claims["cnf"] == {"x5t#S256": thumbprint(der)}
    assert read(gate, bearer(token, certificate=der)).organisation == "housing"
    assert refused(gate, bearer(token)) == "certificate-missing"
    for shown in (other, "::", "x", ":x:", "%FF", "é"):
        assert refused(gate, bearer(token, certificate=shown)) == "certificate-other"


def test_a_token_may_be_bound_to_both(gate: Gate) -> None:
    der, _ = a_certificate()
    gate.register("housing", "housing-1", oin=OTHER_OIN, certificate=thumbprint(der), requires_dpop=True)
    system = System("housing", "housing-1")
    token = gate.bound(system, certificate=der)
    assert compact.read(token).claims["cnf"] == {"x5t#S256": thumbprint(der), "jkt": jkt(system.bound_to)}
    proofs = [system.proof("POST", "/v1/signals", token) for _ in range(2)]
    assert refused(gate, with_proof(token, proofs[0])) == "certificate-missing"
    assert read(gate, with_proof(token, proofs[1], certificate=der)).organisation == "housing"


# Beside a signature ------------------------------------------------------------------------------------


def test_a_signature_is_enough_unless_the_registration_asks_for_a_token(gate: Gate) -> None:
    gate.register("housing", "housing-1", oin=OTHER_OIN, requires_token=True)
    refuse, nothing = gate.door.tokens.refuse_other, Shown("POST", "/v1/signals")
    refuse(nothing, signer(), NOW)
    for name in ("housing", "nobody"):
        with pytest.raises(Unauthenticated) as raised:
            refuse(nothing, signer(name), NOW)
        assert raised.value.code == "token-missing"
    refuse(bearer(gate.token(System("housing", "housing-1"))), signer("housing"), NOW)


def test_a_token_that_is_shown_has_to_be_the_signers_own_and_for_that(gate: Gate) -> None:
    gate.register("housing", "housing-1", oin=OTHER_OIN)
    refuse = gate.door.tokens.refuse_other
    refuse(bearer(gate.token()), signer(), NOW)
    person = issuer.token("coordinator", "police", "police", NOW)
    for token, code in (
        (gate.token(System("housing", "housing-1")), "token-of-another"),
        (person, "token-of-another"),
        (gate.token(scope="signals:read"), "scope-missing"),
    ):
        with pytest.raises(NotAllowed) as raised:
            refuse(bearer(token), signer(), NOW)
        assert raised.value.code == code
    with pytest.raises(Unauthenticated):
        refuse(bearer("x"), signer(), NOW)


# People ------------------------------------------------------------------------------------------------


def person(**but: Any) -> dict[str, Any]:
    said = issuer.claims("coordinator", "c.de.vries", "neighbourhood-team", NOW) | but
    return {name: value for name, value in said.items() if value is not None}


def test_a_person_is_told_apart_by_the_token_of_the_login_issuer(gate: Gate) -> None:
    expected = Caller(Capacity.COORDINATOR, "c.de.vries", "neighbourhood-team")
    for typ in ("at+jwt", "application/at+jwt", "JWT"):
        assert read(gate, bearer(issuer.signed(person(), typ))) == expected
    assert read(gate, bearer(issuer.signed(person(aud=["x", issuer.AUDIENCE], hub_role=["coordinator"])))) == expected


@pytest.mark.parametrize(
    ("but", "code"),
    [
        ({"iss": "https://login.example.org"}, "token-issuer"),
        ({"iss": BASE}, "token-signature"),
        ({"aud": BASE}, "token-audience"),
        ({"aud": None}, "token-audience"),
        ({"aud": {"x": issuer.AUDIENCE}}, "token-audience"),
        ({"exp": int(NOW.timestamp())}, "token-expired"),
        ({"exp": None}, "token-malformed"),
        ({"iat": int(NOW.timestamp()) + 31}, "token-not-yet"),
        ({"nbf": int(NOW.timestamp()) + 31}, "token-not-yet"),
        ({"hub_role": "partner"}, "token-role"),
        ({"hub_role": "king"}, "token-role"),
        ({"hub_role": None}, "token-role"),
        ({"hub_role": ["coordinator", "auditor"]}, "token-role"),
        ({"hub_role": []}, "token-role"),
        ({"hub_role": {"coordinator": True}}, "token-role"),
        ({"sub": None}, "token-subject"),
        ({"sub": ""}, "token-subject"),
        ({"sub": 7}, "token-subject"),
        ({"sub": "a\nb"}, "token-subject"),
        ({"sub": "x" * 201}, "token-subject"),
        ({"cnf": {"jkt": "x"}}, "token-scheme"),
    ],
    ids=str,
)
def test_a_token_of_the_login_issuer_that_does_not_count_here(gate: Gate, but: dict[str, Any], code: str) -> None:
    assert refused(gate, bearer(issuer.signed(person(**but)))) == code


@pytest.mark.parametrize(
    ("typ", "but"),
    [
        ("JWT", {"nonce": "x"}),
        ("JWT", {"at_hash": "x"}),
        ("JWT", {"typ": "ID"}),
        ("JWT", {"events": {}}),
        ("logout+jwt", {}),
        ("", {}),
    ],
)
def test_what_the_login_issuer_signs_for_something_else_gives_no_access(gate: Gate, typ: str, but: dict[str, Any]) -> None:
    assert refused(gate, bearer(issuer.signed(person(**but), typ))) == "token-type"


def test_a_token_by_a_key_that_the_login_issuer_does_not_show(gate: Gate) -> None:
    assert refused(gate, bearer(issuer.signed(person(), kid="login-2", key="login-2"))) == "token-key"
    assert refused(gate, bearer(issuer.signed(person(), key="login-2"))) == "token-signature"


@pytest.mark.parametrize("alg", ["none", "HS256", "PS256", "RS256", "EdDSA"])
def test_a_persons_token_of_another_algorithm(gate: Gate, alg: str) -> None:
    _, payload, value = issuer.signed(person()).split(".")
    start = f"{jws.b64url(json.dumps({'alg': alg, 'kid': 'login-1', 'typ': 'at+jwt'}).encode())}.{payload}"
    mac = jws.b64url(hmac.digest(issuer.jwks().read_bytes(), start.encode(), sha256))
    for end in (mac, "", value):
        assert refused(gate, bearer(f"{start}.{end}")) in ("token-algorithm", "token-signature")


@pytest.mark.parametrize("said", [None, "", [], ["a-team", "another"], 7])
def test_a_persons_token_names_one_organisation(gate: Gate, said: Any) -> None:
    assert refused(gate, bearer(issuer.signed(person(organisation=said)))) == "token-organisation"


def test_of_many_who_come_at_once_to_a_hub_that_just_began_all_are_let_in() -> None:
    begun, go = Event(), Event()

    def slowly(_: str) -> bytes:
        begun.set()
        assert go.wait(20)
        return issuer.jwks().read_bytes()

    keys = Jwks(issuer.ISSUER, "https://login.example.org/jwks", slowly)
    with ThreadPoolExecutor(16) as crowd:
        first = crowd.submit(keys.key, "login-1")
        assert begun.wait(20)
        others = [crowd.submit(keys.key, "login-1") for _ in range(15)]
        wait(others, timeout=0.2)
        go.set()
        assert all(each.result() for each in (first, *others))


def test_without_a_login_issuer_nobody_is_a_person(tmp_path: Path) -> None:
    gate = Gate(tmp_path, people=Elsewhere())
    assert refused(gate, bearer(issuer.signed(person()))) == "token-issuer"


# Another issuer for partners -----------------------------------------------------------------------------


ELSEWHERE = "https://tokens.example.org"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Gate:
    """A hub that believes another issuer, and issues nothing itself."""
    keys = tmp_path / "jwks.json"
    keys.write_text(json.dumps({"keys": [{**public_of(jwk("PS256", "other-1")), "kid": "other-1", "alg": "PS256"}]}))
    return Gate(tmp_path, partners=Elsewhere(ELSEWHERE, str(keys)))


def of_another(typ: str = "at+jwt", alg: str = "PS256", **but: Any) -> str:
    begins = int(NOW.timestamp())
    said = {"iss": ELSEWHERE, "aud": BASE, "sub": "police", "client_id": "police", "iat": begins, "exp": begins + 300}
    return encoded(
        {"typ": typ, "alg": alg, "kid": "other-1"}, said | {"scope": "signals:write openid"} | but, jwk("PS256", "other-1")
    )


def test_another_issuer_may_give_tokens_to_partners(elsewhere: Gate) -> None:
    assert elsewhere.door.authorization is None
    assert read(elsewhere, bearer(of_another())).scopes == {"signals:write"}
    for token, code in (
        (of_another("JWT"), "token-type"),
        (of_another(alg="RS256"), "token-signature"),
        (of_another(aud=ELSEWHERE), "token-audience"),
        (of_another(iss=BASE), "token-issuer"),
        (of_another(client_id="housing"), "token-partner"),
        (of_another(exp=int(NOW.timestamp()) - 1), "token-expired"),
    ):
        assert refused(elsewhere, bearer(token)) == code


# The keys of another issuer ---------------------------------------------------------------------------------


class Published:
    """Keys at an address, and how often they were asked for."""

    def __init__(self, *kids: str) -> None:
        self.kids, self.asked, self.now, self.is_there = list(kids), 0, 0.0, True
        self.jwks = Jwks(ELSEWHERE, "https://tokens.example.org/keys", self.fetch, lambda: self.now)

    def fetch(self, place: str) -> bytes:
        assert place == "https://tokens.example.org/keys"
        self.asked += 1
        if not self.is_there:
            raise OSError("gone")
        return json.dumps({"keys": [{**public_of(jwk("ES256", kid)), "kid": kid} for kid in self.kids]}).encode()


def test_an_unknown_key_is_looked_for_but_not_often() -> None:
    issued = Published("a")
    assert issued.jwks.key("a") and issued.asked == 1
    for nth in range(100):
        assert issued.jwks.key(f"unknown-{nth}") is None
    assert issued.asked == 1
    issued.now += OFTEN
    issued.kids.append("b")
    assert issued.jwks.key("b") and issued.jwks.key("unknown") is None and issued.asked == 2


def test_a_key_that_the_issuer_took_back_does_not_stay() -> None:
    issued = Published("a")
    assert issued.jwks.key("a")
    issued.kids.clear()
    issued.kids.append("b")
    issued.now += OLD
    assert issued.jwks.key("a") is None


def test_while_the_issuer_cannot_be_reached_what_is_known_goes_on() -> None:
    issued = Published("a")
    issued.is_there = False
    with pytest.raises(Unavailable):
        issued.jwks.key("a")
    issued.is_there = True
    for _ in range(100):
        with pytest.raises(Unavailable):
            issued.jwks.key("a")
    assert issued.asked == 1
    issued.now += SOON
    assert issued.jwks.key("a")
    issued.is_there, issued.now = False, issued.now + OLD
    assert issued.jwks.key("a") and issued.jwks.key("b") is None
    issued.is_there, issued.kids = True, ["b"]
    issued.now += OFTEN
    assert issued.jwks.key("a") is None and issued.jwks.key("b")


def test_many_at_once_ask_the_issuer_once() -> None:
    issued = Published("a")
    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(lambda _: issued.jwks.key("a"), range(16)))
    assert issued.asked == 1


def test_secrets_and_strange_keys_are_not_kept(tmp_path: Path) -> None:
    good = {**public_of(jwk("ES256", "a")), "kid": "a"}
    strange = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "b"},
        {**jwk("ES256", "c")},
        {**good, "kid": "d", "use": "enc"},
        {**good, "kid": 7},
        {"kty": "EC", "crv": "P-256", "kid": "e"},
    ]
    (tmp_path / "keys").write_text(json.dumps({"keys": [*strange, good]}))
    keys = Jwks(ELSEWHERE, str(tmp_path / "keys"))
    assert [keys.key(kid) is not None for kid in "abcde"] == [True, False, False, False, False]


def test_the_address_of_the_keys_is_what_the_issuer_itself_says() -> None:
    said = {"issuer": ELSEWHERE, "jwks_uri": f"{ELSEWHERE}/keys"}
    pages = {
        f"{ELSEWHERE}/.well-known/openid-configuration": said,
        f"{ELSEWHERE}/keys": {"keys": [{**public_of(jwk("ES256", "a")), "kid": "a"}]},
    }
    assert Jwks(ELSEWHERE, fetch=lambda place: json.dumps(pages[place]).encode()).key("a")
    said["issuer"] = "https://other.example.org"
    with pytest.raises(Unavailable):
        Jwks(ELSEWHERE, fetch=lambda place: json.dumps(pages[place]).encode()).key("a")


def test_tokens_of_today_are_read_too(tmp_path: Path) -> None:
    """By the clock of the machine, on which nothing above depends."""
    gate = Gate(tmp_path)
    gate.clock.set(datetime.now(UTC))
    assert read(gate, bearer(issuer.token("auditor", "a", "supervision", gate.clock.now()))).role is Capacity.AUDITOR
