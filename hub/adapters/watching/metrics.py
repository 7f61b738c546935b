"""Counters and gauges in the words of Prometheus."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from hub.adapters.watching.counters import MOST
from hub.adapters.watching.standing import Standing

MEDIA = CONTENT_TYPE_PLAIN_0_0_4
Rows = Iterable[tuple[tuple[str, ...], float]]


def written(counters: CollectorRegistry, standing: Standing) -> bytes:
    """The text that is answered to whoever collects metrics."""
    gauges = CollectorRegistry()
    gauges.register(_Gauges(standing))
    return generate_latest(counters) + generate_latest(gauges)


class _Gauges:
    """How a hub stands, as a collector."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    def collect(self) -> Iterator[Metric]:
        now = self._standing
        parts = (_of_process, _of_stores, _of_followers, _of_ways_out, _of_evidence)
        for name, words, labels, rows in chain.from_iterable(part(now) for part in parts):
            gauge = GaugeMetricFamily(f"hub_{name}", words, labels=labels)
            for values, value in list(rows)[:MOST]:
                gauge.add_metric(values, value)
            yield gauge


Said = tuple[str, str, tuple[str, ...], Rows]


def _of_process(now: Standing) -> Iterator[Said]:
    yield "info", "this process", ("version", "process", "database"), [((now.version, now.process, now.database), 1)]
    yield "ready", "whether this process can do its work", (), [((), now.is_ready)]
    yield "missing", "what it lacks", ("what",), [((one.code,), 1) for one in now.missing]
    yield "kafka_up", "whether Kafka answers", (), _one(None if now.kafka is None else float(now.kafka))
    yield "feed_followers", "who follows the live feed here", (), [((), now.listeners)]


def _of_stores(now: Standing) -> Iterator[Said]:
    yield "store_up", "whether a store answers", ("store",), [((store,), is_up) for store, is_up in now.stores.items()]
    yield "log_position", "the position of the last event", (), _one(now.position)
    yield "questions_open", "match questions that wait for a person", (), _one(now.questions)
    yield "quarantine_open", "messages that could not be read and wait", (), _one(now.quarantine)
    yield "person_requests_late", "requests of people about their own data without an answer in time", (), _one(now.late_requests)
    yield "kept_too_long", "what the register of retention let end over a week ago, and did not", (), _one(now.kept_too_long)
    open = [((str(level),), count) for level, count in sorted(now.escalations.items())]
    yield "escalations_open", "of which nobody has taken notice yet", ("level",), open


def _of_followers(now: Standing) -> Iterator[Said]:
    of: Mapping[str, tuple[str, Callable[..., float]]] = {
        "position": ("how far it came", lambda one: one.position),
        "lag_events": ("what it still has to take", lambda one: one.lag),
        "lag_seconds": ("how long ago the first of those was recorded", lambda one: one.waits),
        "leads": ("whether this process does its work", lambda one: one.lead.is_here),
    }
    for name, (words, value) in of.items():
        yield f"follower_{name}", words, ("follower",), [((one.name,), value(one)) for one in now.followers]
    works = [((work,), lead.is_here) for work, lead in now.works.items()]
    yield "work_leads", "whether this process does what one does for all", ("work",), works
    stopped = [((one.name, one.because), 1.0) for one in now.followers if one.because]
    yield "follower_stopped", "it fails at its position, and why", ("follower", "because"), stopped


def _of_ways_out(now: Standing) -> Iterator[Said]:
    ways = now.ways.items()
    open = [((name, state), float(getattr(way, state))) for name, way in ways for state in ("waiting", "dead")]
    yield "deliveries_open", "what waits to be told, or for a person", ("channel", "state"), open
    oldest = [((name,), way.oldest) for name, way in ways]
    yield "deliveries_oldest_seconds", "how long the oldest that waits has waited", ("channel",), oldest


def _of_evidence(now: Standing) -> Iterator[Said]:
    of: Mapping[str, tuple[str, Callable[..., float | None]]] = {
        "leaves": ("how many a tree has", lambda one: one.size),
        "unsigned": ("what was recorded since its last checkpoint", lambda one: one.unsigned),
        "checkpoint_age_seconds": ("how long ago that was signed", lambda one: one.age),
        "witnesses": ("how many signed that beside the hub", lambda one: one.witnesses),
    }
    for name, (words, value) in of.items():
        told = [((tree,), value(one)) for tree, one in now.evidence.items()]
        yield f"evidence_{name}", words, ("tree",), [(labels, said) for labels, said in told if said is not None]


def _one(value: float | None) -> Rows:
    return [] if value is None else [((), value)]
