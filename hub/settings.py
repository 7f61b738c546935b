"""What the hub as a whole reads from its environment."""

from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Self, get_args, get_type_hints
from urllib.parse import urlsplit

from hub.adapters.evidence.notes import COSIGNATURE, Key
from hub.errors import Malformed, Violation

DEMO, PRODUCTION = "demo", "production"
_SHARED = ("postgresql://", "postgres://")
ELSEWHERE = {
    "HUB_CONTRACTS_DIR": "where the contracts lie; empty is beside the code",
    "HUB_MAIL_HOST": "the mail server by which people are mailed; empty: nobody is",
    "HUB_MAIL_PORT": "its port; empty: 587, or 465 with tls",
    "HUB_MAIL_SECURITY": "starttls, tls, or none for a server on this machine",
    "HUB_MAIL_FROM": "the address that mail comes from",
    "HUB_MAIL_USER": "who the hub is to the mail server; empty: it does not log in",
    "HUB_MAIL_PASSWORD_FILE": "a file with the password that goes with it",
    "HUB_MAIL_OPERATOR": "who is mailed of partners that cannot be reached; empty: nobody",
    "HUB_WEBHOOK": "off: partners are not told at their callbacks",
    "HUB_WEBHOOK_ALLOW": "ranges of addresses that may be called back although they are not public",
    "HUB_WEBHOOK_ENDURE_HOURS": "hours of nothing but failures after which a callback is given up; empty is 72",
    "HUB_KAFKA_SERVERS": "brokers of Kafka, as host:port with commas between; empty: no Kafka",
    "HUB_KAFKA_PREFIX": "what the names of the hub's topics, group and transactions begin with; empty is nothing",
    "HUB_KAFKA_USER": "who the hub is to Kafka, by SCRAM-SHA-512; empty: nobody, or by its certificate",
    "HUB_KAFKA_PASSWORD_FILE": "a file with the password of that user",
    "HUB_KAFKA_CA_FILE": "a file with the certificates that the brokers' own are signed with; empty: those that the machine trusts",
    "HUB_KAFKA_CERTIFICATE_FILE": "a file with the hub's certificate for Kafka; empty: it has none",
    "HUB_KAFKA_KEY_FILE": "a file with the key of that certificate",
    "HUB_KAFKA_PLAIN": "on: without TLS, and if no user is given as nobody, also to brokers on other machines",
    "HUB_KAFKA_PARTITIONS": "partitions of topics that the hub makes; empty is the broker's default",
    "HUB_KAFKA_COPIES": "copies of each of those partitions; empty is the broker's default",
}
"""What the contracts, the channels and Kafka read by themselves."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting; each is an environment variable HUB_<NAME>."""

    data_dir: Annotated[Path, "where databases and the hub's keys are kept"] = Path("var")
    database_url: Annotated[str, "postgresql://… for all that is kept; empty: SQLite files in the data directory"] = field(
        default="", repr=False
    )
    mode: Annotated[str, "production, or demo: then only test person numbers are accepted"] = PRODUCTION
    oin: Annotated[str, "the hub's own organisation number (OIN)"] = "00000099000000000001"
    base_url: Annotated[str, "how partners and people reach this hub; without a slash at the end"] = "http://127.0.0.1:8000"
    duty_director: Annotated[str, "who directs a new family until somebody takes over"] = "duty-desk"
    duty_organisation: Annotated[str, "the organisation of the director on duty"] = "neighbourhood-team"
    duty_contact: Annotated[str, "how partners reach the director on duty"] = "duty desk"
    replay_seconds: Annotated[int, "how old a signature may be when it arrives"] = 300
    covenant: Annotated[str, "under which covenant of the register a new partner takes part when nothing else is said"] = "vig-2024"
    per_minute: Annotated[int, "messages and questions a minute of a partner that has no limit of its own"] = 6_000
    per_day: Annotated[int, "the same for a day, by the Dutch calendar"] = 250_000

    drain_seconds: Annotated[int, "how long a server that stops goes on answering, so that who sends to it can turn elsewhere"] = 0

    login_issuer: Annotated[str, "where people log in (OpenID Connect); empty: nobody can"] = ""
    login_client_id: Annotated[str, "who the hub is to that issuer"] = "vig-hub"
    login_client_secret_file: Annotated[str, "a file with the hub's secret at that issuer; empty: it has none"] = ""
    login_audience: Annotated[str, "whom people's access tokens are for; empty is the hub's own address"] = ""
    login_jwks: Annotated[str, "that issuer's keys: an address or a file; empty: as the issuer says"] = ""
    login_subject_claim: Annotated[str, "the claim that says who somebody is"] = "sub"
    login_role_claim: Annotated[str, "the claim that says in which role"] = "hub_role"
    login_organisation_claim: Annotated[str, "the claim that says for which organisation"] = "organisation"
    session_idle_minutes: Annotated[int, "how long somebody who does nothing stays logged in"] = 30
    session_minutes: Annotated[int, "how long anybody stays logged in"] = 540
    role_contact: Annotated[str, "whom somebody asks who may not come in"] = ""

    token_issuer: Annotated[str, "who issues partners' access tokens; empty: the hub itself"] = ""
    token_jwks: Annotated[str, "that issuer's keys: an address or a file; empty: as the issuer says"] = ""
    client_certificate_header: Annotated[str, "the header in which a proxy passes a client's certificate; empty: none does"] = ""
    trusted_proxies: Annotated[str, "ranges of addresses of proxies that are believed, with commas between; empty: none is"] = ""

    watch: Annotated[str, "where this process says how it is (HOST:PORT, for /health and /metrics); empty: nowhere"] = ""
    traces_endpoint: Annotated[str, "where traces go (OTLP over HTTP: http://…/v1/traces); empty: nowhere"] = ""

    witnesses: Annotated[str, "keys of who may sign checkpoints of the log beside the hub, with commas between; empty: nobody"] = ""
    witnesses_needed: Annotated[int, "how many of them have to sign each checkpoint"] = 0

    kek: Annotated[str, "the key around all other keys (32 bytes, base64); better from a file or a command"] = field(
        default="", repr=False
    )
    kek_file: Annotated[str, "a file with that key; empty: one in the data directory"] = ""
    kek_command: Annotated[str, "a command that prints that key; empty: none"] = ""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """The settings of an environment.

        Raises:
            Malformed: with every setting that is wrong.
        """
        given = {known.name: environment[name] for known in fields(cls) if (name := f"HUB_{known.name.upper()}") in environment}
        wrong: list[Violation] = []
        read = {name: _read(name, text, wrong) for name, text in given.items()}
        if sum(bool(read.get(name)) for name in ("kek", "kek_file", "kek_command")) > 1:
            wrong.append(Violation("HUB_KEK", "comes from one place: HUB_KEK, HUB_KEK_FILE or HUB_KEK_COMMAND"))
        if wrong:
            raise Malformed("The settings cannot be used.", wrong)
        return cls(**read)

    def explained(self) -> Iterator[tuple[str, str, str]]:
        """Every setting: its variable, what it is for, and what it is now; of a secret only that it is there."""
        for known in fields(self):
            _, words = get_args(get_type_hints(type(self), include_extras=True)[known.name])
            value = str(getattr(self, known.name))
            yield f"HUB_{known.name.upper()}", words, value if known.repr or not value else "(given)"

    @property
    def hub_keys(self) -> Path:
        """The file of the keys that the hub signs with, and of its secrets."""
        return self.data_dir / "hub-keys.json"

    @property
    def is_demo(self) -> bool:
        return self.mode == DEMO

    @property
    def is_shared(self) -> bool:
        """Whether several processes, on several machines, may be one hub."""
        return self.database_url.startswith(_SHARED)

    @property
    def log_url(self) -> str:
        """The database of the event log, which must never lose anything."""
        return self.database_url or f"sqlite:///{self.data_dir / 'hub.db'}"

    @property
    def views_url(self) -> str:
        """The database of the read models, which can be rebuilt."""
        return self._url("views")

    @property
    def outbox_url(self) -> str:
        """The database of what waits to leave."""
        return self._url("outbox")

    @property
    def reads_url(self) -> str:
        """The database of what was read, which must never lose anything either."""
        return self._url("reads")

    @property
    def limits_url(self) -> str:
        """The database of how much partners asked today."""
        return self._url("limits")

    @property
    def door_url(self) -> str:
        """The database of who is in: sessions, and what may be shown only once."""
        return self._url("door")

    @property
    def evidence_url(self) -> str:
        """The database of the trees over what may not be changed, and of what of them was signed."""
        return self._url("evidence")

    def _url(self, store: str) -> str:
        return self.database_url if self.is_shared else f"sqlite:///{self.data_dir / f'{store}.db'}"


def unknown(environment: Mapping[str, str]) -> list[str]:
    """The variables HUB_… that nothing reads."""
    known = ELSEWHERE.keys() | {f"HUB_{each.name.upper()}" for each in fields(Settings)}
    return sorted(name for name in environment if name.startswith("HUB_") and name not in known)


def _read(name: str, text: str, wrong: list[Violation]) -> Any:
    try:
        return _READ.get(name, str)(text)
    except ValueError as error:
        wrong.append(Violation(f"HUB_{name.upper()}", str(error)))
        return None


def _mode(text: str) -> str:
    if text not in (DEMO, PRODUCTION):
        raise ValueError(f"is {DEMO} or {PRODUCTION}")
    return text


def _oin(text: str) -> str:
    if not (len(text) == 20 and text.isdecimal()):
        raise ValueError("is 20 digits")
    return text


def _number_of(unit: str, least: int = 0, most: int = 10_000_000) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isascii() and text.isdecimal()):
            raise ValueError(f"is a whole number of {unit}")
        if not least <= int(text) <= most:
            raise ValueError(f"is from {least} to {most} {unit}")
        return int(text)

    return number


def _database(text: str) -> str:
    if text and not text.startswith(("sqlite:///", *_SHARED)):
        raise ValueError("is postgresql://USER@HOST/DATABASE, or sqlite:///FILE, or empty for files in the data directory")
    return text


def _address(text: str) -> str:
    parts = urlsplit(text)
    if not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("is an address: https://…, without a name, ? or # in it")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_here(parts.hostname)):
        raise ValueError("begins with https://; http:// is only for this machine itself")
    return text


def _own_address(text: str) -> str:
    if text.endswith("/"):
        raise ValueError("has no slash at its end")
    return _address(text)


def _address_or_nothing(text: str) -> str:
    return text and _address(text)


def _keys(text: str) -> str:
    return _address(text) if "://" in text else _file(text)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _file(text: str) -> str:
    if text and not Path(text).is_file():
        raise ValueError("names a file that is not there")
    return text


def _here(text: str) -> str:
    host, _, port = text.rpartition(":")
    if text and not (host and port.isdecimal() and 0 < int(port) < 65_536):
        raise ValueError("is HOST:PORT, such as 127.0.0.1:9464")
    return text


def _collector(text: str) -> str:
    if text and not (urlsplit(text).scheme in ("http", "https") and urlsplit(text).hostname):
        raise ValueError("is an address: http://… or https://…")
    return text


def _header(text: str) -> str:
    if text and not all(letter.isascii() and (letter.isalnum() or letter == "-") for letter in text):
        raise ValueError("is the name of a header")
    return text.lower()


def _ranges(text: str) -> str:
    for each in filter(None, map(str.strip, text.split(","))):
        try:
            ip_network(each)
        except ValueError:
            raise ValueError("is ranges of addresses, such as 10.0.0.0/8, with commas between") from None
    return text


def _witnesses(text: str) -> str:
    try:
        keys = [Key.read(each) for each in text.split(",") if each]
    except ValueError:
        keys = []
    if any(key.kind != COSIGNATURE for key in keys) or len(keys) != len({key.name for key in keys}) or bool(text) != bool(keys):
        raise ValueError("is keys as `hub witness` shows its own, each with a name of its own, with commas between")
    return text


def _key(text: str) -> str:
    try:
        is_key = all(len(b64decode(key, validate=True)) == 32 for key in text.split(",") if text)
    except ValueError:
        is_key = False
    if not is_key:
        raise ValueError("is 32 bytes in base64, or a new key and the one before it, with a comma between")
    return text


_READ: Mapping[str, Callable[[str], Any]] = {
    "data_dir": Path,
    "database_url": _database,
    "mode": _mode,
    "oin": _oin,
    "base_url": _own_address,
    "replay_seconds": _number_of("seconds"),
    "drain_seconds": _number_of("seconds", 0, 300),
    "per_minute": _number_of("messages", 1),
    "per_day": _number_of("messages", 1),
    "login_issuer": _address_or_nothing,
    "login_client_secret_file": _file,
    "login_jwks": _keys,
    "session_idle_minutes": _number_of("minutes", 1, 720),
    "session_minutes": _number_of("minutes", 1, 1440),
    "token_issuer": _address_or_nothing,
    "token_jwks": _keys,
    "client_certificate_header": _header,
    "trusted_proxies": _ranges,
    "watch": _here,
    "traces_endpoint": _collector,
    "witnesses": _witnesses,
    "witnesses_needed": _number_of("witnesses", 0, 100),
    "kek": _key,
    "kek_file": _file,
}
"""How a setting is read; the others are text as it stands."""
