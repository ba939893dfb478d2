"""bpmnError, jobError and ignoreError."""

from typing import Any

import pytest

from tests.zelery.feel.answers import answer
from zelery import feel


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bpmnError(404)", "Parameter 'errorCode' of function 'bpmnError' must be a String"),
        ('bpmnError("A", null)', "Parameter 'errorMessage' of function 'bpmnError' must be a String"),
        ('bpmnError("A", "b", [1])', "Parameter 'variables' of function 'bpmnError' must be a Context"),
        ("ignoreError(1)", "Parameter 'variables' of function 'ignoreError' must be a Context"),
        ("jobError(null)", "ValNull$ cannot be cast to class org.camunda.feel.syntaxtree.ValString"),
        ('jobError("m", {}, "2")', "ValString cannot be cast to class org.camunda.feel.syntaxtree.ValNumber"),
    ],
)
def test_arguments_of_other_types_fail_the_expression(text: str, message: str) -> None:
    with pytest.raises(feel.FeelEvaluationError, match=message.replace("$", r"\$")):
        answer(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('bpmnError("A")', {"errorType": "bpmnError", "errorCode": "A"}),
        (
            'bpmnError("A", "b", {c: 1})',
            {"errorType": "bpmnError", "errorCode": "A", "errorMessage": "b", "variables": {"c": 1}},
        ),
        (
            'bpmnError(code: "A", message: "b")',  # the names of 8.5
            {"errorType": "bpmnError", "errorCode": "A", "errorMessage": "b"},
        ),
        (
            'jobError("m")',
            {"errorType": "jobError", "errorMessage": "m", "variables": {}, "retries": 0, "retryBackoff": "PT0S"},
        ),
        (
            'jobError("m", {a: 1}, 2, @"PT10S")',
            {
                "errorType": "jobError",
                "errorMessage": "m",
                "variables": {"a": 1},
                "retries": 2,
                "retryBackoff": "PT10S",
            },
        ),
        ("ignoreError()", {"errorType": "ignoreError"}),
        ("ignoreError({a: 1})", {"errorType": "ignoreError", "variables": {"a": 1}}),
    ],
)
def test_an_error_is_a_context(text: str, value: Any) -> None:
    assert answer(text) == value
