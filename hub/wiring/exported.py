"""The file of a case, made: everything of one family with what proves it, so that an auditor needs nobody's word for it."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from threading import Lock
from typing import IO, Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import StoredEvent
from sqlalchemy import Connection
from sqlalchemy.exc import NoResultFound

from hub.adapters import event_store
from hub.adapters.backup.proving import Keys
from hub.adapters.contracts import contracts
from hub.adapters.database import promised, reading
from hub.adapters.evidence.bundle_file import TYPE, BundleFile, canonical
from hub.adapters.evidence.bundle_jwe import Reader, encrypt, reader_of
from hub.adapters.evidence.bundle_report import Read, report
from hub.adapters.evidence.leaves import of_event
from hub.adapters.evidence.notary import Notary, Signed
from hub.adapters.evidence.trees import Tree
from hub.adapters.matrices import load_matrices
from hub.adapters.rfc3339 import written
from hub.adapters.sealing import open_again
from hub.api import receipts
from hub.console.codes import CODES, words, words_of
from hub.console.parts import Both
from hub.domain.messages import Message
from hub.domain.rule_files import INTERVENTION, RuleFile
from hub.domain.trajectory import Trajectory
from hub.errors import Fault, NotKnown, TooMany
from hub.exporting import ORGANISATION, Case, Cases
from hub.projections.timeline.sentences import sentences
from hub.wiring.hub import Hub
from hub.wiring.made import keks_of

IN_MEMORY = 32 << 20
"""Bytes of a file that are kept in memory while it is made; what is larger waits on the disk, under no name."""
AGAIN = 15.0
"""Seconds after which somebody may ask again for a file while another one was being made."""
_AT_ONCE = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for: the case of a family, for whom, in whose name, on which ground, and in which language it is told."""

    family: UUID
    reader: Reader
    kid: str
    by: str
    ground: str
    until: datetime | None = None
    language: str = "nl"


@dataclass(frozen=True, slots=True)
class Exported:
    """What went into a file; `digest` is the SHA-256 of the file itself, sealed, in hexadecimal."""

    events: int
    messages: int
    erased: int
    readings: int
    digest: str


def case_of(hub: Hub, family: UUID, until: datetime | None = None) -> Case:
    """What belongs to the case of a family. Raises: NotKnown."""
    return Cases(hub.log, hub.mapper, event_store.mentioning, event_store.placed)(family, until)


def export(hub: Hub, case: Case, asked: Asked, target: IO[bytes]) -> Exported:
    """Writes the file of a case, encrypted, to the target.

    Raises:
        Unavailable: a store cannot be read.
        Fault: what is sealed in the log does not open.
    """
    now = hub.clock.now()
    with SpooledTemporaryFile(IN_MEMORY) as plain, promised("the case cannot be read"):
        making, sealed = _Making(hub, case, asked, now), _Hashed(target)
        counts = making.write(plain)
        plain.seek(0)
        encrypt(plain, sealed, asked.reader, asked.kid)
    return Exported(*counts, sealed.digest)


@dataclass(frozen=True, slots=True)
class Made:
    """A file of a case, sealed and at its beginning, with its length in bytes, its SHA-256, and the thumbprint of its key."""

    file: IO[bytes]
    size: int
    digest: str
    kid: str


@dataclass(frozen=True, slots=True)
class Files:
    """Makes files of cases for whoever asks over HTTP; `turn` is held while one is made, for it takes all of a processor."""

    hub: Hub
    turn: Lock = field(default_factory=Lock)

    def make(self, family: UUID, key: Mapping[str, Any], language: str, by: str, ground: str) -> Made:
        """The file of a case, for that key (a public JWK).

        Raises:
            Malformed: nothing can be encrypted for that key.
            TooMany: another one is being made.
            NotKnown: there is no such family.
            Unavailable: a store cannot be read.
            Fault: what is sealed in the log does not open.
        """
        reader, kid = reader_of(key)
        if not self.turn.acquire(blocking=False):
            raise TooMany("Another file is being made: they are made one at a time.", AGAIN, code="file-in-the-making")
        sealed: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        try:
            done = export(self.hub, case_of(self.hub, family), Asked(family, reader, kid, by, ground, None, language), sealed)
        except BaseException:
            sealed.close()
            raise
        finally:
            self.turn.release()
        size = sealed.tell()
        sealed.seek(0)
        return Made(sealed, size, done.digest, kid)


class _Hashed:
    """What is written goes to the target, and into a digest."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target, self._hash = target, sha256()

    def write(self, piece: bytes) -> None:
        self._hash.update(piece)
        self._target.write(piece)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


@dataclass(frozen=True, slots=True)
class _Opening:
    """Opens what is sealed in a case, and remembers with which keys; those of organisations, whose contacts stand sealed in their
    registrations, are nobody's business here."""

    keys: Keys
    withheld: frozenset[UUID]
    used: dict[str, bytes] = field(default_factory=dict)

    def open(self, subject: UUID, sealed: bytes, bound: bytes) -> bytes | None:
        if subject in self.withheld or (key := self.keys.of(subject)) is None:
            return None
        self.used[str(subject)] = key
        return self.keys.open(subject, sealed, bound)

    def seal(self, subject: UUID, data: bytes, bound: bytes) -> bytes | None:  # noqa: ARG002
        """Nothing is sealed here."""
        return None


@dataclass(frozen=True, slots=True)
class _Making:
    hub: Hub
    case: Case
    asked: Asked
    now: datetime

    def write(self, file: IO[bytes]) -> tuple[int, int, int, int]:
        """The parts, in the order of their names; gives how many events, messages, erased bodies and looks are in it."""
        hub, case, until = self.hub, self.case, self.asked.until or self.now
        places = hub.processings.about(str(case.family), until)
        signed = {
            "events": _covering(hub.notaries["events"], case.events[-1][1].position),
            "readings": _covering(hub.notaries["readings"], max(places, default=0)),
        }
        bundle, received = BundleFile(file), list(case.of(Message.Received))
        withheld = frozenset(stream for stream, kind in case.kinds.items() if kind == ORGANISATION)
        with reading(hub.stored.log) as log, reading(hub.stored.evidence) as evidence:
            opening = _Opening(Keys(keks_of(hub.settings, hub.stored.log), log), withheld)
            bundle.put("checkpoints.json", canonical({name: self._checkpoints(name, each) for name, each in signed.items()}))
            bundle.lines("events.jsonl", self._events(opening, _Proving("events", signed["events"].size, evidence)))
            bundle.put("hub-keys.json", canonical({"oin": hub.settings.oin, "keys": self._hub_keys()}))
            for version in sorted(self._matrices()):
                bundle.put(f"matrices/{version}.json", self._matrix(version))
            erased: list[str] = []
            bundle.lines("messages.jsonl", self._messages(received, log, erased))
            keys = {subject: b64encode(key).decode() for subject, key in opening.used.items()}
            bundle.put("opening-keys.json", canonical(keys))
            reads: list[Read] = []
            bundle.lines("readings.jsonl", self._readings(places, _Proving("readings", signed["readings"].size, evidence), reads))
            bundle.lines("receipts.jsonl", self._receipts(received))
            bundle.put("report.html", self._report(signed, reads))
        bundle.finish(self._manifest(signed), lambda said: hub.keys.sign(said, self.now, TYPE))
        return len(case.events), len(received), len(erased), len(places)

    def _manifest(self, signed: Mapping[str, Signed]) -> dict[str, Any]:
        asked = self.asked
        return {
            "family": str(asked.family),
            "oin": self.hub.settings.oin,
            "made": written(self.now),
            "until": written(asked.until or self.now),
            "by": asked.by,
            "ground": asked.ground,
            "for": asked.kid,
            "language": asked.language,
            "trees": {name: each.size for name, each in signed.items()},
            "streams": {stream: {"kind": kind, "events": many} for stream, (kind, many) in self.case.streams().items()},
            "elsewhere": sorted(self._elsewhere()),
        }

    # Events ------------------------------------------------------------------------------------------

    def _events(self, opening: _Opening, proving: "_Proving") -> Iterator[dict[str, Any]]:
        for stored, fact in self.case.events:
            yield {
                "position": fact.position,
                "stream": str(fact.stream_id),
                "version": stored.originator_version,
                "topic": stored.topic,
                "said": _said(stored, opening),
                "leaf": b64encode(of_event(fact.position, stored)).decode(),
                "proof": proving.proof(fact.position - 1),
            }

    def _elsewhere(self) -> set[str]:
        """What led to something here and is not of this case: a signal about another family, such as named a person first."""
        said = {str(stream) for stream in self.case.kinds}
        causes = set()
        for stored, _ in self.case.events:
            state = msgspec.json.decode(stored.state)
            causes.add(state.pop("cause", ""))
            said.update(_texts(state))
        return causes - said - {""}

    def _matrices(self) -> set[str]:
        """The versions of the matrix that rules fired of."""
        named = {fact.event.basis.removeprefix("matrix-") for _, fact in self.case.events if fact.event.basis.startswith("matrix-")}
        return named | {event.matrix for event in self.case.of(Trajectory.LevelRaised)}

    def _matrix(self, version: str) -> bytes:
        """Its file as it was put into use; of a version that never was, the one in the folder."""
        used = [event.file for event in self.case.of((RuleFile.PutIntoUse, RuleFile.EndSet)) if _is_of(event, version)]
        return used[-1].encode() if used else (contracts() / INTERVENTION / f"{version}.json").read_bytes()

    # Messages ----------------------------------------------------------------------------------------

    def _messages(self, received: Sequence[Message.Received], log: Connection, erased: list[str]) -> Iterator[dict[str, Any]]:
        for kept in sorted({each.kept for each in received}):
            try:
                posted = self.hub.received.fetch(log, kept)
            except (NotKnown, NoResultFound):
                erased.append(kept)
                yield {"kept": kept, "erased": True}
            except ValueError as error:
                raise Fault(f"What was received does not open: {kept}.", code="not-opened") from error
            else:
                yield {"kept": kept, "headers": posted.headers, "body": b64encode(posted.body).decode()}

    def _receipts(self, received: Sequence[Message.Received]) -> Iterator[dict[str, Any]]:
        for each in received:
            receipt, _ = self.hub.intake.status(each.originator_id, each.partner)
            yield {"message": str(each.originator_id), "receipt": receipts.signed(receipt, self.hub.keys.sign)["receipt"]}

    # What was read -----------------------------------------------------------------------------------

    def _readings(self, places: Sequence[int], proving: "_Proving", reads: list[Read]) -> Iterator[dict[str, Any]]:
        for place in places:
            leaf = self.hub.processings.leaves(place - 1, 1)[0].decode()
            reads.append(_read(leaf))
            yield {"place": place, "leaf": leaf, "proof": proving.proof(place - 1)}

    # What proves it ----------------------------------------------------------------------------------

    def _checkpoints(self, name: str, signed: Signed) -> dict[str, Any]:
        notary = self.hub.notaries[name]
        seen = notary.witnessed(signed.size)
        earlier = [seen] if seen is not None and seen.size < signed.size else []
        return {
            "origin": notary.origin,
            "witnesses": [str(key) for key in notary.witnesses],
            "checkpoint": str(signed.note),
            "earlier": [
                {"checkpoint": str(each.note), "proof": _all64(notary.consistency(each.size, signed.size))} for each in earlier
            ],
        }

    def _hub_keys(self) -> list[dict[str, Any]]:
        return [{**key.public, "valid_from": written(key.valid_from)} for key in self.hub.keys.all()]

    def _report(self, signed: Mapping[str, Signed], reads: Sequence[Read]) -> bytes:
        hub, asked = self.hub, self.asked
        about = {
            "family": str(asked.family),
            "made": self.now,
            "until": asked.until or self.now,
            "by": asked.by,
            "ground": asked.ground,
            "reader": asked.kid,
            "oin": hub.settings.oin,
            "trees": [(name, each.checkpoint) for name, each in signed.items()],
            "witnessed": {
                name: sum(each.note.by(key) is not None for key in hub.notaries[name].witnesses) for name, each in signed.items()
            },
        }
        facts = [fact for _, fact in self.case.events]
        return report(about, facts, reads, sentences, self._word(), asked.language)

    def _word(self) -> Callable[[str, str], str]:
        matrices = (words_of(each) for each in load_matrices(contracts() / "intervention-matrix").versions)
        of_activities = {each.code: Both(each.nl, each.en) for each in self.hub.activities.versions}
        own = {"activity": of_activities, "log": {"events": Both("gebeurtenissen", "events"), "readings": Both("inzagen", "looks")}}
        named = words(own, CODES, *matrices)
        return lambda kind, code: named(kind, code).said(self.asked.language)


@dataclass(slots=True)
class _Proving:
    """Proofs in one tree of one size; what it read is forgotten now and then, so that it stays small."""

    name: str
    size: int
    connection: Connection
    _made: int = 0
    _tree: Tree | None = None

    def proof(self, index: int) -> list[str]:
        if self._tree is None or self._made % _AT_ONCE == 0:
            self._tree = Tree(self.name, self.connection)
        self._made += 1
        return _all64(self._tree.inclusion(index, self.size))


def _covering(notary: Notary, position: int) -> Signed:
    """The last that was signed of a tree, once that has the leaf of that position in it."""
    try:
        signed = notary.checkpoint()
    except NotKnown:
        signed = None
    if signed is None or signed.size < position:
        while notary.grow():
            pass
        notary.sign()
        signed = notary.checkpoint()
    return signed


def _is_of(event: RuleFile.PutIntoUse | RuleFile.EndSet, version: str) -> bool:
    return (event.kind, event.version) == (INTERVENTION, version)


def _said(stored: StoredEvent, opening: _Opening) -> dict[str, Any]:
    said: dict[str, Any] = msgspec.json.decode(open_again(stored, opening).state)
    return said


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


def _read(leaf: str) -> Read:
    row = msgspec.json.decode(leaf)
    at = _EPOCH + timedelta(milliseconds=row[6])
    return Read(row[0], at, who=row[11], role=row[12], organisation=row[13], what=row[8], ground=row[17], outcome=row[10])


def _all64(hashes: Sequence[bytes]) -> list[str]:
    return [b64encode(each).decode() for each in hashes]
