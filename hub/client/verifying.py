"""What says that it is of the hub, held against the keys that the hub publishes: nobody needs a key of their own for it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from hub.adapters.jwks import Jwks
from hub.client import notices, receipts
from hub.client.notices import WINDOW, Headers, Notice, in_lower_case, secret_bytes
from hub.client.receipts import Receipt, Status

JWKS = "/v1/jwks"


class Verifier:
    """Believes the hub at this address, and nobody else; its keys are fetched once, and again when an unknown one signs.

    `window` is how long ago, and how far ahead of our clock, a delivery may be signed. `secrets` are those of a subscription that
    has one, two of them while they are being changed.

    Raises:
        ValueError: what is given as a secret is none.
    """

    def __init__(
        self,
        url: str,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        window: timedelta = WINDOW,
        secrets: Sequence[str] = (),
    ) -> None:
        for secret in secrets:
            secret_bytes(secret)
        self._now, self._window, self._secrets = now, window, tuple(secrets)
        self._keys = Jwks("", url.rstrip("/") + JWKS)
        self._origin = urlsplit(url).hostname or ""

    def welcome(self, headers: Headers, per_minute: int | None = None, origin: str = "") -> dict[str, str]:
        """With what headers a webhook answers OPTIONS (and 204), by which a hub asks whether it may send things there.

        The hub at this address may, and so many a minute; `origin` is its name where it is known by another one outside.
        Nobody else is answered that they may.
        """
        asked = in_lower_case(headers).get("webhook-request-origin", [])
        if asked != [origin or self._origin]:
            return {}
        rate = "*" if per_minute is None else str(per_minute)
        return {"Allow": "OPTIONS, POST", "WebHook-Allowed-Origin": asked[0], "WebHook-Allowed-Rate": rate}

    def notice(self, headers: Headers, body: bytes) -> Notice:
        """The notice in what came at a webhook, once every signature that is asked holds and was made just now.

        Raises:
            NotByTheHub: with the code of the reason; answer 401 then.
            Unavailable: the hub's keys cannot be read now; answer 503 then, and it comes again.
        """
        return notices.notice(headers, body, self._keys, self._now(), self._window, self._secrets)

    def receipt(self, document: Mapping[str, Any], body: bytes | None = None, *, is_repeat: bool = False) -> Receipt:
        """The receipt in an answer, or one that was kept; for these bytes, or for whatever bytes it is.

        Raises:
            NotByTheHub: it is for other bytes (receipt-for-another), or the hub did not sign it (receipt-not-signed).
            Unavailable: the hub's keys cannot be read now.
        """
        return receipts.receipt(document, body, self._keys, is_repeat=is_repeat)

    def status(self, document: Mapping[str, Any]) -> Status:
        """What became of a message, with its receipt. Raises as for a receipt."""
        return receipts.status(document, self._keys)
