"""Access tokens for a partner's system, as it gets them itself: with the key that it signs with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import httpx2
import typer

from hub.adapters import compact, jws, proofs
from hub.commands.shared import Name, sender_in
from hub.errors import Refused, Unavailable

app = typer.Typer()

To = Annotated[str, typer.Option(help="the hub")]
Keys = Annotated[Path, typer.Option(help="where `hub keys new` put the private key", file_okay=False)]
HERE = "http://127.0.0.1:8000"
_LIFE = timedelta(seconds=60)
_ASSERTED = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Got:
    """A token that counts with proofs by the key of the sender, at the hub of this address."""

    token: str
    key: Mapping[str, Any]
    base: str

    def headers(self, method: str, path: str) -> dict[str, str]:
        """Those that show it once."""
        now = datetime.now(UTC)
        return {
            "Authorization": f"DPoP {self.token}",
            "DPoP": proofs.proof(self.key, method, self.base + path, now, str(uuid4()), self.token),
        }


@app.command()
def token(
    name: Name,
    keys: Keys = Path(),
    scope: Annotated[str, typer.Option(help="what it is for; empty: all that the organisation is registered for")] = "",
    to: To = HERE,
) -> None:
    """Get a partner's system an access token with its key, and print it; it counts for fifteen minutes."""
    print(_asked(to, sender_in(keys / f"{name}.key.json"), scope)[0])


def bound_token(to: str, sender: Mapping[str, Any]) -> Got:
    """A token for a sender, bound to its own key (DPoP).

    Raises:
        Refused: the hub gives it none.
        Unavailable: nothing there gives tokens.
    """
    found, base = _asked(to, sender, "", is_bound=True)
    return Got(found, sender["key"], base)


def _asked(to: str, sender: Mapping[str, Any], scope: str, *, is_bound: bool = False) -> tuple[str, str]:
    base, now = str(_said(to, "GET", "/.well-known/oauth-authorization-server")["issuer"]), datetime.now(UTC)
    form = {"grant_type": "client_credentials", "client_assertion_type": _ASSERTED}
    form |= {"client_assertion": _assertion(sender, base, now), **({"scope": scope} if scope else {})}
    proof = proofs.proof(sender["key"], "POST", f"{base}/oauth/token", now, str(uuid4())) if is_bound else ""
    said = _said(to, "POST", "/oauth/token", data=form, headers={"DPoP": proof} if proof else {})
    if "access_token" not in said:
        raise Refused(f"The hub gives no token: {said.get('error_description') or said.get('error')}.", code="no-token")
    return str(said["access_token"]), base


def _assertion(sender: Mapping[str, Any], base: str, now: datetime) -> str:
    times = {"iat": int(now.timestamp()), "exp": int((now + _LIFE).timestamp())}
    claims = {"iss": sender["name"], "sub": sender["name"], "aud": base, "jti": str(uuid4()), **times}
    return compact.write("JWT", claims, jws.private_key(sender["key"]), kid=sender["key"]["kid"])


def _said(to: str, method: str, path: str, **more: Any) -> Mapping[str, Any]:
    try:
        said = httpx2.request(method, to + path, **more).json()
        if not isinstance(said, dict) or not {"issuer", "access_token", "error"} & said.keys():
            raise ValueError("something else")
    except (httpx2.TransportError, httpx2.InvalidURL):
        raise Unavailable(f"No hub answers at {to}. Start one with `hub all`, or name another with --to.") from None
    except ValueError:
        raise Unavailable(f"What answers at {to} gives no tokens to partners.") from None
    return said
