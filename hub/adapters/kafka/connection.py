"""How Kafka is reached: over TLS and as somebody, unless it is on this very machine or somebody said that it need not."""

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self

from hub.errors import Malformed, Violation

DEFAULT = -1
"""What a broker takes for its own default."""
_FILES = ("HUB_KAFKA_PASSWORD_FILE", "HUB_KAFKA_CA_FILE", "HUB_KAFKA_CERTIFICATE_FILE", "HUB_KAFKA_KEY_FILE")
_UNSAFE = (
    "names a broker on another machine, and nothing says how it knows the hub: give HUB_KAFKA_USER with HUB_KAFKA_PASSWORD_FILE, "
    "or HUB_KAFKA_CERTIFICATE_FILE with HUB_KAFKA_KEY_FILE, or allow all of it in the clear with HUB_KAFKA_PLAIN=on"
)


@dataclass(frozen=True, slots=True)
class Connection:
    """Where Kafka is and how the hub shows who it is; `prefix` stands before the name of every topic, group and transaction.

    `partitions` and `copies` are those of topics that the hub makes.
    """

    servers: str
    prefix: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    is_plain: bool = True
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    partitions: int = DEFAULT
    copies: int = DEFAULT

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self | None:
        """The connection that an environment asks for; `None` where it names no broker.

        Raises:
            Malformed: with every setting that is wrong.
        """
        if not environment.get("HUB_KAFKA_SERVERS", "").strip():
            return None
        if wrong := list(_against(environment)):
            raise Malformed("The settings of Kafka cannot be used.", wrong)
        said = {name: environment.get(f"HUB_KAFKA_{name.upper()}", "") for name in ("prefix", "user", "ca_file")}
        password = environment.get("HUB_KAFKA_PASSWORD_FILE", "")
        return cls(
            servers=environment["HUB_KAFKA_SERVERS"],
            **said,
            password=Path(password).read_text().strip() if password else "",
            is_plain=_is_plain(environment),
            certificate_file=environment.get("HUB_KAFKA_CERTIFICATE_FILE", ""),
            key_file=environment.get("HUB_KAFKA_KEY_FILE", ""),
            partitions=int(environment.get("HUB_KAFKA_PARTITIONS") or DEFAULT),
            copies=int(environment.get("HUB_KAFKA_COPIES") or DEFAULT),
        )

    def client(self) -> dict[str, Any]:
        """What every client of aiokafka is given to get there."""
        said: dict[str, Any] = {"bootstrap_servers": _servers(self.servers), "client_id": "vig-hub"}
        said["security_protocol"] = f"{'SASL_' if self.user else ''}{'PLAINTEXT' if self.is_plain else 'SSL'}"
        if not self.is_plain:
            said["ssl_context"] = self._tls()
        if self.user:
            secret = {"sasl_plain_username": self.user, "sasl_plain_password": self.password}
            said |= {"sasl_mechanism": "SCRAM-SHA-512", **secret}
        return said

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.certificate_file:
            context.load_cert_chain(self.certificate_file, self.key_file)
        return context


def _against(environment: Mapping[str, str]) -> Iterator[Violation]:
    said = {name: environment.get(f"HUB_KAFKA_{name}", "") for name in ("USER", "CA_FILE", "CERTIFICATE_FILE", "PLAIN", "PREFIX")}
    for name in _FILES:
        if (text := environment.get(name, "")) and not Path(text).is_file():
            yield Violation(name, "names a file that is not there")
    yield from _against_pairs(environment, "HUB_KAFKA_USER", "HUB_KAFKA_PASSWORD_FILE")
    yield from _against_pairs(environment, "HUB_KAFKA_CERTIFICATE_FILE", "HUB_KAFKA_KEY_FILE")
    for name in ("HUB_KAFKA_PARTITIONS", "HUB_KAFKA_COPIES"):
        text = environment.get(name, "")
        if text and not (text.isascii() and text.isdecimal() and 0 < int(text) <= 1_000):
            yield Violation(name, "is a whole number from 1 to 1000, or empty for the broker's own default")
    if not all(letter.isascii() and (letter.isalnum() or letter in ".-") for letter in said["PREFIX"]):
        yield Violation("HUB_KAFKA_PREFIX", "is letters, digits, dots and hyphens")
    if said["PLAIN"] not in ("", "on", "off"):
        yield Violation("HUB_KAFKA_PLAIN", "is on or off")
    if said["PLAIN"] == "on" and (said["CA_FILE"] or said["CERTIFICATE_FILE"]):
        yield Violation("HUB_KAFKA_PLAIN", "is on, and yet certificates are given")
    is_safe = said["USER"] or said["CERTIFICATE_FILE"] or said["PLAIN"] == "on"
    if not is_safe and not _is_here(environment["HUB_KAFKA_SERVERS"]):
        yield Violation("HUB_KAFKA_SERVERS", _UNSAFE)


def _against_pairs(environment: Mapping[str, str], one: str, other: str) -> Iterator[Violation]:
    if bool(environment.get(one)) != bool(environment.get(other)):
        yield Violation(one, f"goes with {other}: give both, or neither")


def _is_plain(environment: Mapping[str, str]) -> bool:
    if environment.get("HUB_KAFKA_PLAIN") == "on":
        return True
    has_certificates = any(environment.get(f"HUB_KAFKA_{name}") for name in ("CA_FILE", "CERTIFICATE_FILE"))
    return _is_here(environment["HUB_KAFKA_SERVERS"]) and not has_certificates


def _is_here(servers: str) -> bool:
    return all(map(_is_loopback, (server.rpartition(":")[0].strip("[]") for server in _servers(servers))))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _servers(text: str) -> list[str]:
    return [server.strip() for server in text.split(",") if server.strip()]
