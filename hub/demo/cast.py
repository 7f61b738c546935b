"""Who plays: a family that does not exist, the organisations around it, and the people who decide."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime

from hub.domain.callers import Capacity, Colleague

HUB_OIN = "00000099000000000001"
_AT = {"street": "Voorbeeldlaan", "number": "48", "postcode": "2599ZZ", "town": "Den Haag", "municipality": "0518"}


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the family; the person number is one of the range that is only for tests."""

    bsn: str
    given: str
    name: str
    born: date
    prefix: str = ""

    def fields(self, who: str) -> dict[str, str]:
        """What a message says of them, by the names that templates use."""
        said = {"bsn": self.bsn, "given": self.given, "name": self.name, "prefix": self.prefix}
        return {f"{who}_{part}": text for part, text in {**said, **_dates(self.born)}.items()}


def _dates(born: date) -> dict[str, str]:
    return {"born": born.isoformat(), "compact_born": f"{born:%Y%m%d}"}


MOTHER = Member("999950010", "Ilse", "Proefman", date(1988, 5, 17))
FAMILY = {
    "mother": MOTHER,
    "stepfather": Member("999950022", "Ruben", "Testeren", date(1985, 11, 23), "van"),
    "son": Member("999950034", "Milan", "Proefman", date(2011, 2, 8)),
    "daughter": Member("999950046", "Lieke", "Proefman", date(2018, 9, 30)),
}


def fields_at(moment: datetime) -> dict[str, str]:
    """Everything that templates may say, at that Dutch moment."""
    people = {name: text for who, member in FAMILY.items() for name, text in member.fields(who).items()}
    day, compact = moment.date().isoformat(), f"{moment:%Y%m%d}"
    when = {"day": day, "moment": moment.isoformat(), "compact_day": compact, "compact_moment": f"{moment:%Y%m%d%H%M}"}
    when |= {"month_begins": f"{moment:%Y-%m}-01", "month_ends": f"{moment:%Y-%m}-{monthrange(moment.year, moment.month)[1]}"}
    return {**_AT, **people, **when, "hub_oin": HUB_OIN, "arrested": "Ja"}


@dataclass(frozen=True, slots=True)
class Organisation:
    """A partner as it is registered: its name, its kind, its organisation number, and what people call it."""

    name: str
    kind: str
    oin: str
    title: str


POLICE = Organisation("politie-voorbeeld", "police", "00000099000000020001", "Politie")
VEILIG_THUIS = Organisation("veilig-thuis-voorbeeld", "veilig-thuis", "00000099000000020002", "Veilig Thuis")
HOUSING = Organisation("woningcorporatie-voorbeeld", "housing-corporation", "00000099000000020003", "Woningcorporatie")
SOCIAL = Organisation("sociale-zaken-voorbeeld", "social-services", "00000099000000020004", "Sociale Zaken")
SCHOOL = Organisation("leerplicht-voorbeeld", "school-attendance", "00000099000000020005", "Leerplicht")
ORGANISATIONS = (POLICE, VEILIG_THUIS, HOUSING, SOCIAL, SCHOOL)
"""Those with a system, which posts what they signal."""
COMMUNITY_HOUSE = Organisation("buurthuis-voorbeeld", "any-partner", "00000099000000020006", "Buurthuis")
"""One without: what it signals is typed on the hub's own pages."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody at work: who, for which organisation, how to reach them, what people call it, and what they are to the hub."""

    who: str
    organisation: str
    contact: str
    title: str
    role: Capacity = Capacity.COORDINATOR

    def named(self) -> dict[str, str]:
        """As the interface asks for a director or a coach."""
        return {"to": self.who, "organisation": self.organisation, "contact": self.contact}

    @property
    def name(self) -> str:
        """What they are called."""
        initial, _, name = self.who.partition(".")
        return f"{initial.upper()}. {name.capitalize()}"

    @property
    def organisation_name(self) -> str:
        """What their organisation is called."""
        return _CALLED.get(self.organisation, self.organisation)

    def logged_in(self) -> Colleague:
        """As the hub knows who logged in."""
        return Colleague(self.role, self.who, self.organisation, self.name, self.organisation_name)


_CALLED = {
    "neighbourhood-team": "Wijkteam",
    "vig-team": "VIG-team",
    "municipality": "Gemeente",
    "audit": "Auditdienst",
    "hub": "Hubbeheer",
}
_CALLED |= {each.name: each.title for each in (*ORGANISATIONS, COMMUNITY_HOUSE)}
COORDINATOR = Staff("a.voorbeeld", "neighbourhood-team", "regie@wijkteam.example", "coordinator")
COACH = Staff("b.testman", "vig-team", "b.testman@vig.example", "family coach")
OPERATOR = Staff("c.beheer", "hub", "beheer@hub.example", "operator", Capacity.OPERATOR)
TEAM_LEAD = Staff("d.leider", "neighbourhood-team", "teamleiding@wijkteam.example", "team lead", Capacity.TEAM_LEAD)
ADMINISTRATIVE = Staff("e.bestuur", "municipality", "escalatie@gemeente.example", "escalation level", Capacity.ADMINISTRATIVE)
AUDITOR = Staff("f.toezicht", "audit", "audit@gemeente.example", "auditor", Capacity.AUDITOR)
OFFICER = Staff("g.privacy", "municipality", "fg@gemeente.example", "data protection officer", Capacity.DATA_PROTECTION_OFFICER)
AUTHORITY = Staff("j.veilig", VEILIG_THUIS.name, "besluiten@veilig-thuis.example", "Veilig Thuis")
REPORTER = Staff("i.melder", COMMUNITY_HOUSE.name, "jongerenwerk@buurthuis.example", "youth worker", Capacity.REPORTER)
STAFF = (COORDINATOR, COACH, TEAM_LEAD, ADMINISTRATIVE, AUDITOR, OFFICER, OPERATOR, AUTHORITY, REPORTER)
