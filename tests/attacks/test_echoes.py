"""Attacks through what is echoed: nothing that somebody sends becomes a header, a line of the log, or an address of another."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import httpx2
import pytest
import structlog

from hub.wiring import openapi
from tests.api.running import Running, an_event
from tests.attacks.talking import Said, lines, talk

MARK = "zq7mark"
BREAK = f"\r\n{MARK}: yes\r\nset-cookie: {MARK}=1"
NASTY = f'{MARK}\n\r\x1b[31m\x1b]0;x\x07","level":"critical","x":"\u2028\u202e%s%n${{jndi:x}}'
END = b"connection: close\r\n\r\n"
PATHS = openapi()["paths"]


def no_echo(said: Said) -> None:
    """No header has the mark in its name or its value; a body is whole."""
    assert not [name for name, value in said.headers if MARK in name.lower() or MARK in value.lower()], said
    assert len(said.all("content-type")) == 1
    if said.body and said.all("content-type")[0].endswith("json"):
        assert said.document is not None


async def ask(base: str, method: str, target: str, *headers: bytes, body: bytes = b"") -> Said:
    """One request with this target, as it is."""
    first = f"{method} {target} HTTP/1.1\r\nhost: hub\r\n".encode("latin-1")
    (said,) = await talk(base, first + b"".join(headers) + b"content-length: %d\r\n" % len(body) + END + body)
    return said


# Headers -----------------------------------------------------------------------------------------------


async def test_a_line_break_in_an_address_never_becomes_a_header(hub: Running, base: str) -> None:
    token = lines(hub.token("coordinator"))
    for path, methods in PATHS.items():
        target = "/v1" + "/".join(quote(BREAK, safe="") if part.startswith("{") else part for part in path.split("/"))
        for method in methods:
            if path != "/escalations/stream":
                no_echo(await ask(base, method.upper(), target, token))
        no_echo(await ask(base, "GET", f"{target}?{quote(BREAK)}={quote(BREAK)}&after={quote(BREAK)}", token))
        no_echo(await ask(base, "PATCH", target, token))


@pytest.mark.parametrize(
    "name",
    [
        "Accept",
        "Accept-Language",
        "Origin",
        "If-Match",
        "If-None-Match",
        "Last-Event-ID",
        "Cookie",
        "Traceparent",
        "Tracestate",
        "X-Request-Id",
        "X-Correlation-Id",
        "Referer",
        "DPoP",
        "Range",
        "Expect",
        "Access-Control-Request-Method",
    ],
)
async def test_no_header_comes_back(hub: Running, base: str, name: str) -> None:
    token = lines(hub.token("coordinator"))
    for target in ("/v1/jwks", "/v1/radar", "/v1/nowhere", "/v1/openapi.json"):
        no_echo(await ask(base, "GET", target, token, f"{name}: {MARK}\r\n".encode()))


async def test_no_credential_comes_back(base: str) -> None:
    for shown in (f"Bearer {MARK}", f"DPoP {MARK}", f"Basic {MARK}", MARK, f'Bearer realm="{MARK}"'):
        said = await ask(base, "GET", "/v1/radar", f"Authorization: {shown}\r\n".encode())
        no_echo(said)
        assert said.status == 401
        assert MARK.encode() not in said.body


async def test_the_id_of_an_event_is_no_address_and_no_header(hub: Running, base: str) -> None:
    for id in (MARK, f"../../{MARK}", f"//{MARK}.example.org", f"{MARK}%0d%0aset-cookie:x", f"javascript:{MARK}"):
        body = an_event(id=id)
        headers = {"content-type": "application/cloudevents+json", **hub.signed(body, {})}
        said = await ask(base, "POST", "/v1/signals", lines(headers), body=body)
        no_echo(said)
        assert said.status == 201
        assert said.all("location")[0].startswith("/v1/signals/")
        assert said.document["id"] == id


async def test_line_breaks_in_attributes_are_refused(hub: Running, base: str) -> None:
    for name in ("id", "source", "type", "time"):
        body = an_event(**{name: BREAK}) if name != "time" else an_event().replace(b'"time":"', b'"time":"\\r\\nzq7mark:x')
        said = await ask(
            base, "POST", "/v1/signals", lines({"content-type": "application/cloudevents+json", **hub.signed(body, {})}), body=body
        )
        no_echo(said)
        assert said.status == 400
        assert MARK.encode() not in said.body
    binary = {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": quote(BREAK),
        "ce-source": quote(BREAK),
        "ce-type": MARK,
        "ce-time": MARK,
    }
    said = await ask(base, "POST", "/v1/signals", lines({**binary, **hub.signed(b"{}", binary)}), body=b"{}")
    no_echo(said)
    assert (said.status, MARK.encode() in said.body) == (400, False)


# The log -----------------------------------------------------------------------------------------------


@contextmanager
def the_log() -> Iterator[io.StringIO]:
    """What the hub says to its log, written as it is when it runs."""
    written = io.StringIO()
    before = structlog.get_config()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(written),
        cache_logger_on_first_use=False,
    )
    try:
        yield written
    finally:
        structlog.configure(**before)


async def test_nothing_that_is_sent_comes_into_the_log(hub: Running, base: str, capfd: pytest.CaptureFixture[str]) -> None:
    with the_log() as log:
        await everywhere(hub, base)
        break_the_views(hub)
        await everywhere(hub, base)
        said = [json.loads(line) for line in log.getvalue().splitlines()]
    assert {"unforeseen", "refused-without-ground"} & {line["event"] for line in said}, "what was sent did reach the log"
    assert all(isinstance(line, dict) for line in said)
    out = capfd.readouterr()
    for text in (log.getvalue(), out.out, out.err):
        assert MARK not in text.lower()
        assert not set(text) & {"\x1b", "\r", "\x07", "\u2028", "\u202e"}


async def everywhere(hub: Running, base: str) -> None:
    """Sends what is nasty wherever something can be sent."""
    hub.hub.views.catch_up()
    plain = NASTY.encode().translate(None, b"\r\n\x00").decode()
    async with httpx2.AsyncClient(base_url=base, timeout=60) as client:
        token = hub.token("coordinator")
        for target in ("/v1/radar", "/v1/caseload", f"/v1/families/{quote(NASTY, safe='')}", f"/v1/{quote(NASTY, safe='')}"):
            await client.get(target, params={"after": NASTY, NASTY: NASTY}, headers=token)
            await client.get(
                target, headers={**token, "User-Agent": plain.encode(), "Referer": plain.encode(), "Traceparent": plain.encode()}
            )
            await client.get(target, headers=token)
        await client.post("/v1/families/_search", json={"familyName": NASTY, "bsn": NASTY}, headers=token)
        await client.post("/v1/families/_search", json={"familyName": MARK, "birthDate": "2016-04-05"}, headers=token)
        await client.get("/v1/radar", headers={"Authorization": b"Bearer " + plain.encode()})
        for body in (
            an_event(id=plain),
            an_event(source=NASTY),
            an_event(type=NASTY),
            an_event({"reference": NASTY, NASTY: NASTY}),
            NASTY.encode(),
        ):
            await client.post(
                "/v1/signals", content=body, headers={"content-type": "application/cloudevents+json", **hub.signed(body, {})}
            )
        await client.post(
            "/v1/signals", content=b"{}", headers={"content-type": plain.encode(), "payload-signature": plain.encode()}
        )
        await client.post("/oauth/token", data={"grant_type": NASTY, "client_assertion": NASTY, NASTY: NASTY})


def break_the_views(hub: Running) -> None:
    """The tables of the read models are gone, so that whoever asks finds a fault that nobody foresaw."""
    with hub.hub.stored.views.begin() as connection:
        tables = (
            connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
            .scalars()
            .all()
        )
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        for table in tables:
            if table != "positions":
                connection.exec_driver_sql(f'ALTER TABLE "{table}" RENAME TO "gone_{table}"')
