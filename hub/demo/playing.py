"""Playing the story: each step is done over HTTP, looked at as people and partners can, held against the story, and shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import singledispatchmethod
from hashlib import sha256
from time import perf_counter
from typing import Any

from hub.client import Problem, Receipt
from hub.demo.cast import FAMILY, MOTHER, OPERATOR, ORGANISATIONS
from hub.demo.checks import Checks
from hub.demo.desk import Surprise
from hub.demo.letters import written
from hub.demo.senders import Sent, new_keys
from hub.demo.show import Escalated, Show
from hub.demo.stage import Stage
from hub.demo.story import Acknowledge, Answer, Decide, Forge, Meet, Post, PostAgain, Raised, Step, Surround, Term, Voice
from hub.domain.messages import Message
from hub.domain.trajectory import Trajectory
from hub.projections import events_of

_MANY = 1_000
_OF_MESSAGES_AND_FAMILIES = {event.TOPIC for stream in (Message, Trajectory) for event in events_of(stream)}
Fact = Mapping[str, Any]
KINDS = {organisation.kind: organisation.name for organisation in ORGANISATIONS}


@dataclass
class Playing:
    """How far the story has come: the family, how much of its history was seen, and what was sent."""

    stage: Stage
    show: Show
    checks: Checks
    family: str = ""
    seen: int = 0
    posts: dict[str, tuple[Post, Sent]] = field(default_factory=dict)
    gave: dict[str, str] = field(default_factory=dict)
    raised: list[str] = field(default_factory=list)

    def take(self, step: Step) -> None:
        """Plays one step. Raises: Surprise, where the story cannot go on."""
        self.show.week_of(step.at)
        self._let_time_pass(step)
        self._play(step)

    # Time -------------------------------------------------------------------------------------------

    def _let_time_pass(self, step: Step) -> None:
        while (due := self.stage.next_due()) is not None and due <= step.at:
            self.stage.move_to(due)
            facts = self.facts()
            if not of(facts, "deadline-passed"):
                raise Surprise(f"a term is over on {due:%d %b %H:%M}, but no event says so")
            if isinstance(step, Term):
                self._show_passed(step, facts)
            else:
                self.checks.that(False, f"a term passes that the story does not know, on {due:%d %b %H:%M}")
        self.stage.move_to(step.at)

    def _show_passed(self, step: Term, facts: Sequence[Fact]) -> None:
        passed, raised = of(facts, "deadline-passed"), of(facts, "direction-raised")
        self.checks.same([fact["data"]["term"] for fact in passed], [step.term], "the term that passed")
        self.checks.same([fact["data"]["levelTo"] for fact in raised], [step.direction] * bool(step.direction), "direction")
        self.show.passed(passed[0], raised[0] if raised else None)
        self.gave["passed"] = step.term

    # Steps ------------------------------------------------------------------------------------------

    @singledispatchmethod
    def _play(self, step: Step) -> None:
        raise TypeError(step)

    @_play.register
    def _(self, step: Term) -> None:
        self.checks.same(self.gave.pop("passed", None), step.term, "a term that passes")

    @_play.register
    def _(self, step: Post) -> None:
        sender, reference = self.stage.senders[step.sender.name], step.fill["reference"]
        body = written(step.template, step.sender, step.at, step.fill)
        sent = sender.post(step.form, reference, body, step.at)
        self.posts[reference] = step, sent
        receipt = self._receipt(step, sent)
        if step.outcome == "recorded":
            self._follow(step, sent)
        elif step.outcome == "quarantined":
            self._quarantined(step, receipt)

    def _receipt(self, step: Post, sent: Sent) -> Receipt:
        if not isinstance(sent.answer, Receipt) or sent.answer.is_repeat:
            raise Surprise(f"{step.says}: {sent.answer}")
        receipt = sent.answer
        self.checks.same(receipt.digest, f"sha-256={sha256(sent.body).hexdigest()}", f"the digest in the receipt for {receipt.id}")
        self.checks.same(receipt.outcome, step.outcome, f"the outcome in the receipt for {receipt.id}")
        self.show.post(step, sent, receipt)
        return receipt

    def _quarantined(self, step: Post, receipt: Receipt) -> None:
        self.checks.same(tuple(reason["where"] for reason in receipt.reasons), step.reasons, "where it cannot be read")
        waiting = self.stage.desk.ask_until(lambda found: found["items"], "/quarantine", OPERATOR)
        self.checks.same([item["message"] for item in waiting["items"]], [receipt.message], "what waits in quarantine")
        self.show.reasons(receipt.reasons)

    def _follow(self, step: Post, sent: Sent) -> None:
        self.family = self.family or self._search()
        facts = self.facts()
        heard = of(facts, "signal-recorded")
        self.checks.same([tuple(fact["data"]["matched"]) for fact in heard], [step.matched], f"why {step.says} was matched")
        for fact in heard:
            self.show.matched(fact["data"]["matched"], self.family)
        self._rose(facts, step.raises, sent.posted)
        self._criteria(facts, step.meets_criteria)

    @_play.register
    def _(self, step: PostAgain) -> None:
        (post, first), before = self.posts[step.reference], self.stage.hub.log.last_position()
        again = self.stage.senders[post.sender.name].post(post.form, step.reference, first.body, step.at)
        if not isinstance(again.answer, Receipt) or not isinstance(first.answer, Receipt):
            raise Surprise(f"{step.reference} again: {again.answer}")
        self.checks.that(again.answer.is_repeat, "a repeat is answered as one")
        self.checks.same(again.answer.document, first.answer.document, "the receipt of a repeat")
        self.checks.same(self._recorded(before), [], "what is recorded of a repeat")
        self.show.repeat(step, post.sender, again.answer)

    @_play.register
    def _(self, step: Forge) -> None:
        sender, body = self.stage.senders[step.sender.name], written(step.template, step.sender, step.at, step.fill)
        (stranger,), before = new_keys(["nobody"]), self.stage.hub.log.last_position()
        refused = sender.forge(step.form, step.fill["reference"], body, step.at, stranger).answer
        if not isinstance(refused, Problem):
            raise Surprise(f"a forged report is accepted: {refused}")
        self.checks.same((refused.status, refused.code), (401, step.code), "a forged report is answered with")
        self.checks.same(self._recorded(before), [], "what is recorded of a forged report")
        self.show.forged(step, refused)

    @_play.register
    def _(self, step: Answer) -> None:
        asked = self.stage.desk.ask_until(lambda found: found["items"], "/match-questions", state="open")
        (question,) = asked["items"]
        self.checks.same(tuple(question["why"]), step.why, "why it had to be asked")
        self.checks.same(question["candidates"], [self.family], "the families that it may be about")
        begun = perf_counter()
        answer = {"family": self.family, "motivation": step.motivation}
        self.stage.desk.decide(f"/match-questions/{question['id']}/answers", answer, step.by)
        facts = self.facts()
        self.checks.same([fact["data"]["matched"] for fact in of(facts, "signal-recorded")], [["a-person"]], "why it was linked")
        self.show.answered(step, question, self.family)
        self._rose(facts, step.raises, begun)

    @_play.register
    def _(self, step: Acknowledge) -> None:
        opened = self.standing()["escalations"]
        for escalation in opened:
            self.stage.desk.decide(f"/families/{self.family}/escalations/{escalation['id']}/acknowledgements", None, step.by)
        facts = of(self.facts(), "escalation-acknowledged")
        self.checks.same(len(facts), step.count, "how many escalations were acknowledged")
        self.checks.same({fact["by"] for fact in facts}, {step.by.who}, "who acknowledged")
        self.show.acknowledged(step, opened)

    @_play.register
    def _(self, step: Decide) -> None:
        path = step.path.format_map(self.gave)
        given = self.stage.desk.decide(f"/families/{self.family}/{path}", step.body, step.by)
        self.gave |= {name: str(value) for name, value in given.items()}
        if step.fact == "handover-accepted":
            self.stage.desk.directs = step.by
        facts = self.facts()
        self.checks.same([fact["by"] for fact in of(facts, step.fact)], [step.by.who], f"who {step.says}")
        self.show.decided(step)

    @_play.register
    def _(self, step: Surround) -> None:
        at, ids = f"/families/{self.family}", self._members()
        for somebody in step.network:
            ids[somebody["name"]] = self.stage.desk.decide(f"{at}/network", somebody, step.by)["member"]
        for one, other, quality in step.ties:
            self.stage.desk.decide(f"{at}/ties", {"one": ids[one], "other": ids[other], "quality": quality}, step.by)
        drawn = self.stage.desk.ask(f"{at}/network", step.by)
        self.checks.same({one["name"] for one in drawn["network"]}, {one["name"] for one in step.network}, "who stands around it")
        self.checks.same(len(drawn["ties"]), len(step.ties), "how many ties were drawn")
        self.facts()
        self.show.surrounded(step)

    @_play.register
    def _(self, step: Voice) -> None:
        at, ids = f"/families/{self.family}", self._members()
        for goal, who, stance, own, plain in step.heard:
            said = {"person": ids[who], "stance": stance, "words": own}
            self.stage.desk.decide(f"{at}/goals/{goal}/voices", said, step.by)
            self.stage.desk.decide(f"{at}/goals/{goal}/tellings", {"person": ids[who], "words": plain}, step.by)
        voices = self.stage.desk.ask(f"{at}/voices", step.by)
        self.checks.same([one["words"] for one in voices["voices"]], [heard[3] for heard in step.heard], "what the family says")
        self.checks.same([one["words"] for one in voices["told"]], [heard[4] for heard in step.heard], "what each of it reads")
        self.facts()
        self.show.voiced(step)

    def _members(self) -> dict[str, str]:
        """The ids of the people of the family, by who they are in the story."""
        people = self.standing()["people"]
        return {who: one["id"] for who, member in FAMILY.items() for one in people if one["givenNames"] == member.given}

    @_play.register
    def _(self, step: Meet) -> None:
        running = [clock["clock"] for clock in self.standing()["clocks"] if clock["term"] == step.term]
        for clock in running:
            self.stage.desk.decide(f"/families/{self.family}/terms-met", {"clock": clock, "words": step.words}, step.by)
        met = of(self.facts(), "term-met")
        self.checks.same([fact["data"]["term"] for fact in met], [step.term] * step.count, f"which terms {step.by.title} met")
        self.show.met(step)

    # What came of it --------------------------------------------------------------------------------

    def _rose(self, facts: Sequence[Fact], expected: Sequence[Raised], since: float) -> None:
        raised = of(facts, "level-raised")
        found = [Raised(fact["data"]["axis"], fact["data"]["levelTo"], fact["data"]["rule"]) for fact in raised]
        self.checks.same(found, list(expected), "what rose")
        for fact in raised:
            self.show.escalated(self._escalated(fact, facts, since))

    def _escalated(self, fact: Fact, facts: Sequence[Fact], since: float) -> Escalated:
        said = fact["data"]
        self.raised.append(said["escalation"])
        told = [KINDS[kind] for kind in said["tell"] if kind in KINDS]
        heard = self.stage.listener.about(said["escalation"])
        words = f"{said['axis']} {said['levelTo']}"
        deliveries = self.stage.receiver.about(words, len(told))
        level = heard and (heard.notice["data"]["axis"], heard.notice["data"]["level"])
        self.checks.same(level, (said["axis"], said["levelTo"]), f"what the live feed says of {words}")
        self.checks.same(sorted(one.organisation for one in deliveries), sorted(told), f"who was told of {words}")
        self.checks.that(all(one.is_verified for one in deliveries), f"what was told of {words} is signed by the hub")
        return Escalated(
            fact=fact,
            signals=self._signals(said["signals"]),
            clocks=[one for one in of(facts, "clock-started") if one["data"]["about"] == said["escalation"]],
            feed=(heard.id, (heard.came - since) * 1000) if heard else (0, 0.0),
            told={one.organisation: (one.is_verified, (one.came - since) * 1000) for one in deliveries},
            absent=[kind for kind in said["tell"] if kind not in KINDS],
        )

    def _signals(self, ids: Sequence[str]) -> list[Fact]:
        heard = {fact["data"]["signal"]: fact for fact in of(self.history()["events"], "signal-recorded")}
        return [heard[id] for id in ids]

    def _criteria(self, facts: Sequence[Fact], is_expected: bool) -> None:
        met = of(facts, "referral-criteria-met")
        self.checks.same(len(met), int(is_expected), "whether the criteria for referral are met")
        for fact in met:
            results = fact["data"]["results"]
            self.checks.that(all(result["met"] and result["signals"] for result in results), "each criterion rests on signals")
            self.show.criteria([(result["criterion"], self._signals(result["signals"])) for result in results])

    # Asking -----------------------------------------------------------------------------------------

    def _search(self) -> str:
        wanted = {"familyName": MOTHER.name, "givenNames": MOTHER.given, "birthDate": MOTHER.born.isoformat()}
        (found,) = self.stage.desk.decide("/families/_search", wanted)["items"]
        return str(found["family"])

    def facts(self) -> list[Fact]:
        """What was recorded of the family since this was asked before."""
        if not self.family:
            return []
        new = [fact for fact in self.history()["events"] if fact["version"] > self.seen]
        self.seen = max((fact["version"] for fact in new), default=self.seen)
        return new

    def _recorded(self, after: int) -> list[str]:
        """What the log got since then of messages and families; what others are told meanwhile is no part of it."""
        topics = [stored.topic for _, stored in self.stage.hub.log.read(after, _MANY)]
        return [topic for topic in topics if topic in _OF_MESSAGES_AND_FAMILIES]

    def history(self, recorded_at: str = "") -> Any:
        """The facts of the family and how it stood, now or as it was recorded by then."""
        at = {"recordedAt": recorded_at} if recorded_at else {}
        return self.stage.desk.ask(f"/families/{self.family}/history", None, **at)

    def standing(self) -> Any:
        """How the family stands now, as people are shown it."""
        self.facts()
        return self.stage.desk.ask_until(lambda family: family["version"] >= self.seen, f"/families/{self.family}")


def of(facts: Sequence[Fact], kind: str) -> list[Fact]:
    """The facts of one kind."""
    return [fact for fact in facts if fact["event"] == kind]
