"""Telling partners at their callbacks: queued on the relay's transaction, delivered by a worker of its own.

`queue` keeps it, `handshake` asks first, `addresses` looks where it goes, `exchange` sends it, `delivery` drives.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from hub.adapters.channels import Around, Way
from hub.adapters.channels.webhook.addresses import networks
from hub.adapters.channels.webhook.delivery import Webhooks
from hub.adapters.channels.webhook.queue import open_ones
from hub.adapters.notice_event import Sender

__all__ = ["Webhooks", "opened"]


def opened(settings: Mapping[str, str], around: Around) -> Way | None:
    """On unless `HUB_WEBHOOK` is `off`; `HUB_WEBHOOK_ALLOW` are ranges that may be called although they are not public."""
    if settings.get("HUB_WEBHOOK", "on") == "off":
        return None
    webhooks = Webhooks(
        around.outbox,
        around.registrations,
        around.keys,
        Sender(around.oin, around.base_url),
        around.clock,
        around,
        around.wishes,
        around.ledger,
        origin=urlsplit(around.base_url).hostname or around.base_url,
        allow=networks(settings.get("HUB_WEBHOOK_ALLOW", "")),
        bells=around.bells,
        watch=around.watch,
    )
    return Way(webhooks.channel, webhooks, webhooks.run, open_ones)
