"""What a job tells of the message that started its instance, and the model that makes it."""

from __future__ import annotations

import json

import pytest

from tests.chaos.stand import Arrival, message, model
from zelery.camunda.bpmn import read
from zelery.model import Job


@pytest.mark.parametrize(
    "now",
    ["2026-01-31T12:00:00.25@Etc/UTC", "2026-01-31T13:00:00.25@Europe/Berlin", "2026-01-31T12:00:00.25Z"],
)
def test_an_arrival_has_the_moment_of_zeebes_clock_in_whatever_zone_it_is(now: str) -> None:
    sent = 1_769_860_800.0
    job = Job(key=1, type="t", process_instance_key=5, variables=json.dumps({"n": 7.0, "sent": sent, "at": now}))
    assert Arrival.of(job) == Arrival(number=7, instance=5, at=sent + 0.25, waited_s=0.25)


def test_a_message_has_its_number_and_a_key_that_is_the_same_when_it_is_published_again() -> None:
    first, again = json.loads(message(3)), json.loads(message(3))
    assert (first["n"], first["key"]) == (3, again["key"])
    assert first["key"] != json.loads(message(4))["key"]


def test_the_models_start_event_has_the_transports_properties_and_the_messages_id() -> None:
    (element,) = read(model("q", "value", {"inbound.type": "io.camunda:x:1", "url": 'a"b&c'}), "q").elements
    assert element.properties["url"] == 'a"b&c'
    assert element.properties["messageIdExpression"] == "= value.key"
