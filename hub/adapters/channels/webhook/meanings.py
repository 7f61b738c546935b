"""What the outcome of an attempt means, and what to do about it, in Dutch and in English."""

from collections.abc import Mapping

Words = tuple[str, str]

_OWN: Mapping[str, Words] = {
    "": ("nog niet geprobeerd", "not tried yet"),
    "timed-out": (
        "de ontvanger antwoordde niet op tijd; de hub probeert het zelf opnieuw",
        "the receiver did not answer in time; the hub tries again by itself",
    ),
    "unreachable": (
        "er is geen verbinding met de ontvanger; controleer adres en firewall, de hub probeert het zelf opnieuw",
        "the receiver cannot be reached; check address and firewall, the hub tries again by itself",
    ),
    "tls-failed": (
        "het certificaat van de ontvanger is verlopen, van een ander of niet te vertrouwen; laat het vernieuwen",
        "the receiver's certificate has expired, is another's or is not trusted; have it renewed",
    ),
    "not-http": (
        "wat de ontvanger antwoordde is geen HTTP; vraag wat daar luistert",
        "what the receiver answered is not HTTP; ask what listens there",
    ),
    "address-refused": (
        "het adres ligt niet op het openbare internet; laat het wijzigen, of sta het toe met HUB_WEBHOOK_ALLOW",
        "the address is not on the public internet; have it changed, or allow it with HUB_WEBHOOK_ALLOW",
    ),
    "callback-malformed": (
        "het adres is geen adres om naar te sturen; laat het wijzigen en vertel het daarna opnieuw",
        "the address is none that can be sent to; have it changed, then tell it once more",
    ),
    "no-callback": ("de ontvanger heeft geen adres meer", "the receiver has no address any more"),
    "subscription-ended": ("het abonnement is beëindigd", "the subscription was ended"),
    "origin-not-allowed": (
        "de ontvanger staat deze hub niet toe (WebHook-Allowed-Origin); laat dat instellen en hervat het abonnement",
        "the receiver does not allow this hub (WebHook-Allowed-Origin); have that set, then resume the subscription",
    ),
    "failing-too-long": (
        "de ontvanger nam te lang niets aan en is opgegeven; een nieuw of opnieuw bevestigd adres krijgt eerst wat wachtte",
        "the receiver took nothing for too long and was given up; a new or newly confirmed address gets first what waited",
    ),
    "http-401": (
        "de ontvanger gelooft de handtekening niet; laat hem de sleutels van de hub opnieuw ophalen (/.well-known/jwks.json)",
        "the receiver does not believe the signature; have it fetch the hub's keys anew (/.well-known/jwks.json)",
    ),
    "http-404": (
        "op dit adres is niets; laat het wijzigen en vertel het daarna opnieuw",
        "there is nothing at this address; have it changed, then tell it once more",
    ),
    "http-410": (
        "de ontvanger zegt dat dit adres vervallen is; er gaat niets meer heen tot het een ander is, of opnieuw bevestigd",
        "the receiver says that this address is gone; nothing is sent there until it is another, or confirmed again",
    ),
    "http-413": (
        "de ontvanger vindt het bericht te groot; laat de grens verhogen",
        "the receiver finds the notice too large; have its limit raised",
    ),
    "http-429": (
        "de ontvanger krijgt te veel; de hub wacht zo lang als gevraagd",
        "the receiver gets too much; the hub waits as long as it asked",
    ),
}
_KINDS: Mapping[str, Words] = {
    "http-2": ("aangenomen", "taken"),
    "http-3": (
        "de ontvanger verwijst door, en dat volgt de hub niet; laat het juiste adres opgeven",
        "the receiver redirects, which the hub does not follow; have the right address given",
    ),
    "http-4": (
        "de ontvanger weigert dit bericht; vraag waarom, en vertel het opnieuw als het verholpen is",
        "the receiver refuses this notice; ask why, and tell it once more when that is mended",
    ),
    "http-5": (
        "er gaat iets mis bij de ontvanger; de hub probeert het zelf opnieuw",
        "something is wrong at the receiver; the hub tries again by itself",
    ),
}
_TRIED_AGAIN = frozenset({"http-408", "http-409", "http-425"})
_OTHERWISE = ("onbekend", "not known")


def meaning_of(code: str) -> Words:
    """What a code means and what to do about it."""
    kind = "http-5" if code in _TRIED_AGAIN else code[:6]
    return _OWN.get(code) or _KINDS.get(kind, _OTHERWISE)


def all_meanings() -> Mapping[str, Words]:
    """Every code, or kind of code, and what it means."""
    return {code: words for code, words in _OWN.items() if code} | {f"{kind}xx": words for kind, words in _KINDS.items()}
