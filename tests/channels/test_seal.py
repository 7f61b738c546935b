"""What a receiver can verify with the hub's public keys and nothing else: done here by hand, without the hub's own code."""

import json
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.core.formats.json import JSONFormat
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hub.adapters.cloudevents import envelopes
from hub.errors import Refused
from tests.channels.receiving import Sent, receiving
from tests.channels.telling import HUB_OIN, NOW, Telling, a_notice


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Telling]:
    telling = Telling(tmp_path)
    yield telling
    telling.close()


def told(hub: Telling) -> Sent:
    """One notice as its receiver gets it."""
    with receiving() as receiver:
        hub.register(receiver.url)
        hub.tell(a_notice())
        hub.deliver()
    return receiver.got[0]


def public_key(hub: Telling, kid: str) -> Ed25519PublicKey:
    jwk = next(jwk for jwk in hub.keys.public_jwks()["keys"] if jwk["kid"] == kid)
    assert (jwk["kty"], jwk["crv"], "d" in jwk) == ("OKP", "Ed25519", False)
    return Ed25519PublicKey.from_public_bytes(unpadded(jwk["x"]))


def unpadded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def jades(hub: Telling, sent: Sent) -> dict[str, object]:
    """The protected header of a signature that holds; raises where it does not."""
    (signature,) = sent.headers["payload-signature"]
    start, payload, end = signature.split(".")
    protected: dict[str, object] = json.loads(unpadded(start))
    sig_d = protected["sigD"]
    assert payload == ""
    assert isinstance(sig_d, dict)
    lines = "\n".join(f"{name}: {sent.headers[name][0]}" for name in sig_d["pars"])
    public_key(hub, str(protected["kid"])).verify(unpadded(end), f"{start}.{lines}".encode())
    assert b64decode(sent.headers["digest"][0].removeprefix("SHA-256=")) == sha256(sent.body).digest()
    return protected


def test_the_payload_signature_holds_with_the_public_key_of_the_hub(hub: Telling) -> None:
    protected = jades(hub, told(hub))
    assert protected["alg"] == "EdDSA"
    assert protected["b64"] is False
    assert protected["iat"] == int(NOW.timestamp())
    assert protected["sigD"] == {
        "mId": "http://uri.etsi.org/19182/HttpHeaders",
        "pars": ["digest", "content-type", "webhook-id"],
    }


def test_the_standard_webhooks_signature_holds_too(hub: Telling) -> None:
    sent = told(hub)
    (id,), (timestamp,), (signature,) = (sent.headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
    version, _, value = signature.partition(",")
    assert (version, id, timestamp) == ("v1a", str(hub.as_told(a_notice()).id), str(int(NOW.timestamp())))
    key = public_key(hub, str(jades(hub, sent)["kid"]))
    key.verify(b64decode(value, validate=True), f"{id}.{timestamp}.".encode() + sent.body)
    with pytest.raises(InvalidSignature):
        key.verify(b64decode(value), f"{id}.{timestamp}.".encode() + sent.body + b" ")


def test_after_a_rotation_the_new_key_signs_and_the_old_one_is_still_published(hub: Telling) -> None:
    before = told(hub)
    kid = hub.keys.rotate(NOW + timedelta(hours=1))
    with receiving() as receiver:
        hub.change("police", receiver.url)
        hub.tell(a_notice(2))
        hub.deliver(after=timedelta(hours=2))
    assert jades(hub, before)["kid"] != kid
    assert jades(hub, receiver.got[0])["kid"] == kid


def test_it_is_a_structured_event_posted_without_anything_about_people_around_it(hub: Telling) -> None:
    sent = told(hub)
    assert sent.path == "/told"
    assert sent.headers["content-type"] == ["application/cloudevents+json"]
    assert set(sent.headers) == {
        "host",
        "user-agent",
        "content-type",
        "content-length",
        "digest",
        "payload-signature",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "traceparent",
    }


def test_the_envelope_follows_the_national_profile(hub: Telling) -> None:
    event = told(hub).event
    assert event == {
        "specversion": "1.0",
        "id": str(hub.as_told(a_notice()).id),
        "source": f"urn:nld:oin:{HUB_OIN}:systeem:vig-hub",
        "type": "nl.vig.escalations.direction-raised.v1",
        "time": "2026-03-02T09:30:00Z",
        "datacontenttype": "application/json",
        "sequence": "000000000001",
        "data": hub.as_told(a_notice()).data,
    }
    assert "subject" not in event
    assert all(name.isalnum() and name.islower() and len(name) <= 20 for name in event)


def test_the_public_sdk_and_our_own_reader_read_it(hub: Telling) -> None:
    sent = told(hub)
    headers = {"content-type": sent.headers["content-type"][0]}
    read = from_http_event(HTTPMessage(headers=headers, body=sent.body), JSONFormat())
    assert (read.get_type(), read.get_data()) == (sent.event["type"], hub.as_told(a_notice()).data)
    (ours,) = envelopes(sent.headers, sent.body)
    assert not isinstance(ours, Refused)
    assert ours.id == str(hub.as_told(a_notice()).id)
