"""Who believes the hub believes what it signed, as it signed it, just now, and nothing else."""

import hmac
import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from hub.adapters import jws
from hub.adapters.hub_keys import HubKeys
from hub.adapters.jades import sign
from hub.adapters.notice_seal import sealed
from hub.client import NotByTheHub, Verifier
from hub.errors import Unavailable
from tests.client.keys import serving_keys
from tests.given import some_hub_keys

NOW = datetime(2026, 11, 3, 10, tzinfo=UTC)
EVENT = {"id": "n-1", "type": "nl.vig.escalations.level-raised.v1", "time": "2026-11-03T09:59:00Z", "data": {"axis": "safety"}}
BODY = json.dumps(EVENT).encode()


@dataclass(frozen=True)
class There:
    """A hub that signs and publishes its keys, and somebody who listens."""

    keys: HubKeys
    url: str
    verifier: Verifier

    def delivery(self, body: bytes = BODY, at: datetime = NOW) -> dict[str, str]:
        return sealed("n-1", body, self.keys.at(at), at)

    def refusal(self, headers: dict[str, str], body: bytes = BODY) -> str:
        with pytest.raises(NotByTheHub) as refused:
            self.verifier.notice(headers, body)
        return refused.value.code


@pytest.fixture
def there(tmp_path: Path) -> Iterator[There]:
    keys = some_hub_keys(tmp_path / "keys.json", NOW - timedelta(days=1))
    with serving_keys(keys.public_jwks) as url:
        yield There(keys, url, Verifier(url, now=lambda: NOW))


# Notices -----------------------------------------------------------------------------------------


def test_a_delivery_of_the_hub_is_believed(there: There) -> None:
    notice = there.verifier.notice(there.delivery(), BODY)
    assert (notice.id, notice.type, notice.data, notice.event) == ("n-1", EVENT["type"], EVENT["data"], EVENT)


def test_headers_count_in_any_case_and_with_one_value_or_a_list(there: There) -> None:
    headers = there.delivery()
    assert there.verifier.notice({name.upper(): [value] for name, value in headers.items()}, BODY)
    assert there.refusal({**headers, "payload-signature": [headers["Payload-Signature"]] * 2}) == "signature-twice"  # type: ignore[dict-item]


def test_what_is_missing_or_changed_is_named(there: There) -> None:
    headers = there.delivery()

    def without(name: str) -> dict[str, str]:
        return {each: value for each, value in headers.items() if each.lower() != name}

    assert there.refusal(headers, BODY + b" ") == "digest-mismatch"
    assert there.refusal(without("payload-signature")) == "signature-missing"
    assert there.refusal(without("digest")) == "digest-missing"
    assert there.refusal({**headers, "Content-Type": "text/plain"}) == "signature-wrong"
    assert there.refusal({**headers, "content-type": headers["Content-Type"]}) == "signature-malformed"
    assert there.refusal({**headers, "digest": headers["Digest"]}) == "digest-mismatch"
    assert there.refusal(without("webhook-signature")) == "webhook-signature-missing"
    assert there.refusal(without("webhook-timestamp")) == "webhook-signature-missing"
    for wrong in ("v1a,AAAA", "v1,AAAA", "v1a,?", "", headers["webhook-signature"].replace("v1a,", "v1,")):
        assert there.refusal({**headers, "webhook-signature": wrong}) == "webhook-signature-wrong"


def test_one_of_several_standard_signatures_is_enough(there: There) -> None:
    headers = there.delivery()
    assert there.verifier.notice({**headers, "webhook-signature": f"v1,AAAA {headers['webhook-signature']}"}, BODY)


def test_both_signatures_are_asked_and_each_alone_is_too_little(there: There, tmp_path: Path) -> None:
    stranger = some_hub_keys(tmp_path / "others.json", NOW)
    ours, theirs = there.delivery(), sealed("n-1", BODY, stranger.at(NOW), NOW)
    assert there.refusal({**ours, "Payload-Signature": theirs["Payload-Signature"]}) == "signature-wrong"
    assert there.refusal({**ours, "webhook-signature": theirs["webhook-signature"]}) == "webhook-signature-wrong"


def test_who_has_a_secret_asks_a_signature_by_it_besides_the_hubs(there: There) -> None:
    old, new = (f"whsec_{b64encode(bytes([nth] * 32)).decode()}" for nth in (1, 2))
    headers = there.delivery()

    def with_secret(*signing: bytes) -> dict[str, str]:
        signed = f"n-1.{headers['webhook-timestamp']}.".encode() + BODY
        values = [f"v1,{b64encode(hmac.digest(key, signed, 'sha256')).decode()}" for key in signing]
        return {**headers, "webhook-signature": " ".join([*values, headers["webhook-signature"]])}

    by_old, by_both, by_other = with_secret(b"\1" * 32), with_secret(b"\1" * 32, b"\2" * 32), with_secret(b"\3" * 32)
    for secrets, believed in (([old], by_old), ([old, new], by_old), ([new], by_both), ([], by_other)):
        assert Verifier(there.url, now=lambda: NOW, secrets=secrets).notice(believed, BODY)
    asking = replace(there, verifier=Verifier(there.url, now=lambda: NOW, secrets=[new]))
    only_the_secret = {**by_both, "webhook-signature": by_both["webhook-signature"].rpartition(" ")[0]}
    for wrong in (by_old, by_other, headers, only_the_secret):
        assert asking.refusal(wrong) == "webhook-signature-wrong"
    for nonsense in ("", "whsec_", "whsec_?", old.removeprefix("whsec_")):
        with pytest.raises(ValueError, match="whsec_"):
            Verifier(there.url, secrets=[nonsense])


def test_a_delivery_that_somebody_overheard_is_not_believed_later(there: There) -> None:
    assert there.verifier.notice(there.delivery(at=NOW - timedelta(minutes=4)), BODY)
    assert there.refusal(there.delivery(at=NOW - timedelta(minutes=6))) == "delivery-too-old"
    assert there.refusal(there.delivery(at=NOW + timedelta(minutes=6))) == "delivery-from-the-future"
    old = there.delivery(at=NOW - timedelta(minutes=6))
    fresh = there.delivery()
    mixed = {**fresh, "webhook-timestamp": old["webhook-timestamp"], "webhook-signature": old["webhook-signature"]}
    assert there.refusal(mixed) == "delivery-too-old"


def test_a_signature_that_leaves_the_id_out_is_too_little(there: There) -> None:
    key = there.keys.at(NOW)
    bare = sign(BODY, {"content-type": "application/cloudevents+json"}, key.private, key.kid, NOW)
    assert there.refusal({**there.delivery(), **bare}) == "signature-malformed"


def test_the_key_that_signs_access_tokens_signs_no_notices(there: There) -> None:
    key = there.keys.token_key(NOW)
    forged = {**there.delivery(), **sign(BODY, {"content-type": "x/y", "webhook-id": "n-1"}, key.private, key.kid, NOW)}
    assert there.refusal({**forged, "Content-Type": "x/y"}) == "signature-wrong"


def test_what_is_rightly_signed_and_no_event_is_refused(there: There) -> None:
    for body in (b"[]", b"{}", b"no json"):
        assert there.refusal(there.delivery(body), body) == "not-an-event"


def test_a_key_that_came_after_a_rotation_is_looked_for(there: There) -> None:
    assert there.verifier.notice(there.delivery(), BODY)
    there.keys.rotate(NOW - timedelta(minutes=1))
    verifier = Verifier(there.url, now=lambda: NOW)
    assert verifier.notice(there.delivery(), BODY)
    assert verifier.notice(there.delivery(at=NOW - timedelta(minutes=2)), BODY)


def test_without_the_keys_nothing_is_believed_and_nothing_refused(there: There) -> None:
    with serving_keys(dict) as gone:
        pass
    with pytest.raises(Unavailable):
        Verifier(gone, now=lambda: NOW).notice(there.delivery(), BODY)


# Receipts ----------------------------------------------------------------------------------------


def a_receipt(keys: HubKeys, typ: str = "JOSE", **but: object) -> dict[str, object]:
    said: dict[str, object] = {
        "message": "m-1",
        "id": "1",
        "digest": f"sha-256={sha256(BODY).hexdigest()}",
        "position": 7,
        "recordedAt": "2026-11-03T10:00:00Z",
        "outcome": "recorded",
        "reasons": [],
        "signals": [],
    }
    said |= but
    return {**said, "receipt": keys.sign(json.dumps(said, sort_keys=True).encode(), NOW, typ)}


def test_a_receipt_is_believed_for_its_own_bytes(there: There) -> None:
    receipt = there.verifier.receipt(a_receipt(there.keys), BODY)
    assert (receipt.message, receipt.position, receipt.recorded_at, receipt.is_quarantined) == ("m-1", 7, NOW, False)
    with pytest.raises(NotByTheHub) as refused:
        there.verifier.receipt(a_receipt(there.keys), b"other bytes")
    assert refused.value.code == "receipt-for-another"


def test_a_receipt_is_believed_as_the_hub_signed_it_and_not_otherwise(there: There, tmp_path: Path) -> None:
    receipt, stranger = a_receipt(there.keys), some_hub_keys(tmp_path / "others.json", NOW)
    wrong = (
        {**receipt, "outcome": "quarantined"},
        {**receipt, "more": 1},
        {name: value for name, value in receipt.items() if name != "receipt"},
        {**receipt, "receipt": "no.such.thing"},
        a_receipt(stranger),
        a_receipt(there.keys, typ="something-else"),
    )
    for each in wrong:
        with pytest.raises(NotByTheHub) as refused:
            there.verifier.receipt(each, BODY)
        assert refused.value.code == "receipt-not-signed"


def test_a_key_by_the_kid_of_the_hub_is_not_the_key_of_the_hub(there: There, tmp_path: Path) -> None:
    stranger = some_hub_keys(tmp_path / "others.json", NOW)
    (theirs, *_), (ours, *_) = stranger.public_jwks()["keys"], there.keys.public_jwks()["keys"]
    assert jws.thumbprint(theirs) != jws.thumbprint(ours)
    with serving_keys(lambda: {"keys": [{**theirs, "kid": ours["kid"]}]}) as url, pytest.raises(NotByTheHub):
        Verifier(url, now=lambda: NOW).receipt(a_receipt(there.keys), BODY)
