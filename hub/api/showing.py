"""What a request shows to say who sends it; nothing of it is believed yet."""

from collections.abc import Iterator, Sequence
from http.cookies import CookieError, SimpleCookie

from starlette.types import Scope

from hub.api.bodies import Headers
from hub.api.proxies import Proxies
from hub.ports import Shown


def shown_in(scope: Scope, headers: Headers, proxies: Proxies) -> Shown:
    """All of it; a certificate only where a trusted proxy says it."""
    return Shown(
        method=scope["method"],
        address=_path(scope),
        authorization=tuple(headers.get("authorization", ())),
        dpop=tuple(headers.get("dpop", ())),
        certificate=proxies.certificate(scope, headers.get(proxies.header, ())),
        cookies=dict(_cookies(headers.get("cookie", ()))),
        csrf=_only(headers.get("x-csrf-token", ())),
        origin=_only(headers.get("origin", ())),
        site=_only(headers.get("sec-fetch-site", ())),
    )


def _path(scope: Scope) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0].decode("latin-1")


def _only(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else ""


def _cookies(values: Sequence[str]) -> Iterator[tuple[str, str]]:
    for text in values:
        try:
            yield from ((name, cookie.value) for name, cookie in SimpleCookie(text).items())
        except CookieError:
            continue
