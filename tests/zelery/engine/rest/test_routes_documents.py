from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.zelery.engine.served import Served, served


@pytest.fixture
async def there() -> AsyncIterator[Served]:
    async with served() as found:
        yield found


async def upload(there: Served, metadata: Any = None, path: str = "/v2/documents", **file: Any) -> Any:
    """Uploads `hello`."""
    name, type_ = file.get("name", "h.txt"), file.get("type_", "text/plain")
    parts = {"metadata": json.dumps(metadata)} if metadata is not None else {}
    return await there.client.post(path, files={"file": (name, b"hello", type_)}, data=parts)


async def test_an_upload_answers_with_its_reference(there: Served) -> None:
    answer = await upload(there, {"customProperties": {"a": 1}, "processDefinitionId": "p"})
    assert answer.status_code == 201
    found = answer.json()
    assert found.pop("documentId")
    assert found.pop("contentHash").startswith("2cf24dba")
    assert found == {
        "camunda.document.type": "camunda",
        "storeId": "in-memory",
        "metadata": {
            "contentType": "text/plain",
            "fileName": "h.txt",
            "expiresAt": None,
            "size": 5,
            "processDefinitionId": "p",
            "processInstanceKey": None,
            "customProperties": {"a": 1},
        },
    }


async def test_metadata_says_more_than_the_upload_does(there: Served) -> None:
    found = (await upload(there, {"fileName": "other.bin", "contentType": "image/png"})).json()
    answer = await there.get(f"/v2/documents/{found['documentId']}")
    assert (answer.content, answer.headers["content-type"]) == (b"hello", "image/png")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''other.bin"


async def test_metadata_may_be_a_file_of_json(there: Served) -> None:
    files = {"file": ("h", b"hello"), "metadata": ("m.json", b'{"fileName": "x"}')}
    answer = await there.client.post("/v2/documents", files=files)
    assert answer.json()["metadata"]["fileName"] == "x"


async def test_names_and_types_that_no_header_holds_do_no_harm(there: Served) -> None:
    found = (await upload(there, {"fileName": 'ä"\r\nX: 1', "contentType": "text/plain\r\nX: 1"})).json()
    answer = await there.get(f"/v2/documents/{found['documentId']}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%A4%22%0D%0AX%3A%201"
    assert "x" not in answer.headers


async def test_an_id_is_taken_once(there: Served) -> None:
    assert (await upload(there, path="/v2/documents?documentId=a")).json()["documentId"] == "a"
    again = await upload(there, path="/v2/documents?documentId=a")
    assert (again.status_code, again.json()["title"]) == (409, "ALREADY_EXISTS")


@pytest.mark.parametrize("metadata", [[1], {"nonsense": 1}, {"customProperties": 1}, {"expiresAt": "soon"}])
async def test_metadata_that_cannot_be_is_refused(there: Served, metadata: Any) -> None:
    assert (await upload(there, metadata)).status_code == 400


async def test_an_upload_without_a_file_is_refused(there: Served) -> None:
    for path, part in (("/v2/documents", "file"), ("/v2/documents/batch", "files")):
        answer = await there.client.post(path, data={"other": "x"})
        assert (answer.status_code, answer.json()["title"]) == (400, "INVALID_ARGUMENT")
        assert f"'{part}'" in answer.json()["detail"]


async def test_several_files_are_stored_each_with_its_metadata(there: Served) -> None:
    files = [("files", ("a", b"1")), ("files", ("b", b"22"))]
    answer = await there.client.post("/v2/documents/batch", files=files)
    assert [each["metadata"]["size"] for each in answer.json()["createdDocuments"]] == [1, 2]
    described = {"metadataList": ['{"fileName": "x"}', '{"fileName": "y"}']}
    answer = await there.client.post("/v2/documents/batch", files=files, data=described)
    assert [each["metadata"]["fileName"] for each in answer.json()["createdDocuments"]] == ["x", "y"]
    answer = await there.client.post("/v2/documents/batch", files=files, data={"metadataList": ["{}"]})
    assert answer.status_code == 400


async def test_a_document_is_given_only_for_its_own_hash(there: Served) -> None:
    found = (await upload(there)).json()
    path = f"/v2/documents/{found['documentId']}"
    assert (await there.get(f"{path}?contentHash={found['contentHash']}")).status_code == 200
    assert (await there.get(f"{path}?contentHash=other")).status_code == 400
    assert (await there.get(f"{path}?storeId=other")).status_code == 400


async def test_a_deleted_document_is_not_found(there: Served) -> None:
    path = f"/v2/documents/{(await upload(there)).json()['documentId']}"
    assert (await there.client.delete(path)).status_code == 204
    assert (await there.client.delete(path)).status_code == 404
    assert (await there.get(path)).json()["title"] == "NOT_FOUND"


async def test_a_link_gives_a_document_to_who_has_no_login() -> None:
    async def nobody(_authorization: str) -> None:
        raise AssertionError("asked for a login")

    async with served() as there:
        path = f"/v2/documents/{(await upload(there)).json()['documentId']}"
        link = (await there.post(f"{path}/links", {"timeToLive": 60_000})).json()
        assert (await there.get(link["url"])).content == b"hello"
        wrong = await there.get(f"{link['url']}x")
        assert (wrong.status_code, wrong.json()["title"]) == (404, "NOT_FOUND")
    async with served(authenticate=nobody) as there:
        assert (await there.get("/v2/document-links/x")).status_code == 404
