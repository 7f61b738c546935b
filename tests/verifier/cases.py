"""A case with something of everything in it, and its file taken apart and put together again by somebody who means harm."""

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from vig_verifier import jwe
from vig_verifier.archive import Archive
from vig_verifier.checks import Came, Known, Said, verify
from vig_verifier.reading import Unreadable

from hub.adapters import jws, outgoing_events
from hub.adapters.evidence import notes
from hub.adapters.evidence.bundle_file import TYPE, canonical
from hub.adapters.evidence.bundle_jwe import reader_of
from hub.adapters.evidence.notes import Checkpoint, Note
from hub.commands.noting import note
from hub.domain.subscriptions import Wish
from hub.domain.trajectory import Trajectory
from hub.wiring import put_into_use
from hub.wiring.exported import Asked, Exported, case_of, export
from tests.api.running import Running, a_child, a_worry, an_event
from tests.passing import notarised, passed_on

WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESS_KEY = notes.key_of("witness.example.org", WITNESS, notes.COSIGNATURE)
BATCH = "application/cloudevents-batch+json"


async def a_case(hub: Running) -> UUID:
    """A family with signals alone, in a batch and typed by hand, an escalation, broken glass, and a partner that was told."""
    put_into_use(hub.hub.register)
    subscription = hub.hub.subscribing.subscribe("police", Wish(), "police")
    family = await hub.a_family("honour-violence", id="first")
    pair = [an_event(a_worry(concern="crime", reference=f"b-{nth}"), id=f"batch-{nth}") for nth in range(2)]
    assert (await hub.post(outgoing_events.to_batch(pair), BATCH)).status_code == 200
    typed = {**hub.token("reporter", "a.reporter", "youth-work"), "Idempotency-Key": str(UUID(int=7))}
    said = await hub.ask_now("POST", "/v1/reports", "", headers=typed, json=a_worry())
    assert said.status_code == 201, said.text
    other = await hub.post(an_event(a_worry(people=[a_child(5)]), id="another-family"))
    assert other.status_code == 201
    broken = {**hub.token("coordinator", "stranger", "elsewhere")}
    why = {"motivation": "Er is nu gevaar."}
    assert (await hub.tell(f"/v1/families/{family}/glass-breakings", why, "", headers=broken)).status_code == 201
    assert (await hub.ask(f"/v1/families/{family}")).status_code == 200
    fetched = await hub.ask("/v1/feed", "", headers=hub.partner_token("police"), params={"subscription": str(subscription)})
    assert fetched.status_code == 200, fetched.text
    assert fetched.json()["items"]
    assert any(isinstance(event, Trajectory.LevelRaised) for event in hub.hub.history.facts(family))
    witnessed(hub)
    return family


def witnessed(hub: Running) -> None:
    """Everything is in the trees, signed, and seen by the witness where the hub knows one."""
    passed_on(hub.hub)
    notarised(hub.hub)
    for notary in hub.hub.notaries.values():
        if notary.witnesses and notary.about.read(0, 1):
            point = notary.checkpoint()
            notary.cosign(point.size, str(notes.cosigned(point.note.text, WITNESS_KEY.name, WITNESS, 1_772_452_800)))


def an_auditor() -> tuple[dict[str, Any], dict[str, Any]]:
    """The private key of an auditor, and the public half."""
    return jwe.new_key()


def asked_by(family: UUID, public: dict[str, Any], **but: Any) -> Asked:
    """What an auditor asks for."""
    reader, kid = reader_of(public)
    return Asked(**{"family": family, "reader": reader, "kid": kid, "by": "A. Auditor", "ground": "avg-6-1-c"} | but)


def the_file(hub: Running, asked: Asked) -> tuple[bytes, Exported]:
    """The file of a case, as it is handed over."""
    if not hub.hub.processings.leaves(0, 1):  # the command notes that it exports before it does
        note(hub.hub, "export-family", "hub audit export", {str(asked.family): []}, ground=asked.ground, by=asked.by)
    target = BytesIO()
    done = export(hub.hub, case_of(hub.hub, asked.family, asked.until), asked, target)
    return target.getvalue(), done


def opened(file: bytes, private: dict[str, Any]) -> bytes:
    """What is in it."""
    with jwe.opened(BytesIO(file), private) as plain:
        plain.seek(0)
        return plain.read()


def hub_key(hub: Running) -> bytes:
    """The key that the hub signs with now."""
    public = hub.hub.keys.at(hub.clock.now()).public
    return jws.from_b64url(public["x"])


def said_of(plain: bytes, known: Known) -> list[Said]:
    """What the verifier says. Raises: Unreadable."""
    return list(verify(Archive(BytesIO(plain)), known))


def refusals(plain: bytes, known: Known) -> list[str]:
    """The codes of what is wrong with it; that it cannot be read at all is one too."""
    try:
        return [each.code for each in said_of(plain, known) if each.came is Came.WRONG]
    except Unreadable as unreadable:
        return [str(unreadable)]


def codes(said: list[Said], came: Came) -> set[str]:
    return {each.code for each in said if each.came is came}


@dataclass
class Parts:
    """The parts of a file, to be changed and put together again."""

    content: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, plain: bytes) -> "Parts":
        with ZipFile(BytesIO(plain)) as zip:
            return cls({name: zip.read(name) for name in zip.namelist()})

    def zipped(self, entry: Callable[[str], ZipInfo] | None = None) -> bytes:
        """The same form as the hub writes."""
        target = BytesIO()
        with ZipFile(target, "w", ZIP_STORED) as zip:
            for name, content in self.content.items():
                zip.writestr((entry or plain_entry)(name), content)
        return target.getvalue()

    def json(self, name: str) -> Any:
        return json.loads(self.content[name])

    def put(self, name: str, said: Any) -> None:
        self.content[name] = canonical(said)

    def lines(self, name: str) -> list[Any]:
        return [json.loads(line) for line in self.content[name].splitlines()]

    def put_lines(self, name: str, said: list[Any]) -> None:
        self.content[name] = b"".join(canonical(each) + b"\n" for each in said)

    def signed(self, private: Ed25519PrivateKey, kid: str = "") -> "Parts":
        """With a manifest that fits the parts, signed with that key as one of the hub's."""
        manifest = self.json("manifest.json")
        names = sorted(name for name in self.content if not name.startswith("manifest."))
        manifest["parts"] = {
            name: {"bytes": len(self.content[name]), "sha256": sha256(self.content[name]).hexdigest()} for name in names
        }
        said = canonical(manifest)
        kid = kid or self.json("hub-keys.json")["keys"][-1]["kid"]
        jws_of = compact(canonical({"sha256": sha256(said).hexdigest()}), private, kid, TYPE)
        content = {name: self.content[name] for name in names}
        return Parts({**content, "manifest.json": said, "manifest.jws": jws_of.encode()})

    def made_ones_own(self, private: Ed25519PrivateKey) -> "Parts":
        """All that the hub signed, signed anew by somebody who takes its place: keys, checkpoints, receipts and manifest."""
        keys = self.json("hub-keys.json")
        (key,) = keys["keys"]
        key["x"] = jws.b64url(private.public_key().public_bytes_raw())
        self.put("hub-keys.json", keys)
        points = self.json("checkpoints.json")
        for tree in points.values():
            text = Checkpoint.read(Note.read(tree["checkpoint"]).text).text
            tree["checkpoint"] = str(Note(text, (notes.signed(text, tree["origin"], private),)))
            tree["witnesses"], tree["earlier"] = [], []
        self.put("checkpoints.json", points)
        receipts = self.lines("receipts.jsonl")
        for each in receipts:
            payload = jws.from_b64url(each["receipt"].split(".")[1])
            each["receipt"] = compact(payload, private, key["kid"], "JOSE")
        self.put_lines("receipts.jsonl", receipts)
        return self.signed(private)


def plain_entry(name: str) -> ZipInfo:
    """An entry as the format has it."""
    entry = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.create_system, entry.external_attr = 3, 0o600 << 16
    return entry


def compact(payload: bytes, private: Ed25519PrivateKey, kid: str, typ: str) -> str:
    """A compact JWS as the hub makes them."""
    start = f"{jws.b64url(json.dumps({'alg': 'Ed25519', 'kid': kid, 'typ': typ}).encode())}.{jws.b64url(payload)}"
    return f"{start}.{jws.b64url(private.sign(start.encode()))}"


def b64(data: bytes) -> str:
    return b64encode(data).decode()


def written(directory: Path, name: str, said: Any) -> Path:
    """A JSON file."""
    path = directory / name
    path.write_text(json.dumps(said))
    return path
