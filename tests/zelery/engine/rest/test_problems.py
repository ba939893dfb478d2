from __future__ import annotations

import json

import pytest

from zelery.engine.errors import Code, Rejected
from zelery.engine.rest.problems import Problem, missing, refused, unreadable


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (Code.INVALID_ARGUMENT, 400),
        (Code.NOT_FOUND, 404),
        (Code.ALREADY_EXISTS, 409),
        (Code.INVALID_STATE, 409),
        (Code.EXCEEDED, 503),
        (Code.UNAVAILABLE, 503),
        (Code.TIMEOUT, 504),
        (Code.UNIMPLEMENTED, 501),
        (Code.INTERNAL, 500),
    ],
)
def test_each_code_of_a_refusal_has_its_status_and_is_the_title(code: Code, status: int) -> None:
    problem = refused(Rejected(code, "because"), "COMPLETE")
    assert (problem.status, problem.title) == (status, str(code))
    assert "because" in problem.detail


def test_a_refusal_names_the_command_and_its_code() -> None:
    problem = refused(Rejected(Code.NOT_FOUND, "no such job"), "COMPLETE")
    assert problem.detail == "Command 'COMPLETE' rejected with code 'NOT_FOUND': no such job"


def test_every_code_has_a_status() -> None:
    assert all(400 <= refused(Rejected(code, ""), "X").status < 600 for code in Code)


def test_a_problem_is_told_as_the_standard_says() -> None:
    response = Problem(404, "NOT_FOUND", "nothing").response("/v2/jobs/1")
    assert response.media_type == "application/problem+json"
    assert response.status_code == 404
    assert json.loads(bytes(response.body)) == {
        "type": "about:blank",
        "title": "NOT_FOUND",
        "status": 404,
        "detail": "nothing",
        "instance": "/v2/jobs/1",
    }


def test_texts_of_refusals_name_what_they_are_about() -> None:
    assert missing("Job", 5).detail == "Job with key '5' not found"
    assert unreadable("a.b").detail == "Request property [a.b] cannot be parsed"
    assert unreadable("a.b", "why").detail == "Request property [a.b] cannot be parsed: why"
