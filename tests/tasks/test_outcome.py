from __future__ import annotations

from typing import Any

import pytest

from tasks import outcome
from tasks.payload import BYTES_MAX
from zelery.errors import BpmnError, ConnectorError, InputError, RetryError
from zelery.model import Completed, Failed, Ignored, Job, Outcome, Thrown

RESPONSE = {"status": 200, "body": {"id": 7, "status": "inner"}, "none": None}
FEEL_ERROR = "io.camunda.connector.feel.FeelEngineWrapperException"
INPUT_ERROR = "io.camunda.connector.api.error.ConnectorInputException"


def job(retries: int = 3, **headers: Any) -> Job:
    return Job(key=1, type="t", headers=headers, retries=retries)


def unmasked(text: str) -> str:
    return text


def after(response: Any, *, retries: int = 3, backoff_ms: int | None = None, **headers: Any) -> Outcome:
    return outcome.of_response(job(retries, **headers), response, backoff_ms=backoff_ms, mask=unmasked)


def failing(
    error: BaseException, *, retries: int = 3, backoff_ms: int | None = None, mask: Any = unmasked, **headers: Any
) -> Outcome:
    return outcome.of_error(job(retries, **headers), error, backoff_ms=backoff_ms, mask=mask)


class TestHeaders:
    @pytest.mark.parametrize(
        ("headers", "milliseconds"),
        [
            ({}, None),
            ({"retryBackoff": "PT5S"}, 5000),
            ({"retryBackoff": "-PT5S"}, -5000),
            ({"retryBackoff": "PT0S"}, 0),
        ],
    )
    def test_retry_backoff_is_a_duration(self, headers: dict[str, str], milliseconds: int | None) -> None:
        assert outcome.retry_backoff_ms(headers) == milliseconds

    @pytest.mark.parametrize("text", ["", " ", "5", "abc", "P1M", "=PT5S"])
    def test_a_retry_backoff_that_is_none_leaves_no_attempt(self, text: str) -> None:
        with pytest.raises(outcome.HeaderError) as raised:
            outcome.retry_backoff_ms({"retryBackoff": text})
        message = f"Failed to parse retry backoff header. Expected ISO-8601 duration, e.g. PT5M, got: {text}"
        kind = "io.camunda.connector.runtime.core.error.InvalidBackOffDurationException"
        assert failing(raised.value) == Failed(
            retries=0, message=message, variables={"error": {"type": kind, "message": message}}
        )

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [({}, None), ({"jobTimeout": " "}, None), ({"jobTimeout": "PT10M"}, 600.0), ({"jobTimeout": "PT0.5S"}, 0.5)],
    )
    def test_job_timeout_is_a_duration(self, headers: dict[str, str], seconds: float | None) -> None:
        assert outcome.job_timeout_s(headers) == seconds

    @pytest.mark.parametrize("text", ["abc", "PT0S", "-PT5S"])
    def test_a_job_timeout_that_is_none_is_told(self, text: str) -> None:
        with pytest.raises(outcome.HeaderError, match="job timeout"):
            outcome.job_timeout_s({"jobTimeout": text})


class TestResult:
    @pytest.mark.parametrize(
        ("headers", "variables"),
        [
            ({}, {}),
            ({"resultVariable": "r"}, {"r": RESPONSE}),
            ({"resultVariable": "a.b"}, {"a.b": RESPONSE}),  # a name, no path
            ({"resultVariable": "  "}, {}),
            ({"resultVariable": "", "resultExpression": ""}, {}),
            ({"resultExpression": "={a: body.id}"}, {"a": 7}),
            ({"resultExpression": "  = {a: response.body.id} "}, {"a": 7}),
            ({"resultExpression": "{a: 1}"}, {"a": 1}),  # the sign may be left out
            ({"resultExpression": "={a: response.body.status, b: status}"}, {"a": "inner", "b": 200}),
            ({"resultExpression": "={a: nope, b: job}"}, {"a": None, "b": None}),  # null is written; no job here
            ({"resultExpression": "=null"}, {}),
            ({"resultExpression": "={}"}, {}),
            ({"resultVariable": "r", "resultExpression": "={a: body.id}"}, {"r": RESPONSE, "a": 7}),
            ({"resultVariable": "r", "resultExpression": "={r: body.id}"}, {"r": 7}),  # the expression wins
            ({"resultVariable": "r", "resultExpression": "=null"}, {"r": RESPONSE}),
            ({"resultvariable": "r"}, {}),  # header names are exact
        ],
    )
    def test_the_response_is_mapped_as_the_headers_say(self, headers: dict[str, Any], variables: Any) -> None:
        assert after(RESPONSE, **headers) == Completed(variables=variables)

    @pytest.mark.parametrize(
        ("response", "expression", "variables"),
        [
            (None, "={a: response}", {"a": None}),
            ([1, 2], "={a: response[1]}", {"a": 1}),
            ("text", "={a: response}", {"a": "text"}),
        ],
    )
    def test_a_response_that_is_no_object_is_seen_as_response_only(
        self, response: Any, expression: str, variables: Any
    ) -> None:
        assert after(response, resultExpression=expression) == Completed(variables=variables)

    @pytest.mark.parametrize(
        ("expression", "retries", "kind"),
        [
            ("={a: ", 2, FEEL_ERROR),
            ("=assert(1, false)", 2, FEEL_ERROR),
            ("=1", 0, INPUT_ERROR),
            ('="x"', 0, INPUT_ERROR),
            ("=[1]", 0, INPUT_ERROR),
            ('={"camunda.function.type": "x"}', 0, INPUT_ERROR),
            ('={a: "camunda.function.type"}', 0, INPUT_ERROR),
        ],
    )
    def test_a_result_that_cannot_be_mapped_is_a_failure(self, expression: str, retries: int, kind: str) -> None:
        found = after(RESPONSE, resultExpression=expression, backoff_ms=5000)
        assert isinstance(found, Failed)
        assert (found.retries, found.backoff_ms, found.variables["error"]["type"]) == (retries, 5000, kind)
        assert found.message == found.variables["error"]["message"]

    def test_the_message_holds_the_expression_as_it_is_written(self) -> None:
        found = after(RESPONSE, resultExpression=" = 1")
        assert isinstance(found, Failed)
        assert "' = 1'" in found.message

    def test_output_beyond_1_5_mb_leaves_no_attempt(self) -> None:
        found = after({"body": "x" * BYTES_MAX}, resultVariable="r")
        assert isinstance(found, Failed)
        assert (found.retries, "1.5 MB" in found.message) == (0, True)

    def test_a_response_that_is_no_json_is_a_failure(self) -> None:
        found = after({"a": object()}, resultVariable="r")
        assert isinstance(found, Failed)
        assert (found.retries, "cannot be written as JSON" in found.message) == (2, True)


class TestFailure:
    @pytest.mark.parametrize(
        ("error", "before", "retries", "backoff_ms"),
        [
            (ConnectorError("m"), 3, 2, 7000),
            (ConnectorError("m"), 0, 0, 7000),  # never negative
            (ValueError("m"), 3, 2, 7000),
            (InputError("m"), 3, 0, 7000),  # the header's pause is sent all the same
            (RetryError("m"), 3, 2, 7000),
            (RetryError("m", retries=5), 3, 5, 7000),
            (RetryError("m", retries=-1), 3, 0, 7000),
            (RetryError("m", backoff_s=1.5), 3, 2, 1500),
        ],
    )
    def test_the_error_says_how_often_and_when_to_try_again(
        self, error: Exception, before: int, retries: int, backoff_ms: int
    ) -> None:
        found = failing(error, retries=before, backoff_ms=7000)
        assert isinstance(found, Failed)
        assert (found.retries, found.backoff_ms, found.message) == (retries, backoff_ms, "m")

    def test_the_model_sees_type_message_code_and_variables(self) -> None:
        error = ConnectorError("Not Found", code="404", variables={"response": {"body": {"why": "gone"}}})
        found = failing(error)
        assert found.variables == {
            "error": {
                "type": "io.camunda.connector.api.error.ConnectorException",
                "message": "Not Found",
                "code": "404",
                "variables": {"response": {"body": {"why": "gone"}}},
            }
        }

    def test_error_variables_that_zeebe_could_not_take_are_left_out(self) -> None:
        found = failing(ConnectorError("m", code="500", variables={"response": "x" * BYTES_MAX}))
        assert found.variables == {
            "error": {"type": "io.camunda.connector.api.error.ConnectorException", "message": "m", "code": "500"}
        }

    def test_a_bpmn_error_of_the_connector_is_thrown(self) -> None:
        assert failing(BpmnError("GONE", "m", variables={"a": 1})) == Thrown(
            code="GONE", message="m", variables={"a": 1}
        )

    def test_an_error_expression_comes_before_a_bpmn_error_of_the_connector(self) -> None:
        found = failing(
            BpmnError("GONE", "m"), errorExpression='=if error.code = "GONE" then bpmnError("MINE", "n") else null'
        )
        assert found == Thrown(code="MINE", message="n")


NOT_FOUND = ConnectorError("Not Found", code="404", variables={"response": {"body": {"why": "gone"}}})


class TestErrorExpression:
    @pytest.mark.parametrize(
        ("expression", "expected"),
        [
            ('=bpmnError("C1", "m")', Thrown(code="C1", message="m")),
            ('=bpmnError("C1", "m", {a: 1, b: null})', Thrown(code="C1", message="m", variables={"a": 1, "b": None})),
            ("=bpmnError(error.code, error.message)", Thrown(code="404", message="Not Found")),
            ('=bpmnError("B", response.error.variables.response.body.why)', Thrown(code="B", message="gone")),
            ('=bpmnError("R", string(job.retries))', Thrown(code="R", message="3")),
            ('=bpmnError(code: "C1", message: "m")', Thrown(code="C1", message="m")),  # 8.5's names
            (
                '={errorType: "bpmnError", code: "C0", errorCode: "C1", message: "m0", errorMessage: "m1"}',
                Thrown(code="C1", message="m1"),
            ),
            ('={errorType: "bpmnError", code: "C0", message: "m0"}', Thrown(code="C0", message="m0")),
            ('={errorType: "bpmnError", errorCode: 5, errorMessage: 6}', Thrown(code="5", message="6")),
            ('=jobError("m")', Failed(retries=0, message="m", backoff_ms=0, variables={"error": "m"})),
            (
                '=jobError("m", {a: 1, error: 2}, job.retries - 1, duration("PT10S"))',
                Failed(retries=2, message="m", backoff_ms=10_000, variables={"a": 1, "error": "m"}),
            ),
            ('=jobError("m", {}, 1.7)', Failed(retries=1, message="m", backoff_ms=0, variables={"error": "m"})),
            ('=jobError("m", {}, -1)', Failed(retries=0, message="m", backoff_ms=0, variables={"error": "m"})),
            (
                '={errorType: "jobError", errorMessage: "m", retries: "2", retryBackoff: 3}',
                Failed(retries=2, message="m", backoff_ms=3000, variables={"error": "m"}),
            ),
            (
                '={errorType: "jobError", errorMessage: "m", retries: 2, retryBackoff: "PT3S"}',
                Failed(retries=2, message="m", backoff_ms=3000, variables={"error": "m"}),
            ),
            ("=ignoreError({a: 1})", Ignored(variables={"a": 1})),
            ("=ignoreError()", Ignored()),
        ],
    )
    def test_it_decides_what_becomes_of_a_failure(self, expression: str, expected: Outcome) -> None:
        assert failing(NOT_FOUND, errorExpression=expression, backoff_ms=7000) == expected

    @pytest.mark.parametrize(
        "expression",
        [
            "",
            "  ",
            "=null",
            "={}",
            "=nope",
            "=bpmnError()",
            '=BpmnError("C1", "m")',
            '={errorType: "bpmnError"}',
        ],
    )
    def test_when_it_says_nothing_the_failure_stays(self, expression: str) -> None:
        found = failing(NOT_FOUND, errorExpression=expression, backoff_ms=7000)
        assert isinstance(found, Failed)
        assert (found.retries, found.backoff_ms, found.message) == (2, 7000, "Not Found")

    @pytest.mark.parametrize(
        ("expression", "kind"),
        [
            ("={", FEEL_ERROR),
            ("=assert(null, false)", FEEL_ERROR),
            ('=bpmnError("C1", null)', FEEL_ERROR),
            ("=jobError(null)", FEEL_ERROR),
            ('="x"', INPUT_ERROR),
            ("=true", INPUT_ERROR),
            ("=[1]", INPUT_ERROR),
            ("={a: 1}", INPUT_ERROR),
            ("={errorType: null}", INPUT_ERROR),
            ('={errorType: "BPMNERROR", errorCode: "C", errorMessage: "m"}', INPUT_ERROR),
            ('={errorType: ["bpmnError"]}', INPUT_ERROR),
            ('={errorType: "bpmnError", errorCode: {}}', INPUT_ERROR),
            ('={errorType: "bpmnError", errorCode: "C", variables: 1}', INPUT_ERROR),
            ('={errorType: "jobError", errorMessage: "m", retries: "many"}', INPUT_ERROR),
            ('={errorType: "jobError", errorMessage: "m", retries: 1, retryBackoff: "soon"}', INPUT_ERROR),
            ('={errorType: "jobError", errorMessage: "m", retries: 1, retryBackoff: true}', INPUT_ERROR),
            ('={errorType: "jobError", errorMessage: "m"}', "java.lang.NullPointerException"),
            ('=jobError("m", {}, 99999999999)', INPUT_ERROR),
        ],
    )
    def test_when_it_fails_no_attempt_is_left_and_no_pause_is_sent(self, expression: str, kind: str) -> None:
        for found in (
            failing(NOT_FOUND, errorExpression=expression, backoff_ms=7000),
            after(RESPONSE, errorExpression=expression, backoff_ms=7000),
        ):
            assert isinstance(found, Failed)
            assert (found.retries, found.backoff_ms) == (0, None)
            assert found.variables == {"error": {"type": kind, "message": found.message}}

    @pytest.mark.parametrize(
        ("headers", "seen"),
        [
            ({}, {"s": 200, "rs": 200, "a": None, "ra": None, "j": {"retries": 3}}),
            ({"resultExpression": "={}"}, {"s": 200, "rs": 200, "a": None, "ra": None, "j": {"retries": 3}}),
            ({"resultExpression": "={a: 1}"}, {"s": None, "rs": None, "a": 1, "ra": 1, "j": {"retries": 3}}),
            ({"resultExpression": "={a: null}"}, {"s": None, "rs": None, "a": None, "ra": None, "j": {"retries": 3}}),
            # What the runtime gives wins over the model's own names.
            (
                {"resultExpression": "={job: 1, response: 2}"},
                {"s": None, "rs": None, "a": None, "ra": None, "j": {"retries": 3}},
            ),
        ],
    )
    def test_after_a_success_it_sees_the_mapped_output_or_else_the_response(
        self, headers: dict[str, Any], seen: Any
    ) -> None:
        expression = '=bpmnError("S", "m", {s: status, rs: response.status, a: a, ra: response.a, j: job})'
        assert after(RESPONSE, errorExpression=expression, **headers) == Thrown(code="S", message="m", variables=seen)

    def test_after_a_success_it_may_say_nothing(self) -> None:
        found = after(
            RESPONSE, resultExpression="={a: 1}", errorExpression='=if error != null then jobError("x") else null'
        )
        assert found == Completed(variables={"a": 1})

    def test_it_sees_a_result_that_could_not_be_mapped(self) -> None:
        found = after(RESPONSE, resultExpression="={", errorExpression='=jobError("again", {}, job.retries - 1)')
        assert isinstance(found, Failed)
        assert (found.retries, found.message) == (2, "again")

    def test_variables_it_gives_beyond_1_5_mb_leave_no_attempt(self) -> None:
        found = after({"body": "x" * BYTES_MAX}, errorExpression='=bpmnError("B", "m", {b: body})')
        assert isinstance(found, Failed)
        assert (found.retries, "1.5 MB" in found.message) == (0, True)

    def test_its_messages_hide_secrets_and_are_cut_and_the_variable_is_not_cut(self) -> None:
        error = ConnectorError("m", variables={"body": "t0p" + "x" * 9000})
        found = failing(
            error, mask=lambda text: text.replace("t0p", "***"), errorExpression="=jobError(error.variables.body)"
        )
        assert isinstance(found, Failed)
        assert (found.message, found.variables) == ("***" + "x" * 5997, {"error": "***" + "x" * 9000})
