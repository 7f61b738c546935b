"""Attacks that ask who is there: whoever holds no key finds none, by no answer and by no time; and tokens of others."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from statistics import median
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from hub.adapters import jws
from hub.adapters.jades import sign
from hub.registry import Terms
from tests import issuer
from tests.adapters.registered import private, public
from tests.api.running import Running, an_event
from tests.given import NOON

MEDIA = ("content-type", "application/cloudevents+json")


@contextmanager
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[type]]:
    """The kinds of keys that signatures are verified with, by the real verification, which still is done."""
    kinds: list[type] = []
    verify: Callable[..., bool] = jws.is_signed

    def counted(message: bytes, signature: bytes, key: Any, *more: Any) -> bool:
        kinds.append(type(key))
        return verify(message, signature, key, *more)

    with monkeypatch.context() as during:
        during.setattr(jws, "is_signed", counted)
        yield kinds


def forged(hub: Running, kid: str, alg: str = "PS256") -> dict[str, str]:
    """A signature in somebody's name by a key that is not theirs."""
    return sign(an_event(), {}, private(alg, "stranger-1"), kid, hub.clock.now())


async def said_to(hub: Running, headers: dict[str, str]) -> tuple[int, bytes, list[tuple[str, str]]]:
    """The whole of an answer."""
    said = await hub.post_as_it_is(an_event(), [MEDIA, *headers.items()])
    return said.status_code, said.content, sorted(said.headers.items())


@pytest.fixture
def known(hub: Running) -> Running:
    """The same hub with keys of every state, each of which tells nothing to who does not hold it."""
    day = timedelta(days=1)
    hub.hub.registry.add_key("youth-work", public("PS256", "old-1"), "operator", NOON - 9 * day, NOON - day)
    hub.hub.registry.add_key("youth-work", public("PS256", "coming-1"), "operator", NOON + day, NOON + 9 * day)
    hub.hub.registry.add_key("youth-work", public("PS256", "lost-1"), "operator", NOON - day, NOON + day)
    hub.hub.registry.revoke_key("youth-work", "lost-1", "it was lost", "operator")
    hub.hub.registry.suspend("police", "no covenant", "operator")
    return hub


KIDS = ("youth-work-1", "old-1", "coming-1", "lost-1", "police-1")


@pytest.mark.parametrize("alg", ["PS256", "ES256", "EdDSA"])
async def test_a_key_that_is_there_is_answered_as_one_that_is_not(known: Running, alg: str) -> None:
    nobody = await said_to(known, forged(known, "nobody-1", alg))
    assert nobody[0] == 401
    for kid in KIDS:
        assert await said_to(known, forged(known, kid, alg)) == nobody, kid


@pytest.mark.parametrize("alg", ["PS256", "ES256", "EdDSA"])
async def test_and_costs_the_same_work(known: Running, alg: str, monkeypatch: pytest.MonkeyPatch) -> None:
    work = {}
    for kid in ("nobody-1", *KIDS):
        with counting(monkeypatch) as kinds:
            await said_to(known, forged(known, kid, alg))
        work[kid] = kinds
    assert len(work["nobody-1"]) == 1
    assert {tuple(kinds) for kinds in work.values()} == {tuple(work["nobody-1"])}


def test_a_key_of_nobody_is_one_of_the_kind_that_is_asked() -> None:
    key = jws.nobodys_key("PS256")
    assert isinstance(key, RSAPublicKey)
    assert key.key_size == 2_048
    assert all(jws.fits(alg, jws.nobodys_key(alg)) for alg in ("PS256", "ES256", "EdDSA"))


def test_the_time_that_it_takes_is_told_to_whoever_asks(known: Running) -> None:
    """Shown by `pytest -rP`, not asserted: a busy machine says anything. What is asserted is the work, above."""
    verify = known.hub.intake.signatures.verify
    for kid in ("nobody-1", "youth-work-1"):
        lists = {name.lower(): [value] for name, value in forged(known, kid).items()}
        print(f"{kid}: {median(refused_in(verify, lists) for _ in range(300)) * 1e6:.1f} µs (median)")


def refused_in(verify: Callable[..., object], headers: dict[str, list[str]]) -> float:
    """Seconds that a refusal takes."""
    began = time.perf_counter()
    with pytest.raises(Exception, match="refused"):
        verify(an_event(), headers, NOON)
    return time.perf_counter() - began


async def test_whoever_holds_the_key_is_told_why_it_does_not_count(known: Running) -> None:
    for kid, code in (
        ("old-1", "key-expired"),
        ("coming-1", "key-not-yet-valid"),
        ("lost-1", "key-revoked"),
        ("police-1", "partner-suspended"),
    ):
        said = await known.post(an_event(), signed_as=kid)
        assert (said.status_code, said.json()["code"]) == (401, code)


# Tokens beside a signature -----------------------------------------------------------------------------


async def test_a_signature_is_enough_where_no_token_is_asked(hub: Running) -> None:
    assert (await hub.post(an_event())).status_code == 201


async def test_a_token_of_its_own_may_be_shown(hub: Running) -> None:
    assert (await hub.post(an_event(), headers=hub.partner_token("youth-work").items())).status_code == 201


async def test_the_token_of_another_partner_does_not_go_with_a_signature(hub: Running) -> None:
    said = await hub.post(an_event(), headers=hub.partner_token("police").items())
    assert (said.status_code, said.json()["code"]) == (403, "token-of-another")


async def test_a_token_for_something_else_does_not_either(hub: Running) -> None:
    said = await hub.post(an_event(), headers=hub.partner_token("youth-work", ["signals:read"]).items())
    assert (said.status_code, said.json()["code"]) == (403, "scope-missing")


@pytest.mark.parametrize("role", ["coordinator", "operator"])
async def test_a_person_does_not_post_signals_whatever_their_role(hub: Running, role: str) -> None:
    said = await hub.post(an_event(), headers=issuer.bearer(role, "somebody", "youth-work", NOON).items())
    assert said.status_code in (401, 403)


@pytest.mark.parametrize("shown", ["Bearer x", "Bearer", "Basic eDp5", "Bearer a.b.c", "DPoP a.b.c", ""])
async def test_a_token_that_counts_for_nothing_is_not_passed_over(hub: Running, shown: str) -> None:
    before = hub.hub.log.last_position()
    said = await hub.post(an_event(), headers=[("authorization", shown)])
    assert said.status_code == 401, said.text
    assert hub.hub.log.last_position() == before


async def test_where_a_token_is_asked_a_signature_alone_is_not_enough(hub: Running) -> None:
    hub.hub.registry.change("youth-work", Terms(requires_token=True), "operator")
    batch = b"[" + an_event(id="2") + b"]"
    for body, media in ((an_event(), MEDIA[1]), (batch, "application/cloudevents-batch+json")):
        said = await hub.post(body, media)
        assert (said.status_code, said.json()["code"]) == (401, "token-missing")
        said = await hub.post(body, media, headers=hub.partner_token("youth-work").items())
        assert said.status_code in (200, 201)


async def test_a_token_does_not_stand_for_a_signature(hub: Running) -> None:
    said = await hub.post_as_it_is(an_event(), [MEDIA, *hub.partner_token("youth-work").items()])
    assert (said.status_code, said.json()["code"]) == (401, "signature-missing")
