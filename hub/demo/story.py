"""The story, as data: twelve weeks around one family, in the order in which they happen, and what has to come of each step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hub.demo.cast import COACH, COORDINATOR, HOUSING, POLICE, SCHOOL, SOCIAL, VEILIG_THUIS, Organisation, Staff

DUTCH_TIME = ZoneInfo("Europe/Amsterdam")
FIRST_DAY = date(2026, 8, 31)
"""A Monday."""
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def week(number: int, day: str, clock: str) -> datetime:
    """A moment of the story, in Dutch time."""
    on = FIRST_DAY + timedelta(weeks=number - 1, days=_DAYS.index(day))
    return datetime.combine(on, time.fromisoformat(clock), DUTCH_TIME)


@dataclass(frozen=True, slots=True)
class Raised:
    """An axis that has to rise, and by which rule of the matrix."""

    axis: str
    level: int
    rule: str


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of message: its type, its content type, and the standard that it follows."""

    type: str
    media: str
    standard: str


DDAS = Form("nl.vig.vroegsignalen.ddas-levering.v1", "application/json", "DDAS vroegsignalering 0.9")
VERA = Form("nl.vig.signaleringen.signalering.v1", "application/json", "VERA 4.3 signalering")
VERA_COLLECTION = Form("nl.vig.incassos.externe-incasso.v1", "application/json", "VERA 4.3 externe incasso")
DUO = Form("nl.vig.verzuimmeldingen.verzuimmelding.v1", "application/json", "verzuimmelding, in DUO's words")
VT_REPORT = Form("nl.vig.meldingen.vt-melding.v1", "application/xml", "vtMelding, StUF Jeugdzorg 1.0.9")
VT_FEEDBACK = Form("nl.vig.terugkoppelingen.vt-terugkoppeling.v1", "application/xml", "vtTerugkoppeling, StUF Jeugdzorg 1.0.9")


@dataclass(frozen=True, slots=True)
class Post:
    """A partner posts a message made from a template; what became of it, why it was matched, and what rose."""

    at: datetime
    sender: Organisation
    form: Form
    template: str
    says: str
    fill: Mapping[str, str]
    outcome: str = "recorded"
    matched: tuple[str, ...] = ()
    raises: tuple[Raised, ...] = ()
    reasons: tuple[str, ...] = ()
    meets_criteria: bool = False


@dataclass(frozen=True, slots=True)
class PostAgain:
    """The same message once more, under the same id: the same receipt, and nothing changes."""

    at: datetime
    reference: str


@dataclass(frozen=True, slots=True)
class Forge:
    """Somebody signs in the name of a partner with a key of their own: refused with that code."""

    at: datetime
    sender: Organisation
    form: Form
    template: str
    fill: Mapping[str, str]
    code: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The coordinator says whose signal it is that waits; `why` it had to be asked, and what then rose."""

    at: datetime
    by: Staff
    why: tuple[str, ...]
    motivation: str
    raises: tuple[Raised, ...]


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Somebody takes notice of every escalation that is open."""

    at: datetime
    by: Staff
    count: int


@dataclass(frozen=True, slots=True)
class Decide:
    """Somebody decides on the family: where that is posted, what is said, and the fact that has to come of it.

    A `{name}` in the path is what an earlier decision gave by that name.
    """

    at: datetime
    by: Staff
    says: str
    path: str
    body: Mapping[str, Any]
    fact: str


@dataclass(frozen=True, slots=True)
class Surround:
    """Somebody draws the network with the family: who stands around it, and who gets along with whom in which way.

    Whom a tie is between is named by who they are in the family, or by the name under which they stand around it.
    """

    at: datetime
    by: Staff
    network: Sequence[Mapping[str, Any]]
    ties: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody asks the family what it thinks of its plan, and writes down for each who reads it what a goal says in plain words.

    Each is a goal, who it is in the family, how they stand towards it, what they say, and the words in which they read of it.
    """

    at: datetime
    by: Staff
    heard: Sequence[tuple[str, str, str, str, str]]


@dataclass(frozen=True, slots=True)
class Meet:
    """Somebody notes that what the running terms of this name are for was done."""

    at: datetime
    by: Staff
    term: str
    words: str
    count: int


@dataclass(frozen=True, slots=True)
class Term:
    """A term that is over before anybody did what it was for; `direction` is where direction then goes, if anywhere."""

    at: datetime
    term: str
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A day to look back at, and how the family stood then."""

    at: datetime
    says: str
    levels: Mapping[str, int]
    direction: str
    phase: str
    director: str
    signals: int
    has_plan: bool = False


Step = Post | PostAgain | Forge | Answer | Acknowledge | Decide | Surround | Voice | Meet | Term


@dataclass(frozen=True, slots=True)
class Story:
    """What happens, two days to look back at, and how it all stands at the end."""

    steps: tuple[Step, ...]
    earlier: tuple[Earlier, ...]
    end: Earlier
    involved: frozenset[str] = field(default=frozenset())


_NUISANCE = {"kind": "OVE", "detail": "GEL"}
_GOALS = (
    {
        "goal": "safe-at-home",
        "area": "07",
        "specific": "Thuis is geen geweld meer; de veiligheidsafspraken met Veilig Thuis worden nagekomen.",
        "measurable": "Drie maanden geen melding bij de politie; de afspraken elke week nagelopen.",
        "achievable": "Beide volwassenen staan achter het time-outplan.",
        "relevant": "De kinderen waren thuis toen de politie kwam.",
        "start": "2026-11-18",
        "due": "2027-02-18",
        "owner": "b.testman",
    },
    {
        "goal": "keep-the-home",
        "area": "06",
        "specific": "De ontruiming is van de baan met een betalingsregeling.",
        "measurable": "De huur is in december, januari en februari op tijd betaald.",
        "achievable": "Het budgetbeheer begint in de week van 23 november.",
        "relevant": "Zonder huis houdt geen ander doel stand.",
        "start": "2026-11-18",
        "due": "2027-02-28",
        "owner": "sociale-zaken-voorbeeld",
    },
    {
        "goal": "back-to-school",
        "area": "04",
        "specific": "Het oudste kind is elke dag op school.",
        "measurable": "Minder dan vier uur verzuim in vier schoolweken.",
        "achievable": "Een mentor vangt hem op maandagochtend op.",
        "relevant": "Hij miste 19 uur in vier weken.",
        "start": "2026-11-18",
        "due": "2027-01-29",
        "owner": "leerplicht-voorbeeld",
    },
)

_PERMITTED = {"permittedBy": "moeder", "permittedOn": f"{week(12, 'Mon', '09:00'):%Y-%m-%d}"}
_SCORES = {
    "finances": 1,
    "identity": 4,
    "behaviour": 3,
    "work-and-education": 2,
    "use-of-time": 3,
    "housing": 2,
    "relations": 1,
    "mental-health": 3,
    "physical-health": 4,
    "addiction": 4,
    "social-network": 3,
    "justice": 2,
}
"""How the family manages at the start, from 1 (acute) to 5 (fully)."""
_NETWORK: Sequence[Mapping[str, Any]] = (
    {"side": "informal", "name": "Oma Proefman", "what": "moeder van moeder", "areas": ["11"], "askedBy": "moeder", **_PERMITTED},
    {"side": "informal", "name": "Buurvrouw Bo", "what": "buurvrouw", "areas": ["11"], **_PERMITTED},
    {"side": "informal", "name": "Trainer Ali", "what": "voetbaltrainer van de zoon", "areas": ["05"], **_PERMITTED},
    {"side": "formal", "name": "Juf Jansen", "what": "mentor", "onBehalfOf": "het Verzonnen College", "areas": ["04"]},
    {"side": "formal", "name": "Dr. De Proef", "what": "huisarts", "onBehalfOf": "Praktijk Voorbeeld", "areas": ["08", "09"]},
    {"side": "formal", "name": "Meneer Budget", "what": "schuldhulpverlener", "onBehalfOf": "Sociale Zaken", "areas": ["01"]},
)
_TIES = (
    ("mother", "Oma Proefman", "supportive"),
    ("mother", "stepfather", "strained"),
    ("mother", "Buurvrouw Bo", "changing"),
    ("son", "stepfather", "broken"),
    ("son", "Trainer Ali", "supportive"),
    ("son", "Juf Jansen", "changing"),
    ("daughter", "Oma Proefman", "supportive"),
    ("mother", "Meneer Budget", "changing"),
    ("mother", "Dr. De Proef", "supportive"),
)
_HEARD = (
    (
        "safe-at-home",
        "mother",
        "agree",
        "Ik wil dat de kinderen zich thuis veilig voelen.",
        "Thuis is het veilig. Niemand slaat of schreeuwt.",
    ),
    (
        "safe-at-home",
        "daughter",
        "wish",
        "Ik wil vaker bij oma slapen.",
        "Thuis is het veilig voor jou. Is dat niet zo? Dan bel je oma.",
    ),
    ("keep-the-home", "mother", "agree", "", "U betaalt elke maand de huur. Wij helpen u met de oude schuld."),
    (
        "back-to-school",
        "son",
        "disagree",
        "Die school is niks voor mij.",
        "Jij gaat elke dag naar school. Wij zoeken samen wat bij jou past.",
    ),
)
STEPS: tuple[Step, ...] = (
    Post(
        week(1, "Tue", "09:30"),
        SOCIAL,
        DDAS,
        "debt-signal.json",
        "payment arrears at the energy supplier",
        {"reference": "VS-2026-3101", "is_crisis": "false", "creditor": "Energie", "amount": "310", "since": "2026-07-15"},
        matched=("nobody-known",),
    ),
    Post(
        week(2, "Mon", "10:05"),
        HOUSING,
        VERA,
        "tenancy-signal.json",
        "rent arrears",
        {"reference": "SIG-2026-411", "kind": "SCH", "detail": "BET"},
        matched=("name-birth-address",),
        raises=(Raised("income", 2, "income-2-two-creditors"),),
    ),
    Acknowledge(week(2, "Tue", "09:00"), COORDINATOR, 1),
    PostAgain(week(3, "Mon", "08:10"), "SIG-2026-411"),
    Forge(week(3, "Mon", "08:15"), POLICE, VT_REPORT, "police-report.xml", {"reference": "PL1500-2026-9000"}, "signature-wrong"),
    Post(
        week(4, "Thu", "14:20"),
        HOUSING,
        VERA,
        "tenancy-signal.json",
        "nuisance: noise at night",
        {"reference": "SIG-2026-438", **_NUISANCE},
        matched=("name-birth-address",),
        raises=(Raised("housing", 2, "housing-2-serious"),),
    ),
    Acknowledge(week(4, "Fri", "09:00"), COORDINATOR, 1),
    Post(
        week(5, "Tue", "08:50"),
        SCHOOL,
        DUO,
        "absence.json",
        "19 hours of absence in four weeks, of a child whom the hub does not know",
        {"reference": "VZ-2026-7711", "since": "2026-09-07"},
        outcome="match-question",
    ),
    Answer(
        week(5, "Tue", "13:30"),
        COORDINATOR,
        ("address",),
        "De school kent Ilse Proefman als zijn moeder; zij woont op dat adres.",
        (Raised("care", 2, "care-2-serious"),),
    ),
    Acknowledge(week(5, "Wed", "09:00"), COORDINATOR, 1),
    Post(
        week(6, "Wed", "16:40"),
        HOUSING,
        VERA,
        "tenancy-signal-with-number.json",
        "nuisance, with a person number that a landlord may not use",
        {"reference": "SIG-2026-452"},
        outcome="quarantined",
        reasons=("/detailSoort/code", "/relatie/bsn"),
    ),
    Post(
        week(7, "Wed", "11:00"),
        SOCIAL,
        DDAS,
        "debt-signal.json",
        "debt crisis: the energy supply is about to stop",
        {"reference": "VS-2026-3377", "is_crisis": "true", "creditor": "Energie", "amount": "1240", "since": "2026-07-15"},
        matched=("bsn", "name-birth-address"),
        raises=(Raised("income", 3, "income-3-crisis-and-creditors"),),
    ),
    Acknowledge(week(7, "Thu", "09:00"), COORDINATOR, 1),
    Post(
        week(8, "Fri", "23:05"),
        HOUSING,
        VERA,
        "tenancy-signal.json",
        "nuisance again: shouting and slamming doors",
        {"reference": "SIG-2026-497", **_NUISANCE},
        matched=("name-birth-address",),
    ),
    Term(week(9, "Wed", "12:00"), "case-meeting-complex", "network"),
    Post(
        week(9, "Sat", "23:40"),
        POLICE,
        VT_REPORT,
        "police-report.xml",
        "domestic violence, an arrest; two children were at home",
        {"reference": "PL1500-2026-1031"},
        matched=("bsn", "name-birth-address"),
        raises=(Raised("safety", 3, "safety-3-grave-and-several"),),
    ),
    Acknowledge(week(10, "Mon", "08:30"), COORDINATOR, 1),
    Post(
        week(10, "Tue", "10:15"),
        HOUSING,
        VERA_COLLECTION,
        "eviction.json",
        "external collection: a judgment to be carried out, eviction threatens",
        {"reference": "INC-2026-88"},
        matched=("name-birth-address",),
        raises=(Raised("safety", 4, "safety-4-three-axes"), Raised("housing", 3, "housing-3-grave-and-several")),
        meets_criteria=True,
    ),
    Acknowledge(week(10, "Tue", "10:40"), COORDINATOR, 2),
    Decide(
        week(10, "Wed", "11:00"),
        COORDINATOR,
        "refers the family",
        "referrals",
        {"motivation": "Aan alle criteria is voldaan, en vier partners maken zich zorgen."},
        "family-referred",
    ),
    Term(week(10, "Thu", "11:00"), "case-meeting-total", "administrative"),
    Decide(
        week(10, "Thu", "14:00"),
        COORDINATOR,
        "decides: eligible",
        "referral-decisions",
        {"decision": "eligible", "motivation": "Geen contra-indicatie; moeder wil hulp."},
        "referral-decided",
    ),
    Decide(week(11, "Mon", "09:50"), COORDINATOR, "assigns the family coach", "coaches", COACH.named(), "coach-assigned"),
    Decide(
        week(11, "Mon", "10:00"),
        COORDINATOR,
        "offers direction to the family coach",
        "handovers",
        {**COACH.named(), "motivation": "Eén regisseur: de coach die thuis komt."},
        "handover-offered",
    ),
    Meet(
        week(11, "Mon", "16:30"),
        COORDINATOR,
        "veilig-thuis-safety-assessment",
        "Veilig Thuis zag vandaag beide kinderen; de afspraken komen in het plan.",
        1,
    ),
    Decide(
        week(11, "Tue", "09:20"),
        COACH,
        "accepts direction",
        "handovers/{handover}/answers",
        {"accepted": True, "motivation": "Ik heb ruimte voor dit gezin."},
        "handover-accepted",
    ),
    Post(
        week(11, "Wed", "15:45"),
        VEILIG_THUIS,
        VT_FEEDBACK,
        "feedback.xml",
        "feedback on the report of the police: taken up",
        {"reference": "VT-2026-00731", "answers": "PL1500-2026-1031"},
        matched=("answers-earlier-message",),
    ),
    Decide(
        week(11, "Thu", "19:00"),
        COACH,
        "has the start talk",
        "phases",
        {"phase": "start-talk", "motivation": "Thuis, met beide volwassenen."},
        "phase-entered",
    ),
    Decide(
        week(11, "Thu", "20:30"),
        COACH,
        "measures how the family manages at the start",
        "measurements",
        {
            "instrument": "self-sufficiency",
            "moment": "start",
            "takenOn": f"{week(11, 'Thu', '20:30'):%Y-%m-%d}",
            "measuredBy": "gezinscoach, samen met moeder",
            "scores": [{"domain": domain, "score": score} for domain, score in _SCORES.items()],
        },
        "measurement-taken",
    ),
    Decide(
        week(12, "Mon", "09:00"),
        COACH,
        "begins analysis and plan",
        "phases",
        {"phase": "analysis-and-plan", "motivation": "Het gezin wil met één plan werken."},
        "phase-entered",
    ),
    Surround(week(12, "Mon", "10:30"), COACH, _NETWORK, _TIES),
    Meet(week(12, "Mon", "15:00"), COACH, "case-meeting-complex", "Alle partners zaten aan tafel, met moeder erbij.", 1),
    Decide(
        week(12, "Wed", "15:00"),
        COACH,
        "adopts the plan, with three SMART goals",
        "plans",
        {"goals": list(_GOALS), "motivation": "Gemaakt met het gezin en alle partners."},
        "plan-adopted",
    ),
    Voice(week(12, "Wed", "16:00"), COACH, _HEARD),
    Decide(
        week(12, "Thu", "10:00"),
        COACH,
        "brings direction back to the network",
        "direction-steps-down",
        {"direction": "network", "motivation": "Alle partners zijn bijeen geweest; er is één plan en één regisseur."},
        "direction-lowered",
    ),
    Decide(
        week(12, "Thu", "10:05"),
        COACH,
        "directs, as the coach, from now on",
        "phases",
        {"phase": "coach-directs", "motivation": "Er is een plan, en het gezin kent het."},
        "phase-entered",
    ),
)


def _levels(safety: int, care: int, housing: int, income: int) -> dict[str, int]:
    return {"safety": safety, "care": care, "housing": housing, "income": income}


STORY = Story(
    STEPS,
    (
        Earlier(week(5, "Sun", "23:59"), "the end of week 5", _levels(1, 2, 2, 2), "family", "candidate", COORDINATOR.who, 4),
        Earlier(week(9, "Sun", "23:59"), "the end of week 9", _levels(3, 2, 2, 3), "network", "candidate", COORDINATOR.who, 7),
    ),
    Earlier(
        week(12, "Thu", "10:05"),
        "now",
        _levels(4, 2, 3, 3),
        "network",
        "coach-directs",
        COACH.who,
        9,
        has_plan=True,
    ),
    frozenset({"police", "veilig-thuis", "housing-corporation", "social-services", "school-attendance"}),
)
