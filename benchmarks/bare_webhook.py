"""A relay that stores nothing and knows nothing: what is posted at its port goes to one callback, signed."""

import asyncio
import sys
from datetime import UTC, datetime
from itertools import count

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.adapters import jws
from hub.adapters.jades import sign

_KEY = jws.private_key(jws.new_jwk("EdDSA", "relay"))
_ids, _sending = count(1), set[asyncio.Task[None]]()
_client = httpx2.AsyncClient()


async def post(request: Request) -> Response:
    """Answers, and tells the callback meanwhile."""
    telling = asyncio.create_task(_tell(await request.body()))
    _sending.add(telling)
    telling.add_done_callback(_sending.discard)
    return JSONResponse({"accepted": True}, status_code=201)


async def _tell(body: bytes) -> None:
    headers = {"content-type": "application/cloudevents+json", "webhook-id": str(next(_ids))}
    answer = await _client.post(
        sys.argv[2], content=body, headers={**headers, **sign(body, headers, _KEY, "relay", datetime.now(UTC), "Ed25519")}
    )
    answer.raise_for_status()


if __name__ == "__main__":
    routes = [Route("/v1/signals", post, methods=["POST"])]
    uvicorn.run(Starlette(routes=routes), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
