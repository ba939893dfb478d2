"""What a real Operate 8.6.0 was recorded to answer, as its source reads it."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from tests.zelery.camunda.definitions.scripted import URL
from zelery.camunda.definitions.login import Nobody
from zelery.camunda.definitions.operate import HINT, OperateSource
from zelery.camunda.definitions.site import Site
from zelery.camunda.definitions.transport import Request, Response
from zelery.errors import SourceError, SourceNotFoundError, SourceRefusedError
from zelery.settings import Settings

RECORDED = pathlib.Path(__file__).parents[5] / "shared/conformance/operate"
EMPTY = {"items": [], "sortValues": [], "total": 0}

pytestmark = pytest.mark.skipif(not RECORDED.exists(), reason="the recorded answers are not here")


def recorded(name: str, path: str) -> list[Any]:
    """The samples of one file whose path ends so, each with its `about`."""
    file = RECORDED / f"{name}.json"
    samples = json.loads(file.read_text()) if file.exists() else []
    asked = [each for each in samples if each["request"]["path"].endswith(path)]
    return [pytest.param(sample, id=sample["about"].replace(" ", "-")) for sample in asked]


def replaying(sample: Any) -> tuple[OperateSource, list[Request]]:
    """A source to which Operate answers with the sample, and then with an empty page."""
    asked: list[Request] = []

    async def send(request: Request) -> Response:
        asked.append(request)
        body = sample["body"] if len(asked) == 1 else EMPTY
        text = body if isinstance(body, str) else json.dumps(body)
        lines = tuple((name, value) for name, values in sample["headers"].items() for value in values)
        return Response(status=sample["status"] if len(asked) == 1 else 200, headers=lines, body=text.encode())

    site = Site(send, Nobody("log in"), name="Operate", url=URL, hint=HINT)
    return OperateSource(site, Settings()), asked


@pytest.mark.parametrize("sample", recorded("process-definitions-search", "/search"))
async def test_definitions(sample: Any) -> None:
    source, asked = replaying(sample)
    if sample["status"] != 200:
        with pytest.raises(SourceRefusedError, match=f"HTTP {sample['status']}: "):
            await source.deployed()
        return
    items = sample["body"]["items"]
    found = (await source.deployed()).definitions
    assert {(each.key, each.process_id, each.version, each.tenant_id, each.name) for each in found} == {
        (item["key"], item["bpmnProcessId"], item["version"], item["tenantId"], item["name"]) for item in items
    }
    if items:  # What came is handed back as it came.
        assert asked[1].json["searchAfter"] == sample["body"]["sortValues"]


@pytest.mark.parametrize("sample", recorded("flownode-instances-search", "/search"))
async def test_tokens(sample: Any) -> None:
    source, _ = replaying(sample)
    found = await source.waiting_elements(1, "e")
    items = sample["body"]["items"]
    assert [(each.key, each.process_instance_key) for each in found] == [
        (item["key"], item["processInstanceKey"]) for item in items
    ]


@pytest.mark.parametrize("sample", recorded("variables-search", "/search"))
async def test_variables(sample: Any) -> None:
    source, _ = replaying(sample)
    found = await source.variables(1, [1])
    for item in sample["body"]["items"]:
        if item["name"] == "long":
            assert found.cut == {"long"}
        else:
            whole = json.loads(item["value"])
            assert found.values[item["name"]] == ("null" if whole is None else whole)


@pytest.mark.parametrize("sample", recorded("process-definitions-xml", "/xml"))
async def test_xml(sample: Any) -> None:
    source, asked = replaying(sample)
    if sample["status"] == 200:
        assert await source.xml(7) == sample["body"].encode()
        assert asked[0].headers["Accept"] in {"text/xml", "*/*"}  # any other is refused with 406
    elif sample["status"] == 404:
        with pytest.raises(SourceNotFoundError):
            await source.xml(7)
    else:
        with pytest.raises(SourceError, match=f"HTTP {sample['status']}"):
            await source.xml(7)


@pytest.mark.parametrize("sample", [each for each in recorded("login", "/search") if each.values[0]["status"] == 401])
async def test_calls_without_a_session(sample: Any) -> None:
    with pytest.raises(SourceRefusedError, match=r"HTTP 401\): log in"):
        await replaying(sample)[0].deployed()
