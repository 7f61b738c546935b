"""The messages of the partners, each in its own format, made from the templates beside this module."""

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from string import Template

from hub.demo.cast import Organisation, fields_at


def written(template: str, sender: Organisation, at: datetime, fill: Mapping[str, str]) -> bytes:
    """The message that this sender writes at that Dutch moment.

    Raises:
        KeyError: the template says something that nobody fills in.
    """
    text = (files("hub.demo") / "messages" / template).read_text("utf-8")
    return Template(text).substitute({**fields_at(at), "sender_oin": sender.oin, **fill}).encode()
