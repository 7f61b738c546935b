"""What each fact of a trajectory says in a sentence, in Dutch and in English: codes become words, and nobody is named."""

from functools import cache
from string import Formatter
from typing import Any

from hub.domain.concerns import CONCERNS
from hub.domain.streams import Recorded
from hub.domain.tellings import Telling
from hub.domain.trajectory import Trajectory

SENTENCES: dict[type[Recorded], tuple[str, str]] = {
    Trajectory.Opened: ("Het traject begon met een eerste signaal.", "The trajectory began with a first signal."),
    Trajectory.SignalRecorded: ("Signaal van {partner}: {concern}.", "Signal by {partner}: {concern}."),
    Trajectory.SignalUnlinked: (
        "Een signaal bleek niet over dit gezin te gaan.",
        "A signal turned out not to be about this family.",
    ),
    Trajectory.SignalWithdrawn: (
        "De afzender trok een signaal in; wat erop rustte is aan de regisseur.",
        "Its sender withdrew a signal; what rested on it is for the director.",
    ),
    Trajectory.SignalCorrected: (
        "De afzender verbeterde een signaal; wat erop rustte is aan de regisseur.",
        "Its sender corrected a signal; what rested on it is for the director.",
    ),
    Trajectory.PersonRestricted: (
        "Van iemand in dit gezin mogen de gegevens niet worden gebruikt, op eigen verzoek.",
        "Of somebody in this family the data may not be used, at their own request.",
    ),
    Trajectory.PersonUnrestricted: (
        "De gegevens van iemand in dit gezin mogen weer worden gebruikt.",
        "The data of somebody in this family may be used again.",
    ),
    Trajectory.PeopleLeft: (
        "Een verbetering gaat over anderen: wie niemand meer noemt, hoort niet bij dit gezin.",
        "A correction is about others: those whom nobody names any more do not belong to this family.",
    ),
    Trajectory.EscalationRectified: (
        "Opschaling op {axis} naar niveau {level}: wat er nog is, geeft niveau {holds}; de regisseur beslist.",
        "Escalation on {axis} to level {level}: what is left gives level {holds}; the director decides.",
    ),
    Trajectory.PersonJoined: (
        "Persoon toegevoegd of aangevuld: {role}.",
        "Person added, or more became known: {role}.",
    ),
    Trajectory.LevelRaised: (
        "Opgeschaald op {axis}: van niveau {level_from} naar {level_to}, volgens regel {rule} van matrix {matrix}.",
        "Escalated on {axis}: from level {level_from} to {level_to}, by rule {rule} of matrix {matrix}.",
    ),
    Trajectory.TellingHeld: (
        "Het gezin is nog niet ingelicht: partners horen pas van deze opschaling als dat is vastgelegd.",
        "The family was not informed yet: partners hear of this escalation when it is noted that it was.",
    ),
    Trajectory.TellingReleased: (
        "Nu horen partners van de opschaling op {axis} naar niveau {level}, die wachtte op het inlichten van het gezin.",
        "Partners now hear of the escalation on {axis} to level {level}, which waited for the family to be informed.",
    ),
    Trajectory.EscalationAcknowledged: ("Van een opschaling is kennisgenomen.", "An escalation was acknowledged."),
    Telling.Acknowledged: (
        "Bij {organisation} nam iemand bij naam kennis van een bericht over dit gezin.",
        "At {organisation} a person by name took notice of what was told of this family.",
    ),
    Trajectory.SteppedDown: (
        "Afgeschaald op {axis}: van niveau {level_from} naar {level_to}.",
        "Stepped down on {axis}: from level {level_from} to {level_to}.",
    ),
    Trajectory.HandoverOffered: ("De regie is aangeboden aan een ander.", "Direction was offered to somebody else."),
    Trajectory.HandoverAccepted: (
        "De overdracht is aanvaard: er is een nieuwe regisseur.",
        "The handover was accepted: there is a new director.",
    ),
    Trajectory.HandoverRefused: (
        "De overdracht is geweigerd: de regisseur blijft.",
        "The handover was refused: the director stays.",
    ),
    Trajectory.HandoverTimedOut: (
        "Op de overdracht kwam geen antwoord: de regisseur blijft.",
        "Nobody answered the handover: the director stays.",
    ),
    Trajectory.DirectionRaised: (
        "Regieniveau van {level_from} naar {level_to}, volgens regel {rule} van matrix {matrix}.",
        "Direction went from {level_from} to {level_to}, by rule {rule} of matrix {matrix}.",
    ),
    Trajectory.DirectionLowered: (
        "Regieniveau terug van {level_from} naar {level_to}.",
        "Direction went back from {level_from} to {level_to}.",
    ),
    Trajectory.CoachAssigned: ("Gezinscoach gekoppeld.", "Family coach assigned."),
    Trajectory.CoachReleased: ("Gezinscoach losgekoppeld.", "Family coach released."),
    Trajectory.CooperationRefused: ("Medewerking werd geweigerd.", "Cooperation was refused."),
    Trajectory.PlanAdopted: ("Versie {plan} van het gezinsplan geldt.", "Version {plan} of the plan is valid."),
    Trajectory.ProgressRecorded: ("Voortgang op een doel is vastgelegd.", "Progress on a goal was noted."),
    Trajectory.GoalResulted: ("Resultaat van een doel: {result}.", "Result of a goal: {result}."),
    Trajectory.CriteriaMet: (
        "De signalen voldoen aan de criteria voor aanmelding (matrix {matrix}).",
        "The signals meet the criteria for referral (matrix {matrix}).",
    ),
    Trajectory.CriteriaWeighed: (
        "Een deel van de criteria voor aanmelding is vervuld (matrix {matrix}).",
        "Part of the criteria for referral is met (matrix {matrix}).",
    ),
    Trajectory.CriteriaNoLongerMet: (
        "Er is een signaal teruggenomen: de criteria voor aanmelding zijn niet meer vervuld (matrix {matrix}).",
        "A signal was taken back: the criteria for referral are no longer met (matrix {matrix}).",
    ),
    Trajectory.Referred: ("Het gezin is aangemeld.", "The family was referred."),
    Trajectory.ReferralDecided: ("Besluit op de aanmelding: {decision}.", "Decision on the referral: {decision}."),
    Trajectory.PhaseEntered: ("Volgende fase: {phase}.", "Next phase: {phase}."),
    Trajectory.TermExtended: ("De termijn is verlengd.", "The term was extended."),
    Trajectory.EndedEarly: ("Het traject is voortijdig beëindigd.", "The trajectory ended early."),
    Trajectory.WentToCompulsion: ("Er is opgeschaald naar dwang.", "The trajectory went on to compulsion."),
    Trajectory.Reopened: ("Het traject is heropend.", "The trajectory was opened again."),
    Trajectory.FamilyInformed: (
        "Vastgelegd of en hoe het gezin is ingelicht.",
        "It was noted whether and how the family was informed.",
    ),
    Trajectory.CorrectionNoted: ("Een correctie is vastgelegd.", "A correction was noted."),
    Trajectory.LeverDecided: ("Drangmiddel ingezet: {lever}.", "Lever decided on: {lever}."),
    Trajectory.AdviceDeclined: ("Een geadviseerd drangmiddel is niet ingezet: {lever}.", "An advised lever was not used: {lever}."),
    Trajectory.LeverReconsidered: ("Een drangmiddel is heroverwogen en blijft.", "A lever was reconsidered and stands."),
    Trajectory.LeverEnded: ("Een drangmiddel is beëindigd.", "A lever was ended."),
    Trajectory.VoiceHeard: (
        "Iemand van het gezin zei in eigen woorden wat die van een doel vindt.",
        "Somebody of the family said in their own words what they think of a goal.",
    ),
    Trajectory.GoalTold: (
        "Een doel staat in het plan dat iemand van het gezin krijgt.",
        "A goal is in the plan that somebody of the family is given.",
    ),
    Trajectory.GoalKeptBack: (
        "Een doel staat niet meer in het plan dat iemand van het gezin krijgt.",
        "A goal is no longer in the plan that somebody of the family is given.",
    ),
    Trajectory.NetworkJoined: (
        "Iemand staat in het {side} netwerk van het gezin, of er is meer van bekend.",
        "Somebody stands in the {side} network of the family, or more is known of them.",
    ),
    Trajectory.NetworkLeft: ("Iemand staat niet meer in het netwerk van het gezin.", "Somebody left the network of the family."),
    Trajectory.NetworkErased: (
        "Wie er om het gezin heen stond, is op grond van de wet gewist.",
        "Who stood around the family was erased on a ground of the law.",
    ),
    Trajectory.TieDrawn: ("Een band in het netwerk is getekend: {quality}.", "A tie in the network was drawn: {quality}."),
    Trajectory.TieErased: ("Een band in het netwerk is niet meer getekend.", "A tie in the network is drawn no longer."),
    Trajectory.MeetingCalled: ("Een casusoverleg is belegd.", "A case meeting was called."),
    Trajectory.MeetingHeld: ("Een casusoverleg is gehouden.", "A case meeting was held."),
    Trajectory.MeetingCancelled: ("Een casusoverleg gaat niet door.", "A case meeting was cancelled."),
    Trajectory.ResolutionFollowed: (
        "Een afspraak uit het casusoverleg: {became}.",
        "What a case meeting decided: {became}.",
    ),
    Trajectory.MeasurementTaken: (
        "Het gezin is gemeten: {instrument}, {moment}.",
        "The family was measured: {instrument}, {moment}.",
    ),
    Trajectory.MeasurementWithdrawn: (
        "Een meting klopte niet en telt niet meer mee.",
        "A measurement was wrong and counts no longer.",
    ),
    Trajectory.ClockStarted: ("De termijn {term} ging lopen.", "The term {term} began to run."),
    Trajectory.TermMet: ("Waar een termijn voor liep, is gedaan.", "What a term was for was done."),
    Trajectory.ClockStopped: ("Een termijn is gestopt.", "A term was stopped."),
    Trajectory.DeadlinePassed: ("De termijn {term} is verstreken.", "The term {term} has passed."),
    Trajectory.BroughtIn: (
        "Mensen en signalen van een ander gezin horen hier.",
        "People and signals of another family belong here.",
    ),
    Trajectory.LetGo: (
        "Mensen en hun signalen horen bij een ander gezin.",
        "People and their signals belong to another family.",
    ),
    Trajectory.MergedInto: ("Dit gezin ging op in een ander gezin.", "This family was merged into another."),
    Trajectory.SeparatedAgain: ("Dit gezin staat weer op zichzelf.", "This family stands by itself again."),
}

_DUTCH = {
    "safety": "veiligheid",
    "care": "zorg",
    "housing": "wonen",
    "income": "inkomen",
    "family": "gezin",
    "network": "netwerk",
    "administrative": "bestuurlijk",
    "child": "kind",
    "parent": "ouder",
    "partner": "partner",
    "other-adult": "andere volwassene",
    "unknown": "rol onbekend",
    "formal": "formele",
    "informal": "eigen",
    "supportive": "steunend",
    "changing": "wisselend",
    "strained": "gespannen",
    "broken": "verbroken",
    "goal": "is een doel in het plan",
    "lever": "is een drangmiddel",
    "signal": "is een signaal",
    "done": "is gedaan",
    "dropped": "vervalt",
    "self-sufficiency": "hoe het gezin zich redt",
    "start": "bij de start",
    "handing-back": "bij het teruggeven van de regie",
    "closing": "bij het afsluiten",
    "six-months": "zes maanden na het afsluiten",
    "twelve-months": "twaalf maanden na het afsluiten",
    "reached": "bereikt",
    "partly": "deels bereikt",
    "not": "niet bereikt",
    "referred": "aangemeld",
    "eligible": "komt in aanmerking",
    "not-suitable": "niet geschikt",
    "contra-indicated": "contra-indicatie",
    "start-talk": "startgesprek",
    "analysis-and-plan": "analyse en plan",
    "coach-directs": "coach heeft de regie",
    "handed-back": "regie teruggegeven",
    "winding-down": "afbouw",
    "aftercare": "nazorg",
    "closed": "afgesloten",
    "police": "politie",
    "veilig-thuis": "Veilig Thuis",
    "housing-corporation": "woningcorporatie",
    "school-attendance": "leerplicht",
    "social-services": "Sociale Zaken",
}
_ENGLISH = {
    "informal": "own",
    "goal": "became a goal of the plan",
    "lever": "became a lever",
    "signal": "became a signal",
    "start": "at the start",
    "handing-back": "when direction was handed back",
    "closing": "at closing",
    "six-months": "six months after closing",
    "twelve-months": "twelve months after closing",
    "not": "not reached",
    "partly": "partly reached",
    "unknown": "role unknown",
    "veilig-thuis": "Veilig Thuis",
    "housing-corporation": "housing corporation",
    "school-attendance": "school attendance",
    "social-services": "social services",
}
_WORDS = {"nl": _DUTCH, "en": _ENGLISH}
_CONCERNS = {
    "nl": {code: each.dutch for code, each in CONCERNS.items()},
    "en": {code: each.english for code, each in CONCERNS.items()},
}


def sentences(event: Recorded) -> tuple[str, str]:
    """The fact in Dutch and in English; a fact without a sentence shows its topic."""
    dutch, english = SENTENCES.get(type(event), (event.TOPIC, event.TOPIC))
    return _said(dutch, event, "nl"), _said(english, event, "en")


def _said(sentence: str, event: Recorded, language: str) -> str:
    named = _fields(sentence)
    return sentence.format_map({name: _word(name, getattr(event, name), language) for name in named}) if named else sentence


@cache
def _fields(sentence: str) -> tuple[str, ...]:
    return tuple(name for _, name, _, _ in Formatter().parse(sentence) if name)


def _word(name: str, value: Any, language: str) -> Any:
    words = _CONCERNS if name == "concern" else _WORDS
    return words[language].get(value, value)
