"""What a partner does about each no of the hub: by its code, and where that says nothing, by the status of the answer."""

from collections.abc import Mapping

_CLOCK = "Compare the clock of your machine with the Date header of the answer (NTP), and sign at the moment that you send."
_SIGN = "Compare what you sign with the worked examples in docs/partners."
_TERMS = "Ask the hub's operator on which terms you take part (hub partner show NAME); hub partner change changes them."
_TOKEN = "Get a new token at /oauth/token and send the same again."  # noqa: S105  (words)
_PROOF = "Make a proof for this very request: its method, its address without a query, this token, this second, a new jti."
_SOON = "Nothing was recorded, and it is not your fault: send the same again, with the same id, after Retry-After or some seconds."

ADVICE: Mapping[str, tuple[int, str]] = {
    # the message
    "malformed": (400, "What you sent is not as it should be: violations says where. Mend it; a message keeps its id."),
    "unknown-type": (400, "You are not registered for this type; hub partner kinds lists what each kind of partner may send."),
    "type-ended": (400, "This version of the contract ended: send the type that the refusal names, or ask the hub's operator."),
    "method-not-allowed": (405, "This address does not answer to that method: see GET /v1/openapi.json."),
    "too-slow": (408, "The body did not come in time: send the same again; when it happens often, look at your line."),
    "id-reused": (
        409,
        "This id was used for other bytes. A new message needs a new id; a repeat is the same, byte for byte.",
    ),
    "earlier-not-known": (
        404,
        "Name the id of an earlier event of yours, of the same source; where that is still on its way, send this again after its "
        "receipt.",
    ),
    "corrected-already": (409, "Another message came in its place: correct or withdraw that one, which violations names."),
    "withdrawn-already": (409, "What was withdrawn cannot be corrected: send what is right as a new message."),
    "is-a-withdrawal": (409, "A withdrawal cannot be taken back: send what is right as a new message."),
    "too-large": (413, "An event has at most 65,536 bytes, a batch 1,000 events and 8 MiB: send less at once."),
    "more-than-a-day": (413, "A batch has more events than were agreed for you in a whole day: send it in parts, day by day."),
    "address-too-long": (414, "The address is longer than any of the hub's: see GET /v1/openapi.json."),
    "wrong-media-type": (415, "Content-Type is not what this type of message is written in: see contracts/partners."),
    "content-encoding": (415, "Send the body as it is, not packed: without Content-Encoding."),
    "headers-too-large": (431, "The headers are larger than the hub reads: leave out what the hub does not ask."),
    # the signature
    "signature-missing": (401, "Sign the message: headers Digest and Payload-Signature."),
    "signature-twice": (401, "Send one Payload-Signature header; something between you and the hub may add another."),
    "signature-malformed": (401, f"The signature is not as JAdES describes it; detail says where. {_SIGN}"),
    "signature-wrong": (
        401,
        "The hub does not know a key by this kid, or this key did not sign these bytes and headers. Let the operator register "
        f"the key (hub partner key NAME --jwk FILE). {_SIGN} A proxy that changes the body or the ce- headers does this too.",
    ),
    "signature-too-old": (401, f"Signed more than five minutes before it came. {_CLOCK}"),
    "signature-from-the-future": (401, f"Signed more than a minute later than now. {_CLOCK}"),
    "algorithm-refused": (
        401,
        "Sign with PS256, or with ES256 or EdDSA where your registration names it: a key with PS256 always will do.",
    ),
    "crit-unknown": (401, "crit may name b64, sigD, iat and sigT, and nothing else."),
    "digest-missing": (401, "Send the header Digest: SHA-256= and the digest of the body in base64."),
    "digest-mismatch": (401, "Digest is not that of this body: take it over the very bytes that you send."),
    "attributes-not-signed": (
        401,
        "With attributes in headers, the signature has to cover ce-id, ce-source, ce-type, ce-corrects and ce-withdraws too.",
    ),
    "sender-is-not-signer": (401, "The OIN in source is not that of the registration whose key signed: correct one of the two."),
    "key-not-yet-valid": (401, "The hub trusts this key from a later moment on: sign with the one before it until then."),
    "key-expired": (401, "This key is not valid any more. Make a new one, and let the operator register it (hub partner rotate)."),
    "key-revoked": (401, "This key was revoked. Make a new one, and let the operator register it (hub partner key)."),
    "partner-suspended": (
        401,
        "Nothing of you is accepted for the time being: call the operator, keep what you have, and send it when that is over.",
    ),
    "partner-removed": (401, "You take part no longer; whoever comes back is registered anew, under another name."),
    # the token
    "token-missing": (401, "Show an access token too: your registration, or this address, asks for one."),
    "token-malformed": (401, f"What was shown is no token of the hub. {_TOKEN}"),
    "token-expired": (401, f"A token counts for fifteen minutes. {_TOKEN}"),
    "token-not-yet": (401, f"The token counts from a later moment on. {_CLOCK}"),
    "token-revoked": (401, f"This token was taken back. {_TOKEN}"),
    "token-signature": (401, f"The hub did not sign this token. {_TOKEN}"),
    "token-algorithm": (401, f"The token is signed in a way that the hub does not read. {_TOKEN}"),
    "token-key": (401, f"The issuer has no key by which this token can be verified. {_TOKEN}"),
    "token-issuer": (401, "The token is of another issuer than the hub believes: see /.well-known/oauth-authorization-server."),
    "token-audience": (401, "The token is for somebody else: ask one for this hub."),
    "token-type": (401, "What was shown is no access token: send access_token of the answer at /oauth/token."),
    "token-partner": (401, "The token is of no organisation that is registered: client_id is the name of your registration."),
    "token-scheme": (401, "A token that is bound to a key is shown with DPoP, any other with Bearer."),
    "token-unbound": (401, "Your registration asks tokens that are bound to a key or certificate: ask one with a proof (DPoP)."),
    "token-binding": (401, f"The hub cannot read to what the token is bound. {_TOKEN}"),
    "certificate-missing": (401, "The token is bound to your client certificate: connect with it."),
    "certificate-other": (401, "The token is bound to another client certificate than the one that you connected with."),
    "dpop-missing": (401, "Send a proof in the header DPoP with every request."),
    "dpop-invalid": (401, f"The proof cannot be read, or is not signed with its own key. {_PROOF}"),
    "dpop-untimely": (401, f"The proof was made more than a minute ago, or later than now. {_CLOCK}"),
    "dpop-other-key": (401, "The proof is made with another key than the one that the token is bound to."),
    "dpop-other-request": (401, f"The proof is for another request. {_PROOF}"),
    "dpop-other-token": (401, f"The proof is for another token. {_PROOF}"),
    "dpop-replayed": (401, f"The proof was used before. {_PROOF}"),
    # the ground
    "token-of-another": (403, "The token is of another organisation than the one that signed."),
    "scope-missing": (
        403,
        "The token is not for this: ask one with the scope signals:write to post, signals:read to look, notices:read to be told.",
    ),
    "role-not-allowed": (
        403,
        "This address is not for partners' systems, or your registration has not the scope: signals:read to look, notices:read to "
        "subscribe and be told. The operator names all that you have with hub partner change NAME --scope.",
    ),
    "not-allowed": (403, f"You may not do this. {_TERMS}"),
    "covenant-missing": (403, f"You take part under no covenant. {_TERMS}"),
    "covenant-not-yet-valid": (403, "Your covenant does not hold yet: keep the message, and send it when it does."),
    "covenant-expired": (403, f"Your covenant has ended: nothing may be shared before it is renewed. {_TERMS}"),
    "covenant-other-parties": (403, f"The covenant is not with your organisation. {_TERMS}"),
    "covenant-other-purposes": (403, f"The covenant is not for the purpose of this type of message. {_TERMS}"),
    "covenant-other-grounds": (403, f"The covenant does not rest on the legal basis of this type of message. {_TERMS}"),
    "purpose-not-valid": (403, f"The purpose of this type of message is not valid today. {_TERMS}"),
    "purpose-not-allowed": (403, f"You take part for other purposes than that of this type of message. {_TERMS}"),
    "ground-not-valid": (403, f"The legal basis of this type of message is not in force today. {_TERMS}"),
    "ground-not-allowed": (403, f"You take part on other legal bases than that of this type of message. {_TERMS}"),
    "not-signed-yet": (404, "The log is signed within a minute: ask for the proof again then."),
    "not-known": (404, "There is nothing at that address, or nothing that is yours: compare it with the receipt."),
    # what you are told
    "too-many-subscriptions": (
        409,
        "An organisation has a hundred at most: end one that nobody uses (DELETE), or change one (PUT).",
    ),
    "subscription-not-active": (
        409,
        "It is sent nothing now. A webhook first has to answer OPTIONS that it wants to be told (docs/partners/webhooks.md); what "
        "was paused or disabled is resumed with POST /v1/subscriptions/{id}/resumptions.",
    ),
    "not-a-webhook": (409, "Only what is sent to an address is signed: a feed and a topic of Kafka have no secret."),
    "another-sink": (409, "A subscription stays where it is told things: end this one, and make another."),
    "subscription-ended": (409, "It has ended, for good: make a new one."),
    "kept-in-its-topic": (409, "What this subscription was told stands in its topic of Kafka: read it again from there."),
    "too-many-persons": (409, "Fifty persons took notice of it already: one is enough."),
    # how much
    "too-many": (
        429,
        "More than was agreed for a minute or a day: send the same again after Retry-After.",
    ),
    "too-many-streams": (429, "So many of your streams are open already: close one, or follow several things over one."),
    "too-many-at-once": (429, "Too many of your requests wait for each other: send one after another, or in a batch."),
    "too-many-failures": (429, "Too many requests from your address did not show who sent them: mend that first, then wait."),
    # the hub
    "unforeseen": (500, "Something went wrong in the hub: tell the operator the instance, and send the same again later."),
    "fault": (500, "Something in the hub is broken: tell the operator. Sending it again helps only after it is mended."),
    "unavailable": (503, _SOON),
    "not-known-whether-kept": (
        503,
        "The hub lost its database in the middle: send the same again, with the same id. It is recorded once, however often.",
    ),
    # at /oauth/token (RFC 6749, section 5.2)
    "invalid_client": (
        401,
        "The hub does not believe who asks: detail says what of the assertion is wrong. iss and sub are the name of the "
        "registration, aud the issuer in the hub's metadata, kid that of a registered key, and each jti counts once.",
    ),
    "invalid_request": (400, "The form is not as RFC 6749 asks: see detail."),
    "invalid_scope": (400, f"Your registration has not this scope. {_TERMS}"),
    "unsupported_grant_type": (400, "Ask with grant_type=client_credentials."),
    "invalid_dpop_proof": (400, f"The proof is refused: see detail. {_PROOF}"),
}
"""Code → the status that it usually comes with, and what to do."""

BY_STATUS: Mapping[int, str] = {
    400: "The hub cannot read this: see what is wrong in violations.",
    401: "The hub does not believe who sends: see detail.",
    403: _TERMS,
    404: "Nothing takes messages at that address: is it a hub?",
    409: "Something else is recorded already: see detail.",
    413: "It is larger than the hub reads.",
    415: "The hub does not read that content type here.",
    429: "Send the same again after Retry-After.",
    503: _SOON,
}


def advice(code: str, status: int) -> str:
    """What to do about an answer with that code and status."""
    if code in ADVICE:
        return ADVICE[code][1]
    return BY_STATUS.get(status) or (_SOON if status >= 500 else BY_STATUS[400])
