"""The front door over real HTTP: partners' systems get tokens, show them, and are refused as the standards say."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from joserfc import jwt
from joserfc.jwk import KeySet

from hub.adapters.certificates import thumbprint
from hub.adapters.limits import FAILURES
from hub.api.oauth import FORM, MOST, SCOPES
from hub.domain import registrations
from hub.registry import Terms
from hub.settings import Settings
from tests import issuer
from tests.adapters.systems import INTROSPECT, REVOKE, TOKEN, System
from tests.adapters.test_access_tokens import a_certificate
from tests.api.running import Running, an_event, running
from tests.api.serving import serving
from tests.given import NOON

BASE = Settings().base_url
METADATA = "/.well-known/oauth-authorization-server"
YOUTH = System("youth-work", "youth-work-1", base=BASE)
POLICE = System("police", "police-1", base=BASE)


@dataclass
class Caller:
    """Somebody who talks to the hub over a real connection."""

    hub: Running
    http: httpx2.AsyncClient

    async def token(self, system: System = YOUTH, **asked: Any) -> httpx2.Response:
        """What a system is answered that asks for a token; `proof` where it shows one."""
        headers = {"DPoP": proof} if (proof := asked.pop("proof", "")) else {}
        return await self.http.post(TOKEN, data=system.form(at=NOON, **asked), headers=headers)

    async def got(self, system: System = YOUTH, **asked: Any) -> str:
        """A token for a system."""
        said = await self.token(system, **asked)
        assert said.status_code == 200, said.text
        return str(said.json()["access_token"])

    async def bound(self, system: System = YOUTH) -> str:
        """One that counts with proofs."""
        return await self.got(system, proof=system.proof("POST", TOKEN, at=NOON))

    async def post(self, signed_as: str = "youth-work-1", id: str = "1", **headers: str) -> httpx2.Response:
        """A signal of youth-work, with more headers."""
        body = an_event(id=id)
        said = {"Content-Type": "application/cloudevents+json", **self.hub.signed(body, {}, signed_as), **headers}
        return await self.http.post("/v1/signals", content=body, headers=said)

    def terms(self, name: str = "youth-work", **but: Any) -> None:
        """Changes on what terms an organisation takes part."""
        self.hub.hub.registry.change(name, Terms(**but), "operator")


@asynccontextmanager
async def calling(hub: Running) -> AsyncIterator[Caller]:
    async with serving(hub) as base, httpx2.AsyncClient(base_url=base) as http:
        yield Caller(hub, http)


def with_token(token: str, proof: str = "") -> dict[str, str]:
    return {"Authorization": f"DPoP {token}", "DPoP": proof} if proof else {"Authorization": f"Bearer {token}"}


def challenged(said: httpx2.Response, code: str, words: str) -> bool:
    """That it is refused with that code, and that the challenge says so too."""
    return (said.status_code, said.json()["code"]) == (401, code) and words in said.headers["www-authenticate"]


# Getting one ---------------------------------------------------------------------------------------------


async def test_a_system_finds_out_where_gets_a_token_and_asks_what_became_of_its_signal(hub: Running) -> None:
    async with calling(hub) as they:
        said = (await they.http.get(METADATA)).json()
        AuthorizationServerMetadata(said).validate()
        assert (said["issuer"], said["token_endpoint"]) == (BASE, BASE + TOKEN)
        assert set(said["scopes_supported"]) == registrations.SCOPES == set(SCOPES)
        answer = await they.token()
        assert answer.headers["content-type"] == "application/json"
        assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
        keys = KeySet.import_key_set((await they.http.get("/v1/jwks")).json())
        assert jwt.decode(answer.json()["access_token"], keys, algorithms=["PS256"]).claims["client_id"] == "youth-work"
        receipt = (await they.post()).json()
        own = await they.http.get(f"/v1/signals/{receipt['message']}", headers=with_token(answer.json()["access_token"]))
        assert (own.status_code, own.json()["message"]) == (200, receipt["message"])


async def test_what_asks_wrongly_is_refused_as_the_standard_says(hub: Running) -> None:
    async with calling(hub) as they:
        used = YOUTH.form(at=NOON)
        assert (await they.http.post(TOKEN, data=used)).status_code == 200
        for form, error in (
            (used, "invalid_client"),
            (YOUTH.form(at=NOON, scope="notices:write"), "invalid_scope"),
            (YOUTH.form(at=NOON) | {"grant_type": "password"}, "unsupported_grant_type"),
            ({"grant_type": "client_credentials"}, "invalid_client"),
            (YOUTH.form(YOUTH.assertion(NOON, aud="https://other.example.org")), "invalid_client"),
        ):
            said = await they.http.post(TOKEN, data=form)
            assert (said.status_code, said.json()["error"]) == (400, error), form
            assert said.headers["cache-control"] == "no-store"


async def test_who_guesses_is_answered_late_and_then_not_at_all(hub: Running) -> None:
    async with calling(hub) as they:
        stranger = System("nobody", "nobody-1", base=BASE).form(at=NOON)
        answers: list[int] = []
        while 429 not in answers and len(answers) < 4 * FAILURES:
            answers.append((await they.http.post(TOKEN, data=stranger)).status_code)
        assert set(answers) == {400, 429} and len(answers) > FAILURES
        assert (await they.token()).status_code == 200


async def test_a_form_is_read_strictly(hub: Running) -> None:
    good = urlencode(YOUTH.form(at=NOON))
    async with calling(hub) as they:

        async def post(body: bytes, media: str = FORM) -> tuple[int, str]:
            said = await they.http.post(TOKEN, content=body, headers={"Content-Type": media})
            return said.status_code, str(said.json().get("error") or said.json()["code"])

        for twice in ("&grant_type=client_credentials", "&scope=&scope=", "&" + good):
            assert await post((good + twice).encode()) == (400, "invalid_request")
        for strange in (b"a", b"a=%ff", b"\xff=1", b"&&&", b"a;b", "&".join(f"f{nth}=1" for nth in range(21)).encode()):
            assert await post(strange) == (400, "invalid_request")
        assert await post(b"a=" + b"x" * MOST) == (413, "too-large")
        assert await post(good.encode(), "application/json") == (415, "wrong-media-type")
        assert (await they.http.get(TOKEN)).status_code == 405
        assert (await they.http.get(f"{TOKEN}?{good}")).status_code == 405


async def test_who_is_suspended_gets_no_token_and_what_it_has_is_worth_nothing(hub: Running) -> None:
    async with calling(hub) as they:
        token, receipt = await they.got(), (await they.post()).json()
        hub.hub.registry.suspend("youth-work", "a test", "operator")
        assert (await they.token()).json()["error"] == "invalid_client"
        said = await they.http.get(f"/v1/signals/{receipt['message']}", headers=with_token(token))
        assert challenged(said, "partner-suspended", 'error="invalid_token"')


async def test_a_token_may_be_looked_into_and_taken_back(hub: Running) -> None:
    async with calling(hub) as they:
        token, receipt = await they.got(), (await they.post()).json()

        async def active(system: System = YOUTH) -> bool:
            said = await they.http.post(INTROSPECT, data=system.form(at=NOON) | {"token": token})
            return bool(said.json()["active"])

        assert await active() and not await active(POLICE)
        assert (await they.http.post(REVOKE, data=YOUTH.form(at=NOON) | {"token": token})).status_code == 200
        assert not await active()
        said = await they.http.get(f"/v1/signals/{receipt['message']}", headers=with_token(token))
        assert challenged(said, "token-revoked", 'error="invalid_token"')


async def test_where_another_issuer_gives_tokens_the_hub_gives_none(tmp_path: Path) -> None:
    keys = tmp_path / "jwks.json"
    keys.write_text('{"keys": []}')
    with running(tmp_path, token_issuer="https://tokens.example.org", token_jwks=str(keys)) as hub:
        async with calling(hub) as they:
            assert (await they.http.get(METADATA)).status_code == 404
            assert (await they.token()).status_code == 404


# Showing one ---------------------------------------------------------------------------------------------


async def test_nobody_is_told_what_to_show(hub: Running) -> None:
    async with calling(hub) as they:
        said = await they.http.get("/v1/escalations")
        assert challenged(said, "token-missing", 'Bearer realm="hub", DPoP realm="hub"')
        assert "error=" not in said.headers["www-authenticate"]
        for wrong in ("Bearer x.y.z", "Bearer x", "DPoP x"):
            said = await they.http.get("/v1/escalations", headers={"Authorization": wrong})
            assert challenged(said, "token-malformed", 'error="invalid_token"')


async def test_a_partners_token_is_no_key_to_what_people_see(hub: Running) -> None:
    async with calling(hub) as they:
        for scopes in ({}, {"scope": "signals:read"}):
            said = await they.http.get("/v1/escalations", headers=with_token(await they.got(**scopes)))
            assert said.status_code == 403


async def test_a_scope_is_not_raised_by_showing_a_token_elsewhere(hub: Running) -> None:
    async with calling(hub) as they:
        receipt = (await they.post()).json()
        only_write, only_read = await they.got(scope="signals:write"), await they.got(scope="signals:read")
        assert (await they.http.get(f"/v1/signals/{receipt['message']}", headers=with_token(only_write))).status_code == 403
        said = await they.post(id="2", **with_token(only_read))
        assert (said.status_code, said.json()["code"]) == (403, "scope-missing")
        assert 'error="insufficient_scope"' in said.headers["www-authenticate"]


async def test_nobody_sees_the_signals_of_another_partner(hub: Running) -> None:
    async with calling(hub) as they:
        receipt = (await they.post()).json()
        other, unknown = [
            await they.http.get(f"/v1/signals/{id}", headers=with_token(await they.got(POLICE)))
            for id in (receipt["message"], "00000000-0000-5000-8000-000000000000")
        ]
        assert (other.status_code, other.json()) == (unknown.status_code, unknown.json())
        assert other.status_code == 404


async def test_a_stolen_bound_token_is_worth_nothing_over_http(hub: Running) -> None:
    async with calling(hub) as they:
        receipt, token = (await they.post()).json(), await they.bound()
        path = f"/v1/signals/{receipt['message']}"
        proof = YOUTH.proof("GET", path, token, NOON)
        assert challenged(await they.http.get(path, headers=with_token(token)), "token-scheme", 'error="invalid_token"')
        for wrong, code in (
            (POLICE.proof("GET", path, token, NOON), "dpop-other-key"),
            (YOUTH.proof("POST", path, token, NOON), "dpop-other-request"),
            (YOUTH.proof("GET", "/v1/jwks", token, NOON), "dpop-other-request"),
            (YOUTH.proof("GET", path, await they.bound(), NOON), "dpop-other-token"),
        ):
            said = await they.http.get(path, headers=with_token(token, wrong))
            assert challenged(said, code, 'error="invalid_dpop_proof"')
        assert (await they.http.get(f"{path}", headers=with_token(token, proof))).status_code == 200
        assert challenged(await they.http.get(path, headers=with_token(token, proof)), "dpop-replayed", "DPoP")


# Beside a signature -----------------------------------------------------------------------------------------


async def test_a_signature_is_enough_until_the_registration_asks_for_a_token(hub: Running) -> None:
    async with calling(hub) as they:
        assert (await they.post()).status_code == 201
        they.terms(requires_token=True)
        said = await they.post(id="2")
        assert challenged(said, "token-missing", "Bearer")
        assert (await they.post(id="2", **with_token(await they.got()))).status_code == 201


async def test_a_token_that_is_shown_beside_a_signature_has_to_be_right(hub: Running) -> None:
    async with calling(hub) as they:
        person = issuer.token("coordinator", "youth-work", "youth-work", NOON)
        for token, status, code in (
            (await they.got(POLICE), 403, "token-of-another"),
            (person, 403, "token-of-another"),
            ("x", 401, "token-malformed"),
        ):
            said = await they.post(**with_token(token))
            assert (said.status_code, said.json()["code"]) == (status, code)
        assert (await they.post(**with_token(await they.got()))).status_code == 201


async def test_a_batch_needs_its_token_too_and_one_proof_is_enough_for_it(hub: Running) -> None:
    body = b"[" + b",".join(an_event(id=str(nth)) for nth in range(3)) + b"]"
    async with calling(hub) as they:
        they.terms(requires_token=True, requires_dpop=True)

        async def post(**headers: str) -> httpx2.Response:
            signed = {"Content-Type": "application/cloudevents-batch+json", **hub.signed(body, {})}
            return await they.http.post("/v1/signals", content=body, headers=signed | headers)

        assert challenged(await post(), "token-missing", "Bearer")
        token = await they.bound()
        said = await post(**with_token(token, YOUTH.proof("POST", "/v1/signals", token, NOON)))
        assert [each["status"] for each in said.json()] == [201, 201, 201]


# Certificates -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("trusted", "is_believed"), [("127.0.0.0/8", True), ("10.0.0.0/8, ::1", False), ("", False)])
async def test_a_certificate_is_believed_of_a_trusted_proxy_alone(tmp_path: Path, trusted: str, is_believed: bool) -> None:
    (mine, pem), (other, _) = a_certificate(), a_certificate()
    with running(tmp_path, client_certificate_header="Client-Cert", trusted_proxies=trusted) as hub:
        async with calling(hub) as they:
            they.terms(certificate=thumbprint(mine))

            async def asked(*shown: str) -> str:
                headers = [("Client-Cert", each) for each in shown]
                said = await they.http.post(TOKEN, data=YOUTH.form(at=NOON), headers=headers)
                return str(said.json().get("token_type") or said.json()["error"])

            assert [await asked(shown) for shown in (mine, pem)] == ["Bearer" if is_believed else "invalid_client"] * 2
            for wrong in ((), (other,), (mine, mine), (other, mine)):
                assert await asked(*wrong) == "invalid_client"


async def test_a_token_that_is_bound_to_a_certificate_counts_with_that_alone(tmp_path: Path) -> None:
    (mine, _), (other, _) = a_certificate(), a_certificate()
    with running(tmp_path, client_certificate_header="Client-Cert", trusted_proxies="127.0.0.1/32") as hub:
        async with calling(hub) as they:
            they.terms(certificate=thumbprint(mine))
            said = await they.http.post(TOKEN, data=YOUTH.form(at=NOON), headers={"Client-Cert": mine})
            shown = with_token(said.json()["access_token"])
            assert challenged(await they.post(**shown), "certificate-missing", "Bearer")
            assert challenged(await they.post(**shown, **{"Client-Cert": other}), "certificate-other", "Bearer")
            assert (await they.post(**shown, **{"Client-Cert": mine})).status_code == 201
