"""What docker-compose.yml says, as the tests read it: its services, their commands, settings and files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.tools import ROOT

FILE = ROOT / "docker-compose.yml"
OURS = ("serve-1", "serve-2", "relay-1", "relay-2", "consume-1", "consume-2")
"""The services that are processes of the hub."""
SECRETS = "/run/secrets/"


@cache
def composed() -> dict[str, Any]:
    """The whole file, its anchors followed."""
    read: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return read


@dataclass(frozen=True)
class Service:
    """One service of the file."""

    name: str
    said: Mapping[str, Any]

    @property
    def command(self) -> list[str]:
        return list(self.said.get("command", ()))

    @property
    def environment(self) -> dict[str, str]:
        return dict(self.said.get("environment", {}))

    @property
    def files(self) -> dict[str, Path]:
        """The files of this tree by the places where the service sees them, and its secrets."""
        split = (volume.removesuffix(":ro").split(":") for volume in self.said.get("volumes", ()))
        mounted = {there: ROOT / here for here, there in split if here.startswith("./")}
        secrets = composed()["secrets"]
        return mounted | {SECRETS + name: ROOT / secrets[name]["file"] for name in self.said.get("secrets", ())}

    @property
    def networks(self) -> set[str]:
        """The networks it is in, by itself or with the service whose network is its own."""
        shared = self.said.get("network_mode", "").removeprefix("service:")
        return service(shared).networks if shared else set(self.said.get("networks", ()))


def service(name: str) -> Service:
    """The service of that name."""
    return Service(name, composed()["services"][name])


def services() -> Iterator[Service]:
    """All services."""
    return (service(name) for name in composed()["services"])
