"""What the demo shows: a model each, and what its instances must come to."""

from __future__ import annotations

import dataclasses
import importlib.resources
from collections.abc import Mapping
from typing import Any

from zelery.model import to_json

#: The secret's name in the model that shows one.
SECRET = "DEMO_TOKEN"  # noqa: S105 - its name, not its value

#: The name of the secret that says where RabbitMQ is, login and all.
AMQP_SECRET = "DEMO_AMQP"  # noqa: S105 - as above


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """A model of the demo and the one outcome that is right."""

    name: str
    """The model's file, and what the sample service counts its calls under."""
    shows: str
    """What one sees there, for people."""
    outcome: str
    """The value of the variable `outcome` at an instance's end."""
    attempts: int | None = 1
    """How often the sample service is called for an instance; None where that is not for the model to say."""
    by_webhook: bool = False
    """Whether its instances are started, and continued, by HTTP requests."""
    with_rabbitmq: bool = False
    """Whether it needs a RabbitMQ."""
    with_polling: bool = False
    """Whether it polls for waiting instances, which only a cluster with searches knows."""

    @property
    def process_id(self) -> str:
        """BPMN process id."""
        return f"demo-{self.name}"

    @property
    def resource(self) -> str:
        """The model's file name, as it is deployed."""
        return f"{self.name}.bpmn"

    @property
    def model(self) -> bytes:
        """The model, BPMN as Camunda Modeler writes it."""
        return importlib.resources.files("zelery.local").joinpath("models", self.resource).read_bytes()


SCENARIOS = (
    Scenario(name="price", shows="a result expression takes what is wanted", outcome="Moby-Dick costs 12.5 EUR"),
    Scenario(
        name="unknown-order",
        shows="a 404 becomes a BPMN error, and is caught",
        outcome="caught: there is no such order",
    ),
    Scenario(
        name="reservation", shows="a 500 is tried again after a pause", outcome="reserved at attempt 3", attempts=3
    ),
    Scenario(
        name="customer", shows="a secret, known to the worker alone", outcome="token accepted for Herman Melville"
    ),
    Scenario(name="report", shows="an answer that takes 3 s", outcome="report of 720 pages"),
    Scenario(
        name="order",
        shows="a webhook starts it, another continues it",
        outcome="paid 12.5 EUR",
        attempts=None,
        by_webhook=True,
    ),
    Scenario(
        name="letter",
        shows="a message goes to RabbitMQ, and comes back",
        outcome="a letter from Herman Melville",
        attempts=None,
        with_rabbitmq=True,
    ),
    Scenario(
        name="parcel",
        shows="a service is polled until it says what is waited for",
        outcome="delivered at look 3",
        attempts=None,
        with_polling=True,
    ),
)


def shown(*, polling: bool, rabbitmq: bool) -> tuple[Scenario, ...]:
    """What a demo shows, with polling and RabbitMQ or without."""
    return tuple(
        each for each in SCENARIOS if (polling or not each.with_polling) and (rabbitmq or not each.with_rabbitmq)
    )


def complaint(scenario: Scenario, ended: Mapping[str, Any], secret: str) -> str | None:
    """What is wrong with an instance that ended with these variables; None when it is as it must be."""
    if secret in to_json(ended):
        return f"{scenario.name}: the secret's value is in the variables of an instance"
    if (outcome := ended.get("outcome")) != scenario.outcome:
        return f"{scenario.name}: an instance ended with outcome {outcome!r}, expected {scenario.outcome!r}"
    return None
