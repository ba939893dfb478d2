from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tasks.trial import Trial, TrialError, read_headers, read_object, trial
from tests.zelery.sdk.http.servers import once, serving
from zelery.connectors.http.outbound import rest
from zelery.errors import UnknownConnectorError
from zelery.model import Completed, Failed, Job
from zelery.settings import Settings

SETTINGS = Settings.read({"ZELERY_SECRET_PROVIDERS": "environment"})
HELLO = b'HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n{"echo": "t0k3n/x"}'


async def tried(variables: Any, **headers: str) -> Trial:
    job = Job(key=1, type=rest.type, variables=json.dumps(variables), headers=headers)
    return await trial(job, SETTINGS, {"SECRET_TOKEN": "t0k3n/x"})


@pytest.mark.integration
async def test_what_was_sent_and_answered_is_kept_beside_the_outcome() -> None:
    async with serving(once(HELLO)) as server:
        url = f"http://127.0.0.1:{server.port}/a"
        found = await tried(
            # A helper's secret is never looked up: Zeebe does not send what the connector does not fetch.
            {"method": "post", "url": url, "body": {"k": "{{secrets.TOKEN}}"}, "helper": "{{secrets.NOPE}}"},
            resultExpression="={said: response.body.echo}",
        )
    assert found.outcome == Completed(variables={"said": "t0k3n/x"})
    assert (found.succeeded, found.left_out) == (True, ("helper",))
    (exchange,) = found.exchanges
    assert (exchange.method, exchange.url, exchange.body) == ("POST", url, b'{"k":"t0k3n/x"}')
    assert not isinstance(exchange.answer, str)
    assert (exchange.answer.status, exchange.answer.body) == (200, b'{"echo": "t0k3n/x"}')
    assert found.mask("t0k3n/x") == "***"


@pytest.mark.integration
async def test_each_repetition_and_token_request_is_an_exchange_of_its_own() -> None:
    grant = b'HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n{"access_token": "gr4nt"}'
    async with serving(once(grant)) as server:
        site = f"http://127.0.0.1:{server.port}"
        client = {"clientId": "me", "clientSecret": "{{secrets.TOKEN}}", "clientAuthentication": "credentialsBody"}
        oauth = {"type": "oauth-client-credentials-flow", "oauthTokenEndpoint": f"{site}/token", **client}
        found = await tried({"method": "get", "url": f"{site}/a", "authentication": oauth})
    assert [exchange.url for exchange in found.exchanges] == [f"{site}/token", f"{site}/a"]


@pytest.mark.integration
async def test_a_request_without_an_answer_is_shown_too() -> None:
    found = await tried({"method": "get", "url": "http://127.0.0.1:1/"})
    (exchange,) = found.exchanges
    assert isinstance(exchange.answer, str)
    assert exchange.answer.startswith("no answer: ")
    assert not found.succeeded


async def test_input_that_cannot_be_used_is_an_outcome_and_nothing_is_sent() -> None:
    found = await tried({"method": "get", "url": "{{secrets.NOPE}}"})
    assert isinstance(found.outcome, Failed)
    assert (found.outcome.retries, found.exchanges) == (0, ())
    assert "NOPE" in found.outcome.message


@pytest.mark.integration
async def test_trials_at_the_same_time_do_not_see_each_other_s_exchanges() -> None:
    one, other = await asyncio.gather(
        *(tried({"method": "get", "url": f"http://127.0.0.1:{port}/"}) for port in (1, 2))
    )
    assert [exchange.url for exchange in one.exchanges] == ["http://127.0.0.1:1/"]
    assert [exchange.url for exchange in other.exchanges] == ["http://127.0.0.1:2/"]


async def test_an_unknown_type_gets_the_nearest_name() -> None:
    with pytest.raises(UnknownConnectorError, match=re.escape("did you mean io.camunda:http-json:1?")):
        await trial(Job(key=1, type="io.camunda:http-jsn:1"), SETTINGS)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"a": 1,}', "v.json, line 1, column 9: no JSON: "),
        (b'{\n"a"\n}', "v.json, line 3, column 1: no JSON: "),
        (b"", "v.json, line 1, column 1: no JSON: "),
        (b'{"a": NaN}', "v.json: no JSON: NaN is no number that JSON knows"),
        (b'["a"]', 'v.json: expected a JSON object like {"name": \u2026}, found list'),
        (b"null", "found null"),
        (b'{"a": "\xff"}', "v.json is not UTF-8 (byte 7)"),
        (b"[" * 100_000, "v.json is nested too deeply"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_one_line_with_its_place(
    tmp_path: Path, content: bytes, told: str
) -> None:
    (tmp_path / "v.json").write_bytes(content)
    with pytest.raises(TrialError) as refused:
        read_object(tmp_path / "v.json")
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrialError, match=re.escape("none.json cannot be read: No such file")):
        read_object(tmp_path / "none.json")


def test_a_header_that_is_no_text_is_named_with_what_to_write(tmp_path: Path) -> None:
    (tmp_path / "h.json").write_text('{"retryBackoff": "PT1S", "retries": 3}')
    with pytest.raises(
        TrialError, match=re.escape("""header 'retries' must be text, as in a model: "retries": "3\"""")
    ):
        read_headers(tmp_path / "h.json")


def run(folder: Path, *arguments: str, variables: Any, headers: Any = None) -> subprocess.CompletedProcess[str]:
    """The real command, in a process of its own."""
    (folder / "v.json").write_text(json.dumps(variables))
    (folder / "h.json").write_text(json.dumps(headers or {}))
    files = ["--variables", "v.json", "--headers", "h.json"]
    return subprocess.run(
        [sys.executable, "-m", "zelery", "try", rest.type, *files, *arguments],
        cwd=folder,
        env={**os.environ, "SECRET_TOKEN": "t0k3n/x"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.integration
async def test_the_command_shows_everything_masked_and_exits_with_0_when_the_job_completes(tmp_path: Path) -> None:
    async with serving(once(HELLO)) as server:
        variables = {"method": "get", "url": f"http://127.0.0.1:{server.port}/{{{{secrets.TOKEN}}}}"}
        done = await asyncio.to_thread(run, tmp_path, variables=variables, headers={"resultVariable": "r"})
    assert done.returncode == 0, done.stderr
    assert f"--> GET http://127.0.0.1:{server.port}/***\n" in done.stdout
    assert "<-- 200 OK\n" in done.stdout
    assert '{"echo": "***"}' in done.stdout
    assert "=== The job completes\n" in done.stdout
    assert "t0k3n" not in done.stdout + done.stderr


@pytest.mark.integration
def test_the_command_prints_one_json_object_and_exits_with_1_when_the_job_fails(tmp_path: Path) -> None:
    variables = {"method": "get", "url": "http://127.0.0.1:1/"}
    done = run(tmp_path, "--json", "--retries", "1", variables=variables, headers={"retryBackoff": "PT5S"})
    assert done.returncode == 1
    outcome = json.loads(done.stdout)["outcome"]
    assert (outcome["command"], outcome["retries"], outcome["retryBackoffMs"]) == ("fail", 0, 5000)
    assert outcome["variables"]["error"]["code"] == "408"


def test_the_command_says_in_one_line_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    done = run(tmp_path, variables=[1])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == 'Error: v.json: expected a JSON object like {"name": …}, found list\n'
