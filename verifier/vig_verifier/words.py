"""What there is to say of a file, in Dutch and in English."""

from collections.abc import Mapping
from typing import Any

SENTENCES: Mapping[str, tuple[str, str]] = {
    # it held
    "parts": (
        "De {many} delen zijn byte voor byte die van de inhoudsopgave.",
        "The {many} parts are, byte for byte, those of the manifest.",
    ),
    "manifest-signed": (
        "De inhoudsopgave is door de hub ondertekend, met sleutel {kid}.",
        "The manifest is signed by the hub, with key {kid}.",
    ),
    "hub-known": ("De hub tekende met een sleutel die u kent.", "The hub signed with a key that you know."),
    "checkpoint-signed": (
        "Het {log}-logboek van {size} regels is door de hub ondertekend.",
        "The {log} log of {size} leaves is signed by the hub.",
    ),
    "checkpoint-known": (
        "Het {log}-logboek hoort bij het controlepunt van {size} regels dat u kent.",
        "The {log} log belongs to the checkpoint of {size} leaves that you know.",
    ),
    "witness-signed": (
        "Getuige {witness} heeft het {log}-logboek gezien en meeondertekend.",
        "Witness {witness} saw the {log} log and signed it too.",
    ),
    "events": (
        "Alle {many} gebeurtenissen staan in het ondertekende logboek, en er staat wat hier te lezen is.",
        "All {many} events stand in the signed log, and what stands there is what can be read here.",
    ),
    "matrices": (
        "Van de matrix ({versions}) is het bestand byte voor byte zoals het volgens het logboek in gebruik is genomen.",
        "The file of the matrix ({versions}) is byte for byte the one that was put into use by the log.",
    ),
    "streams": (
        "Van {many} reeksen is elke gebeurtenis er, zonder gat, en elk genoemd bericht en elke persoon is erbij.",
        "Of {many} streams every event is there, without a gap, and so is each message and person that is named.",
    ),
    "causes": (
        "Van {many} gebeurtenissen is de aanleiding hier te vinden.",
        "Of {many} events what led to them is to be found here.",
    ),
    "messages": (
        "Van {many} berichten kloppen de bytes en de handtekening, met de sleutel die toen gold.",
        "Of {many} messages the bytes and the signature are right, with the key that was valid then.",
    ),
    "receipts": (
        "De hub bevestigde elk van {many} berichten op zijn plaats in het logboek.",
        "The hub confirmed each of {many} messages at its place in the log.",
    ),
    "readings": (
        "Alle {many} inzagen staan in het ondertekende inzagelogboek.",
        "All {many} looks stand in the signed log of what was read.",
    ),
    # it could not be checked
    "hub-unknown": (
        "VAN WIE DIT IS, IS NIET GECONTROLEERD: u gaf geen sleutel (--hub) en geen controlepunt (--checkpoint). Iedereen kan "
        "met eigen sleutels zo'n bestand maken. Vraag de hub langs een andere weg naar zijn sleutel: {key}",
        "WHOSE THIS IS WAS NOT CHECKED: you gave no key (--hub) and no checkpoint (--checkpoint). Anybody can make such a "
        "file with keys of their own. Ask the hub by another way whether its key is: {key}",
    ),
    "checkpoint-not-given": (
        "U gaf geen controlepunt van het {log}-logboek dat u van elders kent: dat anderen hetzelfde logboek "
        "zagen, is niet gecontroleerd.",
        "You gave no checkpoint of the {log} log that you know from elsewhere: that others saw the same log was not checked.",
    ),
    "no-witness": (
        "Geen getuige tekende het {log}-logboek: dat de hub aan iedereen hetzelfde toont, is niet gecontroleerd.",
        "No witness signed the {log} log: that the hub shows everybody the same was not checked.",
    ),
    "witnesses-unknown": (
        "{many} getuigen tekenden het {log}-logboek, met sleutels die dit bestand zelf noemt; geef die u vertrouwt met --witness.",
        "{many} witnesses signed the {log} log, with keys that this file itself names; give those that you trust with --witness.",
    ),
    "sealed-erased": (
        "{many} keer is iets niet te lezen, omdat die persoon gewist is, of de bewaartermijn voorbij.",
        "{many} times something cannot be read, because that person was erased, or the term of keeping is over.",
    ),
    "sealed-withheld": (
        "{many} keer is een contactadres van een organisatie weggelaten.",
        "{many} times a contact address of an organisation is left out.",
    ),
    "messages-erased": (
        "Van {many} berichten zijn de bytes gewist, met een persoon of na de termijn: hun handtekening is niet gecontroleerd.",
        "Of {many} messages the bytes were erased, with a person or after the term of keeping: their signature was not checked.",
    ),
    "causes-elsewhere": (
        "Van {many} gebeurtenissen ligt de aanleiding buiten dit dossier.",
        "Of {many} events what led to them is not of this case.",
    ),
    "matrix-by-name": (
        "Gebeurtenissen noemen de matrix ({versions}) bij zijn versie: dat het bestand die versie is, zegt de handtekening "
        "van de hub.",
        "Events name the matrix ({versions}) by its version: that the file is that version, the hub's signature says.",
    ),
    "rests-on-the-hub": (
        "Op de handtekening van de hub alleen rust: dat er na deze gebeurtenissen geen andere van dit gezin zijn, dat er "
        "niets is weggelaten van wie keek, wie inbrak op noodgrond, wat partners is verteld en wat zij antwoordden, dat "
        "berichten die de hub weigerde er niet zijn, en de woorden van het verslag (report.html).",
        "On the hub's signature alone rests: that there are no other events of this family after these, that nothing was "
        "left out of who looked, who broke glass, what partners were told and what they answered, that there are no "
        "messages which the hub refused, and the words of the report (report.html).",
    ),
    # it is wrong
    "not-as-the-format": (
        "{part} is niet zoals dit soort bestand het heeft; wat daarin volgt, is niet gecontroleerd.",
        "{part} is not as this format has it; what follows in it was not checked.",
    ),
    "part-changed": ("{part} is niet wat de inhoudsopgave zegt.", "{part} is not what the manifest says."),
    "part-missing": ("{part} ontbreekt.", "{part} is missing."),
    "part-too-many": ("{part} hoort er niet bij.", "{part} does not belong here."),
    "other-hub": (
        "De sleutels zijn van een andere hub dan de inhoudsopgave zegt.",
        "The keys are of another hub than the manifest says.",
    ),
    "manifest-not-signed": (
        "De inhoudsopgave is niet ondertekend door de hub, met de sleutel die toen gold.",
        "The manifest is not signed by the hub, with the key that was valid then.",
    ),
    "hub-other": (
        "De inhoudsopgave is niet ondertekend met een sleutel die u kent: dit is niet van die hub, of die heeft een nieuwe "
        "sleutel.",
        "The manifest is not signed with a key that you know: this is not of that hub, or it has a new key.",
    ),
    "checkpoint-other": (
        "Het controlepunt van het {log}-logboek is van een andere hub of een andere omvang.",
        "The checkpoint of the {log} log is of another hub or of another size.",
    ),
    "checkpoint-not-signed": ("Het {log}-logboek is niet door deze hub ondertekend.", "The {log} log is not signed by this hub."),
    "checkpoint-not-joined": (
        "Een eerder controlepunt van het {log}-logboek gaat niet over in dit.",
        "An earlier checkpoint of the {log} log does not go on in this one.",
    ),
    "checkpoint-of-other": (
        "U gaf een controlepunt van {origin}: dat is een ander logboek.",
        "You gave a checkpoint of {origin}: that is another log.",
    ),
    "checkpoint-apart": (
        "Het controlepunt van {size} regels dat u gaf, is met niets aan dit {log}-logboek verbonden: vraag de hub om "
        "/v1/log/{tree}/consistency?old={old}&size={young} en geef dat met --consistency.",
        "Nothing joins the checkpoint of {size} leaves that you gave to this {log} log: ask the hub for "
        "/v1/log/{tree}/consistency?old={old}&size={young}, and give it with --consistency.",
    ),
    "checkpoint-contradicts": (
        "Het {log}-logboek had bij {size} regels een andere wortel dan u weet: er is iets veranderd.",
        "The {log} log had another root at {size} leaves than you know: something was changed.",
    ),
    "witness-wrong": (
        "Wat onder het {log}-logboek staat als van getuige {witness}, is niet van die getuige.",
        "What stands under the {log} log as by witness {witness} is not by that witness.",
    ),
    "witness-missing": (
        "Getuige {witness} heeft het {log}-logboek niet meeondertekend.",
        "Witness {witness} did not sign the {log} log.",
    ),
    "no-events": ("Er staat geen enkele gebeurtenis in.", "There is not one event in it."),
    "event-out-of-order": (
        "De gebeurtenis op plaats {position} staat niet in de volgorde van het logboek, of dubbel.",
        "The event at position {position} is not in the order of the log, or stands twice.",
    ),
    "event-not-in-log": (
        "De gebeurtenis op plaats {position} staat zo niet in het ondertekende logboek.",
        "The event at position {position} does not stand like this in the signed log.",
    ),
    "event-not-opened": (
        "De gebeurtenis op plaats {position} gaat met haar sleutel niet open.",
        "The event at position {position} does not open with its key.",
    ),
    "event-otherwise": (
        "Wat er van de gebeurtenis op plaats {position} te lezen staat, is niet wat het logboek zegt.",
        "What is to be read of the event at position {position} is not what the log says.",
    ),
    "event-closed": (
        "Van de gebeurtenis op plaats {position} blijft iets gesloten, zonder dat het gewist is.",
        "Something of the event at position {position} stays closed, though nothing says that it was erased.",
    ),
    "stream-gap": (
        "In reeks {stream} klopt de volgorde niet bij gebeurtenis {version}: er ontbreekt iets, of het is dubbel of van een ander.",
        "In stream {stream} the order is wrong at event {version}: something is missing, or is there twice, or is another's.",
    ),
    "streams-otherwise": (
        "Er zijn meer of minder gebeurtenissen dan de inhoudsopgave zegt.",
        "There are more or fewer events than the manifest says.",
    ),
    "other-family": (
        "Dit is niet het dossier van één gezin, of van een ander.",
        "This is not the case of one family, or is another's.",
    ),
    "stream-missing": (
        "Een gebeurtenis noemt {stream} ({kind}), en dat is er niet.",
        "An event names {stream} ({kind}), and that is not here.",
    ),
    "cause-missing": (
        "De aanleiding van de gebeurtenis op plaats {position} is er niet.",
        "What led to the event at position {position} is not here.",
    ),
    "message-too-many": (
        "Bericht {kept} staat dubbel, of hoort bij geen gebeurtenis.",
        "Message {kept} stands twice, or belongs to no event.",
    ),
    "message-missing": (
        "Bericht {kept} ontbreekt, zonder dat het gewist is.",
        "Message {kept} is missing, though nothing says that it was erased.",
    ),
    "message-changed": (
        "De bytes van bericht {message} zijn niet die welke zijn ontvangen.",
        "The bytes of message {message} are not those that were received.",
    ),
    "message-by-other-key": (
        "Bericht {message} is met een andere sleutel ondertekend dan het logboek zegt.",
        "Message {message} is signed with another key than the log says.",
    ),
    "message-by-nobody": ("Bericht {message} is niet van wie het logboek zegt.", "Message {message} is not of whom the log says."),
    "message-key-not-valid": (
        "De sleutel onder bericht {message} gold niet toen het binnenkwam.",
        "The key under message {message} was not valid when it came.",
    ),
    "message-not-signed": (
        "De handtekening onder bericht {message} klopt niet.",
        "The signature under message {message} is not right.",
    ),
    "receipt-wrong": (
        "Het ontvangstbewijs van bericht {message} klopt niet met het logboek, of is niet van de hub.",
        "The receipt of message {message} does not agree with the log, or is not by the hub.",
    ),
    "receipt-missing": ("Het ontvangstbewijs van bericht {message} ontbreekt.", "The receipt of message {message} is missing."),
    "reading-not-in-log": (
        "De inzage op plaats {place} staat zo niet in het ondertekende inzagelogboek.",
        "The look at place {place} does not stand like this in the signed log of what was read.",
    ),
    "reading-of-other": (
        "De inzage op plaats {place} gaat niet over dit gezin.",
        "The look at place {place} is not about this family.",
    ),
    "matrix-missing": ("Versie {version} van de matrix ontbreekt.", "Version {version} of the matrix is missing."),
    "matrix-too-many": (
        "Versie {version} van de matrix hoort er niet bij.",
        "Version {version} of the matrix does not belong here.",
    ),
    "matrix-changed": (
        "Het bestand van matrix {version} is niet het bestand dat in gebruik is genomen.",
        "The file of matrix {version} is not the one that was put into use.",
    ),
    "matrix-other": ("Het bestand van matrix {version} is een andere versie.", "The file of matrix {version} is another version."),
    # it cannot be read
    "not-a-bundle": (
        "Dit is geen bestand van een dossier, of het is beschadigd.",
        "This is not the file of a case, or it was damaged.",
    ),
    "no-manifest": ("De inhoudsopgave is niet te lezen.", "The manifest cannot be read."),
    "other-format": (
        "Dit bestand heeft een andere vorm dan dit programma kent.",
        "This file is of another format than this program knows.",
    ),
    "not-for-this-key": (
        "Dit bestand gaat met deze sleutel niet open: het is voor een ander, of het is beschadigd.",
        "This file does not open with this key: it is for somebody else, or it was damaged.",
    ),
    "no-key": (
        "Dit bestand is versleuteld: geef uw eigen sleutel met --key.",
        "This file is encrypted: give your own key with --key.",
    ),
    "no-file": ("{path} kan niet worden gelezen.", "{path} cannot be read."),
    "not-given-right": ("{path} is niet wat {option} vraagt.", "{path} is not what {option} asks."),
    # around it
    "title": (
        "Dossier van gezin {family}, gemaakt {made} door hub {oin} voor {by} ({ground}), vastgelegd tot en met {until}.",
        "Case of family {family}, made {made} by hub {oin} for {by} ({ground}), of what was recorded until {until}.",
    ),
    "HELD": ("klopt", "holds"),
    "UNKNOWN": ("niet gecontroleerd", "not checked"),
    "WRONG": ("KLOPT NIET", "IS WRONG"),
    "all-held": ("Alles wat te controleren was, klopt.", "All that could be checked holds."),
    "not-all-held": (
        "Niet alles klopt (fout: {many}). Ga op dit bestand niet af.",
        "Not everything holds (wrong: {many}). Do not rely on this file.",
    ),
    "and-more": ("… en nog {many} meer.", "… and {many} more."),
    "unpacked": (
        "De delen staan in {path}; het verslag is {path}/report.html.",
        "The parts are in {path}; the report is {path}/report.html.",
    ),
    "is-there": ("{path} is er al; er is niets uitgepakt.", "{path} is there already; nothing was unpacked."),
    "made-key": (
        "{private} is uw eigen sleutel: houd die geheim. Geef {public} aan wie u een dossier stuurt.",
        "{private} is your own key: keep it secret. Give {public} to whoever sends you a case.",
    ),
}


_LOGS = {"events": ("gebeurtenissen", "events"), "readings": ("inzage", "readings")}


def sentence(language: str, code: str, about: Mapping[str, Any]) -> str:
    """The sentence of that code; what comes from a file says nothing to the terminal but letters."""
    shown = {name: _plain(value) for name, value in about.items()}
    log = _LOGS.get(shown.get("tree", ""), ("", ""))
    return SENTENCES[code][language == "en"].format_map({"log": log[language == "en"], **shown})


def _plain(value: Any) -> str:
    """A text without what moves a cursor, and not too long."""
    said = "".join(each if each.isprintable() else "?" for each in str(value)[:200])
    return said + "…" if len(str(value)) > 200 else said
