"""Whom the hub calls because a partner said so, and whom it never calls."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hub.adapters.channels.webhook.addresses import is_public, networks
from hub.adapters.channels.webhook.exchange import Line, Outcome, Patience
from tests.channels.receiving import Receiver, receiving, status
from tests.channels.telling import LOOPBACK, NOW

NEIGHBOURS = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",  # noqa: S104
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "198.18.0.1",
    "192.0.2.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001:db8::1",
    "fec0::1",
    "192.0.0.192",
    "192.31.196.1",
    "192.88.99.1",
    "::ffff:192.88.99.1",
    "64:ff9b::c058:6301",
    "3fff::1",
]


@pytest.mark.parametrize("address", NEIGHBOURS)
def test_a_neighbour_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.215.14", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_who_is_on_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


def test_ranges_are_read_with_spaces_or_commas() -> None:
    assert networks("127.0.0.0/8, ::1/128 10.0.0.1") == (ip_network("127.0.0.0/8"), ip_network("::1"), ip_network("10.0.0.1"))
    assert networks("") == ()
    with pytest.raises(ValueError, match=r"10\.0\.0\.1/8"):
        networks("10.0.0.1/8")


Post = Callable[..., Outcome]


@pytest.fixture(params=["POST", "OPTIONS"])
def post(request: pytest.FixtureRequest) -> Post:
    """Calls once, to tell something or to ask whether anything is to be told: neither calls whom the other does not."""

    async def called(line: Line) -> Outcome:
        try:
            return await line.post(b"{}", {}, NOW) if request.param == "POST" else (await line.options({}, NOW)).outcome
        finally:
            await line.close()

    def once(url: str, allow: tuple[Any, ...] = (), tls: ssl.SSLContext | None = None) -> Outcome:
        return asyncio.run(called(Line(url, allow, Patience(), tls)))

    return once


NAMES = ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "017700000001", "[::ffff:127.0.0.1]", "0.0.0.0", "[::1]"]  # noqa: S104


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("name", NAMES)
def test_loopback_is_refused_however_it_is_written(post: Post, scheme: str, name: str) -> None:
    with receiving() as receiver:
        port = receiver.url.rsplit(":", 1)[1]
        assert post(f"{scheme}://{name}:{port}").code == "address-refused"
    assert receiver.got == []


@pytest.mark.parametrize("address", ["169.254.169.254", "10.0.0.1", "[fd00:ec2::254]", "[64:ff9b::a9fe:a9fe]"])
def test_networks_around_the_hub_are_refused(post: Post, address: str) -> None:
    assert post(f"https://{address}/latest/meta-data").code == "address-refused"


def test_a_range_that_is_allowed_is_called(post: Post) -> None:
    with receiving() as receiver:
        assert post(receiver.url, LOOPBACK).code == "http-200"
        assert post(receiver.url, networks("10.0.0.0/8")).code == "address-refused"
    assert len(receiver.got) == 1


def test_without_tls_nobody_on_the_internet_is_called(post: Post) -> None:
    assert post("http://93.184.215.14/", LOOPBACK).code == "address-refused"


@pytest.mark.parametrize(
    "url",
    ["ftp://127.0.0.1/", "https://", "https://user:secret@127.0.0.1/", "http://127.0.0.1:99999/", "http://[::1/", "file:///etc"],
)
def test_what_is_no_address_to_post_to_is_not_tried(post: Post, url: str) -> None:
    assert post(url, LOOPBACK).code == "callback-malformed"


def test_a_name_that_nobody_knows_is_unreachable(post: Post) -> None:
    assert post("https://nobody.invalid/", LOOPBACK).code == "unreachable"


def test_a_name_that_changes_its_mind_is_called_where_it_was_looked_at(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve, asked = socket.getaddrinfo, []

    def rebinding(host: str, port: int, *how: Any, **named: Any) -> Any:
        if host != "rebinding.example":
            return resolve(host, port, *how, **named)
        asked.append(host)
        return resolve("127.0.0.1" if len(asked) == 1 else "10.0.0.1", port, *how, **named)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with receiving() as receiver:
        url = receiver.url.replace("127.0.0.1", "rebinding.example")
        assert post(url, LOOPBACK).code == "http-200"
        assert post(url, LOOPBACK).code == "address-refused"
    assert receiver.got[0].headers["host"] == [url.split("/")[2]]
    assert len(asked) == 2


def test_of_several_addresses_only_those_that_may_be_called_are(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo

    def both(host: str, port: int, *how: Any, **named: Any) -> Any:
        if host != "both.example":
            return resolve(host, port, *how, **named)
        return [found for address in ("10.0.0.1", "127.0.0.2", "127.0.0.1") for found in resolve(address, port, *how, **named)]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with receiving() as receiver:
        # nobody listens at the second; the first is never tried
        assert post(receiver.url.replace("127.0.0.1", "both.example"), LOOPBACK).code == "http-200"


# TLS -------------------------------------------------------------------------------------------------


def _certificate(
    name: str,
    key: EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    signer: EllipticCurvePrivateKey,
    since: timedelta = timedelta(0),
) -> x509.Certificate:
    today = datetime.now(UTC) - since
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(issuer.subject if issuer else named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_alternative(name)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if issuer is None:
        usage = dict.fromkeys(
            ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
        )
        certify = {"key_cert_sign": True, "crl_sign": True, "encipher_only": False, "decipher_only": False}
        built = built.add_extension(x509.KeyUsage(**usage, **certify), critical=True)
    return built.sign(signer, SHA256())


def _alternative(name: str) -> x509.GeneralName:
    return x509.IPAddress(IPv4Address(name)) if name[0].isdigit() else x509.DNSName(name)


ServedAs = Callable[..., tuple[ssl.SSLContext, ssl.SSLContext]]


@pytest.fixture
def served_as(tmp_path: Path) -> ServedAs:
    """The contexts of a server whose certificate is for that name, and of a client that trusts its issuer."""

    def contexts(name: str, since: timedelta = timedelta(0)) -> tuple[ssl.SSLContext, ssl.SSLContext]:
        root, key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
        authority = _certificate("authority.example", root, None, root)
        leaf = _certificate(name, key, authority, root, since)
        held = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / "leaf.pem").write_bytes(leaf.public_bytes(Encoding.PEM) + held)
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(tmp_path / "leaf.pem")
        client = ssl.create_default_context(cadata=authority.public_bytes(Encoding.PEM).decode())
        return server, client

    return contexts


def test_with_tls_the_name_in_the_address_is_the_one_that_counts(post: Post, served_as: ServedAs) -> None:
    server, client = served_as("localhost")
    with receiving(Receiver([status(202)]), server) as receiver:
        assert post(receiver.url.replace("127.0.0.1", "localhost"), LOOPBACK, client).code == "http-202"
        assert post(receiver.url, LOOPBACK, client).code == "tls-failed"
        assert post(receiver.url.replace("127.0.0.1", "localhost"), LOOPBACK).code == "tls-failed"
    assert len(receiver.got) == 1


def test_who_does_not_speak_tls_is_not_told(post: Post) -> None:
    with receiving() as receiver:
        assert post(receiver.url.replace("http:", "https:"), LOOPBACK).code == "tls-failed"
    assert receiver.got == []


def test_a_certificate_that_expired_is_no_certificate(post: Post, served_as: ServedAs) -> None:
    server, client = served_as("localhost", timedelta(days=30))
    with receiving(tls=server) as receiver:
        assert post(receiver.url.replace("127.0.0.1", "localhost"), LOOPBACK, client).code == "tls-failed"
    assert receiver.got == []


def test_who_signed_its_certificate_itself_is_nobody(post: Post, tmp_path: Path) -> None:
    key = generate_private_key(SECP256R1())
    held = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "own.pem").write_bytes(_certificate("localhost", key, None, key).public_bytes(Encoding.PEM) + held)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "own.pem")
    with receiving(tls=server) as receiver:
        assert post(receiver.url.replace("127.0.0.1", "localhost"), LOOPBACK).code == "tls-failed"
    assert receiver.got == []
