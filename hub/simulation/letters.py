"""What partners would write of what they see, each in its own format, signed with a key of its own."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from hub.adapters import jws, outgoing_events
from hub.adapters.cloudevents import BATCH
from hub.adapters.jades import sign
from hub.demo.cast import COMMUNITY_HOUSE, HOUSING, POLICE, SCHOOL, SOCIAL, VEILIG_THUIS, Member, Organisation
from hub.demo.letters import written
from hub.demo.senders import new_keys
from hub.demo.story import DDAS, DUO, VERA, VERA_COLLECTION, VT_REPORT, Form
from hub.domain.neighbourhood import Household, Mix, Resident, Sighting, household

SENDERS = (POLICE, VEILIG_THUIS, HOUSING, SOCIAL, SCHOOL, COMMUNITY_HOUSE)
MOST = 50
"""Signals in one message: what most systems hand over at once."""
_OWN_WORDS = Form("nl.vig.signalen.signaal.v1", "application/json", "the hub's own contract")
_VT_WORRY = Form("nl.vig.meldingen.melding-generiek.v1", "application/xml", "meldingGeneriek, StUF Jeugdzorg")
_PLACES = ("mother", "stepfather", "son", "daughter")
_NOBODY = re.compile(
    rb"\s*<JZ:heeftBetrokken (?:(?!</JZ:heeftBetrokken>).)*<BG:geslachtsnaam></BG:geslachtsnaam>.*?</JZ:heeftBetrokken>", re.DOTALL
)
_NO_NUMBER = re.compile(rb'\s*(?:"[Bb]urgerservicenummer": "",|<BG:inp\.bsn></BG:inp\.bsn>)')


@dataclass(frozen=True, slots=True)
class Letter:
    """How a partner writes of one concern."""

    sender: Organisation
    form: Form
    template: str
    fill: Mapping[str, str]


def _tenancy(kind: str, detail: str) -> Letter:
    return Letter(HOUSING, VERA, "tenancy-signal.json", {"kind": kind, "detail": detail})


def _debt(is_crisis: str) -> Letter:
    return Letter(SOCIAL, DDAS, "debt-signal.json", {"is_crisis": is_crisis, "amount": "350", "creditor": "Energie"})


LETTERS = {
    ("police", "worrying-situation"): Letter(POLICE, VT_REPORT, "police-report.xml", {"arrested": "Nee"}),
    ("police", "domestic-violence"): Letter(POLICE, VT_REPORT, "police-report.xml", {"arrested": "Ja"}),
    ("veilig-thuis", "worrying-situation"): Letter(VEILIG_THUIS, _VT_WORRY, "worry-report.xml", {"area": "07"}),
    ("housing-corporation", "rent-arrears"): _tenancy("SCH", "BET"),
    ("housing-corporation", "nuisance"): _tenancy("OVE", "GEL"),
    ("housing-corporation", "home-neglected"): _tenancy("ONE", "VER"),
    ("housing-corporation", "eviction-threatened"): Letter(HOUSING, VERA_COLLECTION, "eviction.json", {}),
    ("social-services", "payment-arrears"): _debt("false"),
    ("social-services", "debt-crisis"): _debt("true"),
    ("school-attendance", "school-absence"): Letter(SCHOOL, DUO, "absence.json", {}),
    **{
        ("any-partner", concern): Letter(COMMUNITY_HOUSE, _OWN_WORDS, "", {})
        for concern in ("upbringing", "mental-health", "isolation", "substance-use", "behaviour")
    },
}
"""What can be written, by the kind of partner and the concern that the hub reads in it."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A message as it is posted: the nth sightings that it tells of, its headers and its bytes."""

    sender: Organisation
    ids: Sequence[str]
    headers: Mapping[str, str]
    body: bytes


class Desk:
    """Where all partners write and sign, with fresh keys (PS256, RSA 2048), about the households of one neighbourhood."""

    def __init__(self, mix: Sequence[Mix]) -> None:
        self._mix = mix
        made = new_keys([f"{each.name}-simulated" for each in SENDERS])
        self._keys = {each.name: (jwk, jws.private_key(jwk)) for each, jwk in zip(SENDERS, made, strict=True)}

    def public(self, sender: Organisation) -> dict[str, Any]:
        """The key that others verify with."""
        return jws.public_half(self._keys[sender.name][0])

    def posts(self, sightings: Sequence[tuple[str, Sighting, datetime]], at: datetime) -> Iterator[Signed]:
        """What partners send at that moment: each sighting with the id of its message, and the moment when it was seen."""
        ordered = sorted(sightings, key=lambda each: _letter(each[1]).sender.name)
        for _, those in groupby(ordered, key=lambda each: _letter(each[1]).sender.name):
            mine = list(those)
            for first in range(0, len(mine), MOST):
                yield self._signed(mine[first : first + MOST], at)

    def _signed(self, those: Sequence[tuple[str, Sighting, datetime]], at: datetime) -> Signed:
        sender = _letter(those[0][1]).sender
        body = outgoing_events.to_batch([self._event(id, sighting, seen, at) for id, sighting, seen in those])
        jwk, key = self._keys[sender.name]
        headers = {"content-type": BATCH}
        headers |= sign(body, headers, key, jwk["kid"], at)
        return Signed(sender, [id for id, _, _ in those], {name.lower(): text for name, text in headers.items()}, body)

    def _event(self, id: str, sighting: Sighting, seen: datetime, at: datetime) -> bytes:
        letter = _letter(sighting)
        data = _written(letter, sighting, household(sighting.household, self._mix), id, seen)
        source = f"urn:nld:oin:{letter.sender.oin}:systeem:simulated"
        return outgoing_events.to_structured(id, source, letter.form.type, at, data, letter.form.media)


def _letter(sighting: Sighting) -> Letter:
    return LETTERS[sighting.eye.partner, sighting.eye.concern]


def _written(letter: Letter, sighting: Sighting, about: Household, reference: str, seen: datetime) -> Any:
    if not letter.template:
        return _in_own_words(sighting, about, reference, seen)
    adults = [*about.adults, None, None][:2]
    children = [*about.children, None, None][:2]
    fill = {name: text for who, one in zip(_PLACES, adults + children, strict=True) for name, text in _fields(who, one).items()}
    at = {"postcode": about.postcode, "number": about.house, "town": "Voorbeeldstad", "since": f"{seen:%Y-%m-%d}"}
    text = written(letter.template, letter.sender, seen, {**fill, **at, **letter.fill, "reference": reference})
    return _NO_NUMBER.sub(b"", _NOBODY.sub(b"", text))


def _fields(who: str, one: Resident | None) -> dict[str, str]:
    if one is None:
        return {f"{who}_name": "", f"{who}_bsn": ""}
    return Member(one.number, one.given, one.name, one.born).fields(who)


def _in_own_words(sighting: Sighting, about: Household, reference: str, seen: datetime) -> Any:
    said = {"reference": reference, "concern": sighting.eye.concern, "happened": f"{seen:%Y-%m-%d}"}
    roles = [*(("parent", one) for one in about.adults), *(("child", one) for one in about.children)]
    return {**said, "people": [_person(role, one, about) for role, one in roles], "informed": {"how": "spoken"}}


def _person(role: str, one: Resident, about: Household) -> dict[str, Any]:
    at = {"postcode": about.postcode, "number": about.house, "town": "Voorbeeldstad"}
    said = {"familyName": one.name, "givenNames": one.given, "birthDate": one.born.isoformat(), "address": at, "role": role}
    return said | ({"bsn": one.number} if one.number else {})
