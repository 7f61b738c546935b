"""What says that it is of the hub, held against the keys that the hub publishes: nobody needs a key of their own for it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.adapters.jwks import Jwks
from hub.client import notices, receipts
from hub.client.notices import WINDOW, Headers, Notice
from hub.client.receipts import Receipt, Status

JWKS = "/v1/jwks"


class Verifier:
    """Believes the hub at this address, and nobody else; its keys are fetched once, and again when an unknown one signs.

    `window` is how long ago, and how far ahead of our clock, a delivery may be signed.
    """

    def __init__(
        self,
        url: str,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        window: timedelta = WINDOW,
    ) -> None:
        self._now, self._window = now, window
        self._keys = Jwks("", url.rstrip("/") + JWKS)

    def notice(self, headers: Headers, body: bytes) -> Notice:
        """The notice in what came at a webhook, once both of its signatures hold and it was signed just now.

        Raises:
            NotByTheHub: with the code of the reason; answer 401 then.
            Unavailable: the hub's keys cannot be read now; answer 503 then, and it comes again.
        """
        return notices.notice(headers, body, self._keys, self._now(), self._window)

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
