"""The words of the pages, in Dutch and in English."""

from collections.abc import Mapping
from dataclasses import dataclass

from hub.console.parts import Both
from hub.domain.callers import Capacity
from hub.errors import HubError, Unavailable


@dataclass(frozen=True, slots=True)
class Trouble:
    """A page that says what went wrong, and what somebody can do; `again` where logging in anew may help."""

    status: int
    title: Both
    text: Both
    again: bool = True


ROLES: Mapping[Capacity, Both] = {
    Capacity.PARTNER: Both("partner", "partner"),
    Capacity.COORDINATOR: Both("regisseur of gezinscoach", "coordinator (director or coach)"),
    Capacity.TEAM_LEAD: Both("teamleider", "team lead"),
    Capacity.ADMINISTRATIVE: Both("bestuurlijk escalatieniveau", "administrative escalation level"),
    Capacity.AUDITOR: Both("auditor", "auditor"),
    Capacity.DATA_PROTECTION_OFFICER: Both("functionaris gegevensbescherming", "data protection officer"),
    Capacity.OPERATOR: Both("beheerder", "operator"),
    Capacity.REPORTER: Both("melder", "reporter"),
}

_REFUSED = Trouble(
    403,
    Both("Inloggen is niet gelukt", "You were not logged in"),
    Both(
        "De inlogdienst heeft u niet binnengelaten, of haar antwoord klopte niet. Er is niets vastgelegd.",
        "The login service did not let you in, or its answer was not right. Nothing was kept.",
    ),
)
_UNAVAILABLE = Trouble(
    503,
    Both("Inloggen kan nu even niet", "Nobody can log in right now"),
    Both(
        "De inlogdienst of de hub zelf geeft geen antwoord. Probeer het over een paar minuten nog eens.",
        "The login service, or the hub itself, does not answer. Try again in a few minutes.",
    ),
)
_MALFORMED = Trouble(
    400,
    Both("Dit verzoek klopt niet", "This request is not right"),
    Both("De hub kan niets met dit adres of dit formulier.", "The hub can do nothing with this address or this form."),
    again=False,
)
_OTHER_PAGE = Trouble(
    403,
    Both("Niet gedaan", "Not done"),
    Both(
        "Dit verzoek kwam niet van een pagina van de hub. Ga terug, laad de pagina opnieuw en probeer het nog eens.",
        "This request did not come from a page of the hub. Go back, load the page again and try once more.",
    ),
    again=False,
)
_TAKES_NO_PART = Trouble(
    403,
    Both("Uw organisatie doet nu niet mee", "Your organisation takes no part now"),
    Both(
        "Het convenant van uw organisatie geldt niet meer, of haar deelname is opgeschort. Er is niets vastgelegd.",
        "The covenant of your organisation is over, or its part is suspended. Nothing was recorded.",
    ),
    again=False,
)
TROUBLES: Mapping[str, Trouble] = {
    "covenant-expired": _TAKES_NO_PART,
    "partner-suspended": _TAKES_NO_PART,
    "not-registered-to-report": Trouble(
        403,
        Both("Uw organisatie kan hier niet melden", "Your organisation cannot report here"),
        Both(
            "Uw organisatie staat bij de hub niet ingeschreven om signalen op deze pagina te melden. Er is niets vastgelegd.",
            "Your organisation is not registered with the hub to report signals on this page. Nothing was recorded.",
        ),
        again=False,
    ),
    "letters-missing": Trouble(
        409,
        Both("Dit plan past niet in een PDF", "This plan does not go into a PDF"),
        Both(
            "Er staan letters in die de PDF niet kan tonen. Ga terug en druk de pagina zelf af: daar staat alles op.",
            "It has letters that the PDF cannot show. Go back and print the page itself: all of it is there.",
        ),
        again=False,
    ),
    "login-refused": _REFUSED,
    "login-stale": Trouble(
        400,
        Both("Deze aanmelding geldt niet meer", "This login is no longer valid"),
        Both(
            "U deed er langer dan tien minuten over, begon in een andere browser of tabblad, of gebruikte dit adres al eerder.",
            "It took more than ten minutes, was begun in another browser or tab, or this address was used before.",
        ),
    ),
    "role-unknown": Trouble(
        403,
        Both("U heeft hier nog geen rol", "You have no role here yet"),
        Both(
            "U bent wel ingelogd bij de inlogdienst, maar zij geeft geen rol of organisatie door waarmee u de hub mag gebruiken.",
            "The login service knows you, but passes on no role or organisation with which you may use the hub.",
        ),
        again=False,
    ),
    "session-over": Trouble(
        401,
        Both("U bent niet meer ingelogd", "You are no longer logged in"),
        Both(
            "Uw sessie is afgelopen, of is elders beëindigd. Log opnieuw in om verder te gaan.",
            "Your session has ended, or was ended elsewhere. Log in again to go on.",
        ),
    ),
    "no-login": Trouble(
        503,
        Both("Inloggen is niet ingericht", "Logging in is not set up"),
        Both(
            "Deze hub kent nog geen inlogdienst, dus niemand kan inloggen. De beheerder stelt die in met HUB_LOGIN_ISSUER.",
            "This hub knows no login service yet, so nobody can log in. The operator names one with HUB_LOGIN_ISSUER.",
        ),
        again=False,
    ),
    "log-in-first": Trouble(
        401,
        Both("Log eerst in", "Log in first"),
        Both("Deze pagina is er alleen voor wie is ingelogd.", "This page is only for those who are logged in."),
    ),
    "not-on-duty": Trouble(
        403,
        Both("Dit is voor wie dienst heeft", "This is for whoever is on duty"),
        Both(
            "Koppelvragen beantwoordt de organisatie die dienst heeft. Vraag het daar.",
            "Match questions are answered by the organisation on duty. Ask there.",
        ),
        again=False,
    ),
    "file-in-the-making": Trouble(
        429,
        Both("Er wordt al een dossier gemaakt", "Another file is being made"),
        Both(
            "De hub maakt er één tegelijk. Ga terug, wacht een kwart minuut en probeer het nog eens.",
            "The hub makes one at a time. Go back, wait a quarter of a minute and try once more.",
        ),
        again=False,
    ),
    "not-disclosed": Trouble(
        403,
        Both("Dit dossier mag u nu niet krijgen", "You may not have this file now"),
        Both(
            "De afspraken over wie wat mag zien geven een auditor niet alles wat erin staat. Vraag het aan de functionaris "
            "gegevensbescherming.",
            "What was agreed on who may see what does not give an auditor all that is in it. Ask the data protection officer.",
        ),
        again=False,
    ),
    "csrf": _OTHER_PAGE,
    "other-origin": _OTHER_PAGE,
}


_NOT_YOURS = Trouble(
    403,
    Both("Dit is niet aan u", "This is not for you"),
    Both(
        "Met uw rol kunt u deze pagina niet zien, of dit niet doen. Vraag het aan de regisseur van het gezin of aan uw teamleider.",
        "Your role does not let you see this page, or do this. Ask the director of the family, or your team lead.",
    ),
    again=False,
)
_NOTHING_HERE = Trouble(
    404,
    Both("Hier is niets, of niets voor u", "There is nothing here, or nothing for you"),
    Both(
        "Dit adres bestaat niet, of het gezin hoort niet bij u of uw team. Zoek het gezin op: dan ziet u bij wie u moet zijn.",
        "There is no such page, or the family is not yours or your team's. Search for the family to see whom to contact.",
    ),
    again=False,
)
_TOO_MANY = Trouble(
    429,
    Both("Even wachten", "Wait a moment"),
    Both(
        "Er kwamen te veel verzoeken achter elkaar. Wacht een minuut en probeer het nog eens.",
        "Too many requests came one after the other. Wait a minute and try again.",
    ),
    again=False,
)
_BUSY = Trouble(
    503,
    Both("De hub is even niet bereikbaar", "The hub cannot be reached for a moment"),
    Both(
        "Er is niets vastgelegd. Wat u invulde staat hieronder; probeer het over een minuut nog eens.",
        "Nothing was recorded. What you filled in stands below; try again in a minute.",
    ),
    again=False,
)
_BROKEN = Trouble(
    500,
    Both("Er ging iets mis in de hub", "Something went wrong in the hub"),
    Both(
        "Dit had niet mogen gebeuren. De beheerder vindt het terug onder het nummer hieronder.",
        "This should not have happened. The operator finds it by the number below.",
    ),
    again=False,
)
_CANNOT = Trouble(
    400,
    Both("Dit kan zo niet", "This cannot be done like this"),
    Both("De hub kan dit verzoek niet uitvoeren zoals het er staat.", "The hub cannot do this as it was asked."),
    again=False,
)
_BY_STATUS: Mapping[int, Trouble] = {
    400: _CANNOT,
    403: _NOT_YOURS,
    404: _NOTHING_HERE,
    409: _CANNOT,
    412: _CANNOT,
    429: _TOO_MANY,
    503: _BUSY,
}


def trouble_of(error: HubError) -> Trouble:
    """The page for an error; one that has none of its own is a request that is not right."""
    return TROUBLES.get(error.code, _UNAVAILABLE if isinstance(error, Unavailable) else _MALFORMED)


def no_of(status: int, code: str) -> Trouble:
    """The page for a refusal of the interface, by its status where its code has no page of its own."""
    return TROUBLES.get(code) or _BY_STATUS.get(status) or _BROKEN
