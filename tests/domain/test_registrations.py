"""Which organisations may send us signals, and with which keys: decided, recorded, and never guessed."""

from datetime import timedelta
from typing import Any

import pytest

from hub.adapters.jws import new_jwk
from hub.domain.registrations import Access, Registration, registration_id
from hub.errors import Malformed, RuleBroken
from tests.adapters.registered import NOW, OIN, YEAR, a_registration, jwk, occasion, public, with_covenant, with_key

DAY = timedelta(days=1)


def facts(registration: Registration) -> list[str]:
    return [event.TOPIC for event in registration.pending_events]  # type: ignore[attr-defined]


def places(refusal: pytest.ExceptionInfo[Malformed]) -> list[str]:
    return [violation.where for violation in refusal.value.violations]


def test_an_organisation_is_registered() -> None:
    police = a_registration("politie-haaglanden", algorithms=["EdDSA"], message_types=["b.v1", "a.v1", "a.v1"])
    assert (police.id, police.kind, police.oin) == (registration_id("politie-haaglanden"), "police", OIN)
    assert (police.algorithms, police.message_types) == (["EdDSA", "PS256"], ["a.v1", "b.v1"])
    assert facts(police) == ["registration-registered"]


def test_the_same_name_is_the_same_stream() -> None:
    assert registration_id("police") == registration_id("police") != registration_id("school")


def test_every_change_says_when_by_whom_and_why() -> None:
    police = with_key(a_registration())
    police.revoke_key("police-1", "lost", occasion())
    police.suspend("the covenant ended", occasion())
    assert {(event.by, event.cause) for event in police.pending_events} == {("operator", "a test")}  # type: ignore[attr-defined]
    assert [event.timestamp for event in police.pending_events] == [NOW - YEAR, NOW, NOW, NOW]


def test_everything_wrong_with_a_registration_is_said_at_once() -> None:
    with pytest.raises(Malformed) as refusal:
        Registration.register("Politie!", "police", "123", occasion(), ["none"], callback="javascript:alert(1)")
    assert places(refusal) == ["name", "oin", "algorithms", "callback"]


def test_nobody_is_registered_under_the_name_of_the_hub_itself() -> None:
    with pytest.raises(Malformed) as refusal:
        a_registration("hub")
    assert places(refusal) == ["name"]


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "ps256"])
def test_no_algorithm_beyond_the_three(algorithm: str) -> None:
    with pytest.raises(Malformed):
        a_registration(algorithms=[algorithm])


@pytest.mark.parametrize("algorithm", ["PS256", "ES256", "EdDSA"])
def test_a_public_key_is_added(algorithm: str) -> None:
    police = with_key(a_registration(), algorithm, f"police-{algorithm}")
    assert police.keys[f"police-{algorithm}"]["jwk"] == public(algorithm, f"police-{algorithm}")


def test_a_key_may_have_no_end() -> None:
    assert with_key(a_registration(), valid_until=None).keys["police-1"]["valid_until"] is None


@pytest.mark.parametrize("algorithm", ["PS256", "ES256", "EdDSA"])
def test_a_private_key_is_refused(algorithm: str) -> None:
    with pytest.raises(Malformed) as refusal:
        a_registration().add_key("police-1", jwk(algorithm, "police-1"), NOW, None, occasion())
    assert places(refusal) == ["jwk"]


@pytest.mark.parametrize("part", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
def test_any_part_of_a_private_key_is_refused(part: str) -> None:
    with pytest.raises(Malformed):
        a_registration().add_key("police-1", {**public(), part: "AQAB"}, NOW, None, occasion())


@pytest.mark.parametrize(
    ("but", "where"),
    [
        ({"kty": "oct"}, "jwk/kty"),
        ({"kty": None}, "jwk/kty"),
        ({"kty": ["RSA"]}, "jwk/kty"),
        ({"use": "enc"}, "jwk/use"),
        ({"kid": "other"}, "jwk/kid"),
        ({"n": "AQAB"}, "jwk/n"),
        ({"n": "!"}, "jwk/n"),
        ({"n": "A" * 1400}, "jwk/n"),
        ({"n": "_" * 1400}, "jwk/n"),
        ({"e": 3}, "jwk/e"),
    ],
)
def test_a_key_that_is_no_good_rsa_key(but: dict[str, Any], where: str) -> None:
    with pytest.raises(Malformed) as refusal:
        a_registration().add_key("police-1", {**public(), **but}, NOW, None, occasion())
    assert where in places(refusal)


@pytest.mark.parametrize(("algorithm", "but", "where"), [("ES256", {"crv": "P-384"}, "jwk/crv"), ("EdDSA", {"x": "AQAB"}, "jwk")])
def test_a_key_on_another_curve(algorithm: str, but: dict[str, Any], where: str) -> None:
    with pytest.raises(Malformed) as refusal:
        a_registration().add_key("police-1", {**public(algorithm), **but}, NOW, None, occasion())
    assert places(refusal) == [where]


@pytest.mark.parametrize("kid", ["", "a b", "é", "x" * 121, "a\n"])
def test_a_kid_that_is_no_kid(kid: str) -> None:
    key = {name: value for name, value in public().items() if name != "kid"}
    with pytest.raises(Malformed) as refusal:
        a_registration().add_key(kid, key, NOW, None, occasion())
    assert places(refusal) == ["kid"]


def test_a_key_that_ends_before_it_begins() -> None:
    with pytest.raises(Malformed) as refusal:
        with_key(a_registration(), valid_from=NOW, valid_until=NOW)
    assert places(refusal) == ["valid_until"]


def test_the_same_key_again_changes_nothing() -> None:
    police = with_key(with_key(a_registration()))
    assert facts(police) == ["registration-registered", "registration-key-added"]


def test_a_kid_is_never_used_for_another_key() -> None:
    police = with_key(a_registration())
    with pytest.raises(RuleBroken):
        police.add_key("police-1", {**public(kid="police-2"), "kid": "police-1"}, NOW - YEAR, NOW + YEAR, occasion())
    with pytest.raises(RuleBroken):
        with_key(police, valid_until=NOW + 2 * YEAR)


def test_a_revoked_key_never_comes_back() -> None:
    police = with_key(a_registration())
    police.revoke_key("police-1", "lost", occasion())
    with pytest.raises(RuleBroken):
        with_key(police)


def test_a_key_can_be_revoked_from_the_day_it_was_lost() -> None:
    police = with_key(a_registration())
    police.revoke_key("police-1", "a stolen laptop", occasion(), since=NOW - DAY)
    assert police.pending_events[-1].revoked_from == NOW - DAY  # type: ignore[attr-defined]


def test_a_second_revocation_changes_nothing() -> None:
    police = with_key(a_registration())
    for _ in range(2):
        police.revoke_key("police-1", "lost", occasion())
    assert facts(police).count("registration-key-revoked") == 1


def test_an_unknown_key_cannot_be_revoked() -> None:
    with pytest.raises(RuleBroken):
        a_registration().revoke_key("police-1", "lost", occasion())


def test_an_organisation_is_suspended_and_resumed() -> None:
    police = a_registration()
    for change in (police.suspend, police.suspend, police.resume, police.resume):
        change("covenant", occasion())
    assert facts(police)[1:] == ["registration-suspended", "registration-resumed"] and not police.is_suspended


def test_the_callback_changes_once() -> None:
    police = a_registration(callback="https://example.org/old")
    for _ in range(2):
        police.change_callback("https://example.org/new", occasion())
    assert police.callback == "https://example.org/new" and len(police.pending_events) == 2
    with pytest.raises(Malformed):
        police.change_callback("ftp://example.org", occasion())


# On which terms ------------------------------------------------------------------------------------------


def test_a_new_organisation_may_nothing_until_it_is_granted() -> None:
    police = a_registration()
    assert (police.access.scopes, police.purposes, police.grounds, police.covenant) == (frozenset(), [], [], None)


def test_what_is_granted_is_recorded_with_who_and_why() -> None:
    police = a_registration()
    access = Access(frozenset({"signals:write"}), requires_token=True, requires_dpop=True, certificate="A" * 43)
    for _ in range(2):
        police.grant_access(access, "they asked", occasion())
        police.set_limits(60, 1000, "they asked", occasion())
        police.grant_grounds(["child-safety"], ["wpg-20"], "they asked", occasion())
        police.agree("vig-2024", NOW - YEAR, NOW + YEAR, "they asked", occasion())
    terms = ["access-granted", "limits-set", "grounds-granted", "covenant-agreed"]
    assert facts(police)[1:] == [f"registration-{each}" for each in terms]
    assert {(event.by, event.reason) for event in police.pending_events[1:]} == {("operator", "they asked")}  # type: ignore[attr-defined]
    assert (police.access, police.limits, police.grounds) == (access, (60, 1000), ["wpg-20"])


@pytest.mark.parametrize(
    ("access", "where"),
    [
        (Access(frozenset({"families:write"})), "scopes"),
        (Access(certificate="A" * 42), "certificate"),
        (Access(certificate="A" * 42 + "\n"), "certificate"),
    ],
)
def test_access_that_cannot_be_is_refused(access: Access, where: str) -> None:
    with pytest.raises(Malformed) as refusal:
        a_registration().grant_access(access, "", occasion())
    assert places(refusal) == [where]


def test_limits_that_cannot_be_are_refused_together() -> None:
    with pytest.raises(Malformed) as refusal:
        a_registration().set_limits(-1, 10**10, "", occasion())
    assert places(refusal) == ["per_minute", "per_day"]


def test_a_covenant_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(Malformed):
        a_registration().agree("vig-2024", NOW, NOW, "", occasion())


def test_the_end_of_a_covenant_is_noticed_once_soon_and_once_when_it_is_there() -> None:
    police, end = a_registration(), NOW + 100 * DAY
    police.agree("vig-2024", NOW - YEAR, end, "", occasion())
    for days in (0, 69, 70, 71, 99, 100, 101):
        police.notice_end(end, occasion(NOW + days * DAY))
    noticed = [event for event in police.pending_events if "covenant-end" in event.TOPIC]  # type: ignore[attr-defined]
    assert [(event.TOPIC, event.timestamp) for event in noticed] == [
        ("registration-covenant-ends-soon", NOW + 70 * DAY),
        ("registration-covenant-ended", end),
    ]


def test_an_end_that_nobody_saw_coming_is_noticed_as_the_end_alone() -> None:
    police, end = a_registration(), NOW
    police.agree("vig-2024", NOW - YEAR, end, "", occasion())
    for days in (1, 2):
        police.notice_end(end, occasion(NOW + days * DAY))
    assert facts(police)[2:] == ["registration-covenant-ended"]


def test_a_covenant_that_is_renewed_can_end_again() -> None:
    police = a_registration()
    for end in (NOW, NOW + YEAR):
        police.agree("vig-2024", NOW - YEAR, end, "", occasion())
        police.notice_end(end, occasion(end))
    assert facts(police)[1:] == ["registration-covenant-agreed", "registration-covenant-ended"] * 2


# Changing keys, and going ----------------------------------------------------------------------------------


def test_a_new_key_ends_the_others_after_an_overlap() -> None:
    police = with_key(with_key(a_registration()), kid="police-2")
    police.rotate("police-3", public(kid="police-3"), NOW + 7 * DAY, "a year has gone by", occasion())
    until = {kid: key["valid_until"] for kid, key in police.keys.items()}
    assert until == {"police-1": NOW + 7 * DAY, "police-2": NOW + 7 * DAY, "police-3": None}


def test_a_rotation_leaves_alone_what_ends_before_and_what_is_revoked() -> None:
    police = with_key(with_key(a_registration(), valid_until=NOW + DAY), kid="police-2")
    police.revoke_key("police-2", "lost", occasion())
    police.rotate("police-3", public(kid="police-3"), NOW + 7 * DAY, "", occasion())
    assert "registration-key-limited" not in facts(police)


def test_a_key_is_not_rotated_into_itself_nor_into_a_gap() -> None:
    police = with_key(a_registration())
    with pytest.raises(RuleBroken):
        police.rotate("police-1", public(), NOW + DAY, "", occasion())
    with pytest.raises(Malformed) as refusal:
        police.rotate("police-2", public(kid="police-2"), NOW - DAY, "", occasion())
    assert (places(refusal), facts(police)[2:]) == (["overlap"], [])


def test_whoever_is_removed_takes_part_no_longer_and_nothing_of_it_changes() -> None:
    police = with_key(a_registration(callback="https://example.org/"))
    for _ in range(2):
        police.remove("it stopped", occasion())
    assert (police.is_removed, police.is_suspended, police.callback) == (True, True, "")
    assert facts(police)[2:] == ["registration-removed"]
    with pytest.raises(RuleBroken) as refused:
        police.resume("it wants to come back", occasion())
    assert refused.value.code == "partner-removed"


def test_a_registration_told_again_is_the_same() -> None:
    police = with_covenant(with_key(with_key(a_registration()), "EdDSA", "police-EdDSA"))
    police.grant_access(Access(), "", occasion())
    police.set_limits(1, 2, "", occasion())
    police.revoke_key("police-1", "lost", occasion())
    police.suspend("covenant", occasion())
    again = None
    for event in police.collect_events():
        again = event.mutate(again)
    assert again == police


def test_a_fresh_key_of_each_kind_is_good_enough() -> None:
    for algorithm in ("PS256", "ES256", "EdDSA"):
        assert new_jwk(algorithm, "fresh")["kid"] == "fresh"
