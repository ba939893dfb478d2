"""What correlating came to, told over HTTP; and what a request or a response shows of itself."""

from __future__ import annotations

import pytest

from zelery.correlation import (
    AlreadyCorrelated,
    ConditionNotMet,
    EngineRefused,
    Failed,
    InvalidInput,
    MessagePublished,
    ProcessInstanceCreated,
    Result,
)
from zelery.errors import ConnectorError
from zelery.sdk import RefusalError, Request, Response, answer
from zelery.sdk.webhooks import STATUS_OF

CREATED = ProcessInstanceCreated(process_instance_key=1, tenant_id="t")


@pytest.mark.parametrize(
    ("result", "response"),
    [
        (Failed(message="a secret of the model"), Response(status=500)),  # and not a word of it
        (InvalidInput(message="no key"), Response(status=422, body={"message": "no key", "error": None})),
        (ConditionNotMet(consume=False), Response(status=422, body={"message": "Activation condition not met"})),
        (
            EngineRefused(status="NOT_FOUND", message="no process", later=False),
            Response(status=404, body={"status": "NOT_FOUND", "message": "no process"}),
        ),
        (
            EngineRefused(status="BRAND_NEW", message="?", later=False),
            Response(status=422, body={"status": "BRAND_NEW", "message": "?"}),
        ),
    ],
)
def test_what_went_wrong_is_told_whatever_success_would_have_been(result: Result, response: Response) -> None:
    assert answer(result, Response(body="well")) == response
    assert answer(result) == response


@pytest.mark.parametrize(
    "result",
    [CREATED, MessagePublished(message_key=1, tenant_id="t"), AlreadyCorrelated(), ConditionNotMet(consume=True)],
)
def test_what_went_well_is_200_or_what_the_connector_says(result: Result) -> None:
    assert answer(result) == Response()
    assert answer(result, Response(status=201, body="well")) == Response(status=201, body="well")


def test_a_cluster_that_is_away_or_busy_is_no_fault_of_the_caller() -> None:
    assert (STATUS_OF["UNAVAILABLE"], STATUS_OF["RESOURCE_EXHAUSTED"], STATUS_OF["DEADLINE_EXCEEDED"]) == (
        503,
        429,
        504,
    )


def test_a_refusal_is_an_error_of_the_connector_with_a_status() -> None:
    refusal = RefusalError(401, "who are you?")
    assert isinstance(refusal, ConnectorError)
    assert (refusal.status, refusal.message) == (401, "who are you?")


def test_neither_shows_what_may_be_secret() -> None:
    request = Request(method="POST", url="http://h/p", headers={"authorization": "s1"}, query="key=s2", body=b"s3")
    assert repr(request) == "Request(method='POST', url='http://h/p')"
    assert "s4" not in repr(Response(body="s4"))
