"""What is tried to see whether a partner's system and a hub understand each other, and what a partner is told of each trial."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx2

from hub.adapters import jws, rfc3339
from hub.adapters.channels.webhook.exchange import Verdict, meaning
from hub.adapters.hub_keys import HubKey
from hub.adapters.notice_seal import sealed
from hub.adapters.outgoing_events import to_structured
from hub.client import Hub, Message, Problem, Receipt
from hub.client.hub import SIGNALS
from hub.domain.messages import QUARANTINED
from hub.domain.messages import Message as Kept
from hub.errors import HubError
from hub.wiring import Hub as Sandbox

SYSTEM = "hub-check"
"""As which system of the partner this posts, so that what the partner's own system posted is told from it."""
MANY, AT_ONCE = 40, 4
"""Deliveries in quick succession, as after a night without a line, and how many of them at the same moment."""
_PAGE = 1_000
_HOUR = timedelta(hours=1)
_PATIENCE = 15.0


@dataclass(frozen=True, slots=True)
class Tried:
    """What was tried, in Dutch and in English; what is wrong, or nothing."""

    dutch: str
    english: str
    wrong: str = ""


# What the partner's own system sent ----------------------------------------------------------------


def own_messages(sandbox: Sandbox, name: str) -> Iterator[Tried]:
    """Whether the sandbox has messages that the partner's own system signed, and could read them."""
    kept = [was for was in _received(sandbox) if was.partner == name and not was.source.endswith(f":{SYSTEM}")]
    none = "" if kept else "nothing of it came in: let it send a message to this sandbox first"
    yield Tried("Het eigen systeem ondertekent zoals afgesproken", "its own system signs as agreed", none)
    if kept:
        unread = [was.event_id for was in kept if was.outcome == QUARANTINED]
        words = f"{len(unread)} of {len(kept)} wait in quarantine; their receipts say why" if unread else ""
        yield Tried("Alles wat het stuurde, kan de hub lezen", "the hub can read all that it sent", words)


def _received(sandbox: Sandbox) -> Iterator[Kept.Received]:
    after = 0
    while page := sandbox.log.read(after, _PAGE):
        after = page[-1][0]
        found = (sandbox.mapper.to_domain_event(stored) for _, stored in page)
        yield from (event for event in found if isinstance(event, Kept.Received))


# What the hub makes of its key and messages --------------------------------------------------------


def messages(hub: Hub, message: Message, now: datetime) -> Iterator[Tried]:
    """Whether a message of the partner, signed with its key, is taken in once, late and in any order, and a wrong one never."""
    first = _outcome(lambda: hub.send(message))
    is_read = isinstance(first, Receipt) and not first.is_quarantined
    yield Tried("Een goed bericht wordt aangenomen", "a right message is accepted", "" if is_read else _words(first))
    again = _outcome(lambda: hub.send(message))
    is_same = isinstance(again, Receipt) and isinstance(first, Receipt) and again.document == first.document
    yield Tried("Hetzelfde bericht nog eens verandert niets", "the same again changes nothing", "" if is_same else _words(again))
    told = _outcome(lambda: hub.status(first.message) if isinstance(first, Receipt) else first)
    yield Tried(
        "Het kan opvragen wat ervan werd", "it can ask what became of it", _words(told) if isinstance(told, HubError) else ""
    )
    late = [replace(message, id=str(uuid4()), time=now - timedelta(days=days)) for days in (1, 30, 7)]
    came = [_outcome(lambda one=one: hub.send(one)) for one in late]  # type: ignore[misc]
    wrong = next((_words(one) for one in came if not isinstance(one, Receipt) or one.is_quarantined), "")
    yield Tried("Te laat en door elkaar mag", "late and out of order is accepted", wrong)


def wrong_messages(hub: Hub, url: str, message: Message, now: datetime) -> Iterator[Tried]:
    """Whether everything that is wrongly signed is refused, for the right reason."""
    sender, fresh = hub.sender, replace(message, id=str(uuid4()))
    stranger = replace(sender, key=jws.new_jwk(str(sender.key["alg"]), sender.kid))
    other = replace(sender, oin=f"{99:08}{0:012}")
    right = sender.one(fresh, now)
    bare = {name: value for name, value in right.items() if name != "Payload-Signature"}
    trials = (
        ("Zonder handtekening", "without a signature", "signature-missing", fresh.body, bare),
        ("Na ondertekening veranderd", "changed after it was signed", "digest-mismatch", fresh.body + b" ", right),
        ("Met een vreemde sleutel", "with a stranger's key", "signature-wrong", fresh.body, stranger.one(fresh, now)),
        ("Een uur geleden ondertekend", "signed an hour ago", "signature-too-old", fresh.body, sender.one(fresh, now - _HOUR)),
        ("Uit naam van een ander", "in the name of another", "sender-is-not-signer", fresh.body, other.one(fresh, now)),
    )
    for dutch, english, code, body, headers in trials:
        found = _code_of(url + SIGNALS, body, headers)
        words = "" if found == code else f"{code} was expected, and found {found}"
        yield Tried(f"{dutch}: geweigerd", f"{english}: refused", words)


def _outcome(do: Callable[[], object]) -> object:
    try:
        return do()
    except HubError as error:
        return error


def _words(found: object) -> str:
    match found:
        case Problem():
            return f"{found.code}: {found.what_to_do}"
        case HubError():
            return found.detail
        case Receipt() if found.is_quarantined:
            return "; ".join(f"{reason['where']}: {reason['what']}" for reason in found.reasons)
    return "another receipt than the first time"


def _code_of(url: str, body: bytes, headers: dict[str, str]) -> str:
    try:
        answer = httpx2.post(url, content=body, headers=headers, timeout=_PATIENCE)
        return str(answer.json().get("code", f"http-{answer.status_code}"))
    except (httpx2.TransportError, ValueError) as error:
        return type(error).__name__


# What the partner's webhook makes of the hub -------------------------------------------------------


def webhook(url: str, origin: str, oin: str, key: HubKey, stranger: HubKey, now: Callable[[], datetime]) -> Iterator[Tried]:
    """Whether a webhook says that it wants to be told, takes what the hub signed, in whatever order, and nothing else.

    `origin` is the name under which the hub asks; how the webhook says that it is too busy is looked at, too.
    """
    yield Tried("Het zegt vooraf dat deze hub mag sturen", "it says beforehand that this hub may send", _not_welcome(url, origin))
    id, body = _a_notice(oin, now())
    right = _answer(url, body, sealed(id, body, key, now()))
    yield Tried("Het neemt aan wat de hub ondertekende", "it takes what the hub signed", _not_taken(right))
    twice = _answer(url, body, sealed(id, body, key, now()))
    yield Tried("Hetzelfde nog eens is goed", "the same again is fine", _not_taken(twice))
    old = [_a_notice(oin, now() - timedelta(days=days), nth) for days, nth in ((1, 3), (30, 1), (7, 2))]
    came = [_not_taken(_answer(url, late, sealed(one, late, key, now()))) for one, late in old]
    yield Tried("Te laat en door elkaar mag", "late and out of order is taken", next(filter(None, came), ""))
    good = sealed(id, body, key, now())
    bare = {name: value for name, value in good.items() if name in ("Content-Type", "webhook-id")}
    # of either signature, so that whoever looks at one of them only is found out
    one, other = {"Payload-Signature": "x..x"}, {"webhook-signature": "v1a,AAAA"}
    trials = (
        ("Zonder handtekening", "without a signature", body, bare),
        ("Een veranderde inhoud", "a changed body", body.replace(b'"level":3', b'"level":1'), good),
        ("Ondertekend door een ander", "signed by somebody else", body, sealed(id, body, stranger, now())),
        ("Een uur geleden ondertekend", "signed an hour ago", body, sealed(id, body, key, now() - _HOUR)),
        ("Een verkeerde JWS", "a wrong JWS", body, good | one),
        ("Een verkeerde Standard-Webhooks-handtekening", "a wrong Standard Webhooks signature", body, good | other),
    )
    for dutch, english, what, headers in trials:
        yield Tried(f"{dutch}: geweigerd", f"{english}: refused", _not_refused(_answer(url, what, headers)))
    yield _when_busy(url, oin, key, now)


def _when_busy(url: str, oin: str, key: HubKey, now: Callable[[], datetime]) -> Tried:
    def one(_: int) -> tuple[int, str]:
        id, body = _a_notice(oin, now())
        return _answer(url, body, sealed(id, body, key, now()))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(one, range(MANY)))
    wrong = next((words for answer in answers if (words := _badly_busy(answer))), "")
    dutch, english = "kort na elkaar: aangenomen, of 429 met Retry-After", "in quick succession: taken, or 429 with Retry-After"
    return Tried(f"{MANY} {dutch}", f"{MANY} {english}", wrong)


def _a_notice(oin: str, at: datetime, nth: int = 1) -> tuple[str, bytes]:
    about = {"family": str(uuid4()), "escalation": str(uuid4()), "axis": "safety", "level": 3, "leads": "director"}
    data = about | {"contact": "conformance check", "acknowledgeBy": rfc3339.written(at + timedelta(days=3))}
    id = str(uuid4())
    source, type = f"urn:nld:oin:{oin}:systeem:vig-hub", "nl.vig.escalations.level-raised.v1"
    return id, to_structured(id, source, type, at, data, extensions={"sequence": f"{nth:012d}"})


def _not_welcome(url: str, origin: str) -> str:
    """CloudEvents HTTP webhooks 1.0, 4.1 and 4.2."""
    asked = {"WebHook-Request-Origin": origin, "WebHook-Request-Rate": "*"}
    try:
        answer = httpx2.options(url, headers=asked, timeout=_PATIENCE, follow_redirects=False)
    except httpx2.TransportError:
        return "it did not answer OPTIONS in time"
    if answer.status_code not in (200, 204):
        return f"it answered {answer.status_code} to OPTIONS; 200 or 204 is expected"
    if answer.headers.get("webhook-allowed-origin") not in ("*", origin):
        return f"WebHook-Allowed-Origin is not {origin}"
    rate = answer.headers.get("webhook-allowed-rate", "*")
    is_one = rate == "*" or (rate.isascii() and rate.isdigit() and int(rate) > 0)
    return "" if is_one else "WebHook-Allowed-Rate is neither a number of notices a minute nor *"


def _answer(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """The status, and Retry-After; 0 where none came in time."""
    try:
        answer = httpx2.post(url, content=body, headers=headers, timeout=_PATIENCE, follow_redirects=False)
    except httpx2.TransportError:
        return 0, ""
    return answer.status_code, answer.headers.get("retry-after", "")


def _not_taken(answer: tuple[int, str]) -> str:
    status, _ = answer
    if 200 <= status < 300:
        return ""
    return _said(status) + (": that ends all deliveries for good" if status == 410 else "")


def _not_refused(answer: tuple[int, str]) -> str:
    status, _ = answer
    if status and meaning(status, "", datetime.now(UTC)).verdict is Verdict.DEAD:
        return ""
    why = {410: ": that ends all deliveries, and a stranger could do it", 429: ": that pauses all deliveries"}
    return _said(status) + why.get(status, ": 401 is expected")


def _badly_busy(answer: tuple[int, str]) -> str:
    status, later = answer
    if status != 429:
        return _not_taken(answer)
    if not later:
        return "429 without Retry-After"
    until = meaning(status, later, datetime.now(UTC)).stay_away
    return "429 with a Retry-After that is neither seconds nor a date" if until is None else ""


def _said(status: int) -> str:
    return f"it answered {status}" if status else "it did not answer in time"
