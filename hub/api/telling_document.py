"""The AsyncAPI document: what the hub tells, where, and how a receiver knows that it was the hub that said so."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from hub.api import schemas
from hub.api.descriptions import Thing
from hub.api.document import INFO
from hub.api.oauth import scheme
from hub.api.parts import Leaving
from hub.api.telling_messages import messages, ref, told
from hub.api.telling_messages import schemas as of_messages
from hub.domain.disclosure import published

_DESCRIPTION = (
    "Wat de hub vertelt: aan partners op hun eigen adres, over Kafka of als stroom, en aan mensen die meekijken. Elke partner "
    "krijgt niet meer dan de matrix van het delen toelaat: een veld dat ontbreekt, mag die partner niet weten. "
    "(What the hub tells: partners at their own address, over Kafka or as a stream, and people who follow along. Each partner "
    "gets no more than the disclosure matrix allows: a field that is not there is one that it may not know. What can be asked "
    "is in openapi.json.)"
)
_PARTNER = {"description": "the name of your registration", "examples": ["police-example"]}
_SUBSCRIPTION = {"description": "the id of your subscription"}
_IN_ORDER = "Read it with isolation.level=read_committed: each record is there once, and those of one key are in order."
_TOPICS: Mapping[str, Thing] = {
    "escalations": {"message": "", "title": "Berichten aan een partner (Notices for a partner)", "description": _IN_ORDER},
    "receipts": {"message": "receipt", "title": "Wat is aangenomen (What was taken in)"},
    "refused": {"message": "refusal", "title": "Wat is geweigerd (What was refused)"},
    "families": {
        "message": "family",
        "title": "Hoe gezinnen ervoor staan (How families stand)",
        "description": f"For a coordinating organisation alone. {_IN_ORDER}",
    },
}
_OPERATIONS: Mapping[str, tuple[str, str]] = {
    "escalations": ("tellOnTopic", "Vertellen over Kafka (Tell over Kafka)"),
    "subscription": ("tellSubscriptionOnTopic", "Vertellen wat een abonnement vraagt (Tell what a subscription asks)"),
    "receipts": ("receiptOnTopic", "Bevestigen wat over Kafka kwam (Confirm what came over Kafka)"),
    "refused": ("refuseOnTopic", "Weigeren wat over Kafka kwam (Refuse what came over Kafka)"),
    "families": ("keepFamilies", "Bijhouden hoe gezinnen ervoor staan (Keep how families stand)"),
}


def document(leaving: Leaving, server: str) -> Thing:
    """The AsyncAPI 3.0 document of all that leaves, and of where this hub is; `server` ends in /v1."""
    channels = {**_webhook(leaving), **_on_kafka(leaving), **_streams(leaving)}
    own = {"Receipt": dict(published(schemas.RECEIPT))}
    return {
        "asyncapi": "3.0.0",
        "id": f"{server}/asyncapi",
        "info": INFO
        | {"title": "VIG-hub: wat hij vertelt (what it tells)", "description": _DESCRIPTION, "license": {"name": "EUPL-1.2"}},
        "defaultContentType": "application/json",
        "servers": _servers(server),
        "channels": channels,
        "operations": {**_of_webhook(leaving), **_of_kafka(), **_of_streams()},
        "components": {
            "messages": messages(leaving),
            "schemas": own | of_messages(leaving),
            "correlationIds": {"notice": {"location": "$message.header#/webhook-id"}},
            "securitySchemes": _security(server),
        },
    }


def _servers(server: str) -> dict[str, Thing]:
    here = urlsplit(server)
    return {
        "hub": {
            "host": here.netloc,
            "pathname": here.path,
            "protocol": here.scheme,
            "description": "Hier haalt en volgt u (here you fetch and follow)",
            "security": [ref("components", "securitySchemes", name) for name in ("partners", "people")],
        },
        "yours": {
            "host": "{host}",
            "protocol": "https",
            "description": "Uw eigen adres, waar de hub vertelt (your own address, at which the hub tells)",
            "variables": {"host": {"description": "of the callback that you subscribed"}},
        },
        "kafka": {
            "host": "{broker}",
            "protocol": "kafka-secure",
            "description": "Waar een regio Kafka heeft (where a region has Kafka)",
            "variables": {"broker": {"description": "as the operator gave it, with what stands before the names of topics"}},
            "security": [ref("components", "securitySchemes", name) for name in ("user", "certificate")],
        },
    }


def _security(server: str) -> dict[str, Thing]:
    partners = scheme(server)
    flow = partners["flows"]["clientCredentials"]
    asked = {"tokenUrl": flow["tokenUrl"], "availableScopes": flow["scopes"]}
    return {
        "partners": partners | {"flows": {"clientCredentials": asked}},
        "people": {"type": "http", "scheme": "bearer", "description": "what an OpenID provider gives, for people who follow"},
        "user": {"type": "scramSha512"},
        "certificate": {"type": "X509"},
    }


# Channels -----------------------------------------------------------------------------------------------


def _channel(address: str, server: str, names: Sequence[str], **more: object) -> Thing:
    carried = {name: ref("components", "messages", name) for name in names}
    return {"address": address, "servers": [ref("servers", server)], "messages": carried, **more}


def _pushed(leaving: Leaving) -> list[str]:
    return [name for type in told(leaving) for name in (type, f"{type}.lean")]


def _webhook(leaving: Leaving) -> dict[str, Thing]:
    words = (
        "Nothing is sent before this address says that it wants it (OPTIONS). A notice comes at least once, of a family in "
        "order; 2xx is taken, 410 ends it, a 4xx but 408, 409, 425 and 429 is not tried again, all else is (see Retry-After)."
    )
    return {
        "webhook": _channel(
            "{callback}",
            "yours",
            ["handshake", "welcome", *_pushed(leaving)],
            title="Uw adres (Your address)",
            description=words,
            parameters={"callback": {"description": "the path of the callback that you subscribed"}},
        )
    }


def _on_kafka(leaving: Leaving) -> dict[str, Thing]:
    found = {kind: _topic(kind, leaving.topics[kind], leaving) for kind in _TOPICS}
    own = found["escalations"]
    parameters = own["parameters"] | {"subscription": _SUBSCRIPTION}
    address = f"{own['address']}.{{subscription}}"
    title = "Berichten voor een abonnement (Notices for a subscription)"
    return {**found, "subscription": own | {"address": address, "title": title, "parameters": parameters}}


def _topic(kind: str, settings: Mapping[str, str], leaving: Leaving) -> Thing:
    said = {name: each for name, each in _TOPICS[kind].items() if name != "message"}
    if kind != "families":
        said["parameters"] = {"partner": _PARTNER}
    address = kind if kind == "families" else f"{kind}.{{partner}}"
    names = [_TOPICS[kind]["message"]] if _TOPICS[kind]["message"] else told(leaving)
    kept = {name: _as_set(name, text) for name, text in settings.items()}
    bindings = {"kafka": {"topicConfiguration": kept, "bindingVersion": "0.5.0"}}
    return _channel(address, "kafka", names, **said, bindings=bindings)


def _as_set(name: str, text: str) -> int | list[str] | str:
    """A setting of a topic as AsyncAPI writes it."""
    match name:
        case "retention.ms":
            return int(text)
        case "cleanup.policy":
            return [text]
    return text


def _streams(leaving: Leaving) -> dict[str, Thing]:
    words = "Server-sent events: the data is the payload, Last-Event-ID goes on from there, and a comment says that it is open yet."
    own, live = [f"{type}.streamed" for type in told(leaving)], [f"{type}.live" for type in sorted(leaving.notices)]
    titles = ("Uw berichten, als stroom (Your notices, as a stream)", "Wat mensen volgen (What people follow)")
    return {
        "feed": _channel("/feed/stream", "hub", own, title=titles[0], description=words),
        "live": _channel("/escalations/stream", "hub", live, title=titles[1], description=words),
    }


# Operations ---------------------------------------------------------------------------------------------


def _operation(channel: str, title: str, method: str = "", **more: object) -> Thing:
    bound = {"bindings": {"http": {"method": method, "bindingVersion": "0.3.0"}}} if method else {}
    return {"action": "send", "channel": ref("channels", channel), "title": title, **bound, **more}


def _of_webhook(leaving: Leaving) -> dict[str, Thing]:
    asked, answered = (ref("channels", "webhook", "messages", name) for name in ("handshake", "welcome"))
    notices = [ref("channels", "webhook", "messages", name) for name in _pushed(leaving)]
    reply = {"channel": ref("channels", "webhook"), "messages": [answered]}
    return {
        "askAddress": _operation("webhook", "Eerst vragen (Ask first)", "OPTIONS", messages=[asked], reply=reply),
        "tellAddress": _operation("webhook", "Vertellen (Tell)", "POST", messages=notices),
    }


def _of_kafka() -> dict[str, Thing]:
    return {name: _operation(channel, title) for channel, (name, title) in _OPERATIONS.items()}


def _of_streams() -> dict[str, Thing]:
    return {
        "streamFeed": _operation("feed", "Vertellen wie volgt (Tell who follows)", "GET"),
        "streamEscalations": _operation("live", "Mensen laten meekijken (Let people follow along)", "GET"),
    }
