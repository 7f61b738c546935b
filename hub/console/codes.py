"""What codes are called on a page: those of the hub itself here, those of the matrix by the words that it brings along."""

from collections.abc import Callable, Iterable, Mapping

from hub.console import refusals
from hub.console.parts import Both
from hub.console.words import ROLES
from hub.domain.concerns import CONCERNS
from hub.domain.matrix import Matrix, Words
from hub.domain.words import Axis, Direction, LifeArea, Phase, Role, Weight

_AREAS = {
    LifeArea.FINANCES: Both("financiën", "finances"),
    LifeArea.IDENTITY: Both("identiteit", "identity"),
    LifeArea.BEHAVIOUR: Both("houding, gedrag en vaardigheden", "attitude, behaviour and skills"),
    LifeArea.WORK_AND_EDUCATION: Both("werk en opleiding", "work and education"),
    LifeArea.USE_OF_TIME: Both("tijdsbesteding", "use of time"),
    LifeArea.HOUSING: Both("huisvesting", "housing"),
    LifeArea.RELATIONS: Both("(huiselijke) relaties", "(domestic) relations"),
    LifeArea.MENTAL_HEALTH: Both("psychische gezondheid", "mental health"),
    LifeArea.PHYSICAL_HEALTH: Both("lichamelijke gezondheid", "physical health"),
    LifeArea.ADDICTION: Both("middelengebruik en verslaving", "substance use and addiction"),
    LifeArea.SOCIAL_NETWORK: Both("sociaal netwerk", "social network"),
    LifeArea.JUSTICE: Both("justitie en politie", "justice and police"),
}
_PHASES = {
    Phase.CANDIDATE: Both("kandidaat", "candidate"),
    Phase.REFERRED: Both("aangemeld", "referred"),
    Phase.ELIGIBLE: Both("komt in aanmerking", "eligible"),
    Phase.NOT_SUITABLE: Both("niet geschikt", "not suitable"),
    Phase.CONTRA_INDICATED: Both("contra-indicatie", "contra-indicated"),
    Phase.START_TALK: Both("startgesprek", "start talk"),
    Phase.ANALYSIS_AND_PLAN: Both("analyse en plan", "analysis and plan"),
    Phase.COACH_DIRECTS: Both("coach heeft de regie", "coach directs"),
    Phase.HANDED_BACK: Both("regie teruggegeven", "direction handed back"),
    Phase.WINDING_DOWN: Both("afbouw", "winding down"),
    Phase.AFTERCARE: Both("nazorg", "aftercare"),
    Phase.CLOSED: Both("afgesloten", "closed"),
    Phase.ENDED_EARLY: Both("voortijdig gestopt", "ended early"),
    Phase.COMPULSION: Both("naar dwang", "to compulsion"),
}
CODES: Mapping[str, Mapping[str, Both]] = {
    "area": {area.value: words for area, words in _AREAS.items()},
    "phase": {phase.value: words for phase, words in _PHASES.items()},
    "axis": {
        Axis.SAFETY: Both("veiligheid", "safety"),
        Axis.CARE: Both("zorg", "care"),
        Axis.HOUSING: Both("wonen", "housing"),
        Axis.INCOME: Both("inkomen", "income"),
    },
    "level": {
        "1": Both("geen probleem of vermoeden", "no problem or suspicion"),
        "2": Both("een vraag of probleem", "a question or problem"),
        "3": Both("complex: meer leefgebieden", "complex: several life areas"),
        "4": Both("totale opschaling", "total escalation"),
    },
    "direction": {
        Direction.FAMILY: Both("in het gezin", "within the family"),
        Direction.NETWORK: Both("in het netwerk", "within the network"),
        Direction.ADMINISTRATIVE: Both("bestuurlijk", "administrative"),
    },
    "role": {
        Role.CHILD: Both("kind", "child"),
        Role.PARENT: Both("ouder", "parent"),
        Role.PARTNER: Both("partner", "partner"),
        Role.OTHER_ADULT: Both("andere volwassene", "other adult"),
        Role.UNKNOWN: Both("rol onbekend", "role unknown"),
    },
    "weight": {
        str(Weight.LIGHT.value): Both("licht", "light"),
        str(Weight.SERIOUS.value): Both("serieus", "serious"),
        str(Weight.GRAVE.value): Both("ernstig", "grave"),
        str(Weight.ACUTE.value): Both("acuut", "acute"),
    },
    "result": {
        "": Both("loopt nog", "still going on"),
        "reached": Both("bereikt", "reached"),
        "partly": Both("deels bereikt", "partly reached"),
        "not": Both("niet bereikt", "not reached"),
    },
    "capacity": {role.value: words for role, words in ROLES.items()},
    "why": {
        "bsn": Both("hetzelfde BSN", "the same BSN"),
        "name-birth-address": Both("dezelfde naam, geboortedatum en adres", "the same name, birth date and address"),
        "name-birth": Both("dezelfde naam en geboortedatum", "the same name and birth date"),
        "name-address": Both("dezelfde naam op hetzelfde adres", "the same name at the same address"),
        "address": Both("hetzelfde adres", "the same address"),
        "conflicting-identifiers": Both("de gegevens spreken elkaar tegen", "the particulars contradict each other"),
        "two-families": Both("wie genoemd wordt, hoort bij meer dan één gezin", "who is named belongs to more than one family"),
        "waits-in-a-question": Both(
            "wie genoemd wordt, komt alleen voor in een andere open koppelvraag",
            "who is named is known only from another open match question",
        ),
        "names-nobody": Both("het signaal noemt niemand", "the signal names nobody"),
        "nobody-known": Both("niemand die de hub kent", "nobody that the hub knows"),
        "answers-earlier-message": Both("het antwoordt op een eerder bericht", "it answers an earlier message"),
        "a-person": Both("een mens besliste het", "a person decided it"),
    },
    "question-state": {
        "open": Both("open", "open"),
        "answered": Both("beantwoord", "answered"),
        "lapsed": Both("vervallen", "lapsed"),
        "erased": Both("gewist", "erased"),
    },
    "leads": {
        "director": Both("de regisseur", "the director"),
        "administrative-director": Both("de bestuurlijke regisseur", "the administrative director"),
        "local-team": Both("het wijkteam", "the local team"),
        "family": Both("het gezin zelf", "the family itself"),
        "veilig-thuis": Both("Veilig Thuis", "Veilig Thuis"),
        "housing-corporation": Both("de woningcorporatie", "the housing corporation"),
        "social-services": Both("Sociale Zaken", "social services"),
    },
    "partner": {"certified-institution": Both("gecertificeerde instelling", "certified youth protection agency")},
    "ground": {
        "bw-1-263": Both("Burgerlijk Wetboek, art. 1:263", "Civil Code, art. 1:263"),
        "bw-7-213": Both("Burgerlijk Wetboek, art. 7:213", "Civil Code, art. 7:213"),
        "bw-7-231": Both("Burgerlijk Wetboek, art. 7:231", "Civil Code, art. 7:231"),
        "jeugdwet-2-4-1": Both("Jeugdwet, art. 2.4 lid 1", "Youth Act, art. 2.4(1)"),
        "participatiewet-18-2": Both("Participatiewet, art. 18 lid 2", "Participation Act, art. 18(2)"),
        "participatiewet-55": Both("Participatiewet, art. 55", "Participation Act, art. 55"),
        "wmo-2015-4-1-1": Both("Wmo 2015, art. 4.1.1", "Social Support Act 2015, art. 4.1.1"),
    },
    "standing": {
        "active": Both("doet mee", "takes part"),
        "suspended": Both("opgeschort", "suspended"),
        "removed": Both("doet niet meer mee", "takes part no longer"),
    },
    "subscription": {
        "pending": Both("wacht op bevestiging", "waits to be confirmed"),
        "active": Both("actief", "active"),
        "paused": Both("gepauzeerd", "paused"),
        "disabled": Both("uitgezet door de hub", "disabled by the hub"),
        "ended": Both("beëindigd", "ended"),
    },
    "term": {"goal": Both("een doel van het plan moet klaar zijn", "a goal of the plan is due")},
    "concern": {code: Both(concern.dutch, concern.english) for code, concern in CONCERNS.items()},
}


_OF_REFUSALS = {"refusal": refusals.of_refusal, "wrong": refusals.of_violation, "field": refusals.of_field}


def words_of(matrix: Matrix) -> Mapping[str, Mapping[str, Both]]:
    """What a version of the matrix calls its rules, levers, terms, criteria and contra-indications."""
    named: Mapping[str, Iterable[tuple[str, Words]]] = {
        "rule": [*((one.id, one.words) for one in matrix.rules), *((one.id, one.words) for one in matrix.stagnation)],
        "lever": [(name, one.words) for name, one in matrix.levers.items()],
        "term": [(name, one.words) for name, one in matrix.terms.items()],
        "criterion": [(one.id, one.words) for one in matrix.criteria],
        "contra-indication": [(one.id, one.words) for one in matrix.contra_indications],
    }
    return {kind: {code: Both(words.dutch, words.english) for code, words in some} for kind, some in named.items()}


def words(*known: Mapping[str, Mapping[str, Both]]) -> Callable[[str, str], Both]:
    """Tells what a code of a kind is called, by the first that knows it; one without words is shown as it is."""

    def word(kind: str, code: str) -> Both:
        if kind in _OF_REFUSALS:
            return _OF_REFUSALS[kind](code)
        found = (each[kind][code] for each in (*known, CODES) if code in each.get(kind, {}))
        return next(found, None) or Both(code, code)

    return word
