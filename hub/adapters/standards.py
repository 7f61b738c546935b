"""Telling each receiver in its own standard what it may know, beside the hub's words: written last, from what is left of them."""

from collections.abc import Mapping
from dataclasses import replace

from hub.adapters.channels import Disclose
from hub.adapters.registrations import Organisation
from hub.ports import Letter, Notice, Partner

STANDARD, MESSAGE = "standard", "standardMessage"
"""The members of a notice's data that hold the receiver's own message, where its kind has a standard for that."""


def in_own_standard(disclose: Disclose, kinds: Mapping[str, Partner], oin: str) -> Disclose:
    """What an organisation is told, with the message of its own standard in it; `oin` is the hub's.

    The writer gets nothing but what was disclosed, so that no standard can say more than the matrix lets through.
    """

    def tell(notice: Notice, receiver: Organisation) -> Notice | None:
        told = disclose(notice, receiver)
        return None if told is None else _written(told, receiver, kinds.get(receiver.kind), oin)

    return tell


def _written(told: Notice, receiver: Organisation, kind: Partner | None, oin: str) -> Notice:
    telling = next((each for each in kind.tell if each.type == told.type), None) if kind else None
    if telling is None:
        return told
    message = telling.write(Letter(told.id, told.recorded_at, oin, receiver.oin, told.data))
    if message is None:
        return told
    return replace(told, data={**told.data, STANDARD: telling.standard, MESSAGE: message.decode()})
