"""Why the hub says no, in words that help whoever filled in a page; by the codes and the words of its interface."""

import re
from collections.abc import Mapping

from hub.console.parts import Both

REFUSALS: Mapping[str, Both] = {
    "malformed": Both("Er ontbreekt iets, of iets klopt nog niet.", "Something is missing, or is not right yet."),
    "stale-decision": Both(
        "Iemand anders heeft dit gezin intussen gewijzigd. Er is niets overschreven. Lees hieronder wat er nu staat; wat u typte "
        "staat er nog. Legt u het nu vast, dan geldt het op wat u nu ziet.",
        "Somebody else changed this family meanwhile. Nothing was overwritten. Read below how it stands now; what you typed is "
        "still there. If you record it now, it counts on what you see now.",
    ),
    "motivation-missing": Both("Een besluit over mensen vraagt een motivering.", "A decision about people needs a motivation."),
    "held-already": Both("Dit gezin wordt al langer bewaard.", "This family is held already."),
    "not-held": Both("Dit gezin wordt niet langer bewaard dan zijn termijn.", "This family is not held."),
    "kept-no-longer": Both(
        "Hiervan wordt niets meer bewaard: de bewaartermijn is voorbij.", "Of this nothing is kept any more: its term was over."
    ),
    "ground-missing": Both("Dit vraagt een wettelijke grondslag.", "This needs a legal ground."),
    "other-ground": Both(
        "Dit middel rust op een andere grondslag; de matrix noemt welke.",
        "This lever rests on another ground; the matrix names it.",
    ),
    "not-competent": Both(
        "Alleen de instantie die de matrix noemt, mag hierover beslissen.",
        "Only the authority that the matrix names may decide on this.",
    ),
    "not-the-director": Both(
        "Alleen de regisseur of de coach beslist hierover.", "Only the director or the coach decides on this."
    ),
    "not-offered-to-you": Both(
        "Alleen aan wie de regie is aangeboden, kan antwoorden.", "Only the one it was offered to can answer."
    ),
    "handover-open": Both("De regie is al aan iemand aangeboden.", "Direction is offered to somebody already."),
    "same-director": Both("De regisseur kan niet aan zichzelf overdragen.", "The director cannot hand over to themselves."),
    "not-lower": Both(
        "Afschalen gaat naar een lager niveau dan het huidige.", "Stepping down goes to a lower level than the present one."
    ),
    "has-coach": Both("Dit gezin heeft al een coach; laat die eerst los.", "This family has a coach; release that one first."),
    "no-coach": Both("Dit gezin heeft geen coach.", "This family has no coach."),
    "no-coach-or-plan": Both(
        "Een coach krijgt de regie pas met een plan, en als er een coach is.",
        "A coach directs only with a plan, and when one is assigned.",
    ),
    "coach-does-not-direct": Both(
        "De coach heeft de regie zodra die de overdracht heeft aanvaard.", "The coach directs once they have accepted direction."
    ),
    "coach-still-directs": Both(
        "De regie is pas teruggegeven als iemand anders die heeft aanvaard.",
        "Direction is handed back when somebody else has accepted it.",
    ),
    "not-a-candidate": Both("Alleen een kandidaat kan worden aangemeld.", "Only a candidate can be referred."),
    "not-referred": Both("Er is geen aanmelding om over te beslissen.", "There is no referral to decide on."),
    "no-such-decision": Both(
        "Een aanmelding eindigt als: komt in aanmerking, niet geschikt of contra-indicatie.",
        "A referral ends as eligible, not suitable or contra-indicated.",
    ),
    "phase-order": Both("Deze fase volgt niet op de huidige.", "This phase does not follow the present one."),
    "not-under-way": Both("Alleen een lopend traject kan worden verlengd.", "Only a trajectory under way can be extended."),
    "informed-or-reason": Both(
        "Vul in hoe het gezin is ingelicht, of de reden waarom niet; niet allebei.",
        "Say how the family was told, or the reason why not; not both.",
    ),
    "trajectory-ended": Both(
        "Dit traject is beëindigd: alleen verbeteringen en nazorg kunnen nog.",
        "This trajectory has ended: only corrections and aftercare are accepted.",
    ),
    "family-merged": Both(
        "Dit gezin is met een ander samengevoegd; beslis daar.", "This family was merged into another; decide there."
    ),
    "term-of-the-hub": Both(
        "Dit ziet de hub vanzelf: doe waar de termijn voor is.", "The hub sees this by itself: do what the term is for."
    ),
    "permission-missing": Both(
        "Vermeld wie van het gezin dit goed vond, en op welke dag.", "Say who of the family permitted it, and on which day."
    ),
    "voice-without-words": Both(
        "Wie het er niet mee eens is, zei waarom: schrijf op wat er gezegd is.",
        "Whoever does not agree said why: write down what was said.",
    ),
    "plan-too-long": Both(
        "Een plan om te lezen heeft hoogstens zes doelen: haal er eerst een uit.",
        "A plan to read has six goals at most: take one out first.",
    ),
    "not-measured-yet": Both(
        "Dit meetmoment is er nog niet: er wordt gemeten bij de start, bij het teruggeven van de regie, bij het afsluiten en in de "
        "maand voor het zes en twaalf maanden later is.",
        "This moment has not come: is measured at the start, when direction is handed back, at closing, and in the month before "
        "six and twelve months later.",
    ),
    "measured-already": Both(
        "Dit is op dit moment al gemeten: neem die meting eerst terug, met de reden.",
        "This was measured already: take that measurement back first, with the reason.",
    ),
    "same-person": Both("Kies twee verschillende mensen.", "Choose two different people."),
    "moment-passed": Both("Kies een moment dat nog komt.", "Choose a moment that is still to come."),
    "meeting-held": Both(
        "Dit overleg is al gehouden: leg vast wat ervan terechtkwam.", "This meeting was held already: say what came of it."
    ),
    "meeting-to-come": Both("Dit overleg is nog niet begonnen.", "This meeting has not begun yet."),
    "same-family": Both("Dat is hetzelfde gezin.", "That is the same family."),
    "not-a-member": Both(
        "Alleen wie bij dit gezin hoort, kan ervan worden gesplitst.", "Only people of this family can be split off from it."
    ),
    "nobody-left": Both("Er moet iemand overblijven in dit gezin.", "Somebody has to stay in this family."),
    "answered-already": Both(
        "Deze vraag is al beantwoord; neem dat antwoord eerst terug.", "This question was answered; take the answer back first."
    ),
    "not-answered": Both("Er is geen antwoord om terug te nemen.", "There is no answer to take back."),
    "taken-back": Both("De afzender heeft dit signaal ingetrokken.", "Its sender took this signal back."),
    "not-quarantined": Both(
        "Alleen een bericht in quarantaine kan opnieuw worden gelezen.", "Only a message in quarantine can be processed again."
    ),
    "on-call-already": Both("Deze persoon heeft dan al dienst.", "This person is on call then already."),
    "assigned-already": Both(
        "Deze auditor heeft voor dit gezin in die tijd al een opdracht.", "This auditor is assigned to this family then already."
    ),
    "assignment-over": Both("Deze opdracht is al voorbij.", "This assignment is over already."),
    "too-many-shifts": Both("Er staan al zo veel diensten in het rooster als kan.", "There are as many shifts to come as can be."),
    "no-request-decided": Both("Niemand besloot tot een verzoek om onderzoek.", "Nobody decided to ask for an investigation."),
    "not-informed": Both(
        "Leg eerst vast hoe het gezin is ingelicht, of waarom niet.", "Note first how the family was informed, or why not."
    ),
    "withdrawn": Both("Dit verslag is al ingetrokken.", "This report is withdrawn already."),
    "no-child": Both("Dit besluit gaat niet over een kind van dit gezin.", "This decision names no child of this family."),
    "request-nobody-decides": Both("Hierover beslist een mens, met naam.", "A person decides this, by name."),
    "request-identity-unchecked": Both(
        "Stel eerst vast dat deze persoon het zelf vraagt.", "Check first that it is this person who asks."
    ),
    "request-decided-already": Both("Over dit verzoek is al besloten.", "This request was decided on already."),
    "request-not-granted": Both("Alleen wat is toegewezen, wordt uitgevoerd.", "Only what was granted is carried out."),
    "request-carried-out-already": Both("Dit verzoek is al uitgevoerd.", "This request was carried out already."),
    "request-extended-already": Both("Een verzoek wordt één keer verlengd.", "A request is extended once."),
    "request-too-late-to-extend": Both(
        "De termijn is voorbij: verlengen had daarvoor gemoeten.", "The term is over: it had to be extended before."
    ),
    "not-restricted": Both("Voor deze persoon geldt geen beperking.", "What is kept of this person is not restricted."),
    "person-not-told": Both("Vertel het eerst aan wie om de beperking vroeg.", "First tell whoever asked for the restriction."),
    "erased": Both("Van deze persoon wordt niets meer bewaard.", "Of this person nothing is kept any more."),
    "id-reused": Both(
        "U heeft dit signaal al verstuurd, en daarna iets veranderd. Het eerste staat bij uw signalen. Wilt u dit als een nieuw "
        "signaal melden? Verstuur het dan nog eens.",
        "You sent this signal already, and changed something since. The first one stands among your signals. Do you want to report "
        "this as a new one? Then send it once more.",
    ),
    "too-large": Both("Dit is meer tekst dan de hub aanneemt.", "This is more text than the hub takes."),
    "not-known": Both("Dit is er niet, of niet voor u.", "There is no such thing, or not for you."),
}
WRONG: Mapping[str, Both] = {
    "is missing": Both("vul dit in", "fill this in"),
    "is empty": Both("vul dit in", "fill this in"),
    "has no letter or digit in it": Both("vul dit in", "fill this in"),
    "has characters in it that nobody sees": Both(
        "bevat onzichtbare tekens; typ het opnieuw", "has characters that nobody sees; type it anew"
    ),
    "is not text": Both("is geen tekst", "is not text"),
    "is not of the form that is asked": Both("heeft niet de juiste vorm", "is not of the form that is asked"),
    "is not a whole number": Both("is geen heel getal", "is not a whole number"),
    "is not a date (YYYY-MM-DD)": Both("is geen datum; typ bijvoorbeeld 1-3-2026", "is not a date; type 1-3-2026, for example"),
    "is not a date of the calendar": Both("deze datum bestaat niet", "there is no such date"),
    "is not a date of the calendar (YYYY-MM-DD)": Both("deze datum bestaat niet", "there is no such date"),
    "is not an id (UUID)": Both("kies een van de mogelijkheden", "choose one of the possibilities"),
    "is longer than {} characters": Both("is langer dan {} tekens", "is longer than {} characters"),
    "holds fewer than {}": Both("er moeten er minstens {} zijn", "there have to be at least {}"),
    "holds more than {}": Both("er kunnen er hoogstens {} zijn", "there can be at most {}"),
    "is not measured with on that day": Both("daar wordt op die dag niet mee gemeten", "is not measured with on that day"),
    "is not a domain of this instrument": Both("hoort niet bij dit instrument", "is not a domain of this instrument"),
    "is not on its scale, from {} to {}": Both("kies een cijfer van {} tot en met {}", "choose a score from {} to {}"),
    "is scored twice": Both("staat er twee keer", "stands there twice"),
    "a measurement has at least one score": Both("geef minstens één cijfer", "give at least one score"),
    "is still to come": Both("ligt in de toekomst", "is still to come"),
    "is before this moment of the trajectory": Both("ligt voor dit meetmoment", "is before this moment of the trajectory"),
    "is not after start": Both("ligt niet na het begin", "is not after the start"),
    "is not an address of mail": Both("is geen e-mailadres", "is not an address of mail"),
    "is needed to be mailed": Both("vul een e-mailadres in om bericht te krijgen", "fill in an address to be mailed"),
    "is not later than it begins": Both("ligt niet na het begin", "is not after it begins"),
    "is more than a year later": Both("ligt meer dan een jaar na het begin", "is more than a year after it begins"),
    "is more than two weeks later": Both("ligt meer dan twee weken na het begin", "is more than two weeks after it begins"),
    "is nobody who works here": Both("kies iemand uit de lijst", "choose somebody from the list"),
    "has passed": Both("is al voorbij", "has passed"),
    "is not a date and time with an offset (RFC 3339)": Both(
        "vul een dag (1-3-2026) en een tijd (17:00) in", "fill in a day (1-3-2026) and a time (17:00)"
    ),
    "is less than {}": Both("is minder dan {}", "is less than {}"),
    "is more than {}": Both("is meer dan {}", "is more than {}"),
    "has not come yet": Both("ligt in de toekomst", "is still to come"),
    "is not one version between quotes": Both("is verouderd: laad haar opnieuw", "is out of date: load it again"),
    "is too short": Both("vul dit in", "fill this in"),
    "is too long": Both("is te lang", "is too long"),
    "is not a date of the calendar (YYYY, YYYY-MM or YYYY-MM-DD)": Both(
        "is geen datum; typ bijvoorbeeld 1-3-2026, 3-2026 of 2026", "is not a date; type 1-3-2026, 3-2026 or 2026, for example"
    ),
    "does not have the form that the contract asks": Both("heeft niet de juiste vorm", "is not of the form that is asked"),
    "fits none, or more than one, of the forms that the contract knows": Both(
        "vul in hoe het gezin is ingelicht, of de reden waarom niet; niet allebei",
        "say how the family was told, or the reason why not; not both",
    ),
    "is not a person number: the eleven-test fails": Both(
        "dit BSN kan niet bestaan: er is een cijfer mis", "this BSN cannot exist: a digit is wrong"
    ),
    "only test numbers are accepted here (demo mode)": Both(
        "in deze demo kan alleen een testnummer", "this demo takes only test numbers"
    ),
    "is not an object": Both("plak de hele sleutel, van { tot en met }", "paste the whole key, from { up to and including }"),
    "is private: keep it to yourself, make a new pair if anybody can have seen it, and give the public half": Both(
        "dit is de geheime helft: houd die voor uzelf, maak een nieuw paar als iemand die gezien kan hebben, en plak de publieke",
        "this is the private half: keep it to yourself, make a new pair if anybody can have seen it, and paste the public one",
    ),
    "is no public JWK on P-256 or X25519": Both(
        "is geen publieke sleutel die hier past: een JWK op P-256 of X25519", "is no public key that fits: a JWK on P-256 or X25519"
    ),
    "lacks a coordinate of 32 bytes in base64url": Both(
        "is niet heel: een coördinaat van 32 bytes ontbreekt", "is not whole: it lacks a coordinate of 32 bytes"
    ),
    "is not to encrypt with": Both("is niet om mee te versleutelen", "is not to encrypt with"),
    "is weak: it is no point of its curve, or one with which everybody agrees on the same": Both(
        "is te zwak: dit is geen punt op de kromme, of een waarbij iedereen op hetzelfde uitkomt",
        "is weak: no point of its curve, or one with which everybody agrees on the same",
    ),
    "holds a bsn that cannot exist: the eleven-test fails": Both(
        "dit BSN kan niet bestaan: er is een cijfer mis", "this BSN cannot exist: a digit is wrong"
    ),
    "asks a bsn, or familyName and givenNames with birthDate or postcode and number": Both(
        "vul een BSN in, of achternaam en voornamen met een geboortedatum of een postcode en huisnummer",
        "fill in a BSN, or family name and given names with a birth date or a postcode and number",
    ),
}
"""By what the interface says, with {} for a number."""
_NOT_RIGHT = Both("klopt nog niet", "is not right yet")
_ONE_OF = Both("kies een van de mogelijkheden", "choose one of the possibilities")
FIELDS: Mapping[str, Both] = {
    "": Both("het formulier", "the form"),
    "if-match": Both("de pagina", "the page"),
    "motivation": Both("motivering", "motivation"),
    "about": Both("waarover", "about what"),
    "ground": Both("grondslag", "ground"),
    "to": Both("aan wie", "to whom"),
    "organisation": Both("organisatie", "organisation"),
    "contact": Both("bereikbaar via", "contact"),
    "specific": Both("specifiek", "specific"),
    "measurable": Both("meetbaar", "measurable"),
    "achievable": Both("haalbaar", "achievable"),
    "relevant": Both("relevant", "relevant"),
    "owner": Both("wie het doet", "who does it"),
    "start": Both("begin", "start"),
    "due": Both("klaar op", "due"),
    "goals": Both("doelen", "goals"),
    "name": Both("naam", "name"),
    "what": Both("wie het is voor het gezin", "who it is to the family"),
    "side": Both("kant van het netwerk", "side of the network"),
    "onBehalfOf": Both("namens", "on behalf of"),
    "howToReach": Both("bereikbaar via", "contact"),
    "since": Both("sinds", "since"),
    "askedBy": Both("erbij gevraagd door", "asked in by"),
    "permittedBy": Both("toestemming van", "permission of"),
    "permittedOn": Both("dag van de toestemming", "day of the permission"),
    "leftOn": Both("sinds wanneer", "since when"),
    "one": Both("de een", "one of them"),
    "other": Both("de ander", "the other"),
    "quality": Both("hoe het gaat", "how they get along"),
    "place": Both("plaats", "place"),
    "invited": Both("wie gevraagd zijn", "who are invited"),
    "agenda": Both("waarover het gaat", "what it is about"),
    "present": Both("wie erbij waren", "who were there"),
    "resolutions": Both("afspraken", "decisions"),
    "became": Both("wat het werd", "what it became"),
    "instrument": Both("instrument", "instrument"),
    "moment": Both("meetmoment", "moment"),
    "takenOn": Both("dag van de meting", "day of the measurement"),
    "measuredBy": Both("wie er mat", "who measured"),
    "scores": Both("cijfers", "scores"),
    "startDate": Both("begin", "start"),
    "dueDate": Both("klaar op", "due"),
    "area": Both("leefgebied", "life area"),
    "goal": Both("doel", "goal"),
    "words": Both("in woorden", "in words"),
    "result": Both("resultaat", "result"),
    "axis": Both("as", "axis"),
    "level": Both("niveau", "level"),
    "direction": Both("regieniveau", "level of direction"),
    "phase": Both("fase", "phase"),
    "decision": Both("besluit", "decision"),
    "lever": Both("middel", "lever"),
    "bsn": Both("BSN", "BSN"),
    "familyName": Both("achternaam", "family name"),
    "givenNames": Both("voornamen", "given names"),
    "prefix": Both("tussenvoegsel", "prefix"),
    "birthDate": Both("geboortedatum", "birth date"),
    "postcode": Both("postcode", "postcode"),
    "number": Both("huisnummer", "number"),
    "addition": Both("toevoeging", "addition"),
    "email": Both("e-mailadres", "mail address"),
    "mail": Both("wanneer u bericht krijgt", "when you are mailed"),
    "hour": Both("uur", "hour"),
    "who": Both("wie", "who"),
    "begins": Both("begint", "begins"),
    "until": Both("tot en met", "up to and including"),
    "auditor": Both("auditor", "auditor"),
    "assignment": Both("opdracht", "assignment"),
    "known": Both("wat de hub wist op", "what the hub knew on"),
    "valid": Both("wat zo was op", "what was so on"),
    "at": Both("tot en met", "up to and including"),
    "ends": Both("eindigt", "ends"),
    "rank": Both("volgorde", "order"),
    "people": Both("personen", "people"),
    "signal": Both("signaal", "signal"),
    "how": Both("hoe", "how"),
    "when": Both("wanneer", "when"),
    "reasonNot": Both("reden waarom niet", "reason why not"),
    "informed": Both("of het gezin dit weet", "whether the family knows"),
    "by": Both("door wie", "by whom"),
    "concern": Both("wat de zorg is", "what the worry is"),
    "weight": Both("hoe ernstig het is", "how serious it is"),
    "happened": Both("wanneer het was", "when it was"),
    "street": Both("straat", "street"),
    "town": Both("plaats", "town"),
    "person": Both("persoon", "person"),
    "role": Both("wie het is", "who it is"),
    "family": Both("gezin", "family"),
    "accepted": Both("aanvaard", "accepted"),
    "key": Both("publieke sleutel", "public key"),
    "language": Both("taal", "language"),
}
"""What the fields of forms are called, by the last part of their name."""


_ONE = {"goals": "goal", "people": "person"}
"""What one of those is called that a form has several of."""


def of_refusal(code: str) -> Both:
    """Why, by the code of a problem; one without words is told in those of the interface, which stand beside it."""
    return REFUSALS.get(code) or Both("De hub kan dit zo niet vastleggen.", "The hub cannot record this as it is.")


def of_violation(what: str) -> Both:
    """What is wrong with a field."""
    if what.startswith(("is not one of", "must be one of")):
        return _ONE_OF
    numbers = re.findall(r"\d+", what)
    words = WRONG.get(what) or WRONG.get(re.sub(r"\d+", "{}", what)) or _NOT_RIGHT
    return Both(words.nl.format(*numbers), words.en.format(*numbers)) if "{}" in words.nl else words


def of_field(name: str) -> Both:
    """What a field is called: goals.0.specific is `doel 1: specifiek`."""
    *before, last = name.split(".")
    called = FIELDS.get(last) or Both(last, last)
    number = next((int(part) + 1 for part in before if part.isdecimal()), 0)
    group = FIELDS[_ONE.get(before[0], "")] if before else called
    return Both(f"{group.nl} {number}: {called.nl}", f"{group.en} {number}: {called.en}") if number else called
