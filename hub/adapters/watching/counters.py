"""What happened in this process, counted: a registry of its own for each hub, so that several can be in one process."""

from collections import Counter as Tally
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, disable_created_metrics

from hub.domain.messages import Message
from hub.domain.questions import MatchQuestion
from hub.domain.trajectory import Trajectory
from hub.ports import Fact, Watch

MOST = 200
"""Combinations of labels of one metric; whatever comes after that is counted as `other`, so that nobody can make more."""
OTHER = "other"
MOMENTS: Sequence[float] = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
WHILES: Sequence[float] = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600, 86_400)
"""Seconds."""
PIECES: Sequence[float] = (1, 2, 4, 8, 16, 32, 64, 128, 256)

disable_created_metrics()  # type: ignore[no-untyped-call]


class Counted:
    """A metric with one child for every combination of its labels."""

    def __init__(self, metric: Counter | Histogram) -> None:
        self._metric = metric
        self._children: dict[tuple[str, ...], Any] = {}

    def of(self, *labels: str) -> Any:
        """The child for these labels, or that of `other` where there are too many."""
        return self._children.get(labels) or self._new(labels)

    def _new(self, labels: tuple[str, ...]) -> Any:
        if len(self._children) >= MOST:
            labels = tuple(OTHER for _ in labels)
        return self._children.setdefault(labels, self._metric.labels(*labels) if labels else self._metric)


class Counters:
    """Counts what a hub tells whoever watches."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._accepted = self._counter("messages_accepted", "messages recorded and durable", "kind", "outcome")
        self._repeated = self._counter("messages_repeated", "messages that came again", "way")
        self._refused = self._counter("messages_refused", "messages refused, by the code of the refusal", "way", "code")
        self._matched = self._counter("signals_matched", "signals that found their family, and by what", "by")
        self._asked = self._counter("questions_asked", "signals of which a person has to say whose they are")
        self._escalated = self._counter("escalations", "axes that rose, and to which level", "axis", "level")
        self._passed = self._counter("clocks_passed", "terms that were over too soon", "term")
        self._events = self._counter("events", "events recorded by this process", "topic")
        self._told = self._counter("deliveries", "attempts to tell somebody, and what came of them", "channel", "outcome")
        self._records = self._counter("kafka_records", "records of Kafka", "direction")
        self._answers = self._histogram("requests_seconds", "until an answer over HTTP began", MOMENTS, "what", "status")
        self._late = self._histogram("delivery_seconds", "from being queued until the receiver had it", WHILES, "channel")
        self._pieces = self._histogram("commit_pieces", "callers that shared one commit", PIECES).of()
        self._seconds = self._histogram("commit_seconds", "of a commit, until it was durable", MOMENTS).of()

    def _counter(self, name: str, words: str, *labels: str) -> Counted:
        return Counted(Counter(f"hub_{name}", words, labels, registry=self.registry))

    def _histogram(self, name: str, words: str, buckets: Sequence[float], *labels: str) -> Counted:
        return Counted(Histogram(f"hub_{name}", words, labels, buckets=buckets, registry=self.registry))

    @property
    def watch(self) -> Watch:
        """What the hub is given to tell."""
        return Watch(
            committed=self.committed,
            repeated=lambda way: self._repeated.of(way).inc(),
            refused=lambda way, code: self._refused.of(way, code).inc(),
            answered=lambda what, status, seconds: self._answers.of(what, f"{status // 100}xx").observe(seconds),
            attempted=lambda channel, outcome: self._told.of(channel, _kind_of(outcome)).inc(),
            delivered=lambda channel, seconds: self._late.of(channel).observe(seconds),
            records=lambda direction, many: self._records.of(direction).inc(many),
        )

    def committed(self, pieces: int, facts: Sequence[Fact], seconds: float) -> None:
        """A commit, and what was recorded with it; few enough steps that nobody waits for it."""
        self._pieces.observe(pieces)
        self._seconds.observe(seconds)
        events = [fact.event for fact in facts]
        for topic, many in Tally(event.TOPIC for event in events).items():
            self._events.of(topic).inc(many)
        for event in events:
            if count := _COUNTED.get(type(event)):
                count(self, event)

    def became(self, event: Message.Received | Message.ProcessedAgain) -> None:
        """The signals of a message, each by what its family was found by."""
        for went in event.signals:
            if went["family"]:
                self._matched.of(_first(went["matched"])).inc()

    def received(self, event: Message.Received) -> None:
        """A message that was accepted."""
        self._accepted.of(event.kind, event.outcome).inc()
        self.became(event)

    def asked(self, _: MatchQuestion.Asked) -> None:
        """A signal that waits for a person."""
        self._asked.of().inc()

    def answered(self, _: MatchQuestion.Answered) -> None:
        """A signal of which a person said whose it is."""
        self._matched.of("a-person").inc()

    def raised(self, event: Trajectory.LevelRaised) -> None:
        """An axis that rose."""
        self._escalated.of(event.axis, str(event.level_to)).inc()

    def passed(self, event: Trajectory.DeadlinePassed) -> None:
        """A term that was over."""
        self._passed.of(event.term).inc()


def _first(matched: Sequence[str]) -> str:
    """The surest of the reasons."""
    return matched[0] if matched else OTHER


def _kind_of(outcome: str) -> str:
    """A status of HTTP by its class, for there may be hundreds of others."""
    name, _, status = outcome.partition("-")
    return f"http-{status[:1]}xx" if name == "http" and status.isdigit() else outcome


_COUNTED: Mapping[type, Callable[[Counters, Any], None]] = {
    Message.Received: Counters.received,
    Message.ProcessedAgain: Counters.became,
    MatchQuestion.Asked: Counters.asked,
    MatchQuestion.Answered: Counters.answered,
    Trajectory.LevelRaised: Counters.raised,
    Trajectory.DeadlinePassed: Counters.passed,
}
