"""The models of `docs/testing.md`."""

from __future__ import annotations

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import message, timer

_CHARGE = {
    "authentication.type": "bearer",
    "authentication.token": "{{secrets.TOKEN}}",
    "method": "POST",
    "url": "https://pay.example/charge",
    "body": "= {amount: amount}",
    "connectionTimeoutInSeconds": "= 20",
    "readTimeoutInSeconds": "= 20",
}
_HOOK = {
    "inbound.type": "io.camunda:webhook:1",
    "inbound.subtype": "ConfigurableInboundWebhook",
    "inbound.context": "payment",
    "inbound.method": "any",
    "inbound.shouldValidateHmac": "disabled",
    "inbound.auth.type": "NONE",
    "correlationKeyExpression": "= string(request.body.charge)",
}


def order() -> bytes:
    """An order that is charged, and shipped when it is paid; canceled after three days."""
    charge = b.service(
        "charge",
        "io.camunda:http-json:1",
        "3",
        inputs=_CHARGE,
        headers={"resultExpression": "= {charge: response.body.id}", "retryBackoff": "PT10S"},
    )
    paid = b.receive("paid", message("paid", "= string(charge)"), properties=_HOOK)
    return b.model(
        b.process(
            "order",
            b.path(b.start("received"), charge, paid, b.end("shipped")),
            b.path(b.boundary("late", "paid", timer(duration="P3D")), b.end("canceled")),
        )
    )


def parcel() -> bytes:
    """A parcel whose postage a connector of one's own knows."""
    weigh = b.service(
        "weigh",
        "com.example:postage:1",
        headers={"resultExpression": "= {postage: price}"},
        inputs={"weight": "= weight"},
    )
    return b.model(b.process("parcel", b.start(), weigh, b.end()))
