"""The requests that were recorded on Operate 8.6.0, and whether this one answers in the same shapes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from tests.conformance.golden import CONFORMANCE
from tests.zelery.engine.rules.builder import (
    boundary,
    catch,
    end,
    exclusive,
    path,
    process,
    service,
    start,
    sub_process,
)
from tests.zelery.engine.rules.definitions import message, timer
from tests.zelery.engine.served import Served, served
from zelery.engine import commands as cmd

RECORDED = CONFORMANCE / "operate"
FILES = ("flownode-instances-search", "process-definitions-search", "process-definitions-xml", "variables-search")

pytestmark = pytest.mark.skipif(not RECORDED.exists(), reason=f"no recorded answers: {RECORDED} is not there")

#: What the recorded instances had.
VARIABLES = {
    "txt": "5",
    "list": ["x", 1],
    "num": 5,
    "f": 2.5,
    "nul": None,
    "obj": {"a": "b"},
    "t": True,
    "text": True,
    "long": "x" * 9000,
}

#: Of an item only that is the same on both: the rest is keys, dates and names of the recorded models.
SAME = ("state", "incident", "value", "tenantId")


def cases(file: str) -> list[dict[str, Any]]:
    """The recorded cases of a file; none where it is not there."""
    found = RECORDED / f"{file}.json"
    if not found.exists():
        return []
    listed: list[dict[str, Any]] = json.loads(found.read_text(encoding="utf-8"))
    return listed


ALL = [(file, case) for file in FILES for case in cases(file)]


@pytest.fixture
async def operate() -> AsyncIterator[Served]:
    async with served() as there:
        yield there


def fill(there: Served) -> Mapping[int, int]:
    """Deploys and starts what the recorded answers tell of; our keys by theirs."""
    (caught,) = there.deploy(process("caught", start(), catch("e1", message("m", "= key")), end()), name="c.bpmn")
    there.deploy(
        process(
            "worked",
            path(start(), sub_process("sub", start("in"), service("work"), end("out")), end()),
            path(boundary("late", "sub", timer(duration="PT1H")), end("stopped")),
        )
    )
    there.deploy(process("stuck", path(start(), exclusive("which")), path("which", end(), when="= 1 > 2")))
    older, newest = there.deploy(process("older", start(), end()), process("z381fe3ebcc", start("b"), end("c")))
    waiting = there.start("caught", key="k1")
    there.start("worked", **VARIABLES)
    there.start("stuck")
    there.engine.execute(cmd.CancelInstance(there.start("worked")))
    long = next(each for each in there.history.variables() if each.name == "long")
    element = next(each for each in there.history.elements.values() if each.element.id == "e1")
    return {
        2251799813685266: caught,
        2251799813685490: waiting,
        2251799813685497: element.key,
        2251799813685572: long.key,
        2251799813695084: older,
        2251799813695086: newest,
    }


def ours(recorded: Any, keys: Mapping[int, int]) -> Any:
    """A recorded request with our keys."""
    text = json.dumps(recorded)
    for theirs, here in keys.items():
        text = text.replace(str(theirs), str(here))
    return json.loads(text)


async def ask(there: Served, request: Mapping[str, Any]) -> Any:
    # Its body is written down where it is no JSON; without any, nothing is sent.
    given = {name: request[name] for name in ("json", "params", "data", "content", "headers") if name in request}
    return await there.client.request(request["method"], request["path"], **given)


def check(answer: Any, case: Mapping[str, Any]) -> None:
    """Raises AssertionError where an answer has another shape than the recorded one."""
    assert answer.status_code == case["status"], answer.text
    recorded = case["headers"].get("content-type")
    if recorded is None:
        assert answer.content == b""
        return
    # XML is only refused, in words of JSON: no role of ours asks for it.
    if recorded != ["application/xml;charset=UTF-8"]:
        assert answer.headers["content-type"].replace(" ", "") == recorded[0]
    if answer.headers["content-type"].startswith(("text/xml", "application/xml")) or isinstance(case["body"], str):
        return
    compare(answer.json(), {name: value for name, value in case["body"].items() if name != "$trimmed"})


def compare(answer: dict[str, Any], body: Mapping[str, Any]) -> None:
    assert list(answer) == list(body)
    assert answer.get("type") == body.get("type")
    if not str(body.get("message", "")).startswith(("JSON parse error", "Failed to convert")):
        assert answer.get("message") == body.get("message")
    if "items" not in body:
        assert "key" not in body or answer["bpmnProcessId" if "bpmnProcessId" in body else "key"]
        return
    assert bool(answer["total"]) == bool(body["total"])
    assert bool(answer["items"]) == bool(body["items"])
    assert len(answer["sortValues"]) == len(body["sortValues"])
    assert all(isinstance(value, str) for value in answer["sortValues"])
    for item, recorded in zip(answer["items"], body["items"], strict=False):
        assert list(item) == list(recorded)
        for name in SAME:
            if "(8191 characters)" in str(recorded.get(name)):
                assert len(item[name]) == 8191
            else:
                assert item.get(name) == recorded.get(name)


@pytest.mark.parametrize(("file", "case"), ALL, ids=[f"{file}: {case['about']}" for file, case in ALL])
async def test_an_answer_has_the_shape_of_the_recorded_one(operate: Served, file: str, case: dict[str, Any]) -> None:
    keys = fill(operate)
    assert (await operate.client.post("/api/login", params={"username": "demo", "password": "demo"})).is_success
    check(await ask(operate, ours(case["request"], keys)), case)


async def test_a_session_begins_and_ends_as_the_recorded_one(operate: Served) -> None:
    fill(operate)
    for case in cases("login"):
        answer = await ask(operate, case["request"])
        check(answer, case)
        if "set-cookie" in case["headers"]:
            (name, _, rest) = answer.headers["set-cookie"].partition("=")
            assert name == "OPERATE-SESSION"
            assert {"Path=/", "SameSite=lax"} <= set(rest.split("; "))


async def test_the_xml_is_that_which_was_deployed(operate: Served) -> None:
    keys = fill(operate)
    await operate.client.post("/api/login", params={"username": "demo", "password": "demo"})
    key = keys[2251799813685266]
    answer = await operate.get(f"/v1/process-definitions/{key}/xml")
    assert answer.text == operate.engine.state.definitions[key].xml
