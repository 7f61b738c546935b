"""What partners send comes in once, is durable before it is answered, and everything else is refused in words."""

from tests.api.running import Running, an_event, said_by_hub


async def test_a_signal_is_answered_with_a_receipt_that_the_hub_signed(hub: Running) -> None:
    said = await hub.post(an_event())
    assert said.status_code == 201
    receipt = said.json()
    assert said.headers["location"] == f"/v1/signals/{receipt['message']}"
    assert receipt["outcome"] == "recorded"
    signed = said_by_hub(receipt.pop("receipt"), hub.hub.keys.public_jwks())
    assert signed == receipt
