"""What is checked of a file, one thing after the other; each says in a code whether it held, could not be checked, or is wrong."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from hashlib import sha256
from typing import Any

from vig_verifier import events, messages, signing, trees
from vig_verifier.archive import Archive
from vig_verifier.events import Event
from vig_verifier.messages import Posted
from vig_verifier.reading import Unreadable, b64, canonical, count, json_of, members, moment, text, texts
from vig_verifier.signing import Public
from vig_verifier.trees import Checkpoint, Key

FORMAT = "vig-case-1"
_MANIFEST = (
    "format", "family", "oin", "made", "until", "by", "ground", "for", "language", "trees", "streams", "elsewhere", "parts",
)  # fmt: skip
_PARTS = (
    "checkpoints.json", "events.jsonl", "hub-keys.json", "messages.jsonl", "opening-keys.json", "readings.jsonl", "receipts.jsonl",
    "report.html",
)  # fmt: skip
_MATRIX, _INTERVENTION = "matrices/", "intervention-matrix"
_USED = ("rule-file-put-into-use", "rule-file-end-set")
_AROUND = "network-joined"
"""Who stands around the family, each under a key of their own, which goes with that of the family."""
_FIRST = {
    "family": "trajectory-opened",
    "access": "access-begun",
    "question": "match-question-asked",
    "message": "message-received",
    "feedback": "feedback-begun",
    "telling": "telling-attempted",
    "person": "person-named",
    "organisation": "registration-registered",
    "keeping": "keeping-begun",
    "rules": "rule-file-put-into-use",
}
"""The kinds of streams in a case, and with what each begins."""
_NOT_SO = (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError)


class Came(Enum):
    """What came of a check."""

    HELD = "held"
    UNKNOWN = "not checked"
    WRONG = "wrong"


@dataclass(frozen=True)
class Said:
    """What a check says: the code of a sentence, and what stands in it."""

    came: Came
    code: str
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """What whoever verifies knows from elsewhere: keys of the hub (32 bytes), checkpoints, what joins those, and witnesses."""

    hub: Sequence[bytes] = ()
    checkpoints: Sequence[Checkpoint] = ()
    joins: Sequence[Any] = ()
    witnesses: Sequence[Key] = ()


@dataclass(frozen=True)
class HubKey:
    """A key of the hub, and since when it signs."""

    public: Public
    raw: bytes
    since: datetime


@dataclass
class Case:
    """What was found so far."""

    archive: Archive
    manifest: dict[str, Any]
    keys: dict[str, HubKey] = field(default_factory=dict)
    trees: dict[str, Checkpoint] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def of(self, topic: str) -> Iterator[Event]:
        return (event for event in self.events if event.topic == topic)

    def kind(self, stream: str) -> str:
        return str(self.manifest["streams"].get(stream, {}).get("kind", ""))


Checks = Iterator[Said]


def held(code: str, **about: Any) -> Said:
    return Said(Came.HELD, code, about)


def unknown(code: str, **about: Any) -> Said:
    return Said(Came.UNKNOWN, code, about)


def wrong(code: str, **about: Any) -> Said:
    return Said(Came.WRONG, code, about)


def verify(archive: Archive, known: Known) -> Iterator[Said]:
    """All that there is to say of a file. Raises: Unreadable, where it is none of this format."""
    case = Case(archive, manifest_of(archive))
    checks: list[tuple[str, Callable[[], Checks]]] = [
        ("manifest.json", lambda: _parts(case)),
        ("hub-keys.json", lambda: _hub_keys(case)),
        ("checkpoints.json", lambda: _checkpoints(case, known)),
        ("manifest.jws", lambda: _signed(case, known)),
        ("events.jsonl", lambda: _events(case)),
        ("manifest.json", lambda: _streams(case)),
        ("opening-keys.json", lambda: _sealed(case)),
        ("events.jsonl", lambda: _causes(case)),
        ("messages.jsonl", lambda: _messages(case)),
        ("receipts.jsonl", lambda: _receipts(case)),
        ("readings.jsonl", lambda: _readings(case)),
        ("matrices", lambda: _matrices(case)),
    ]
    for part, check in checks:
        try:
            yield from check()
        except _NOT_SO:
            yield wrong("not-as-the-format", part=part)
    yield unknown("rests-on-the-hub")


def manifest_of(archive: Archive) -> dict[str, Any]:
    """The manifest. Raises: Unreadable."""
    try:
        said: dict[str, Any] = json_of(archive.read("manifest.json"))
        members(said, _MANIFEST)
        for name in ("family", "oin", "by", "ground", "for", "language"):
            text(said[name])
        moment(said["made"]), moment(said["until"])
    except _NOT_SO:
        raise Unreadable("no-manifest") from None
    if said["format"] != FORMAT:
        raise Unreadable("other-format")
    return said


# The parts ------------------------------------------------------------------------------------------


def _parts(case: Case) -> Checks:
    said, found = case.manifest["parts"], case.archive.names()
    for name in sorted(said.keys() ^ set(found)):
        yield wrong("part-missing" if name in said else "part-too-many", part=name)
    for name in found:
        if not (name in _PARTS or name.startswith(_MATRIX)):
            yield wrong("part-too-many", part=name)
    changed = [
        name for name in found if name in said and case.archive.digest(name) != tuple(members(said[name], ("bytes", "sha256")))
    ]
    yield from (wrong("part-changed", part=name) for name in changed)
    yield from (wrong("part-missing", part=name) for name in _PARTS if name not in found)
    if not changed:
        yield held("parts", many=len(found))


# The hub --------------------------------------------------------------------------------------------


def _hub_keys(case: Case) -> Checks:
    oin, jwks = members(json_of(case.archive.read("hub-keys.json")), ("oin", "keys"))
    if oin != case.manifest["oin"]:
        yield wrong("other-hub")
    for jwk in jwks:
        public = signing.public_key(jwk)
        if jwk["kty"] != "OKP" or jwk["kid"] in case.keys:
            raise ValueError("not keys of a hub")
        case.keys[jwk["kid"]] = HubKey(public, public.public_bytes_raw(), moment(jwk["valid_from"]))  # type: ignore[union-attr]


def _at(case: Case, at: datetime) -> str:
    """By which key the hub signed at a moment: the last that had begun, and the first before that."""
    order = sorted(case.keys, key=lambda kid: case.keys[kid].since)
    return ([order[0]] + [kid for kid in order if case.keys[kid].since <= at])[-1]


def _signed(case: Case, known: Known) -> Checks:
    jws = case.archive.read("manifest.jws").decode("ascii")
    kid, digest = signing.kid_of(jws), sha256(case.archive.read("manifest.json")).hexdigest()
    if kid not in case.keys or kid != _at(case, moment(case.manifest["made"])):
        yield wrong("manifest-not-signed")
        return
    key = case.keys[kid]
    try:
        is_it = json_of(signing.payload_of(jws, "vig-case", key.public)) == {"sha256": digest}
    except _NOT_SO:
        is_it = False
    yield held("manifest-signed", kid=kid) if is_it else wrong("manifest-not-signed")
    yield from _whose(case, key, known)


def _whose(case: Case, key: HubKey, known: Known) -> Checks:
    """Whether the key under the manifest is one that is known from elsewhere."""
    vouched = {*known.hub}
    for checkpoint in known.checkpoints:
        vouched |= {each.raw for each in case.keys.values() if checkpoint.is_by(Key(checkpoint.origin, each.raw))}
    if key.raw in vouched:
        yield held("hub-known")
    elif vouched or known.hub or known.checkpoints:
        yield wrong("hub-other")
    else:
        yield unknown("hub-unknown", key=key.raw.hex())


# Checkpoints ----------------------------------------------------------------------------------------


def _checkpoints(case: Case, known: Known) -> Checks:
    said = json_of(case.archive.read("checkpoints.json"))
    members(case.manifest["trees"], ("events", "readings"))
    for tree, each in zip(("events", "readings"), members(said, ("events", "readings")), strict=True):
        origin, witnesses, note, earlier = members(each, ("origin", "witnesses", "checkpoint", "earlier"))
        checkpoint = Checkpoint.read(text(note))
        case.trees[tree] = checkpoint
        wanted = f"oin:{case.manifest['oin']}/vig-hub/{tree}"
        if not wanted == origin == checkpoint.origin or checkpoint.size != count(case.manifest["trees"][tree]):
            yield wrong("checkpoint-other", tree=tree)
        all_of = [checkpoint, *_earlier(checkpoint, earlier)]
        if all(any(one.is_by(Key(origin, key.raw)) for key in case.keys.values()) for one in all_of):
            yield held("checkpoint-signed", tree=tree, size=checkpoint.size)
        else:
            yield wrong("checkpoint-not-signed", tree=tree)
        if len(all_of) <= len(earlier):
            yield wrong("checkpoint-not-joined", tree=tree)
        yield from _witnessed(tree, all_of, [Key.read(text(one)) for one in witnesses], known)
        yield from _joined(tree, all_of, known)
    for one in known.checkpoints:
        if one.origin not in (each.origin for each in case.trees.values()):
            yield wrong("checkpoint-of-other", origin=one.origin)


def _earlier(newest: Checkpoint, said: Any) -> list[Checkpoint]:
    """The earlier ones that the newest goes on from."""
    found = []
    for note, proof in (members(each, ("checkpoint", "proof")) for each in said):
        one = Checkpoint.read(text(note))
        if one.origin == newest.origin and trees.is_grown(one.size, one.root, newest.size, newest.root, _hashes(proof)):
            found.append(one)
    return found


def _witnessed(tree: str, those: Sequence[Checkpoint], named: Sequence[Key], known: Known) -> Checks:
    for one in those:
        by = {name for name, _ in one.signatures} - {one.origin}
        keys = [key for key in (*named, *known.witnesses) if key.is_witness]
        for name in sorted(by):
            if not any(key.name == name and one.is_by(key) for key in keys):
                yield wrong("witness-wrong", tree=tree, witness=name)
    signed = [key for key in dict.fromkeys(named) if key.is_witness and any(one.is_by(key) for one in those)]
    for key in known.witnesses:
        is_by = any(one.is_by(key) for one in those)
        yield (held if is_by else wrong)("witness-signed" if is_by else "witness-missing", tree=tree, witness=key.name)
    if signed and not known.witnesses:
        yield unknown("witnesses-unknown", tree=tree, many=len(signed))
    elif not signed and not known.witnesses:
        yield unknown("no-witness", tree=tree)


def _joined(tree: str, those: Sequence[Checkpoint], known: Known) -> Checks:
    newest = those[0]
    mine = [one for one in known.checkpoints if one.origin == newest.origin]
    for one in mine:
        same = [each for each in those if each.size == one.size]
        if same:
            is_so = same[0].root == one.root
        else:
            (old, young) = sorted((one, newest), key=lambda each: each.size)
            is_so = any(_joins(old, young, said) for said in known.joins)
            if not is_so:
                yield wrong("checkpoint-apart", tree=tree, size=one.size, old=old.size, young=young.size)
                continue
        yield (held if is_so else wrong)("checkpoint-known" if is_so else "checkpoint-contradicts", tree=tree, size=one.size)
    if not mine:
        yield unknown("checkpoint-not-given", tree=tree)


def _joins(old: Checkpoint, young: Checkpoint, said: Any) -> bool:
    sizes = (said.get("old"), said.get("size")) if isinstance(said, dict) else ()
    return sizes == (old.size, young.size) and trees.is_grown(old.size, old.root, young.size, young.root, _hashes(said["proof"]))


def _hashes(said: Any) -> list[bytes]:
    found = [b64(each) for each in texts(said)]
    if any(len(each) != 32 for each in found):
        raise ValueError("no hashes")
    return found


# Events ---------------------------------------------------------------------------------------------


def _events(case: Case) -> Checks:
    keys, tree, last, is_well = events.keys_in(json_of(case.archive.read("opening-keys.json"))), case.trees["events"], 0, True
    for line in case.archive.lines("events.jsonl"):
        said = members(json_of(line), ("position", "stream", "version", "topic", "said", "leaf", "proof"))
        position, leaf, proof = count(said[0]), b64(said[5]), _hashes(said[6])
        for problem in _event(position, last, leaf, proof, tree):
            is_well = False
            yield problem
        try:
            event = events.event_in(leaf, keys)
        except _NOT_SO:
            is_well = False
            yield wrong("event-not-opened", position=position)
            continue
        if [event.position, event.stream, event.version, event.topic, canonical(event.said)] != [*said[:4], canonical(said[4])]:
            is_well = False
            yield wrong("event-otherwise", position=position)
        case.events.append(event)
        last = position
    if is_well and case.events:
        yield held("events", many=len(case.events), size=tree.size)
    elif not case.events:
        yield wrong("no-events")


def _event(position: int, last: int, leaf: bytes, proof: list[bytes], tree: Checkpoint) -> Checks:
    if position <= last:
        yield wrong("event-out-of-order", position=position)
    try:
        is_in = trees.root_with(trees.leaf_of(leaf), position - 1, tree.size, proof) == tree.root
    except ValueError:
        is_in = False
    if not is_in:
        yield wrong("event-not-in-log", position=position)


def _streams(case: Case) -> Checks:
    """Every stream whole from its first event on, and every stream that the facts name is there."""
    said, counted, is_well = case.manifest["streams"], dict[str, int](), True
    for event in case.events:
        counted[event.stream] = counted.get(event.stream, 0) + 1
        first = _FIRST.get(case.kind(event.stream), "")
        if event.version != counted[event.stream] or (event.version == 1 and event.topic != first):
            is_well = False
            yield wrong("stream-gap", stream=event.stream, version=event.version)
    if counted != {stream: count(each["events"]) for stream, each in said.items()}:
        is_well = False
        yield wrong("streams-otherwise")
    if case.kind(case.manifest["family"]) != "family" or sum(each["kind"] == "family" for each in said.values()) != 1:
        is_well = False
        yield wrong("other-family")
    for stream, kind in _named(case):
        if case.kind(stream) != kind:
            is_well = False
            yield wrong("stream-missing", stream=stream, kind=kind)
    if is_well:
        yield held("streams", many=len(counted))


def _named(case: Case) -> Iterator[tuple[str, str]]:
    for event in case.events:
        if event.stream == case.manifest["family"]:
            if event.said.get("message"):
                yield event.said["message"], "message"
            if event.topic == "person-joined":
                yield event.said["person"], "person"


def _sealed(case: Case) -> Checks:
    """What stayed closed: it was erased, its term was over, or it is a contact of an organisation; nothing else may."""
    erased = _gone(case, "questions")
    gone = withheld = 0
    for event in case.events:
        for subject in event.closed:
            is_of_family = case.kind(subject) == "question" or event.topic == _AROUND
            if subject in erased or (is_of_family and case.manifest["family"] in erased):
                gone += 1
            elif case.kind(subject) == "organisation":
                withheld += 1
            else:
                yield wrong("event-closed", position=event.position)
    if gone:
        yield unknown("sealed-erased", many=gone)
    if withheld:
        yield unknown("sealed-withheld", many=withheld)


def _gone(case: Case, also: str) -> set[str]:
    """Of what the key was destroyed: people who were erased, what went with them, and what was kept until its term was over."""
    gone = {event.said["about"] for event in case.of("keeping-ended")}
    for event in case.of("person-erased"):
        gone |= {event.stream, *texts(event.said[also])}
    return gone | {text(event.said["id"]) for event in case.of("network-erased")}


def _causes(case: Case) -> Checks:
    elsewhere = set(texts(case.manifest["elsewhere"]))
    known = {event.stream for event in case.events}
    for event in case.events:
        known.update(_texts({name: value for name, value in event.said.items() if name != "cause"}))
    positions = {event.position for event in case.events}
    told = {event.stream for event in case.of("telling-attempted") if event.said["fact"] in positions}
    # what a partner was told was caused by a notice, and that by the fact which it names
    known |= {event.said["cause"] for event in case.events if event.stream in told}
    causes = [(event.position, event.said["cause"]) for event in case.events if event.said["cause"]]
    lost = [position for position, cause in causes if cause not in known and cause not in elsewhere]
    yield from (wrong("cause-missing", position=position) for position in lost)
    if not lost:
        yield held("causes", many=sum(cause in known for _, cause in causes))
    if away := sum(cause not in known and cause in elsewhere for _, cause in causes):
        yield unknown("causes-elsewhere", many=away)


def _texts(said: Any) -> Iterator[str]:
    match said:
        case str():
            yield said
        case list():
            for each in said:
                yield from _texts(each)
        case dict():
            for each in said.values():
                yield from _texts(each)


# Messages -------------------------------------------------------------------------------------------


def _messages(case: Case) -> Checks:
    known, ours = messages.organisations_in(case.events), {kid: key.public for kid, key in case.keys.items()}
    wanted: dict[str, list[Event]] = {}
    for event in case.of("message-received"):
        wanted.setdefault(event.said["kept"], []).append(event)
    erased = _gone(case, "messages")
    seen, verified, gone, is_well = set[str](), 0, 0, True
    for line in case.archive.lines("messages.jsonl"):
        said = json_of(line)
        kept, those = text(said["kept"]), wanted.get(text(said["kept"]), [])
        if kept in seen or not those:
            is_well = False
            yield wrong("message-too-many", kept=kept)
        seen.add(kept)
        if "erased" in said:
            members(said, ("kept", "erased"))
            gone += len(those)
            if erased.isdisjoint([case.manifest["family"], *(event.stream for event in those)]):
                is_well = False
                yield wrong("message-missing", kept=kept)
            continue
        _, headers, body = members(said, ("kept", "headers", "body"))
        posted = Posted.read(headers, body)
        for event in those:
            code = _refused(event, posted, known, ours)
            if code:
                is_well = False
                yield wrong(code, message=event.stream)
            verified += not code
    for kept in wanted.keys() - seen:
        is_well = False
        yield wrong("message-missing", kept=kept)
    if is_well:
        yield held("messages", many=verified)
    if gone:
        yield unknown("messages-erased", many=gone)


def _refused(event: Event, posted: Posted, known: Mapping[str, messages.Organisation], ours: Mapping[str, Public]) -> str:
    try:
        return messages.refusal(event, posted, known, ours)
    except _NOT_SO:
        return "message-not-signed"


def _receipts(case: Case) -> Checks:
    received = {event.stream: event for event in case.of("message-received")}
    seen, is_well = set[str](), True
    for line in case.archive.lines("receipts.jsonl"):
        message, jws = members(json_of(line), ("message", "receipt"))
        event = received.get(text(message))
        if event is None or message in seen or not _is_receipt(case, event, text(jws)):
            is_well = False
            yield wrong("receipt-wrong", message=message)
        seen.add(message)
    for message in received.keys() - seen:
        is_well = False
        yield wrong("receipt-missing", message=message)
    if is_well:
        yield held("receipts", many=len(seen))


def _is_receipt(case: Case, event: Event, jws: str) -> bool:
    """Whether the hub confirmed that message at that place in the log, with the key with which it signed then."""
    try:
        kid = signing.kid_of(jws)
        said = json_of(signing.payload_of(jws, "JOSE", case.keys[kid].public))
        at = moment(event.said["timestamp"])
        same = {name: event.said[other] for name, other in _SAME.items()}
        about = {"message": event.stream, "position": event.position, "digest": f"sha-256={event.said['digest']}"}
        return (
            kid == _at(case, at)
            and moment(said["recordedAt"]) == at
            and all(said[name] == value for name, value in {**same, **about}.items())
        )
    except _NOT_SO:
        return False


_SAME = {"id": "event_id", "source": "source", "type": "type", "outcome": "outcome"}


# What was read --------------------------------------------------------------------------------------


def _readings(case: Case) -> Checks:
    tree, last, many, is_well = case.trees["readings"], 0, 0, True
    for line in case.archive.lines("readings.jsonl"):
        place, leaf, proof = members(json_of(line), ("place", "leaf", "proof"))
        row = json_of(text(leaf))
        data = trees.leaf_of(leaf.encode())
        try:
            is_in = trees.root_with(data, count(place) - 1, tree.size, _hashes(proof)) == tree.root
        except ValueError:
            is_in = False
        if place <= last or row[0] != place or not is_in:
            is_well = False
            yield wrong("reading-not-in-log", place=place)
        if all(each[4] != case.manifest["family"] for each in row[-1]):
            is_well = False
            yield wrong("reading-of-other", place=place)
        last, many = place, many + 1
    if is_well:
        yield held("readings", many=many, size=tree.size)


# The matrix -----------------------------------------------------------------------------------------


def _matrices(case: Case) -> Checks:
    wanted = {event.said["matrix"] for event in case.of("level-raised")}
    wanted |= {basis.removeprefix("matrix-") for event in case.events if (basis := event.said["basis"]).startswith("matrix-")}
    found = {name.removeprefix(_MATRIX).removesuffix(".json"): name for name in case.archive.names() if name.startswith(_MATRIX)}
    for version in sorted(wanted ^ found.keys()):
        yield wrong("matrix-missing" if version in wanted else "matrix-too-many", version=version)
    files = (event.said for topic in _USED for event in case.of(topic))
    used = {said["version"]: said["digest"] for said in files if said["kind"] == _INTERVENTION}
    is_well = wanted == found.keys()
    for version, name in found.items():
        file = case.archive.read(name)
        if json_of(file).get("version") != version:
            is_well = False
            yield wrong("matrix-other", version=version)
        elif used.get(version, digest := sha256(file).hexdigest()) != digest:
            is_well = False
            yield wrong("matrix-changed", version=version)
    if is_well and (proved := wanted & used.keys()):
        yield held("matrices", versions=", ".join(sorted(proved)))
    if by_name := wanted - used.keys():
        yield unknown("matrix-by-name", versions=", ".join(sorted(by_name)))
