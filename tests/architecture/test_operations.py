"""What docs/operations.md says to an operator is what is there: settings, processes, commands, and the example that it gives."""

import json
import re
import shlex
from typing import Any

import jsonschema_rs
import pytest
import yaml
from typer.main import get_command

from hub.__main__ import app
from hub.commands import upkeep
from hub.settings import Settings, unknown
from tests.architecture.test_the_compose_file import SCHEMA
from tests.composed import OURS, composed, service
from tests.tools import ROOT

PAPER = (ROOT / "docs" / "operations.md").read_text()
SYSTEMD = ROOT / "deploy" / "systemd"


def between(mark: str) -> str:
    """What stands between two marks."""
    (found,) = re.findall(rf"<!-- {mark} -->\n(.*?)<!-- end of {mark} -->", PAPER, re.DOTALL)
    text: str = found.strip()
    return text


def is_command(words: list[str]) -> bool:
    """Whether the command line has that command, and all its options."""
    at: Any = get_command(app)
    while words and words[0] in getattr(at, "commands", {}):
        at = at.commands[words.pop(0)]
    options = {name for parameter in at.params for name in (*parameter.opts, *parameter.secondary_opts)}
    return not hasattr(at, "commands") and {word for word in words if word.startswith("--")} <= options


def test_every_setting_stands_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    upkeep.settings(markdown=True)
    assert between("settings") == capsys.readouterr().out.strip(), "`hub settings --markdown` writes the table"


def test_no_setting_is_named_that_is_not_there() -> None:
    ours = {"HUB_USER", "HUB_SITE", "HUB_SERVERS", "HUB_PASSWORD_FILE"}
    assert ours.isdisjoint(between("settings").split("`"))
    assert unknown({name: "" for name in re.findall(r"\bHUB_[A-Z_]+\b", PAPER) if name not in ours}) == []


def test_every_command_that_it_names_is_there() -> None:
    named = {text for text in re.findall(r"`hub ([a-z][^`]*)`", re.sub(r"\s+", " ", PAPER)) if "…" not in text}
    blocks = "\n".join(re.findall(r"^```\n(.*?)^```", PAPER, re.DOTALL | re.MULTILINE))
    named |= set(re.findall(r"^(?:hub|/opt/vig-hub/bin/hub) ([a-z].*)$", blocks, re.MULTILINE))
    assert len(named) > 15
    assert sorted(text for text in named if not is_command(shlex.split(text, comments=True))) == []


def test_a_command_that_is_not_there_is_noticed() -> None:
    assert is_command(["keys", "rotate", "--signing"])
    assert not is_command(["keys", "forget"])
    assert not is_command(["keys", "rotate", "--backwards"])


@pytest.fixture
def override() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(between("override").removeprefix("```yaml").removesuffix("```"))
    return read


def test_the_override_keeps_the_schema(override: dict[str, Any]) -> None:
    schema = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()))
    assert [error.message for error in schema.iter_errors(override)] == []


def test_the_override_makes_the_hub_a_real_one(override: dict[str, Any], tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert override["services"].keys() <= composed()["services"].keys()
    assert override["secrets"].keys() <= composed()["secrets"].keys()
    monkeypatch.chdir(tmp_path)
    for name in OURS:
        said = service(name).environment | override["services"][name]["environment"]
        settings = Settings.read({variable: value for variable, value in said.items() if not value.startswith("/run/secrets/")})
        assert not settings.is_demo
        assert settings.login_issuer.startswith("https://")
        assert settings.login_subject_claim == "sub"


def test_the_units_start_what_is_there() -> None:
    lines = [line for path in SYSTEMD.glob("*.service") for line in path.read_text().splitlines()]
    started = [line.split(maxsplit=1)[1] for line in lines if line.startswith("ExecStart=")]
    assert len(started) == 2
    for line in started:
        for instance in ("8001",) if "serve" in line else ("relay", "consume"):
            assert is_command(shlex.split(line.replace("%i", instance)))


def test_the_units_are_told_what_the_hub_knows() -> None:
    lines = [line.removeprefix("# ") for line in (SYSTEMD / "vig-hub.env").read_text().splitlines()]
    said = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))
    assert unknown(said) == []
    settings = Settings.read({name: value for name, value in said.items() if not name.endswith("_FILE")})
    assert settings.is_shared
    assert not settings.is_demo
