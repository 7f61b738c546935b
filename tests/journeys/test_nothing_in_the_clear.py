"""What the hub writes down of people stands nowhere in the clear: every byte of every file is searched, at every moment."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from hub import projections
from hub.adapters import people_index
from hub.domain.matching import By
from hub.domain.messages import Message
from hub.domain.people import Person
from hub.domain.questions import MatchQuestion
from hub.domain.tellings import Person as Acknowledging
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.direction import Director
from hub.domain.trajectory.network import Involved, Quality, Side
from hub.domain.trajectory.voice import Stance
from hub.domain.words import LifeArea, Phase, Role
from hub.errors import NotKnown, RuleBroken
from hub.ports import Asked, SetClock
from hub.settings import Settings
from hub.wiring import Hub, quarantined
from tests.domain.test_tellings import FIRST
from tests.given import NOON, a_goal, a_number
from tests.journeys.running import Sender, a_worry, the_partners
from tests.parts import databases
from tests.passing import leading, passed_on

NUMBER, OTHER_NUMBER = a_number(321), a_number(654)
FAMILY_NAME, GIVEN_NAMES, PREFIX = "Zwaluwenhorst", "Quintijntje", "von Uhlen"
BORN, OTHER_BORN = "2014-11-23", "1983-09-17"
POSTCODE, STREET, TOWN = "9473XQ", "Kwikstaartdreef", "Oud-Ulekooterveen"
BROTHER = "Diederickson"
WHO = [NUMBER, OTHER_NUMBER, FAMILY_NAME, GIVEN_NAMES, PREFIX, BORN, OTHER_BORN, POSTCODE, STREET, TOWN, BROTHER]
FREE = {
    "motivation": "omdat buurvrouw Pimpelmees belde",
    "specific": "iedere ochtend naar de Roodborstschool",
    "measurable": "vier weken zonder briefje van meester Goudhaan",
    "achievable": "tante Winterkoning loopt mee",
    "relevant": "sinds het ongeluk met Boomklever",
    "owner": "vader Zwartkopmees",
    "progress": "ging goed, zegt juf Tjiftjaf",
    "result": "gehaald volgens Grasmusje",
    "correction": "het was niet Nachtegaalstraat",
    "term": "besproken met dokter Roerdomp",
    "informed": "juf-Wielewaal",
    "quarantined": "Kramsvogelaar",
    "acknowledged": "mevrouw Vliegenvangerius",
    "desk": "chef van de Putterskamer",
    "own": "ik wil bij opa Bosuiltje wonen",
    "plain": "je loopt met tante Winterkoninkje naar school",
    "around": "oma Zilvermeeuwtje",
    "tie": "sinds de ruzie om Waterhoentje",
}
"""Words that people write, each with a name in it."""


def folded(word: str) -> Iterator[bytes]:
    """A word as it may stand in a file, in lower case."""
    text = word.lower()
    yield from (text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be"))
    for raw in {word.encode(), text.encode()}:
        yield raw.hex().encode()


def exact(word: str) -> Iterator[bytes]:
    """A word as it may stand in a file, where case counts."""
    if len(word.encode()) >= 8:  # shorter ones come up by chance
        for text in {word, word.lower()}:
            yield from base64s(text.encode())


def base64s(raw: bytes) -> Iterator[bytes]:
    """What shows of these bytes wherever they begin in a text that is written in base64."""
    for before in range(3):
        written = b64encode(bytes(before) + raw)
        yield written[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]


FOLDED = {form: word for word in (*WHO, *FREE.values()) for form in folded(word)}
EXACT = {form: word for word in (*WHO, *FREE.values()) for form in exact(word)}


def found_in(place: Path) -> set[tuple[str, str]]:
    """The files in which a word stands, in whatever form."""
    files = {file.name: file.read_bytes() for file in place.rglob("*") if file.is_file()}
    return {(name, word) for name, content in files.items() for word in words_in(content)}


@lru_cache(maxsize=64)
def words_in(content: bytes) -> frozenset[str]:
    """The words that stand in these bytes."""
    lower = content.lower()
    in_any_case = {word for form, word in FOLDED.items() if form in lower}
    return frozenset(in_any_case | {word for form, word in EXACT.items() if form in content})


@pytest.mark.parametrize("word", [NUMBER, POSTCODE, FAMILY_NAME, FREE["motivation"]])
def test_the_search_finds_a_word_in_every_form(tmp_path: Path, word: str) -> None:
    for form in {*folded(word), *exact(word), word.encode(), word.upper().encode(), word.encode("utf-16-be")}:
        (tmp_path / "file").write_bytes(b"\0before" + form + b"after")
        assert ("file", word) in found_in(tmp_path)
    if len(word.encode()) >= 8:
        for before in range(6):
            (tmp_path / "file").write_bytes(b64encode(b"x" * before + word.encode() + b"yz"))
            assert ("file", word) in found_in(tmp_path)


# A journey -------------------------------------------------------------------------------------------------


def a_child(**but: Any) -> dict[str, Any]:
    said = {
        "bsn": NUMBER,
        "familyName": FAMILY_NAME,
        "prefix": PREFIX,
        "givenNames": GIVEN_NAMES,
        "birthDate": BORN,
        "address": {"postcode": POSTCODE, "number": "17", "street": STREET, "town": TOWN},
        "role": "child",
    }
    return {name: value for name, value in (said | but).items() if value is not None}


def a_parent() -> dict[str, Any]:
    return a_child(bsn=OTHER_NUMBER, givenNames=BROTHER, birthDate=OTHER_BORN, role="parent")


class Journey:
    """A hub with one partner, what was told it, and a look at all its files whenever it stops."""

    def __init__(self, place: Path) -> None:
        self.place, self.clock, self.nth, self.is_searched = place, SetClock(NOON), 0, True
        self._begin()
        self.school: Sender = the_partners()["any-partner"]
        self.school.register(self.hub, NOON)

    def _begin(self) -> None:
        self.hub, self._leads = self.opened(), ExitStack()
        self._leads.enter_context(leading(self.hub))

    def opened(self) -> Hub:
        """The same hub in another process."""
        settings = Settings(data_dir=self.place, database_url=databases.url_of(self.place), mode="demo")
        return Hub.open(settings, self.clock)

    def search(self) -> None:
        """Nothing stands in the clear in anything that is kept now."""
        databases.write_out(self.place)
        assert found_in(self.place) == set()

    def stop(self) -> None:
        """Nothing stands in the clear: as it is, and after everything was passed on."""
        if not self.is_searched:
            return
        self.search()
        passed_on(self.hub)
        assert [one for one in (*self.hub.views.state(), *self.hub.outbox.state()) if one.stopped_because] == []
        self.search()

    def again(self) -> None:
        """The hub stops, and starts again."""
        self.close()
        self.search()
        self._begin()

    def close(self) -> None:
        """The hub stops."""
        self._leads.close()
        self.hub.close()

    def tell(self, *people: Mapping[str, Any], **but: Any) -> Any:
        """The partner tells something; gives the receipt."""
        self.nth += 1
        body = self.school.an_event(a_worry(*people, **but), self.clock.now(), id=f"m-{self.nth}")
        headers = {name.lower(): [text] for name, text in self.school.signed(body, self.clock.now()).items()}
        (answer,) = self.hub.intake.receive({**headers, "content-type": ["application/cloudevents+json"]}, body)
        return answer.result(60).value  # type: ignore[union-attr]

    def decide(self, family: UUID, verb: Callable[..., Any], by: str = "duty-desk") -> Any:
        return self.hub.casework.decide(family, verb, by)[0]

    def shown(self, path: str, key: object) -> Any:
        """What a read model shows now."""
        passed_on(self.hub)
        views = (view for each in projections.found().values() for view in each.views)
        (view,) = (view for view in views if view.path == path)
        with self.hub.stored.views.connect() as connection:
            return view.ask(connection, Asked(str(key)))

    def rebuild(self) -> None:
        """Every read model is built anew."""
        for name in projections.found():
            self.hub.views.rebuild(name)
        self.search()


@pytest.fixture
def journey(database: str, tmp_path: Path) -> Iterator[Journey]:
    made = Journey(tmp_path)
    yield made
    made.close()


def under_way(journey: Journey) -> UUID:
    """A family with a plan, about which everybody wrote something."""
    informed = {"how": "spoken", "when": "2026-02-27", "by": FREE["informed"]}
    receipt = journey.tell(a_child(), a_parent(), informed=informed)
    journey.stop()
    family = UUID(receipt.signals[0]["family"])
    why = FREE["motivation"]
    journey.decide(family, lambda it, rules, on: it.refer(why, rules, on))
    journey.decide(family, lambda it, _, on: it.decide_referral(Phase.ELIGIBLE, why, on))
    journey.decide(family, lambda it, rules, on: it.enter(Phase.START_TALK, why, rules, on))
    journey.stop()
    words = {name: FREE[name] for name in ("specific", "measurable", "achievable", "relevant", "owner")}
    goal = a_goal(area=LifeArea.WORK_AND_EDUCATION, start=date(2026, 3, 2), due=date(2026, 6, 1), **words)
    journey.decide(family, lambda it, rules, on: it.adopt_plan([goal], why, rules, on))
    journey.decide(family, lambda it, rules, on: it.record_progress("school", FREE["progress"], rules, on))
    journey.stop()
    journey.decide(family, lambda it, rules, on: it.result_goal("school", "partly", FREE["result"], rules, on))
    journey.decide(family, lambda it, _, on: it.note_correction(FREE["correction"], FREE["correction"], on))
    journey.decide(family, lambda it, _, on: it.inform_family("spoken", "2026-03-02", "", on))
    people = journey.hub.register.read(lambda unit: unit.get(Trajectory, family)).people.values()
    child = next(one.person for one in people if one.role is Role.CHILD)
    journey.decide(family, lambda it, _, on: it.hear_voice("school", child, Stance.WISH, FREE["own"], on))
    journey.decide(family, lambda it, _, on: it.tell_goal("school", child, FREE["plain"], on))
    around = Involved("", Side.INFORMAL, FREE["around"], FREE["around"], permitted_by=FREE["around"], permitted_on="2026-03-02")
    member = journey.decide(family, lambda it, _, on: it.involve(around, on))
    journey.decide(family, lambda it, _, on: it.draw_tie(child, member, Quality.STRAINED, FREE["tie"], on))
    coach = Director("coach", "vig", "coach@example.org")
    journey.decide(family, lambda it, _, on: it.assign_coach(coach, on))
    journey.decide(family, lambda it, rules, on: it.offer_handover(coach, why, rules, on))
    journey.decide(family, lambda it, rules, on: it.refuse_cooperation(why, rules, on))
    journey.stop()
    return family


def a_question(journey: Journey) -> UUID:
    """A signal about the child under another address: somebody has to tell whose it is."""
    receipt = journey.tell(a_child(bsn=None, address={"postcode": "1234AB", "number": "3", "street": STREET, "town": TOWN}))
    assert receipt.outcome == "match-question"
    journey.stop()
    return UUID(receipt.signals[0]["question"])


def told(journey: Journey) -> None:
    """A partner is told something, and two people there take notice of it."""
    notice = str(uuid4())
    journey.hub.tellings.record([replace(FIRST, notice=notice)])
    for name in ("acknowledged", "desk"):
        somebody = Acknowledging(FREE[name], FREE["desk"], journey.clock.now())
        journey.hub.tellings.acknowledge([FIRST.subscription], UUID(notice), somebody, "police")
    journey.stop()


def test_nothing_of_anybody_stands_in_the_clear_at_any_moment(journey: Journey) -> None:
    journey.stop()
    family = under_way(journey)
    question = a_question(journey)
    assert journey.tell(a_child(nickname=FREE["quarantined"])).outcome == "quarantined"
    journey.stop()
    assert len(quarantined(journey.hub)) == 1
    journey.hub.casework.answer(question, family, FREE["motivation"], "somebody")
    journey.stop()
    journey.hub.casework.take_back(question, FREE["motivation"], "somebody")
    new = journey.hub.casework.answer(question, None, FREE["motivation"], "somebody")
    journey.hub.casework.merge(family, new, FREE["motivation"], "somebody")
    told(journey)
    journey.clock.set(NOON + timedelta(days=40))
    journey.hub.pass_deadlines()
    journey.stop()
    journey.again()
    journey.rebuild()
    # and all of it is there for who may see it
    shown = str(journey.shown("families/{id}", family))
    assert all(word in shown for word in (FAMILY_NAME, GIVEN_NAMES, BROTHER, BORN, STREET, FREE["specific"], FREE["result"]))
    facts = str(journey.hub.history(family, None, None))
    assert all(FREE[word] in facts for word in ("motivation", "correction", "progress", "owner", "own", "plain", "around", "tie"))
    assert all(FREE[word] in str(journey.shown("tellings", "")) for word in ("acknowledged", "desk"))
    journey.again()


@pytest.mark.parametrize("database", [databases.SQLITE], indirect=True)
def test_what_was_deleted_stands_nowhere_either(journey: Journey) -> None:
    under_way(journey)
    journey.hub.settle()
    assert found_in(journey.place) == set()
    assert all(not file.stat().st_size for file in journey.place.glob("*.db-wal") if file.name.split(".")[0] in ("hub", "views"))


# Erasing ---------------------------------------------------------------------------------------------------


@contextmanager
def at_the_child(journey: Journey) -> Iterator[tuple[UUID, UUID, UUID, UUID]]:
    """A family under way with a question about its child: family, child, parent, question."""
    journey.is_searched = False
    family = under_way(journey)
    question = a_question(journey)
    journey.is_searched = True
    people = {person["givenNames"]: UUID(person["id"]) for person in journey.shown("families/{id}", family)["people"]}
    yield family, people[GIVEN_NAMES], people[BROTHER], question
    journey.stop()


def person_of(journey: Journey, id: UUID) -> dict[str, str]:
    return journey.hub.register.read(lambda unit: vars(unit.get(Person, id)))


def test_of_an_erased_person_nothing_is_left_to_show(journey: Journey) -> None:
    with at_the_child(journey) as (family, child, parent, _):
        positions = journey.hub.log.last_position()
        reached = journey.hub.erase(child, "avg-17-1-b", "officer")
        assert len(reached.messages) == 1
        assert journey.hub.log.last_position() == positions + 1
        for restart in (lambda: None, journey.again, journey.rebuild):
            restart()
            shown = journey.shown("families/{id}", family)
            one = next(person for person in shown["people"] if person["id"] == str(child))
            other = next(person for person in shown["people"] if person["id"] == str(parent))
            assert (one["givenNames"], one["familyName"], one["prefix"], one["born"], one["role"]) == ("", "", "", "", "child")
            assert (other["givenNames"], other["born"]) == (BROTHER, OTHER_BORN)
            assert not any(word in str(shown) for word in (GIVEN_NAMES, BORN))
            assert shown["plan"]["goals"][0]["specific"] == FREE["specific"]
            facts = str(journey.hub.history(family, None, None))
            assert not any(word in facts for word in (GIVEN_NAMES, NUMBER, BORN, FREE["own"], FREE["plain"], Stance.WISH))
        erased = person_of(journey, child)
        assert (erased["keys"], erased["given_names"], erased["is_erased"]) == (set(), "", True)


def test_what_was_received_of_an_erased_person_is_unreadable(journey: Journey) -> None:
    with at_the_child(journey) as (_, child, _, _):
        reached = journey.hub.erase(child, "avg-17-1-b", "officer")
        journey.hub.vault.look()
        for id in reached.messages:
            kept = journey.hub.register.read(lambda unit, id=id: unit.get(Message, id)).received.kept
            with journey.hub.stored.log.connect() as connection, pytest.raises(NotKnown) as gone:
                journey.hub.received.fetch(connection, kept)
            assert gone.value.code == "erased"


def test_a_question_that_may_name_an_erased_person_is_for_somebody_to_look_at(journey: Journey) -> None:
    with at_the_child(journey) as (_, child, _, question):
        assert journey.hub.erase(child, "avg-17-1-b", "officer").likely == {question}


def test_a_question_that_names_an_erased_person_goes_with_them(journey: Journey) -> None:
    first = journey.tell(a_child())
    journey.tell(
        a_child(bsn=OTHER_NUMBER, givenNames="Theodorus", birthDate="2013-01-01", address={"postcode": "1234AB", "number": "9"})
    )
    # the one has the number, the other stands beside somebody of another family
    asked = journey.tell(a_child(), a_child(bsn=OTHER_NUMBER, givenNames="Theodorus", birthDate="2013-01-01"))
    assert asked.outcome == "match-question"
    question, family = UUID(asked.signals[0]["question"]), UUID(first.signals[0]["family"])
    (person,) = (UUID(one["id"]) for one in journey.shown("families/{id}", family)["people"])
    reached = journey.hub.erase(person, "avg-17-1-b", "officer")
    assert (reached.questions, len(reached.messages)) == ({question}, 2)
    for restart in (lambda: None, journey.again, journey.rebuild):
        restart()
        shown = journey.shown("match-questions/{id}", question)
        assert (shown["state"], shown["concern"], shown["people"]) == ("erased", "", 0)
        with pytest.raises(RuleBroken) as refused:
            journey.hub.casework.answer(question, family, "it is them", "somebody")
        assert refused.value.code == "erased"
        left = journey.hub.register.read(lambda unit: unit.get(MatchQuestion, question))
        assert GIVEN_NAMES not in str(vars(left.asked))
    journey.stop()


def test_who_was_erased_is_not_found_again_and_is_somebody_new_when_named_again(journey: Journey) -> None:
    with at_the_child(journey) as (family, child, parent, _):
        journey.hub.erase(child, "avg-17-1-b", "officer")
        for _ in range(2):
            with journey.hub.stored.log.connect() as connection:
                for table in (people_index.KEYS, people_index.NUMBERS, people_index.MEMBERS):
                    assert str(child) not in set(connection.execute(select(table.c.person)).scalars())
                number = {By.BSN: journey.hub.keys.blind(f"BSN|{NUMBER}")}
                assert people_index.find([number], connection) == [[]]
            journey.again()
        receipt = journey.tell(a_child(address={"postcode": "1234AB", "number": "8"}))
        assert receipt.outcome == "recorded"
        new = UUID(receipt.signals[0]["family"])
        (one,) = journey.shown("families/{id}", new)["people"]
        assert (new == family, one["id"] == str(child), one["givenNames"]) == (False, False, GIVEN_NAMES)
        # with those who are known it goes to their family, as somebody new
        beside = journey.tell(a_parent(), a_child(bsn=None, birthDate="2014-11-24"))
        assert beside.signals[0]["family"] == str(family)
        assert str(parent) in str(journey.shown("families/{id}", family)["people"])


def test_erasing_once_more_reaches_what_came_since_and_needs_a_ground(journey: Journey) -> None:
    with at_the_child(journey) as (family, child, _, question):
        with pytest.raises(RuleBroken):
            journey.hub.erase(child, "  ", "officer")
        with pytest.raises(NotKnown):
            journey.hub.erase(family, "avg-17-1-b", "officer")
        journey.hub.erase(child, "avg-17-1-b", "officer")
        assert journey.hub.erase(child, "avg-17-1-b", "officer").questions == frozenset()
        assert question


def test_another_process_forgets_an_erased_person_too(journey: Journey) -> None:
    with at_the_child(journey) as (family, child, _, _):
        other = journey.opened()
        noted = other.casework.decide(
            family, lambda it, _, on: it.note_correction("a", "b", on) or it.people[str(child)], "somebody"
        )
        assert noted[0].born.text == BORN
        journey.hub.erase(child, "avg-17-1-b", "officer")
        noted = other.casework.decide(
            family, lambda it, _, on: it.note_correction("a", "c", on) or it.people[str(child)], "somebody"
        )
        assert noted[0].born.text == ""
        other.vault.look()
        assert not other.register.read(lambda unit: unit.get(Person, child)).keys
        other.close()


def test_a_family_with_an_erased_child_goes_on(journey: Journey) -> None:
    with at_the_child(journey) as (family, child, _, _):
        journey.hub.erase(child, "avg-17-1-b", "officer")
        for restart in (lambda: None, journey.again):
            restart()
            journey.decide(family, lambda it, rules, on: it.record_progress("school", FREE["progress"], rules, on))
            receipt = journey.tell(a_parent(), concern="payment-arrears")
            assert receipt.signals[0]["family"] == str(family)
        new = journey.hub.casework.split(family, [str(child)], FREE["motivation"], "somebody")
        journey.hub.casework.merge(family, new, FREE["motivation"], "somebody")
        replayed = journey.hub.register.read(lambda unit: unit.get(Trajectory, family))
        assert replayed.people[str(child)].born.text == ""
