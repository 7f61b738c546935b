"""A hub in the hands of a partner's system: `Hub(url, Sender.read(file)).send(Message(type, body))`, and what comes back.

Where it tells things, `Verifier(url).notice(headers, body)` says whether it was the hub; what it told is fetched, or followed, by
`feed` and `follow` of a hub. `senders` signs, `tokens` gets access tokens, `receipts` and `notices` (joined in `verifying`) believe
what the hub signed and nothing else, `subscriptions` are what one wants to be told, `following` hears it as it comes, `problems`
are the ways in which it says no, `advice` what to do about each, `line` is HTTP, `hub` joins them. It needs nothing of the hub that
it talks to: of this package only the forms of signatures and events.
"""

from hub.client.hub import Hub
from hub.client.line import ONCE, Retries
from hub.client.notices import Notice
from hub.client.problems import (
    IdReused,
    InTrouble,
    NoAnswer,
    NotAllowed,
    NotBelieved,
    NotByTheHub,
    NoToken,
    NotThere,
    Problem,
    TooMany,
    Wrong,
)
from hub.client.receipts import Receipt, Status
from hub.client.senders import Message, Sender
from hub.client.subscriptions import Filters, Subscription, Wish
from hub.client.tokens import Token
from hub.client.verifying import Verifier
from hub.errors import Violation

__all__ = [
    "ONCE",
    "Filters",
    "Hub",
    "IdReused",
    "InTrouble",
    "Message",
    "NoAnswer",
    "NoToken",
    "NotAllowed",
    "NotBelieved",
    "NotByTheHub",
    "NotThere",
    "Notice",
    "Problem",
    "Receipt",
    "Retries",
    "Sender",
    "Status",
    "Subscription",
    "Token",
    "TooMany",
    "Verifier",
    "Violation",
    "Wish",
    "Wrong",
]
