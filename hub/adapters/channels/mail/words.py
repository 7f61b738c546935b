"""What a mail says, in Dutch with English beside it: how many things, which clock, and where to look; nothing of whom or why."""

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from hub.adapters.channels.mail.queue import Item
from hub.domain.terms import AMSTERDAM

_SUBJECTS = {
    "escalation": ("Er wacht een opschaling op u", "An escalation waits for you"),
    "on-call": ("U bent bereikbaar: een opschaling wacht", "You are on call: an escalation waits"),
    "rectified": ("Een opschaling is rechtgezet", "An escalation was put right"),
    "daily": ("Wat er op u wacht", "What waits for you"),
    "subscription-disabled": ("Een abonnement is stilgelegd", "A subscription was disabled"),
    "callback-given-up": ("Een adres van een partner is opgegeven", "The address of a partner was given up"),
}
_PAGES = {
    "escalation": "escalations/{}",
    "on-call": "escalations/{}",
    "rectified": "escalations/{}",
    "subscription-disabled": "operations?subscription={}",
    "callback-given-up": "operations?organisation={}",
}
"""The page of what somebody is mailed of, where they see what it is about when they are logged in."""
_DAYS = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")


def written(items: Sequence[Item], sender: str, to: str, base_url: str, now: datetime) -> EmailMessage:
    """The mail about these; the same ones have the same id, so that a repeat is recognised."""
    first, domain = items[0], sender.rpartition("@")[2]
    dutch, english = _SUBJECTS["daily" if first.daily is not None else first.kind]
    message = EmailMessage()
    message["From"], message["To"] = f"VIG-hub <{sender}>", to
    message["Subject"] = f"{dutch} / {english}"
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{first.id}.{first.recipient}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    body = [f"{dutch}.", f"{english}.", "", *[line for item in items for line in _lines(item, base_url)], "", *_CLOSING]
    message.set_content("\n".join(body))
    return message


def _lines(item: Item, base_url: str) -> list[str]:
    clock = [f"  vóór {_moment(item.answer_by)} / before that moment"] if item.answer_by else []
    return [f"- {base_url}/{_PAGES[item.kind].format(item.about)}", *clock]


_CLOSING = (
    "Dit bericht noemt geen namen; log in om te zien waar het over gaat. Antwoorden komen nergens aan.",
    "This message names nobody; log in to see what it is about. Answers arrive nowhere.",
)


def _moment(text: str) -> str:
    local = datetime.fromisoformat(text).astimezone(AMSTERDAM)
    return f"{_DAYS[local.weekday()]} {local:%d-%m-%Y %H:%M}"
