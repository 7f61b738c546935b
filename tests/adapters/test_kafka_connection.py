"""How Kafka is reached: as somebody and over TLS, and otherwise only where somebody said so."""

import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hub.adapters.kafka.answering import answers
from hub.adapters.kafka.connection import Connection
from hub.errors import Malformed
from hub.settings import ELSEWHERE
from tests.over_kafka import now
from tests.parts.kafka import Broker
from tests.parts.servers import a_lasting_port

ELSE = "kafka.example.org:9092"


def read(servers: str = ELSE, **said: str) -> Connection:
    """The connection that these settings ask for."""
    found = Connection.read({"HUB_KAFKA_SERVERS": servers, **{f"HUB_KAFKA_{name.upper()}": text for name, text in said.items()}})
    assert found is not None
    return found


def wrong_in(servers: str = ELSE, **said: str) -> list[str]:
    """The settings that cannot be used."""
    with pytest.raises(Malformed) as refused:
        read(servers, **said)
    return [violation.where.removeprefix("HUB_KAFKA_") for violation in refused.value.violations]


@pytest.fixture
def password(tmp_path: Path) -> str:
    file = tmp_path / "password"
    file.write_text("not told\n")
    return str(file)


def protocol(connection: Connection) -> str:
    return str(connection.client()["security_protocol"])


def test_without_a_broker_there_is_no_kafka() -> None:
    assert Connection.read({}) is None
    assert Connection.read({"HUB_KAFKA_SERVERS": " "}) is None


@pytest.mark.parametrize("servers", ["127.0.0.1:9092", "localhost:9092, 127.0.0.2:9093", "[::1]:9092"])
def test_on_this_machine_nothing_more_is_asked(servers: str) -> None:
    assert protocol(read(servers)) == "PLAINTEXT"


@pytest.mark.parametrize("servers", [ELSE, "127.0.0.1:9092,10.0.0.1:9092", "localhost.example.org:9092"])
def test_to_another_machine_nobody_goes_in_the_clear_without_having_said_so(servers: str) -> None:
    with pytest.raises(Malformed, match="Kafka") as refused:
        read(servers)
    (violation,) = refused.value.violations
    assert (violation.where, "HUB_KAFKA_PLAIN=on" in violation.what) == ("HUB_KAFKA_SERVERS", True)
    assert protocol(read(servers, plain="on")) == "PLAINTEXT"


def test_with_a_user_it_goes_over_tls_and_the_password_is_shown_nowhere(password: str) -> None:
    connection = read(user="hub", password_file=password)
    client = connection.client()
    assert (client["security_protocol"], client["sasl_mechanism"], client["sasl_plain_password"]) == (
        "SASL_SSL",
        "SCRAM-SHA-512",
        "not told",
    )
    assert client["ssl_context"].verify_mode == ssl.CERT_REQUIRED
    assert client["ssl_context"].check_hostname
    assert "not told" not in repr(connection)
    assert protocol(read(user="hub", password_file=password, plain="on")) == "SASL_PLAINTEXT"


def test_everything_that_is_wrong_is_said_at_once(password: str) -> None:
    assert wrong_in(user="hub") == ["USER"]
    assert wrong_in(password_file="nowhere", partitions="0", copies="many", prefix="a b", plain="yes") == [
        "PASSWORD_FILE",
        "USER",
        "PARTITIONS",
        "COPIES",
        "PREFIX",
        "PLAIN",
        "SERVERS",
    ]
    assert wrong_in(certificate_file=password, plain="on", user="hub", password_file=password) == ["CERTIFICATE_FILE", "PLAIN"]


def test_every_setting_is_explained() -> None:
    names = (
        "SERVERS",
        "PREFIX",
        "USER",
        "PASSWORD_FILE",
        "CA_FILE",
        "CERTIFICATE_FILE",
        "KEY_FILE",
        "PLAIN",
        "PARTITIONS",
        "COPIES",
    )
    assert {f"HUB_KAFKA_{name}" for name in names} == {name for name in ELSEWHERE if name.startswith("HUB_KAFKA_")}


# Certificates on a real broker ---------------------------------------------------------------------


class Authority:
    """Somebody who makes certificates."""

    def __init__(self, place: Path) -> None:
        self._place, self._key = place, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
        self.file = place / "ca.pem"
        made = self._certificate(self._name, self._key.public_key()).add_extension(x509.BasicConstraints(True, None), True)
        self.file.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _certificate(self, name: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder(self._name, name, key, x509.random_serial_number())
        return made.not_valid_before(now() - timedelta(days=1)).not_valid_after(now() + timedelta(days=1))

    def certificate(self, name: str) -> tuple[Path, Path]:
        """The files of a certificate for somebody on this machine, and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        made = self._certificate(subject, key.public_key()).add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost")]), False
        )
        made = made.add_extension(usages, False)
        files = self._place / f"{name}.pem", self._place / f"{name}-key.pem"
        files[0].write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        form = serialization.PrivateFormat.PKCS8
        files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
        return files


@pytest.fixture
def secured(tmp_path: Path, broker: Broker) -> Iterator[tuple[str, Authority]]:
    """Where a broker is that wants to see a certificate of its own authority."""
    authority, port = Authority(tmp_path), a_lasting_port()
    certificate, key = authority.certificate("broker")
    both = tmp_path / "both.pem"
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    inside, controller = f"BROKER://127.0.0.1:{broker.port}", f"CONTROLLER://127.0.0.1:{broker._controller}"
    broker.settings = {
        "listeners": f"{inside},SECURED://127.0.0.1:{port},{controller}",
        "advertised.listeners": f"{inside},SECURED://localhost:{port}",
        "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SSL",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(both),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority.file),
        "ssl.client.auth": "required",
    }
    broker.start()
    yield f"localhost:{port}", authority


def test_a_broker_and_the_hub_know_each_other_by_their_certificates(secured: tuple[str, Authority], tmp_path: Path) -> None:
    servers, authority = secured
    (tmp_path / "others").mkdir()
    another = Authority(tmp_path / "others")
    (ours, our_key), (theirs, their_key) = authority.certificate("hub"), another.certificate("hub")
    known = read(servers, ca_file=str(authority.file), certificate_file=str(ours), key_file=str(our_key))
    assert protocol(known) == "SSL"
    assert answers(known)
    strangers = (
        read(servers, ca_file=str(authority.file)),
        read(servers, ca_file=str(authority.file), certificate_file=str(theirs), key_file=str(their_key)),
        read(servers, ca_file=str(another.file), certificate_file=str(ours), key_file=str(our_key)),
        read(servers),
    )
    for stranger in strangers:
        with pytest.raises(Exception, match=r"."):
            answers(stranger)
