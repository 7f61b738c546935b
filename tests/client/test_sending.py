"""A partner's system sends with `hub.client` to a hub behind a real socket, and comes to know what became of it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hub.client import (
    ONCE,
    Hub,
    IdReused,
    InTrouble,
    Message,
    NoAnswer,
    NotAllowed,
    NotBelieved,
    NoToken,
    NotThere,
    Problem,
    Receipt,
    Retries,
    Sender,
    TooMany,
    Wrong,
)
from hub.errors import TooLarge
from hub.registry import Terms
from tests.adapters.registered import jwk
from tests.channels.receiving import Receiver, receiving, status
from tests.journeys.running import ANY_TYPE, Served, a_child, a_worry, serving
from tests.parts.servers import a_free_port

PROBLEM = {"type": "urn:vig-hub:problem:x", "title": "T", "status": 0, "detail": "D.", "code": "unavailable"}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as served:
        yield served


def url_of(served: Served) -> str:
    return str(served.client.base_url).rstrip("/")


def the_sender(served: Served, name: str = "any-partner", kid: str = "") -> Sender:
    known = served.partners[name]
    return replace(known.system, key=jwk("PS256", kid)) if kid else known.system


def the_hub(served: Served, sender: Sender | None = None, **but: Any) -> Hub:
    """The hub in the hands of an organisation, under the clock of the test; nobody sleeps."""
    return Hub(url_of(served), sender or the_sender(served), **{"retries": ONCE, "now": served.clock.now} | but)


def a_system() -> Sender:
    """Somebody whom no hub knows."""
    return Sender("somebody", "00000099000000020001", jwk("PS256", "somebody-1"))


A_MESSAGE = Message(ANY_TYPE, b"{}")


def a_message(served: Served, nth: int = 1, **but: Any) -> Message:
    body = json.dumps(a_worry(a_child(nth), reference=f"r-{nth}")).encode()
    return replace(Message(ANY_TYPE, body, id=f"m-{nth}", time=served.clock.now()), **but)


# Sending -----------------------------------------------------------------------------------------


def test_a_message_is_recorded_and_its_receipt_is_the_hubs(served: Served) -> None:
    with the_hub(served) as hub:
        receipt = hub.send(a_message(served))
    assert (receipt.outcome, receipt.id, receipt.is_repeat, receipt.recorded_at) == ("recorded", "m-1", False, served.clock.now())
    assert [signal["outcome"] for signal in receipt.signals] == ["recorded"]


def test_the_same_message_again_changes_nothing_and_gets_the_same_receipt(served: Served) -> None:
    with the_hub(served) as hub:
        first, before = hub.send(a_message(served)), served.hub.log.last_position()
        served.clock.set(served.clock.now() + timedelta(minutes=10))
        again = hub.send(a_message(served, time=served.clock.now()))
    assert (again.is_repeat, again.document) == (True, first.document)
    assert served.hub.log.last_position() == before


def test_a_message_has_one_id_for_as_long_as_it_is() -> None:
    message, other = Message(ANY_TYPE, b"{}"), Message(ANY_TYPE, b"{}")
    assert message.id == message.id != other.id


def test_what_cannot_be_read_is_kept_and_every_reason_told(served: Served) -> None:
    with the_hub(served) as hub:
        receipt = hub.send(a_message(served, body=b'{"reference": "r-1"}'))
    assert receipt.is_quarantined
    assert {"where", "what"} <= receipt.reasons[0].keys()


def test_a_batch_gives_a_receipt_or_a_problem_for_each_in_their_order(served: Served) -> None:
    messages = [a_message(served, 1), a_message(served, 2, type="nl.vig.nobody.nothing.v1"), a_message(served, 3)]
    with the_hub(served) as hub:
        first, second, third = hub.send_many([*messages])
        again = hub.send_many([messages[0]])[0]
    assert isinstance(first, Receipt) and isinstance(third, Receipt) and isinstance(again, Receipt)
    assert (first.id, third.id, again.is_repeat, again.document) == ("m-1", "m-3", True, first.document)
    assert isinstance(second, Wrong) and second.code == "unknown-type"
    assert second.what_to_do.startswith("You are not registered for this type")


def test_a_message_in_xml_goes_alone_and_in_a_batch(served: Served) -> None:
    police = the_sender(served, "police")
    example = next(Path("contracts/partners/police/vt-melding/examples").glob("01-*.given.xml")).read_bytes()
    report = Message("nl.vig.meldingen.vt-melding.v1", example, "application/xml", time=served.clock.now())
    with the_hub(served, police) as hub:
        alone, (together,) = hub.send(report), hub.send_many([replace(report, id="other")])
    assert isinstance(together, Receipt)
    assert alone.outcome == together.outcome == "recorded"


def test_what_is_too_large_for_an_event_is_not_sent(served: Served) -> None:
    with the_hub(served) as hub:
        with pytest.raises(TooLarge):
            hub.send_many([a_message(served, body=b'"' + b"x" * 70_000 + b'"')])
        with pytest.raises(Wrong) as refused:
            hub.send(a_message(served, body=b'"' + b"x" * 70_000 + b'"'))
    assert (refused.value.status, refused.value.code) == (413, "too-large")


# No ----------------------------------------------------------------------------------------------


def test_each_no_is_an_error_with_its_code_what_is_wrong_and_what_to_do(served: Served) -> None:
    stranger = the_sender(served, kid="nobody")
    other_oin = replace(the_sender(served), oin=served.partners["police"].oin)
    with the_hub(served, stranger) as hub, pytest.raises(NotBelieved) as unknown:
        hub.send(a_message(served))
    with the_hub(served, other_oin) as hub, pytest.raises(NotBelieved) as another:
        hub.send(a_message(served))
    with the_hub(served) as hub:
        hub.send(a_message(served))
        with pytest.raises(IdReused) as reused:
            hub.send(a_message(served, 2, id="m-1"))
        with pytest.raises(Wrong) as malformed:
            hub.send(a_message(served, type="nonsense", id=" "))
    assert (unknown.value.code, another.value.code, reused.value.code) == ("signature-wrong", "sender-is-not-signer", "id-reused")
    assert {violation.where for violation in malformed.value.violations} == {"id", "type"}
    for refused in (unknown, another, reused, malformed):
        assert refused.value.detail and refused.value.title and refused.value.what_to_do
        assert refused.value.document["status"] == refused.value.status
        # what stands under a traceback
        assert refused.value.__notes__[-1].endswith(refused.value.what_to_do)


def test_a_signature_of_another_hour_is_refused_with_a_word_about_clocks(served: Served) -> None:
    with the_hub(served, now=lambda: served.clock.now() - timedelta(hours=1)) as hub, pytest.raises(NotBelieved) as refused:
        hub.send(a_message(served))
    assert refused.value.code == "signature-too-old"
    assert "clock" in refused.value.what_to_do


def test_without_a_ground_nothing_is_shared(served: Served) -> None:
    served.hub.registry.change("any-partner", Terms(covenant_until=served.clock.now()), "operator")
    with the_hub(served) as hub, pytest.raises(NotAllowed) as refused:
        hub.send(a_message(served))
    assert refused.value.code == "covenant-expired"
    assert refused.value.violations


# Tokens and status -------------------------------------------------------------------------------


def test_an_organisation_that_has_to_show_a_token_does(served: Served) -> None:
    served.hub.registry.change("any-partner", Terms(requires_token=True, requires_dpop=True), "operator")
    with the_hub(served) as hub, pytest.raises(NotBelieved) as refused:
        hub.send(a_message(served))
    assert refused.value.code == "token-missing"
    with the_hub(served, shows_token=True) as hub:
        assert hub.send(a_message(served)).outcome == "recorded"
        assert hub.send(a_message(served)).is_repeat
        with pytest.raises(NoToken) as unbound:
            hub.token(is_bound=False)
    assert unbound.value.code == "invalid_dpop_proof" and unbound.value.what_to_do


def test_a_token_is_kept_until_shortly_before_its_end(served: Served) -> None:
    with the_hub(served) as hub:
        first = hub.token("signals:read")
        assert hub.token("signals:read") is first
        assert hub.token("signals:write").text != first.text
        served.clock.set(first.until - timedelta(seconds=59))
        assert hub.token("signals:read").text != first.text
        with pytest.raises(NoToken) as refused:
            hub.token("families:read")
    assert refused.value.code == "invalid_scope"


def test_what_became_of_a_message_is_told_to_who_sent_it(served: Served) -> None:
    with the_hub(served) as hub, the_hub(served, the_sender(served, "police")) as police:
        receipt = hub.send(a_message(served))
        status = hub.status(receipt.message)
        with pytest.raises(NotThere):
            police.status(receipt.message)
    assert (status.receipt.document["receipt"], status.outcome) == (receipt.document["receipt"], "recorded")
    assert status.signals == list(receipt.signals)


def test_a_receipt_that_was_kept_is_verified_again(served: Served) -> None:
    with the_hub(served) as hub:
        message = a_message(served)
        kept = json.loads(json.dumps(hub.send(message).document))
        assert hub.verifier.receipt(kept, message.body).id == "m-1"


# Again -------------------------------------------------------------------------------------------


class Losing(httpx2.HTTPTransport):
    """A line on which the first answers get lost after the hub gave them."""

    lost = 0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = super().handle_request(request)
        if request.method == "POST" and self.lost:
            self.lost -= 1
            answer.read()
            answer.close()
            raise httpx2.ReadError("the line broke")
        return answer


def test_where_the_answer_was_lost_the_same_message_goes_again_and_is_recorded_once(served: Served) -> None:
    waits: list[float] = []
    line = Losing()
    line.lost = 2
    hub = the_hub(served, http=httpx2.Client(transport=line), retries=Retries(first=0.5), sleep=waits.append)
    with hub:
        receipt = hub.send(a_message(served))
        line.lost = 4
        with pytest.raises(NoAnswer):
            hub.send(a_message(served, 2))
        line.lost = 0
        assert hub.send(a_message(served, 2)).is_repeat
    assert (receipt.is_repeat, waits) == (True, [0.5, 1.0, 0.5, 1.0, 2.0])


def a_problem(of: int, **but: Any) -> Any:
    headers = {"Content_Type": "application/problem+json", **but.pop("headers", {})}
    return status(of, json.dumps({**PROBLEM, "status": of, **but}).encode(), **headers)


def test_who_is_asked_to_come_later_comes_later_signed_anew() -> None:
    waits: list[float] = []
    busy = [a_problem(503, headers={"Retry_After": "2"}), a_problem(429, code="too-many", headers={"Retry_After": "7"})]
    with receiving(Receiver([*busy, a_problem(401, code="key-expired")])) as there:
        hub = Hub(there.url, a_system(), sleep=waits.append)
        with hub, pytest.raises(NotBelieved):
            hub.send(A_MESSAGE)
    assert waits == [2.0, 7.0]
    assert len({sent.headers["payload-signature"][0] for sent in there.got}) == 3
    assert len({(sent.headers["ce-id"][0], sent.body) for sent in there.got}) == 1


@pytest.mark.parametrize("code", [400, 401, 403, 409, 413, 415])
def test_what_would_be_refused_again_is_not_sent_again(code: int) -> None:
    answer = a_problem(code, code="x")
    with receiving(Receiver([answer])) as there, Hub(there.url, a_system()) as hub, pytest.raises(Problem) as refused:
        hub.send(A_MESSAGE)
    assert (refused.value.status, len(there.got)) == (code, 1)
    assert refused.value.what_to_do


def test_nobody_waits_longer_than_agreed() -> None:
    answer = a_problem(429, code="too-many", headers={"Retry_After": "3600"})
    with receiving(Receiver([answer])) as there, Hub(there.url, a_system()) as hub, pytest.raises(TooMany) as refused:
        hub.send(A_MESSAGE)
    assert (refused.value.wait, len(there.got)) == (3600.0, 1)


def test_a_hub_in_trouble_is_told_after_the_last_attempt() -> None:
    patient = {"sleep": lambda _: None}
    with receiving(Receiver([a_problem(503)])) as there, Hub(there.url, a_system(), **patient) as hub, pytest.raises(InTrouble):
        hub.send(A_MESSAGE)
    assert len(there.got) == Retries().attempts


def test_what_is_no_hub_is_said_to_be_none() -> None:
    page = Receiver([status(200, b"hello"), status(404, b"<html>")])
    with receiving(page) as there, Hub(there.url, a_system()) as hub:
        for _ in range(2):
            with pytest.raises(NoAnswer) as refused:
                hub.send(A_MESSAGE)
            assert refused.value.code == "not-a-hub"
    with Hub(f"http://127.0.0.1:{a_free_port()}", a_system(), retries=ONCE) as hub:
        with pytest.raises(NoAnswer) as silence:
            hub.send(A_MESSAGE)
        with pytest.raises(NoAnswer):
            hub.token()
    assert silence.value.code == "no-answer"


def test_a_redirect_is_not_followed() -> None:
    with receiving() as elsewhere:
        away = Receiver([status(307, Location=elsewhere.url)])
        with receiving(away) as there, Hub(there.url, a_system()) as hub, pytest.raises(NoAnswer):
            hub.send(A_MESSAGE)
    assert elsewhere.got == []


# Keys --------------------------------------------------------------------------------------------


def test_the_file_of_a_key_is_read_and_its_key_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "x.key.json"
    file.write_text(json.dumps({"name": "x", "kind": "police", "oin": "00000099000000010001", "key": jwk("ES256", "k-1")}))
    sender = Sender.read(file, "dossier")
    assert (sender.name, sender.kid, sender.source) == ("x", "k-1", "urn:nld:oin:00000099000000010001:systeem:dossier")
    assert str(jwk("ES256", "k-1")["d"]) not in repr(sender)
    no_key = json.dumps({"name": "x", "oin": "1", "key": {"kid": "k"}})
    for wrong in ("[]", "{}", "no json", no_key):
        file.write_text(wrong)
        with pytest.raises(ValueError, match=r"key.json|Expecting|private key"):
            Sender.read(file)


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
def test_each_kind_of_key_signs(served: Served, algorithm: str) -> None:
    oin = "00000099000000020001"
    served.hub.registry.add("other", "any-partner", oin, "operator", [algorithm])
    served.hub.registry.add_key("other", {**_public(algorithm)}, "operator", served.clock.now() - timedelta(days=1))
    with the_hub(served, Sender("other", oin, jwk(algorithm, "other-1"))) as hub:
        assert hub.send(a_message(served)).outcome == "recorded"


def _public(algorithm: str) -> dict[str, Any]:
    return {name: value for name, value in jwk(algorithm, "other-1").items() if name != "d"}
