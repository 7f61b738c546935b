"""What codes are called on a page: those of the hub itself here, those of the matrix by the words that it brings along."""

from collections.abc import Callable, Iterable, Mapping

from hub.console import refusals
from hub.console.parts import Both
from hub.console.words import ROLES
from hub.domain.concerns import CONCERNS
from hub.domain.instruments import MeasuredAt
from hub.domain.matrix import Matrix, Words
from hub.domain.publications import Kind
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
    "measured-at": {
        MeasuredAt.START: Both("bij de start", "at the start"),
        MeasuredAt.HANDING_BACK: Both("bij het teruggeven van de regie", "when direction was handed back"),
        MeasuredAt.CLOSING: Both("bij het afsluiten", "at closing"),
        MeasuredAt.SIX_MONTHS: Both("zes maanden na het afsluiten", "six months after closing"),
        MeasuredAt.TWELVE_MONTHS: Both("twaalf maanden na het afsluiten", "twelve months after closing"),
    },
    "publication": {
        Kind.EVALUATION: Both("evaluatie", "evaluation"),
        Kind.SOCIAL_RETURN: Both("maatschappelijk rendement", "social return"),
        Kind.SIMULATION: Both("simulatie, met verzonnen gezinnen", "simulation, with families that were made up"),
    },
    "capacity": {role.value: words for role, words in ROLES.items()},
    "outcome": {
        "given": Both("gegeven", "given"),
        "nothing": Both("niets gevonden", "nothing found"),
        "refused": Both("geweigerd", "refused"),
        "failed": Both("mislukt", "failed"),
    },
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
    "partner": {
        "any-partner": Both("andere ketenpartner", "another partner"),
        "certified-institution": Both("gecertificeerde instelling", "certified youth protection agency"),
        "child-protection-council": Both("Raad voor de Kinderbescherming", "Child Protection Council"),
        "housing-corporation": Both("woningcorporatie", "housing corporation"),
        "police": Both("politie", "police"),
        "school-attendance": Both("leerplicht", "school attendance"),
        "social-services": Both("Sociale Zaken", "social services"),
        "veilig-thuis": Both("Veilig Thuis", "Veilig Thuis"),
    },
    "ground": {
        "bw-1-263": Both("Burgerlijk Wetboek, art. 1:263", "Civil Code, art. 1:263"),
        "bw-7-213": Both("Burgerlijk Wetboek, art. 7:213", "Civil Code, art. 7:213"),
        "bw-7-231": Both("Burgerlijk Wetboek, art. 7:231", "Civil Code, art. 7:231"),
        "jeugdwet-2-4-1": Both("Jeugdwet, art. 2.4 lid 1", "Youth Act, art. 2.4(1)"),
        "participatiewet-18-2": Both("Participatiewet, art. 18 lid 2", "Participation Act, art. 18(2)"),
        "participatiewet-55": Both("Participatiewet, art. 55", "Participation Act, art. 55"),
        "wmo-2015-4-1-1": Both("Wmo 2015, art. 4.1.1", "Social Support Act 2015, art. 4.1.1"),
    },
    "follower": {
        "assignments": Both("opdrachten van auditors", "assignments of auditors"),
        "retention": Both("wat bewaard moet blijven", "what has to be kept"),
        "relations": Both("wie bij welk gezin hoort", "who is who to each family"),
        "family": Both("hoe gezinnen ervoor staan", "how families stand"),
        "timeline": Both("tijdlijnen", "timelines"),
        "caseload": Both("caseload", "caseload"),
        "measuring": Both("wat er te meten is", "what is to be measured"),
        "clocks": Both("lopende termijnen", "running terms"),
        "escalations": Both("opschalingen", "escalations"),
        "questions": Both("koppelvragen", "match questions"),
        "quarantine": Both("quarantaine", "quarantine"),
        "breakings": Both("inzage door anderen", "looks by others"),
        "tellings": Both("wat aan wie is verstrekt", "what was told to whom"),
        "feedback": Both("terugkoppeling aan melders", "feedback to reporters"),
        "reports": Both("getypte signalen", "typed reports"),
        "requests": Both("verzoeken van betrokkenen", "requests of people"),
        "radar": Both("signalenradar", "signals radar"),
        "funnel": Both("van signaal tot traject", "from signal to trajectory"),
        "insight": Both("inzicht over alle gezinnen", "insight over all families"),
        "publications": Both("verslagen", "reports"),
        "feed": Both("live meldingen", "live notices"),
        "webhook": Both("berichten aan partners", "messages to partners"),
        "mail": Both("e-mail aan mensen", "mail to people"),
        "pager": Both("oproepen van de dienst", "calls of who is on duty"),
    },
    "told": {
        "nl.vig.escalations.level-raised.v1": Both("dat het gezin is opgeschaald", "that the family was escalated"),
        "nl.vig.escalations.acknowledged.v1": Both(
            "dat van een opschaling is kennisgenomen", "that an escalation was acknowledged"
        ),
        "nl.vig.escalations.rectified.v1": Both("dat een opschaling is rechtgezet", "that an escalation was rectified"),
        "nl.vig.escalations.stepped-down.v1": Both("dat het gezin is afgeschaald", "that the family was stepped down"),
        "nl.vig.escalations.direction-raised.v1": Both("dat het regieniveau omhoog ging", "that the level of direction went up"),
        "nl.vig.trajectories.director-changed.v1": Both("wie de regisseur is", "who the director is"),
        "nl.vig.trajectories.restriction.v1": Both(
            "dat gegevens van iemand niet, of weer wel, mogen worden gebruikt", "that somebody's data may not be used, or may again"
        ),
        "nl.vig.trajectories.plan-adopted.v1": Both("dat er een plan geldt", "that there is a valid plan"),
        "nl.vig.trajectories.ended.v1": Both("dat het traject eindigde", "that the trajectory ended"),
        "nl.vig.feedback.given.v1": Both("wat er met het signaal is gedaan", "what was done with the signal"),
        "nl.vig.feedback.correction-asked.v1": Both(
            "dat iemand vraagt een bericht te verbeteren", "that somebody asks to correct a message"
        ),
        "nl.vig.feedback.decided.v1": Both("wat op de melding is besloten", "what was decided on the report"),
    },
    "asks": {
        "inspection": Both("inzage", "inspection"),
        "correction": Both("verbetering", "correction"),
        "erasure": Both("verwijdering", "erasure"),
        "restriction": Both("beperking", "restriction"),
        "objection": Both("bezwaar", "objection"),
        "complaint": Both("klacht", "complaint"),
    },
    "decided": {
        "granted": Both("toegewezen", "granted"),
        "refused": Both("afgewezen", "refused"),
        "withdrawn": Both("ingetrokken", "withdrawn"),
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
    "report": {
        "waiting": Both("een mens bekijkt over welk gezin dit gaat", "a person looks which family this is about"),
        "received": Both("ontvangen: iemand heeft de regie", "received: somebody directs"),
        "taken-up": Both("opgepakt", "taken up"),
        "unread": Both("wacht: door een fout bij ons nog niet gelezen", "waits: not read yet, by a fault of ours"),
        "taken-back": Both("ingetrokken door uw organisatie", "taken back by your organisation"),
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
        found = (each[kind][code] for each in known if code in each.get(kind, {}))
        return next(found, None) or Both(code, code)

    return word
