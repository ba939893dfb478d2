from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from tests.zelery.engine.rules.builder import end, model, process, start, user
from tests.zelery.engine.rules.definitions import Tag
from tests.zelery.engine.served import Served, served
from zelery.engine import commands as cmd

FORM = json.dumps({"id": "ask", "type": "default", "components": [], "versionTag": "v7"})
PROCESS = process(
    "p",
    start(extensions=[Tag("zeebe:formDefinition", {"formId": "ask"})]),
    user("asked", extensions=[Tag("zeebe:formDefinition", {"formId": "ask"})]),
    end(),
    version_tag="v1",
)


@pytest.fixture
async def there() -> AsyncIterator[Served]:
    async with served() as found:
        found.engine.execute(cmd.Deploy({"ask.form": FORM.encode()}))
        found.deploy(PROCESS)
        yield found


def keys(there: Served) -> tuple[int, int]:
    """Of the process definition and of the form."""
    return next(iter(there.history.definitions)), next(iter(there.history.forms))


async def test_a_resource_is_found_by_its_key_with_its_content(there: Served) -> None:
    definition, form = keys(there)
    found = (await there.get(f"/v2/resources/{definition}")).json()
    assert found == {
        "resourceName": "a.bpmn",
        "version": 1,
        "versionTag": "v1",
        "resourceId": "p",
        "tenantId": "<default>",
        "resourceKey": str(definition),
    }
    assert (await there.get(f"/v2/resources/{form}")).json()["versionTag"] == "v7"
    assert (await there.get(f"/v2/resources/{form}/content")).json() == FORM
    assert (await there.get(f"/v2/resources/{definition}/content/binary")).content == model(PROCESS)
    assert (await there.get("/v2/resources/1")).status_code == 404


async def test_resources_are_searched_by_name_and_deployment(there: Served) -> None:
    definition, form = keys(there)
    assert [each["resourceKey"] for each in await there.search("resources")] == [str(form), str(definition)]
    (found,) = await there.search("resources", {"resourceName": {"$like": "*.form"}})
    assert found["resourceId"] == "ask"
    assert "deploymentKey" not in found
    deployment = there.history.forms[form].deployment_key
    assert await there.search("resources", {"deploymentKey": str(deployment)}) == [found]
    there.engine.execute(cmd.DeleteResource(form))
    assert [each["resourceId"] for each in await there.search("resources")] == ["p"]


async def test_the_xml_of_a_definition_is_the_file_that_was_deployed(there: Served) -> None:
    definition, form = keys(there)
    answer = await there.get(f"/v2/process-definitions/{definition}/xml")
    assert (answer.content, answer.headers["content-type"]) == (model(PROCESS), "text/xml;charset=UTF-8")
    assert (await there.get(f"/v2/process-definitions/{form}/xml")).status_code == 404


async def test_a_definition_says_its_start_form(there: Served) -> None:
    definition, form = keys(there)
    assert (await there.search("process-definitions", {"hasStartForm": True}))[0]["hasStartForm"] is True
    answer = (await there.get(f"/v2/process-definitions/{definition}/form")).json()
    assert answer == {
        "tenantId": "<default>",
        "formId": "ask",
        "schema": FORM,
        "version": 1,
        "formKey": str(form),
    }
    assert (await there.get(f"/v2/forms/{form}")).json() == answer
    assert (await there.get(f"/v2/forms/{definition}")).status_code == 404


async def test_what_has_no_form_answers_with_nothing() -> None:
    async with served() as there:
        (definition,) = there.deploy(process("p", start(), user("asked"), end()))
        there.start()
        (task,) = await there.search("user-tasks")
        for path in (f"process-definitions/{definition}", f"user-tasks/{task['userTaskKey']}"):
            answer = await there.get(f"/v2/{path}/form")
            assert (answer.status_code, answer.content) == (204, b"")
        for path in ("process-definitions", "user-tasks"):
            assert (await there.get(f"/v2/{path}/1/form")).status_code == 404


async def test_a_user_task_has_the_form_of_its_creation(there: Served) -> None:
    _, form = keys(there)
    there.start()
    there.engine.execute(cmd.Deploy({"ask.form": FORM.replace("v7", "v8").encode()}))
    (task,) = await there.search("user-tasks")
    answer = await there.get(f"/v2/user-tasks/{task['userTaskKey']}/form")
    assert (answer.json()["formKey"], answer.json()["version"]) == (str(form), 1)


async def test_binary_content_and_searches_came_with_8_10() -> None:
    async with served("8.9") as there:
        there.deploy(PROCESS)
        definition = next(iter(there.history.definitions))
        assert (await there.get(f"/v2/resources/{definition}/content/binary")).status_code == 404
        assert (await there.post("/v2/resources/search")).status_code == 404
