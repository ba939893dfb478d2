"""The official templates over REST and GraphQL, each use of one as a job against a scripted server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tasks.execute import execute
from tests.templates import CASES, Case
from tests.zelery.sdk.http.servers import Server, serving
from zelery.model import Completed, Job, Outcome, Thrown
from zelery.runtime import Runtime
from zelery.sdk import Settings

pytestmark = pytest.mark.integration

SETTINGS = Settings.read({"ZELERY_SECRET_PROVIDERS": "environment"})
SECRETS = {"SECRET_TOKEN": "t0k3n", "SECRET_PASSWORD": "pa:ss"}


def answered(value: Any) -> bytes:
    """An answer with a JSON body; None is accepted, and says nothing."""
    if value is None:
        return b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
    body = json.dumps(value).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


async def outcome_of(case: Case, answers: list[bytes]) -> tuple[Outcome, list[bytes]]:
    async def handle(server: Server, reader: Any, writer: Any) -> None:
        while True:
            await server.request(reader)
            writer.write(answers[len(server.requests) - 1])
            await writer.drain()

    async with serving(handle) as server, Runtime.open(SETTINGS, SECRETS) as runtime:
        text = json.dumps(case.variables).replace("{site}", f"http://127.0.0.1:{server.port}")
        fetched = {name: value for name, value in json.loads(text).items() if name in case.connector.variables}
        job = Job(
            key=1,
            type=case.connector.type,
            variables=json.dumps(fetched),
            headers={
                "elementTemplateId": case.template,
                "resultExpression": case.result,
                "errorExpression": 'if error != null then bpmnError("HTTP " + error.code, error.message) else null',
                "retryBackoff": "PT0S",
            },
        )
        return await execute(job, case.connector, runtime), server.requests


@pytest.mark.parametrize("name", CASES)
async def test_a_template_s_model_sends_its_requests_and_gets_its_result(name: str) -> None:
    case = CASES[name]

    found, requests = await outcome_of(case, [answered(value) for value in case.answers])

    assert len(requests) == len(case.sent)
    for request, sent in zip(requests, case.sent, strict=True):
        head, _, body = request.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = dict(text.split(": ", 1) for text in lines)
        assert line == f"{sent.method} {sent.target} HTTP/1.1"
        assert {header: headers.get(header) for header in sent.headers} == sent.headers
        assert [header for header in headers if header.lower() in sent.absent] == []
        assert (body.decode() if sent.body is None or isinstance(sent.body, str) else json.loads(body)) == (
            sent.body or ""
        )
    assert found == Completed(variables={"got": case.got})


@pytest.mark.parametrize("name", CASES)
async def test_an_error_of_its_other_side_is_an_error_with_the_status_as_code(name: str) -> None:
    case = CASES[name]
    answers = [answered(value) for value in case.answers[:-1]]

    found, _ = await outcome_of(case, [*answers, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\n{}"])

    assert found == Thrown(code="HTTP 403", message="Forbidden")


def test_all_official_templates_over_rest_are_among_them() -> None:
    known = {case.template.removeprefix("io.camunda.connectors.").rpartition(".")[0] for case in CASES.values()}
    assert known == {
        "HttpJson",
        "GraphQL",
        "GitHub",
        "GitLab",
        "Asana",
        "EasyPost",
        "GoogleMapsPlatform",
        "OpenAI",
        "Salesforce",
        "Twilio",
        "UIPath",
        "WhatsApp",
        "BluePrism",
        "CamundaOperate",
        "MSFT.O365.Mail",
    }
