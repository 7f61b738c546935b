"""Provisional tokens: who shows one is told apart, for an hour at most."""

import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from hub.adapters import jws
from hub.adapters.hub_keys import HubKeys
from hub.adapters.tokens import ISSUER, TYPE, Tokens
from hub.domain.callers import Caller, Capacity
from hub.errors import Malformed, Unauthenticated

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def keys(tmp_path: Path) -> HubKeys:
    return HubKeys.open(tmp_path / "hub-keys.json", NOW)


@pytest.fixture
def tokens(keys: HubKeys) -> Tokens:
    return Tokens(keys)


def a_token(tokens: Tokens, minutes: int = 60) -> str:
    return tokens.issue(Capacity.COORDINATOR, "c.de.vries", "gemeente", NOW, minutes)


def with_claims(keys: HubKeys, typ: str = TYPE, **but: Any) -> str:
    """A token that the hub really signed, with other claims."""
    begins = int(NOW.timestamp())
    claims = {"iss": ISSUER, "aud": ISSUER, "sub": "c", "role": "auditor", "organisation": "o", "jti": "1"}
    return keys.sign(msgspec.json.encode({**claims, "iat": begins, "exp": begins + 60, **but}), NOW, typ)


def test_who_shows_a_token_is_told_apart(tokens: Tokens) -> None:
    assert tokens.read(a_token(tokens), NOW) == Caller(Capacity.COORDINATOR, "c.de.vries", "gemeente")


def test_another_library_reads_the_claims(tokens: Tokens, keys: HubKeys) -> None:
    found = jwt.decode(a_token(tokens), KeySet.import_key_set(keys.public_jwks()), algorithms=["Ed25519"])
    assert (found.claims["role"], found.claims["aud"], found.header["typ"]) == ("coordinator", ISSUER, TYPE)


def test_two_tokens_are_never_the_same(tokens: Tokens) -> None:
    assert a_token(tokens) != a_token(tokens)


def test_a_token_ends(tokens: Tokens) -> None:
    token = a_token(tokens, minutes=5)
    assert tokens.read(token, NOW + 4 * MINUTE)
    with pytest.raises(Unauthenticated):
        tokens.read(token, NOW + 5 * MINUTE)


def test_a_token_does_not_count_before_it_begins(tokens: Tokens) -> None:
    with pytest.raises(Unauthenticated):
        tokens.read(a_token(tokens), NOW - MINUTE)


@pytest.mark.parametrize("minutes", [-1, 0, 61])
def test_no_token_for_longer_than_an_hour(tokens: Tokens, minutes: int) -> None:
    with pytest.raises(Malformed):
        a_token(tokens, minutes)


def test_no_token_for_nobody(tokens: Tokens) -> None:
    with pytest.raises(Malformed):
        tokens.issue(Capacity.OPERATOR, "", "hub", NOW)


@pytest.mark.parametrize(
    "but",
    [
        {"iss": "urn:other"},
        {"aud": "urn:other"},
        {"role": "director-general"},
        {"sub": 7},
        {"exp": int((NOW + 61 * MINUTE).timestamp())},
        {"exp": int((NOW - MINUTE).timestamp())},
        {"iat": 10**20, "exp": 10**20 + 60},
        {"exp": None},
        {"typ": "JOSE"},
    ],
)
def test_a_token_that_the_hub_signed_but_would_not_issue(tokens: Tokens, keys: HubKeys, but: dict[str, Any]) -> None:
    typ = but.pop("typ", TYPE)
    with pytest.raises(Unauthenticated):
        tokens.read(with_claims(keys, typ, **but), NOW)


def test_the_claims_of_these_tests_are_good_ones(tokens: Tokens, keys: HubKeys) -> None:
    assert tokens.read(with_claims(keys), NOW).role is Capacity.AUDITOR


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", "a.b.c.d", "é.é.é", "." * 10_000])
def test_what_is_no_token(tokens: Tokens, token: str) -> None:
    with pytest.raises(Unauthenticated):
        tokens.read(token, NOW)


def test_a_receipt_is_no_token(tokens: Tokens, keys: HubKeys) -> None:
    with pytest.raises(Unauthenticated):
        tokens.read(keys.sign(b"{}", NOW), NOW)


def test_a_token_of_another_hub(tokens: Tokens, tmp_path: Path) -> None:
    with pytest.raises(Unauthenticated):
        tokens.read(a_token(Tokens(HubKeys.open(tmp_path / "other.json", NOW))), NOW)


@pytest.mark.parametrize("alg", ["none", "HS256", "PS256"])
def test_a_token_of_another_algorithm(tokens: Tokens, keys: HubKeys, alg: str) -> None:
    """The public key as a shared secret, no signature at all, and the right signature under another name."""
    [key] = keys.public_jwks()["keys"]
    _, payload, value = a_token(tokens).split(".")
    start = f"{jws.b64url(msgspec.json.encode({'alg': alg, 'kid': key['kid'], 'typ': TYPE}))}.{payload}"
    mac = jws.b64url(hmac.digest(jws.from_b64url(key["x"]), start.encode(), "sha256"))
    for end in (mac, "", value):
        with pytest.raises(Unauthenticated):
            tokens.read(f"{start}.{end}", NOW)


def test_a_remembered_token_ends_too(tokens: Tokens) -> None:
    token = a_token(tokens)
    assert tokens.read(token, NOW) == tokens.read(token, NOW)
    with pytest.raises(Unauthenticated):
        tokens.read(token, NOW + 60 * MINUTE)


def test_a_token_outlives_the_rotation_of_the_key(tokens: Tokens, keys: HubKeys) -> None:
    token = a_token(tokens)
    keys.rotate(NOW + MINUTE)
    assert Tokens(keys).read(token, NOW + 2 * MINUTE)
