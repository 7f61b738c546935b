"""Mailing the people who work here, and the operator: a link and a clock, never a name.

`queue` keeps who is to be mailed of what, `words` writes it, `post` hands it to a mail server, `mailing` drives.
"""

from collections.abc import Mapping

from hub.adapters.channels import Around, Way
from hub.adapters.channels.mail.mailing import Mailing
from hub.adapters.channels.mail.post import Post
from hub.adapters.channels.mail.queue import open_ones

__all__ = ["Mailing", "opened"]


def opened(settings: Mapping[str, str], around: Around) -> Way | None:
    """On where `HUB_MAIL_HOST` names a mail server; the others of `HUB_MAIL_…` say how it is spoken to, and as whom.

    Raises:
        Unavailable: the settings contradict each other, or a file that they name cannot be read.
    """
    post = Post.of(settings)
    if post is None:
        return None
    mailing = Mailing(around, post, settings.get("HUB_MAIL_OPERATOR", ""))
    return Way(mailing.channel, mailing, mailing.run, open_ones)
