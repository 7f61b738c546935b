"""Telling partners at their callbacks: queued on the relay's transaction, delivered by a worker of its own.

`queue` keeps it, `handshake` asks first, `addresses` looks where it goes, `exchange` sends it and `sending` signs it;
`turns` put the deliveries of one receiver in order, `rounds` those of all side by side, `settling` what became of them;
`delivery` is what the rest of the hub sees.
"""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from hub.adapters.channels import Around, Way
from hub.adapters.channels.webhook.addresses import networks
from hub.adapters.channels.webhook.delivery import Webhooks
from hub.adapters.channels.webhook.queue import Endurance, open_ones
from hub.adapters.notice_event import Sender

__all__ = ["Webhooks", "opened"]


def opened(settings: Mapping[str, str], around: Around) -> Way | None:
    """On unless `HUB_WEBHOOK` is `off`; `HUB_WEBHOOK_ALLOW` are ranges that may be called although they are not public.

    `HUB_WEBHOOK_ENDURE_HOURS` is how long nothing but failures are borne of a receiver (default: 72).
    """
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
        endurance=Endurance(timedelta(hours=int(settings.get("HUB_WEBHOOK_ENDURE_HOURS") or 72))),
        bells=around.bells,
        watch=around.watch,
    )
    return Way(webhooks.channel, webhooks, webhooks.run, open_ones)
