"""What a partner is told of a message: the receipt, and the hub's signature under it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from hub.domain.messages import QUESTION, RECORDED
from hub.intake import Became, Receipt
from hub.ports import Ending

Sign = Callable[[bytes, datetime], str]


def said(receipt: Receipt) -> dict[str, Any]:
    """The receipt as the partner gets it: what became of each signal, but never to whose family it went."""
    return {
        "message": receipt.message,
        "id": receipt.id,
        "source": receipt.source,
        "type": receipt.type,
        "digest": f"sha-256={receipt.digest}",
        "position": receipt.position,
        "recordedAt": _text(receipt.recorded_at),
        "outcome": receipt.outcome,
        "reasons": [dict(reason) for reason in receipt.reasons],
        "signals": outcomes(receipt.signals),
        **_with_words(corrects=receipt.corrects, withdraws=receipt.withdraws),
        **({"ending": _ending(receipt.ending)} if receipt.ending else {}),
    }


def _ending(ending: Ending) -> dict[str, str]:
    return {"lastDay": ending.last_day.isoformat(), **_with_words(instead=ending.instead)}


def signed(receipt: Receipt, sign: Sign) -> dict[str, Any]:
    """The receipt with, as `receipt`, a compact JWS over its other members in canonical JSON (RFC 8785)."""
    plain = said(receipt)
    return {**plain, "receipt": sign(msgspec.json.encode(plain, order="sorted"), receipt.recorded_at)}


def status(receipt: Receipt, became: Became, sign: Sign) -> dict[str, Any]:
    """The receipt, and what became of the message since."""
    now = {"outcome": became.outcome, "reasons": became.reasons, "signals": outcomes(became.signals)}
    taken_back = _with_words(correctedBy=became.corrected_by, withdrawnBy=became.withdrawn_by)
    return {**signed(receipt, sign), "status": {**now, **taken_back}}


def _with_words(**said: str) -> dict[str, str]:
    """Those of these members that say something: an ordinary receipt has the same ones as ever."""
    return {name: text for name, text in said.items() if text}


def outcomes(signals: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """What became of each signal."""
    return [
        {"signal": one["signal"], "outcome": one.get("taken_back") or (QUESTION if one["question"] else RECORDED)}
        for one in signals
    ]


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
