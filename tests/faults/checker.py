"""The checker: what everybody outside remembers, beside the log, and all that follows the log, beside what the log makes of it.

Each question yields what is wrong, in words that name places and never people; a hub that kept its promises yields nothing.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import MetaData, create_engine, select
from sqlalchemy.engine import Connection, Engine

from hub.adapters import received
from hub.adapters.channels.kafka import families
from hub.adapters.channels.webhook.queue import DELIVERIES
from hub.adapters.kafka.topics import ESCALATIONS, FAMILIES, RECEIPTS, REFUSED
from hub.adapters.signatures import PartnerSignatures
from hub.domain.callers import Capacity
from hub.domain.messages import Message
from hub.domain.people import Person
from hub.domain.policy import HEARD
from hub.domain.questions import MatchQuestion
from hub.domain.trajectory import Trajectory
from hub.ports import Fact, Projection
from hub.projections import found
from hub.wiring import INDEXES
from tests.api.running import said_by_hub
from tests.channels.receiving import Receiver
from tests.faults.aftermath import Aftermath
from tests.over_kafka import Read

AT_ONCE = 700
"""Events that a rebuild takes together: another number than the hub's own."""


Question = Callable[[Aftermath], Iterator[str]]


# What was acknowledged ---------------------------------------------------------------------------------


def what_was_acknowledged_is_recorded_once(after: Aftermath) -> Iterator[str]:
    """Every message that was answered with a receipt is in the log once, and nothing is there that nobody sent."""
    for key in {(one.receipt["source"], one.receipt["id"]) for one in after.remembered.acknowledged} - after.recorded.keys():
        yield f"lost: {key}"
    yield from (f"recorded {count} times: {key}" for key, count in after.recorded.items() if count > 1)
    yield from (f"nobody sent {key}" for key in after.recorded if key[1] not in after.remembered.sent)


def what_was_put_on_kafka_is_recorded_once(after: Aftermath) -> Iterator[str]:
    """Every message that Kafka had is in the log with its digest; who put it there is told so, at the place where it stands."""
    at = {(fact.event.source, fact.event.event_id): fact for fact in after.of(Message.Received)}
    for putting in after.remembered.putting:
        said = {one.said["id"]: one.said for one in _read(after, RECEIPTS, putting.sender.name)}
        for event in putting.put:
            id = json.loads(event)["id"]
            fact = at.get((putting.sender.source, id))
            if fact is None or fact.event.digest != sha256(event).hexdigest():
                yield f"lost, or other bytes: {id} of {putting.sender.name}, over Kafka"
            elif id not in said or said[id]["position"] != fact.position:
                yield f"{putting.sender.name} was not told over Kafka that {id} is recorded"
        aside = {one.headers["hub-record"] for one in _read(after, REFUSED, putting.sender.name)}
        if len(aside) != putting.poison:
            yield f"{putting.poison} records of {putting.sender.name} could not be read, and {len(aside)} were put aside"


def _read(after: Aftermath, kind: str, partner: str = "") -> list[Read]:
    kafka = after.remembered.kafka
    return kafka.read(kafka.topic(kind, partner)) if kafka is not None else []


def receipts_tell_what_the_log_has(after: Aftermath) -> Iterator[str]:
    """Every receipt names the place, the digest and the outcome that the log has, and is signed by the hub."""
    at, jwks = {fact.position: fact for fact in after.of(Message.Received)}, after.hub.keys.public_jwks()
    for one in after.remembered.acknowledged:
        fact = at.get(one.receipt["position"])
        if fact is None or _as_answered(fact) != {name: one.receipt[name] for name in ("message", "id", "digest", "outcome")}:
            yield f"at {one.receipt['position']} stands something else than {one.receipt['message']}"
        if one.digest != one.receipt["digest"]:
            yield f"the receipt at {one.receipt['position']} is of other bytes"
        plain = {name: value for name, value in one.receipt.items() if name != "receipt"}
        if said_by_hub(one.receipt["receipt"], jwks) != plain:
            yield f"the signature of the receipt at {one.receipt['position']} is of another receipt"


def _as_answered(fact: Fact) -> dict[str, str]:
    said = fact.event
    return {"message": str(fact.stream_id), "id": said.event_id, "digest": f"sha-256={said.digest}", "outcome": said.outcome}


def nobody_was_answered_what_can_never_be_right(after: Aftermath) -> Iterator[str]:
    """A repeat is answered with the first receipt, wherever it is asked; a decision with silence; nobody is refused."""
    for worker in after.remembered.workers:
        yield from worker.wrong


def what_was_decided_is_recorded_once(after: Aftermath) -> Iterator[str]:
    """Every escalation that somebody took notice of, and every direction that somebody took over, is in the log, once."""
    taken = Counter(fact.event.escalation for fact in after.of(Trajectory.EscalationAcknowledged))
    taken += Counter(fact.event.handover for fact in after.of(Trajectory.HandoverAccepted))
    yield from (f"decided {count} times: {one}" for one, count in taken.items() if count > 1)
    answered = (*after.remembered.desk.acknowledged, *after.remembered.directors.accepted)
    yield from (f"lost decision: {one}" for one in answered if one not in taken)


# Nothing by half ---------------------------------------------------------------------------------------


def positions_and_versions_have_no_gaps(after: Aftermath) -> Iterator[str]:
    """The log is one row of positions, and each stream one row of versions."""
    versions: dict[UUID, int] = defaultdict(int)
    for place, fact in enumerate(after.facts, start=1):
        versions[fact.stream_id] += 1
        if fact.position != place:
            yield f"position {fact.position} stands where {place} belongs"
        if fact.event.originator_version != versions[fact.stream_id]:
            yield f"version {fact.event.originator_version} of a stream stands where {versions[fact.stream_id]} belongs"


def messages_have_their_signals_and_signals_their_message(after: Aftermath) -> Iterator[str]:
    """What a message gave rise to is there with it, once, and nothing is there without its message."""
    named = Counter(
        (str(fact.stream_id), one["signal"], one["family"], one["question"])
        for fact in after.of(Message.Received)
        for one in fact.event.signals
    )
    placed = Counter(
        (fact.event.message, fact.event.signal, str(fact.stream_id), "") for fact in after.of(Trajectory.SignalRecorded)
    )
    asked = Counter((fact.event.message, fact.event.signal_id, "", str(fact.stream_id)) for fact in after.of(MatchQuestion.Asked))
    if named != placed + asked:
        yield f"{(named - placed - asked).total()} signals without a place, {(placed + asked - named).total()} without a message"
    yield from (f"recorded {count} times: signal {one[1]}" for one, count in (placed + asked).items() if count > 1)


def only_what_could_not_be_read_is_in_quarantine(after: Aftermath) -> Iterator[str]:
    """A message has signals, or else reasons why it waits for a person."""
    for fact in after.of(Message.Received):
        if not (fact.event.outcome == "quarantined") == bool(fact.event.reasons) == (not fact.event.signals):
            yield f"the message at {fact.position} is half read"


def what_was_posted_verifies_again(after: Aftermath) -> Iterator[str]:
    """The bytes of every message are kept and still carry their signature; none are kept without their message."""
    signatures = PartnerSignatures(after.hub.registrations)
    with after.hub.stored.log.connect() as connection:
        kept = set(connection.execute(select(received.RECEIVED.c.kept)).scalars())
        if kept != {fact.event.kept for fact in after.of(Message.Received)}:
            yield "bytes are kept without a message, or a message without its bytes"
        for fact in after.of(Message.Received):
            posted = after.hub.received.fetch(connection, fact.event.kept)
            (signature,) = posted.headers["payload-signature"]
            signer = signatures.verify_again(posted.body, posted.headers, signature, fact.event.timestamp)
            if (signer.partner, signer.kid) != (fact.event.partner, fact.event.kid):
                yield f"the message at {fact.position} was signed by somebody else"


# The rules of the field --------------------------------------------------------------------------------


def each_child_is_one_person_in_one_family(after: Aftermath) -> Iterator[str]:
    """Two first signals about one child, at two processes at once, never make two families."""
    opened, named = list(after.of(Trajectory.Opened)), list(after.of(Person.Named))
    children = len(after.remembered.loads[0].children.told_of)
    if not 0 < len(opened) <= children or len(named) != len(opened):
        yield f"{len(opened)} families and {len(named)} persons of {children} children"
    members = Counter(fact.stream_id for fact in after.of(Trajectory.PersonJoined))
    if members != Counter(fact.stream_id for fact in opened):
        yield "a family does not have exactly its one child"


_ANSWERS = (Trajectory.HandoverAccepted, Trajectory.HandoverRefused, Trajectory.HandoverTimedOut)


def every_family_has_one_director(after: Aftermath) -> Iterator[str]:
    """Direction passes on only from whoever has it, to whomever it was offered, once."""
    directs, offered = {}, dict[UUID, Any]()
    for fact in after.of(Trajectory.Opened, Trajectory.HandoverOffered, *_ANSWERS):
        said, family = fact.event, fact.stream_id
        match said:
            case Trajectory.Opened():
                directs[family] = said.director
            case Trajectory.HandoverOffered():
                if family in offered or said.by != directs[family]:
                    yield f"direction was offered twice, or by somebody who has it not, at {fact.position}"
                offered[family] = said
            case _:
                offer = offered.pop(family, None)
                if offer is None or offer.handover != said.handover:
                    yield f"an answer to no offer at {fact.position}"
                elif isinstance(said, Trajectory.HandoverAccepted):
                    if (said.former, said.director) != (directs[family], offer.to):
                        yield f"direction went from somebody who had it not, or to somebody else, at {fact.position}"
                    directs[family] = said.director


def every_level_has_its_evidence_before_it(after: Aftermath) -> Iterator[str]:
    """A level rises by signals that the family heard before."""
    heard: dict[UUID, set[str]] = defaultdict(set)
    for fact in after.of(Trajectory.SignalRecorded, Trajectory.LevelRaised):
        if isinstance(fact.event, Trajectory.SignalRecorded):
            heard[fact.stream_id].add(fact.event.signal)
        elif not fact.event.signals or not set(fact.event.signals) <= heard[fact.stream_id]:
            yield f"the level at {fact.position} rests on nothing"


def every_deadline_passes_once(after: Aftermath) -> Iterator[str]:
    """A term runs once at a time, and is over once."""
    runs: set[tuple[UUID, str]] = set()
    for fact in after.of(Trajectory.ClockStarted, Trajectory.ClockStopped, Trajectory.TermMet, Trajectory.DeadlinePassed):
        term = (fact.stream_id, fact.event.clock)
        if isinstance(fact.event, Trajectory.ClockStarted):
            runs.add(term)
        elif term in runs:
            runs.remove(term)
        else:
            yield f"a term that did not run is over at {fact.position}"


# What follows the log ----------------------------------------------------------------------------------


def rows(tables: MetaData, connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, in an order that does not depend on the database."""
    return {
        table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr) for table in tables.sorted_tables
    }


def anew(projection: Projection, facts: Sequence[Fact]) -> dict[str, list[tuple[Any, ...]]]:
    """The rows that a projection makes of these facts in a database of its own."""
    built: Engine = create_engine("sqlite://")
    with built.begin() as connection:
        projection.tables.create_all(connection)
        for first in range(0, len(facts), AT_ONCE):
            projection.apply(facts[first : first + AT_ONCE], connection)
        made = rows(projection.tables, connection)
    built.dispose()
    return made


def read_models_are_what_a_rebuild_gives(after: Aftermath) -> Iterator[str]:
    """Row by row, every index and read model is what the log makes of it."""
    stored = after.hub.stored
    for projection, engine in [*((one, stored.log) for one in INDEXES), *((one, stored.views) for one in found().values())]:
        made = anew(projection, after.facts)
        with engine.connect() as connection:
            kept = rows(projection.tables, connection)
        yield from (f"{projection.name}: {table} differs from a rebuild" for table in kept if kept[table] != made[table])


def nothing_stopped(after: Aftermath) -> Iterator[str]:
    """Whatever follows the log reached its end."""
    for standing in (*after.hub.views.state(), *after.hub.outbox.state()):
        if standing.lag or standing.stopped_because:
            yield f"{standing.follower} is {standing.lag} behind: {standing.stopped_because or 'it lags'}"


def whole(receiver: Receiver) -> list[dict[str, Any]]:
    """What came in to its end: a kill can leave a receiver with headers and no body."""
    return [sent.event for sent in receiver.got if len(sent.body) == int(sent.headers["content-length"][0])]


def every_receiver_was_told_all_and_in_order(after: Aftermath) -> Iterator[str]:
    """Every notice comes at least once; those of one family come first in their order; the sequence has no gaps."""
    for name, receiver in after.remembered.told.items():
        place = {str(notice.id): notice.position for notice in after.notices_for(name)}
        events = whole(receiver)
        firsts = list({event["id"]: event for event in events}.items())
        yield from (f"{name} was never told {id}" for id in place.keys() - dict(firsts).keys())
        yield from (f"{name} was told {id}, which is not for it" for id in dict(firsts).keys() - place.keys())
        yield from (f"{name}: {words}" for words in _out_of_order([(e["data"]["family"], place.get(id, 0)) for id, e in firsts]))
        yield from (f"{name}: {words}" for words in _gaps({int(event["sequence"]): event["id"] for event in events}))


def _out_of_order(told: Sequence[tuple[str, int]]) -> Iterator[str]:
    last: dict[str, int] = defaultdict(int)
    for family, position in told:
        if position < last[family]:
            yield f"the notice at {position} came after that at {last[family]} of the same family"
        last[family] = max(position, last[family])


def _gaps(told: Mapping[int, str]) -> Iterator[str]:
    if sorted(told) != list(range(1, len(told) + 1)) or len(set(told.values())) != len(told):
        yield "the sequence has gaps, or two numbers for one notice"


def kafka_has_every_notice_once_and_in_order(after: Aftermath) -> Iterator[str]:
    """Who reads what was committed finds each notice once, those of one family in their order, and a sequence without gaps."""
    for name in after.remembered.told if after.remembered.kafka is not None else ():
        place = {str(notice.id): notice.position for notice in after.notices_for(name)}
        events = [one.said for one in _read(after, ESCALATIONS, name)]
        times = Counter(event["id"] for event in events)
        yield from (f"{name} was never told {id} over Kafka" for id in place.keys() - times.keys())
        yield from (f"{name} was told {id} over Kafka, which is not for it" for id in times.keys() - place.keys())
        yield from (f"{name} was told {id} over Kafka {count} times" for id, count in times.items() if count > 1)
        told = [(event["data"]["family"], place.get(event["id"], 0)) for event in events]
        yield from (f"{name} over Kafka: {words}" for words in _out_of_order(told))
        yield from (f"{name} over Kafka: {words}" for words in _gaps({int(event["sequence"]): event["id"] for event in events}))


def kafka_has_how_every_family_stands(after: Aftermath) -> Iterator[str]:
    """The last that Kafka has of each family is what the log makes of it."""
    if after.remembered.kafka is None:
        return
    with after.hub.stored.outbox.connect() as connection:
        stands = {one.family: one.view for one in families.changed(connection, 0, 1_000_000)}
        kept = rows(families.TABLES, connection)[families.FAMILIES.name]
    if kept != anew(families.PROJECTION, after.facts)[families.FAMILIES.name]:
        yield "how families stand, as it is kept for Kafka, differs from a rebuild"
    last = {one.key: one.value for one in _read(after, FAMILIES)}
    wrong, more = sum(last.get(family) != view for family, view in stands.items()), len(last.keys() - stands.keys())
    if wrong or more:
        yield f"of {len(stands)} families {wrong} stand otherwise on Kafka, and {more} are only there"


def every_delivery_came_to_its_end(after: Aftermath) -> Iterator[str]:
    """Nothing waits to be delivered, and nothing was given up."""
    with after.hub.stored.outbox.connect() as connection:
        states = Counter(connection.execute(select(DELIVERIES.c.state)).scalars())
    yield from (f"{count} deliveries are {state}" for state, count in states.items() if state != "delivered")


def the_live_feed_lost_and_doubled_nothing(after: Aftermath) -> Iterator[str]:
    """Over all its reconnections, at whichever server, a follower hears each notice that is for them once, in order."""
    heard = [(one.position, one.notice["id"]) for one in after.remembered.followed.heard]
    said = [(notice.position, str(notice.id)) for notice in after.notices if notice.type.startswith(HEARD[Capacity.COORDINATOR])]
    if heard != said:
        types = {notice.position: notice.type for notice in after.notices}
        missing, more = sorted(set(said) - set(heard)), len(heard) - len(set(heard))
        where = [(position, types[position]) for position, _ in missing[:5]]
        yield f"the live feed: {len(missing)} missing {where}, {more} doubled, of {len(said)}"


QUESTIONS: tuple[Question, ...] = (
    what_was_acknowledged_is_recorded_once,
    what_was_put_on_kafka_is_recorded_once,
    receipts_tell_what_the_log_has,
    nobody_was_answered_what_can_never_be_right,
    what_was_decided_is_recorded_once,
    positions_and_versions_have_no_gaps,
    messages_have_their_signals_and_signals_their_message,
    only_what_could_not_be_read_is_in_quarantine,
    what_was_posted_verifies_again,
    each_child_is_one_person_in_one_family,
    every_family_has_one_director,
    every_level_has_its_evidence_before_it,
    every_deadline_passes_once,
    read_models_are_what_a_rebuild_gives,
    nothing_stopped,
    every_receiver_was_told_all_and_in_order,
    kafka_has_every_notice_once_and_in_order,
    kafka_has_how_every_family_stands,
    every_delivery_came_to_its_end,
    the_live_feed_lost_and_doubled_nothing,
)


# Counted -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counts:
    """What there was to check, and what of it was wrong."""

    acknowledged: int
    recorded: int
    lost: int
    doubled: int
    notices: int
    delivered: int
    """Notices times receivers."""
    repeated: int
    """Deliveries of what was delivered before."""
    out_of_order: int
    missing: int
    over_kafka: int
    """Of those acknowledged: by Kafka."""
    told_over_kafka: int
    wrong: Sequence[str]


def counted(after: Aftermath) -> Counts:
    """All questions asked, and the counts for the report."""
    told = {name: whole(receiver) for name, receiver in after.remembered.told.items()}
    over_kafka = {event for putting in after.remembered.putting for event in putting.put}
    wrong = [words for question in QUESTIONS for words in question(after)]
    firsts = sum(len({event["id"] for event in events}) for events in told.values())
    return Counts(
        acknowledged=len({one.event for one in after.remembered.acknowledged} | over_kafka),
        recorded=len(after.recorded),
        lost=sum(words.startswith("lost") for words in wrong),
        doubled=sum(words.startswith("recorded ") for words in wrong),
        notices=len(after.notices),
        delivered=firsts,
        repeated=sum(map(len, told.values())) - firsts,
        out_of_order=sum(" came after " in words for words in wrong),
        missing=sum(" was never told " in words for words in wrong),
        over_kafka=len(over_kafka),
        told_over_kafka=sum(len(_read(after, ESCALATIONS, name)) for name in told),
        wrong=wrong,
    )
