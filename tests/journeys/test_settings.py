"""What the hub reads from its environment: with what it cannot use named together, and no secret shown."""

from base64 import b64encode
from pathlib import Path

import pytest

from hub.errors import Malformed
from hub.settings import Settings, unknown


def wrong_in(**environment: str) -> list[str]:
    """What is wrong with these settings."""
    with pytest.raises(Malformed) as refused:
        Settings.read(environment)
    return [str(violation) for violation in refused.value.violations]


def test_without_anything_the_hub_runs_and_nobody_can_log_in() -> None:
    settings = Settings.read({})
    assert (settings.login_issuer, settings.session_idle_minutes, settings.session_minutes) == ("", 30, 540)


@pytest.mark.parametrize(
    "address",
    [
        "https://login.example.org/realms/vig",
        "http://127.0.0.1:8080",
        "http://localhost:8080/a/",
        "http://[::1]:8080",
        "http://kc.localhost",
    ],
)
def test_people_log_in_over_https_or_on_this_machine(address: str) -> None:
    assert Settings.read({"HUB_LOGIN_ISSUER": address}).login_issuer == address


@pytest.mark.parametrize(
    "address",
    ["http://login.example.org", "login.example.org", "https://", "https://a/?b", "https://a/#b", "https://u:p@a", "ftp://a"],
)
@pytest.mark.parametrize("name", ["HUB_LOGIN_ISSUER", "HUB_TOKEN_ISSUER", "HUB_BASE_URL"])
def test_nothing_else_is_an_address(name: str, address: str) -> None:
    assert [words.split(":")[0] for words in wrong_in(**{name: address})] == [name]


def test_the_own_address_has_no_slash_at_its_end() -> None:
    assert wrong_in(HUB_BASE_URL="https://hub.example.org/") == ["HUB_BASE_URL: has no slash at its end"]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    wrong = wrong_in(
        HUB_LOGIN_CLIENT_SECRET_FILE="nowhere",
        HUB_LOGIN_JWKS="nowhere.json",
        HUB_SESSION_MINUTES="0",
        HUB_SESSION_IDLE_MINUTES="half an hour",
        HUB_TRUSTED_PROXIES="10.0.0.0/8, everybody",
        HUB_CLIENT_CERTIFICATE_HEADER="a b",
        HUB_KEK="not a key",
    )
    assert len(wrong) == 7


def test_the_key_around_all_keys_comes_from_one_place(tmp_path: Path) -> None:
    (tmp_path / "kek").write_text("x")
    wrong = wrong_in(HUB_KEK_FILE=str(tmp_path / "kek"), HUB_KEK_COMMAND="print-it")
    assert wrong == ["HUB_KEK: comes from one place: HUB_KEK, HUB_KEK_FILE or HUB_KEK_COMMAND"]


def test_a_secret_is_not_shown() -> None:
    secret = b64encode(b"k" * 32).decode()
    settings = Settings.read({"HUB_KEK": secret})
    assert settings.kek == secret
    assert secret not in repr(settings)
    assert {name: now for name, _, now in settings.explained()}["HUB_KEK"] == "(given)"


def test_every_setting_is_known() -> None:
    assert unknown({name: "" for name, _, _ in Settings().explained()}) == []
    assert unknown({"HUB_LOGIN_ISUER": ""}) == ["HUB_LOGIN_ISUER"]
