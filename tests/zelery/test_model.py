"""The values that travel."""

from __future__ import annotations

import json
from typing import Any

import pytest

from zelery.model import Completed, Failed, Ignored, Job, Thrown, to_json

JOB = Job(
    key=2251799813685249,
    type="io.camunda:http-json:1",
    variables='{"card": "4111"}',
    headers={"resultVariable": "r", "card": "4111"},
    retries=2,
    deadline_ms=1_700_000_000_000,
    process_id="order",
    element_id="charge",
    process_instance_key=17,
    tenant_id="red",
)


def test_a_job_survives_its_message() -> None:
    assert Job.from_message(json.loads(json.dumps(JOB.to_message()))) == JOB


@pytest.mark.parametrize("message", [{}, {"v": 2}, {**JOB.to_message(), "v": None}, {**JOB.to_message(), "v": "1"}])
def test_a_message_of_another_version_is_refused_by_its_version(message: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"a job message of version .*; this worker reads version 1"):
        Job.from_message(message)


def test_an_activation_is_the_job_and_its_deadline() -> None:
    assert JOB.activation == "2251799813685249-1700000000000"


def test_people_see_where_a_job_comes_from() -> None:
    assert JOB.describe() == "io.camunda:http-json:1 | order | charge | 17 | red"


@pytest.mark.parametrize(
    "value",
    [
        JOB,
        Completed(variables={"card": "4111"}),
        Failed(retries=1, message="no", variables={"card": "4111"}),
        Thrown(code="E", message="no", variables={"card": "4111"}),
        Ignored(variables={"card": "4111"}),
    ],
)
def test_no_repr_shows_a_variable(value: object) -> None:
    assert "4111" not in repr(value)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "{}"),
        ({"a": [1, 2.5, None, True], "b": {"c": "d"}}, '{"a":[1,2.5,null,true],"b":{"c":"d"}}'),
        ({"a": "grün 🎉"}, '{"a":"grün 🎉"}'),
        ({"a": 2**70}, f'{{"a":{2**70}}}'),  # larger than 64 bits
        # what JSON has no number for
        ({"a": float("nan"), "b": float("inf"), "c": float("-inf")}, '{"a":"NaN","b":"Infinity","c":"-Infinity"}'),
        ({"a": "\ud83c"}, '{"a":"?"}'),  # half of a surrogate pair
        ({"a": nested(400)}, '{"a":' + "[" * 400 + "1" + "]" * 400 + "}"),
    ],
)
def test_variables_as_zeebe_is_given_them(value: Any, text: str) -> None:
    assert to_json(value) == text
