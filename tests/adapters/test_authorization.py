"""A partner's system gets a token for a short while by signing for it, once, as itself and no more."""

import hmac
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from joserfc import jwt
from joserfc.jwk import JWKRegistry, KeySet
from sqlalchemy import event, text

from hub.adapters import compact, jws
from hub.adapters.authorization.issued import LIFE
from hub.adapters.once import Once
from hub.errors import RuleBroken, Unavailable
from tests.adapters.registered import NOW, YEAR, jwk, occasion
from tests.adapters.systems import BASE, INTROSPECT, MINUTE, OTHER_OIN, REVOKE, SECOND, TOKEN, Gate, System, encoded, jkt, public_of
from tests.given import some_hub_keys

DAY = timedelta(days=1)


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path)


# A token ---------------------------------------------------------------------------------------------


def _named(said: dict[str, Any]) -> str:
    """What a test is called: without the numbers of a key, which are others each time."""
    parts = said.get("header", said)
    return " ".join(f"{name}={parts[name].get('kty', '')}" if name == "jwk" else f"{name}={parts[name]}" for name in parts)


@pytest.mark.parametrize("aud", [BASE + TOKEN, BASE, [BASE]])
def test_a_system_that_signs_gets_a_token_that_another_library_reads(gate: Gate, aud: Any) -> None:
    status, said = gate.post(TOKEN, System().form(System().assertion(aud=aud)))
    assert (status, said["token_type"], said["expires_in"]) == (200, "Bearer", 900)
    assert said["scope"] == "signals:read signals:write" and "refresh_token" not in said
    found = jwt.decode(said["access_token"], KeySet.import_key_set(gate.keys.public_jwks()), algorithms=["PS256"])
    assert (found.header["typ"], found.header["alg"], set(found.header)) == ("at+jwt", "PS256", {"typ", "alg", "kid"})
    rules = jwt.JWTClaimsRegistry(now=lambda: int(NOW.timestamp()), iss={"value": BASE}, aud={"value": BASE})
    rules.validate(found.claims)
    assert found.claims["sub"] == found.claims["client_id"] == "police"
    assert found.claims["exp"] - found.claims["iat"] == 900 and len(found.claims["jti"]) == 32


@pytest.mark.parametrize(("algorithm", "kid"), [("ES256", "police-es"), ("PS256", "police-2")])
def test_the_algorithm_is_that_of_the_key(gate: Gate, algorithm: str, kid: str) -> None:
    gate.register("other", kid, algorithm, OTHER_OIN)
    assert gate.token(System("other", kid, algorithm))


def test_an_rsa_key_that_names_no_algorithm_may_sign_with_rs256(gate: Gate) -> None:
    gate.registered.add_key("plain", public_of(jwk("PS256", "plain")), NOW - YEAR, NOW + YEAR, occasion())
    gate.book.save(gate.registered)
    system = System(kid="plain")
    assert gate.post(TOKEN, system.form(system.assertion(alg="RS256")))[0] == 200
    assert gate.post(TOKEN, system.form())[0] == 200


def test_a_key_that_names_its_algorithm_signs_with_no_other(gate: Gate) -> None:
    assert gate.refused(System().form(System().assertion(alg="RS256"))) == "invalid_client"


def test_less_may_be_asked(gate: Gate) -> None:
    token = compact.read(gate.token(scope="signals:write"))
    assert token.text("scope") == "signals:write"


@pytest.mark.parametrize("scope", ["notices:read", "signals:write notices:read", "admin", " ", "signals:write  signals:read"])
def test_more_than_is_registered_is_not_given(gate: Gate, scope: str) -> None:
    assert gate.refused(System().form(scope=scope)) == "invalid_scope"


def test_two_tokens_are_never_the_same(gate: Gate) -> None:
    assert gate.token() != gate.token()


def test_nothing_of_a_token_or_an_assertion_stands_in_a_log_or_a_database(
    gate: Gate, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    assertion = System().assertion()
    _, said = gate.post(TOKEN, System().form(assertion))
    for secret in (said["access_token"], assertion, compact.read(assertion).text("jti")):
        assert secret not in caplog.text
        assert all(secret.encode() not in file.read_bytes() for file in tmp_path.iterdir())


# Who asks --------------------------------------------------------------------------------------------


def claims(**but: Any) -> dict[str, Any]:
    begins = int(NOW.timestamp())
    times = {"iat": but.pop("iat", 0), "exp": but.pop("exp", 60)}
    moments = {name: begins + value if type(value) is int else value for name, value in times.items()}
    return {**moments, **but}


@pytest.mark.parametrize(
    "but",
    [
        {"aud": "https://other.example.org/oauth/token"},
        {"aud": [BASE, "https://other.example.org"]},
        {"aud": BASE + "/"},
        {"aud": None},
        {"aud": []},
        {"iss": "housing"},
        {"sub": "housing"},
        {"iss": "housing", "sub": "housing"},
        {"iss": None},
        {"iss": 7, "sub": 7},
        {"iat": None},
        {"exp": None},
        {"iat": "now"},
        {"iat": True},
        {"iat": 31, "exp": 60},
        {"nbf": int(NOW.timestamp()) + 60},
        {"iat": -300, "exp": 60},
        {"iat": 0, "exp": 121},
        {"iat": -60, "exp": 0},
        {"iat": 10, "exp": 10},
        {"exp": 10**20},
        {"jti": None},
        {"jti": "short"},
        {"jti": "x" * 21},
        {"jti": "x" * 201},
        {"jti": 12345678901234567890123},
    ],
    ids=_named,
)
def test_an_assertion_that_says_something_else_is_refused(gate: Gate, but: dict[str, Any]) -> None:
    assert gate.refused(System().form(System().assertion(**claims(**but)))) == "invalid_client"


def test_the_assertions_of_these_tests_are_good_ones(gate: Gate) -> None:
    assert gate.post(TOKEN, System().form(System().assertion(**claims(iat=30, exp=120))))[0] == 200


def test_a_public_key_is_no_shared_secret(gate: Gate) -> None:
    public = JWKRegistry.import_key(public_of(System().key)).as_pem(private=False)
    start = ".".join(jws.b64url(json.dumps(each).encode()) for each in ({"alg": "HS256", "kid": "police-1"}, System().claims()))
    forged = f"{start}.{jws.b64url(hmac.digest(public, start.encode(), sha256))}"
    assert gate.refused(System().form(forged)) == "invalid_client"


@pytest.mark.parametrize("alg", ["none", "None", "", "PS384", "EdDSA"])
def test_what_is_unsigned_or_signed_otherwise_is_refused(gate: Gate, alg: str) -> None:
    header = jws.b64url(json.dumps({"alg": alg, "kid": "police-1"}).encode())
    payload, value = System().assertion().split(".")[1:]
    for end in ("", value):
        assert gate.refused(System().form(f"{header}.{payload}.{end}")) == "invalid_client"


@pytest.mark.parametrize(
    "header",
    [
        {"jwk": public_of(jwk("PS256", "stranger"))},
        {"jku": "https://evil.example.org/jwks"},
        {"x5u": "https://evil.example.org/chain"},
        {"x5c": ["MIIB"]},
        {"crit": ["b64"], "b64": True},
        {"crit": ["exp"], "exp": 1},
        {"zip": "DEF"},
        {"typ": "at+jwt"},
        {"typ": "dpop+jwt"},
        {"kid": ""},
        {"kid": None},
        {"kid": 7},
    ],
    ids=_named,
)
def test_a_header_chooses_no_key_and_no_rules(gate: Gate, header: dict[str, Any]) -> None:
    # by the writer of the hub, for the other library refuses to write most of these
    key = jws.private_key(jwk("PS256", "stranger" if "jwk" in header else "police-1"))
    typ, more = str(header.get("typ", "JWT")), {name: value for name, value in header.items() if name != "typ"}
    written = compact.write(typ, System().claims(), key, **{"kid": "police-1"} | more)
    assert gate.refused(System().form(written)) == "invalid_client"


def test_a_name_that_stands_twice_is_refused(gate: Gate) -> None:
    start = jws.b64url(b'{"alg":"PS256","kid":"police-1"}')
    payload = json.dumps(System().claims())
    twice = jws.b64url(f'{payload[:-1]}, "sub": "police"}}'.encode())
    value = jws.signature_of(f"{start}.{twice}".encode(), jws.private_key(System().key))
    assert gate.refused(System().form(f"{start}.{twice}.{jws.b64url(value)}")) == "invalid_client"


@pytest.mark.parametrize("text", ["", "x", "a.b", "a.b.c", "..", "a.b.c.d", "." * 20_000, "e30.e30.e30"])
def test_what_is_no_assertion(gate: Gate, text: str) -> None:
    assert gate.refused(System().form() | {"client_assertion": text}) == "invalid_client"


@pytest.mark.parametrize(
    "but",
    [
        {"client_assertion_type": "urn:other"},
        {"client_id": "housing"},
        {"client_assertion_type": ""},
    ],
    ids=_named,
)
def test_a_form_that_says_something_else_is_refused(gate: Gate, but: dict[str, str]) -> None:
    assert gate.refused(System().form() | but) == "invalid_client"


def test_a_secret_is_no_way_in(gate: Gate) -> None:
    said = {"grant_type": "client_credentials", "client_id": "police", "client_secret": "x"}
    assert gate.refused(said) == "invalid_client"


@pytest.mark.parametrize("grant", ["password", "authorization_code", "refresh_token", "", "<script>"])
def test_there_is_one_grant_and_what_was_asked_is_not_said_again(gate: Gate, grant: str) -> None:
    status, said = gate.post(TOKEN, System().form() | {"grant_type": grant})
    assert (status, said["error"]) == (400, "unsupported_grant_type")
    assert not grant or grant not in json.dumps(said)


def test_the_key_of_another_organisation_is_not_ones_own(gate: Gate) -> None:
    gate.register("housing", "housing-1", oin=OTHER_OIN)
    as_police = System("police", "housing-1")
    assert gate.refused(as_police.form()) == "invalid_client"


def test_a_key_counts_while_it_is_valid(gate: Gate) -> None:
    for kid, since, until in (("early", NOW + SECOND, None), ("late", NOW - YEAR, NOW), ("lost", NOW - YEAR, None)):
        gate.registered.add_key(kid, public_of(jwk("PS256", kid)), since, until, occasion())
    gate.registered.revoke_key("lost", "stolen", occasion())
    gate.book.save(gate.registered)
    for kid in ("early", "late", "lost"):
        assert gate.refused(System(kid=kid).form()) == "invalid_client"


def test_an_algorithm_counts_where_the_registration_has_it(gate: Gate) -> None:
    gate.registered.add_key("police-es", public_of(jwk("ES256", "police-es")), NOW - YEAR, None, occasion())
    gate.book.save(gate.registered)
    assert gate.refused(System(kid="police-es", algorithm="ES256").form()) == "invalid_client"


@pytest.mark.parametrize("verb", ["suspend", "remove"])
def test_who_is_suspended_or_removed_gets_nothing(gate: Gate, verb: str) -> None:
    getattr(gate.registered, verb)("a test", occasion())
    gate.book.save(gate.registered)
    assert gate.refused(System().form()) == "invalid_client"


def test_a_stranger_and_a_forger_are_told_the_same_after_the_same_work(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    asked: list[str] = []
    real = jws.is_token_signed

    def counted(algorithm: str, message: bytes, signature: bytes, key: jws.PublicKey) -> bool:
        verified.append(algorithm)
        return real(algorithm, message, signature, key)

    monkeypatch.setattr(jws, "is_token_signed", counted)
    event.listen(gate.book.engine, "before_cursor_execute", lambda *said: asked.append(str(said[2])))
    answers, work = [], []
    gate.refused(System("nobody", "nobody-0").form())
    for name, kid, key in (
        ("police", "police-1", "stranger"),
        ("nobody", "nobody-1", "stranger"),
        ("police", "nobody-1", "stranger"),
    ):
        gate.book.registrations.forget()
        verified.clear(), asked.clear()
        forged = encoded({"alg": "PS256", "kid": kid}, System(name).claims(), jwk("PS256", key))
        answers.append(gate.post(TOKEN, System(name).form(forged)))
        work.append((len(verified), len(asked)))
    assert answers[0] == answers[1] == answers[2]
    assert work[0] == work[1] == work[2] and work[0][0] == 1


# Once ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("database")
def test_an_assertion_counts_once(gate: Gate) -> None:
    form = System().form()
    assert gate.post(TOKEN, form)[0] == 200
    gate.reopen()
    assert gate.refused(form) == "invalid_client"
    assert (
        gate.refused(System().form(System().assertion(jti=compact.read(form["client_assertion"]).text("jti")))) == "invalid_client"
    )


def test_an_assertion_counts_once_at_whatever_endpoint(gate: Gate) -> None:
    token, form = gate.token(), System().form()
    assert gate.post(INTROSPECT, form | {"token": token})[0] == 200
    assert gate.refused(form) == "invalid_client"


@pytest.mark.usefixtures("database")
def test_of_sixty_four_at_once_one_gets_a_token(gate: Gate) -> None:
    form = System().form()
    gate.token()
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: gate.post(TOKEN, form)[0], range(64)))
    assert sorted(answers) == [200] + [400] * 63


@pytest.mark.usefixtures("database")
def test_two_organisations_may_use_the_same_id(gate: Gate) -> None:
    gate.register("housing", "housing-1", oin=OTHER_OIN)
    same = "the-same-id-of-two-organisations"
    for system in (System(), System("housing", "housing-1")):
        assert gate.post(TOKEN, system.form(system.assertion(jti=same)))[0] == 200


def test_ids_are_forgotten_when_they_cannot_count_any_more(gate: Gate) -> None:
    gate.token()
    gate.clock.set(NOW + 2 * MINUTE)
    gate.token()
    with gate.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM taken")) == 1


def test_what_cannot_be_remembered_does_not_count(gate: Gate) -> None:
    with gate.engine.connect() as connection:
        connection.execute(text("PRAGMA query_only = ON"))
        connection.rollback()
    with pytest.raises(Unavailable):
        [gate.post(TOKEN, System().form()) for _ in range(2)]


def test_ids_of_different_kinds_and_owners_are_different(gate: Gate) -> None:
    ids = Once(gate.engine)
    for kind, owner, id in (("a", "b", "c"), ("ab", "", "c"), ("a", "bc", ""), ("", "a", "bc")):
        assert not ids.is_taken(kind, owner, id)
        assert ids.take(kind, owner, id, NOW + MINUTE, NOW) and not ids.take(kind, owner, id, NOW + MINUTE, NOW)
        assert ids.is_taken(kind, owner, id)


# Bound to a key or a certificate -----------------------------------------------------------------------


def test_a_proof_binds_the_token_to_its_key(gate: Gate) -> None:
    system = System()
    status, said = gate.post(TOKEN, system.form(), system.proof("POST", TOKEN))
    assert (status, said["token_type"]) == (200, "DPoP")
    assert compact.read(said["access_token"]).claims["cnf"] == {"jkt": jkt(system.bound_to)}


def test_where_a_registration_asks_for_proof_there_is_no_token_without(gate: Gate) -> None:
    gate.register("housing", "housing-1", oin=OTHER_OIN, requires_dpop=True)
    system = System("housing", "housing-1")
    assert gate.refused(system.form()) == "invalid_dpop_proof"
    assert gate.bound(system)


@pytest.mark.parametrize(
    "but",
    [
        {"htm": "GET"},
        {"htu": BASE + "/v1/signals"},
        {"htu": "https://other.example.org/oauth/token"},
        {"htu": None},
        {"iat": int(NOW.timestamp()) - 61},
        {"iat": int(NOW.timestamp()) + 31},
        {"iat": None},
        {"jti": None},
        {"header": {"typ": "JWT"}},
        {"header": {"jwk": public_of(jwk("ES256", "another"))}},
        {"header": {"jwk": {"kty": "oct", "k": "c2VjcmV0"}}},
    ],
    ids=_named,
)
def test_a_proof_for_something_else_is_none(gate: Gate, but: dict[str, Any]) -> None:
    system = System()
    assert gate.refused(system.form(), system.proof("POST", TOKEN, **but)) == "invalid_dpop_proof"


def test_a_proof_never_holds_a_private_key(gate: Gate) -> None:
    key = System().bound_to
    whole = {name: value for name, value in key.items() if name not in ("kid", "alg", "use")}
    proof = System().proof("POST", TOKEN, header={"jwk": whole})
    assert gate.refused(System().form(), proof) == "invalid_dpop_proof"


def test_two_proofs_are_none(gate: Gate) -> None:
    proofs = [System().proof("POST", TOKEN) for _ in range(2)]
    assert gate.refused(System().form(), *proofs) == "invalid_dpop_proof"


@pytest.mark.parametrize("algorithm", ["PS256", "ES256", "Ed25519"])
def test_a_proof_by_each_kind_of_key(gate: Gate, algorithm: str) -> None:
    key = jwk("EdDSA" if algorithm == "Ed25519" else algorithm, f"proof-{algorithm}")
    assert gate.token(System(), System().proof("POST", TOKEN, key=key, header={"alg": algorithm}))


def test_the_address_of_a_proof_is_compared_as_addresses_are(gate: Gate) -> None:
    assert gate.token(System(), System().proof("POST", TOKEN, htu="HTTPS://HUB.example.org:443/oauth/%74oken?x#y"))


def test_of_sixty_four_with_one_proof_one_gets_a_token(gate: Gate) -> None:
    system = System()
    proof, forms = system.proof("POST", TOKEN), [system.form() for _ in range(64)]
    gate.token()
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda form: gate.post(TOKEN, form, proof)[0], forms))
    assert sorted(answers) == [200] + [400] * 63


# Looking into and taking back ----------------------------------------------------------------------------


def standing(gate: Gate, token: str, system: System | None = None) -> dict[str, Any]:
    status, said = gate.post(INTROSPECT, (system or System()).form(at=gate.clock.now()) | {"token": token})
    assert status == 200
    return said


def test_a_system_may_look_into_its_own_token(gate: Gate) -> None:
    token = gate.bound()
    said = standing(gate, token)
    assert (said["active"], said["client_id"], said["scope"]) == (True, "police", "signals:read signals:write")
    assert (said["token_type"], said["cnf"]) == ("DPoP", {"jkt": jkt(System().bound_to)})
    gate.clock.set(NOW + LIFE)
    assert standing(gate, token) == {"active": False}


@pytest.mark.parametrize("token", ["x", "a.b.c", "." * 30_000])
def test_what_is_no_token_is_not_active(gate: Gate, token: str) -> None:
    assert standing(gate, token) == {"active": False}


def test_nobody_looks_into_the_token_of_another_or_takes_it_back(gate: Gate) -> None:
    gate.register("housing", "housing-1", oin=OTHER_OIN)
    other, token = System("housing", "housing-1"), gate.token()
    assert standing(gate, token, other) == {"active": False}
    assert gate.refused(other.form() | {"token": token}, path=REVOKE) == "invalid_grant"
    assert standing(gate, token)["active"]


def test_nobody_looks_into_a_token_or_takes_it_back_without_signing(gate: Gate) -> None:
    for path in (INTROSPECT, REVOKE):
        assert gate.refused({"token": gate.token()}, path=path) == "invalid_client"
        assert gate.refused(System().form(), path=path) == "invalid_request"


def test_a_token_that_was_taken_back_counts_no_more(gate: Gate) -> None:
    token = gate.token()
    for _ in range(2):
        assert gate.post(REVOKE, System().form() | {"token": token, "token_type_hint": "refresh_token"}) == (200, {})
    gate.reopen()
    assert standing(gate, token) == {"active": False}


def test_what_is_no_token_may_be_taken_back_without_harm(gate: Gate) -> None:
    assert gate.post(REVOKE, System().form() | {"token": "x"}) == (200, {})


def test_metadata_are_as_the_standard_asks(gate: Gate) -> None:
    assert gate.door.authorization is not None
    said = gate.door.authorization.metadata()
    AuthorizationServerMetadata(said).validate()
    assert said["token_endpoint_auth_signing_alg_values_supported"] == ["PS256", "RS256", "ES256"]


# The keys of tokens -----------------------------------------------------------------------------------------


def test_the_key_of_tokens_is_made_on_first_use_by_one_of_many(tmp_path: Path) -> None:
    keys = some_hub_keys(tmp_path / "keys.json", NOW)
    assert [key["alg"] for key in keys.public_jwks()["keys"]] == ["Ed25519"]
    with ThreadPoolExecutor(8) as pool:
        assert len({key.kid for key in pool.map(lambda _: keys.token_key(NOW), range(8))}) == 1
    assert [key["alg"] for key in some_hub_keys(tmp_path / "keys.json", NOW).public_jwks()["keys"]] == ["Ed25519", "PS256"]


def test_the_next_key_is_shown_an_hour_before_it_signs(gate: Gate) -> None:
    first = gate.keys.token_key(NOW)
    later = NOW + 30 * DAY
    assert gate.keys.token_key(later).kid == first.kid
    shown = [key["kid"] for key in gate.keys.public_jwks()["keys"] if key["alg"] == "PS256"]
    assert len(shown) == 2
    assert gate.keys.token_key(later + timedelta(hours=1)).kid == shown[1] != first.kid


def test_a_token_outlives_the_rotation_of_its_key_and_a_leaked_key_signs_nothing_more(gate: Gate) -> None:
    token, leaked = gate.token(), gate.keys.token_key(NOW)
    gate.clock.set(NOW + SECOND)
    gate.keys.rotate_token_key(gate.clock.now())
    gate.clock.set(NOW + 2 * SECOND)
    assert standing(gate, token)["active"]
    said = dict(compact.read(token).claims) | {"iat": int(gate.clock.now().timestamp())}
    assert standing(gate, compact.write("at+jwt", said, leaked.private, kid=leaked.kid)) == {"active": False}
    assert standing(gate, gate.token())["active"]


def test_a_new_key_of_tokens_cannot_start_in_the_time_of_the_old_one(gate: Gate) -> None:
    gate.keys.token_key(NOW)
    with pytest.raises(RuleBroken):
        gate.keys.rotate_token_key(NOW)
