"""What Prometheus asks, what it is alarmed by and what Grafana shows are what docs/watching.md says that there is."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.composed import OURS, service
from tests.tools import ROOT

WATCHING = (ROOT / "docs" / "watching.md").read_text()
DEPLOY = ROOT / "deploy"
WAKE_SOMEBODY = 4
"""So many alarms of the table, its first ones, do not wait until the morning."""
OF_PROMETHEUS = {"up", "ALERTS"}
_METRIC = re.compile(r"\b(?:hub|process)_[a-z_]+\b|\bup\b|\bALERTS\b")
_PARTS = re.compile(r"_(?:bucket|sum|count)$")


def rows(beginning: str) -> Iterator[list[str]]:
    """The cells of the lines of a table that begin with that word."""
    for line in WATCHING.splitlines():
        if line.startswith(beginning):
            yield [cell.strip().replace(r"\|", "|").strip("`") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def metrics(expression: str) -> set[str]:
    """The metrics that an expression asks for; of a histogram its own name."""
    bare = re.sub(r'"[^"]*"|\{\{\w+\}\}|\b(?:by|without) \([^)]*\)', "", expression)
    return {_PARTS.sub("", name) for name in _METRIC.findall(bare)}


def told() -> set[str]:
    """The metrics that the document names."""
    return {name for name, *_ in rows("| `hub_")}


@pytest.fixture(scope="module")
def prometheus() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    return read


@pytest.fixture(scope="module")
def alarms() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((DEPLOY / "prometheus" / "alarms.yml").read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


@pytest.fixture(scope="module")
def shown() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DEPLOY / "grafana" / "dashboards" / "hub.json").read_text())["panels"]
    return [panel for panel in found if panel["type"] != "row"]


def test_the_alarms_are_those_of_the_document(alarms: list[dict[str, Any]]) -> None:
    written = [(name, expression, lasting, means) for name, expression, lasting, means, _ in rows("| Hub")]
    assert len(written) > 10
    assert [(a["alert"], a["expr"], a.get("for", ""), a["annotations"]["summary"]) for a in alarms] == [
        (name, expression, lasting, means.replace("`", "")) for name, expression, lasting, means in written
    ]
    assert [a["labels"]["severity"] for a in alarms] == ["page"] * WAKE_SOMEBODY + ["look"] * (len(alarms) - WAKE_SOMEBODY)


def test_no_alarm_and_no_panel_asks_for_what_is_not_there(alarms: list[dict[str, Any]], shown: list[dict[str, Any]]) -> None:
    asked = [alarm["expr"] for alarm in alarms] + [target["expr"] for panel in shown for target in panel["targets"]]
    of_the_hub = {name for expression in asked for name in metrics(expression) if not name.startswith("process_")}
    assert of_the_hub - told() == OF_PROMETHEUS


def test_everything_that_the_hub_tells_is_shown(shown: list[dict[str, Any]]) -> None:
    asked = {name for panel in shown for target in panel["targets"] for name in metrics(target["expr"])}
    assert told() - asked == set()


def test_every_process_is_asked(prometheus: dict[str, Any]) -> None:
    (job,) = prometheus["scrape_configs"]
    assert job["job_name"] == "hub"
    asked = {target for group in job["static_configs"] for target in group["targets"]}
    assert asked == {f"{name}:{watch_port(name)}" for name in OURS}


def watch_port(name: str) -> str:
    """Where a process of the compose file tells how it is."""
    command = service(name).command
    watch = command[command.index("--watch") + 1] if "--watch" in command else service(name).environment["HUB_WATCH"]
    return watch.rpartition(":")[2]


def test_a_process_is_well_when_it_says_so_itself() -> None:
    for name in OURS:
        (asked,) = re.findall(r"http://127\.0\.0\.1:(\d+)/health/ready", service(name).said["healthcheck"]["test"][-1])
        assert asked == watch_port(name)


def test_processes_that_share_a_network_have_addresses_of_their_own() -> None:
    ports = [watch_port(name) for name in OURS if "network_mode" in service(name).said]
    assert len(set(ports)) == len(ports) > 1
    assert set(service("proxy").said["networks"]["inside"]["aliases"]) == {n for n in OURS if "network_mode" in service(n).said}


def test_the_files_lie_where_the_configuration_looks_for_them(prometheus: dict[str, Any]) -> None:
    assert set(prometheus["rule_files"]) <= service("prometheus").files.keys()
    (provider,) = yaml.safe_load((DEPLOY / "grafana" / "provisioning" / "dashboards" / "hub.yml").read_text())["providers"]
    assert service("grafana").files[provider["options"]["path"]] == DEPLOY / "grafana" / "dashboards"


def test_the_panels_ask_the_source_that_is_there(shown: list[dict[str, Any]]) -> None:
    (source,) = yaml.safe_load((DEPLOY / "grafana" / "provisioning" / "datasources" / "prometheus.yml").read_text())["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert {target["datasource"]["uid"] for panel in shown for target in panel["targets"]} == {source["uid"]}
    assert len({panel["id"] for panel in shown}) == len(shown)


def test_nobody_looks_without_saying_who_they_are() -> None:
    grafana = service("grafana").environment
    assert (grafana["GF_AUTH_ANONYMOUS_ENABLED"], grafana["GF_USERS_ALLOW_SIGN_UP"]) == ("false", "false")
