from __future__ import annotations

from pathlib import Path

import pytest

from zelery.engine.rest.documents import Documents, reference


class Time:
    """Seconds that a test turns."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=["memory", "folder"])
def documents(request: pytest.FixtureRequest, tmp_path: Path) -> Documents:
    return Documents(tmp_path / "documents" if request.param == "folder" else None, Time())


def test_a_document_is_what_was_stored(documents: Documents) -> None:
    stored = documents.put(b"hello", file_name="h.txt", content_type="text/plain", metadata={"customProperties": {}})
    assert stored is not None
    assert documents.get(stored.id) == stored
    assert documents.get("other") is None


def test_an_id_is_taken_once(documents: Documents) -> None:
    assert documents.put(b"1", document_id="../../a") is not None
    assert documents.put(b"2", document_id="../../a") is None
    found = documents.get("../../a")
    assert found is not None
    assert (found.content, found.file_name) == (b"1", "../../a")


def test_a_deleted_document_is_gone_and_its_id_is_free(documents: Documents) -> None:
    documents.put(b"1", document_id="a")
    assert documents.delete("a")
    assert not documents.delete("a")
    assert documents.get("a") is None
    assert documents.put(b"2", document_id="a") is not None


def test_a_link_gives_the_document_until_its_time_is_over() -> None:
    time = Time()
    documents = Documents(clock=time)
    documents.put(b"1", document_id="a")
    token, until = documents.link("a", 10)
    assert until == 1010
    time.now = 1009.9
    assert documents.linked(token) is not None
    time.now = 1010
    assert documents.linked(token) is None
    assert documents.linked("other") is None


def test_a_link_gives_nothing_when_the_document_is_deleted(documents: Documents) -> None:
    documents.put(b"1", document_id="a")
    token, _ = documents.link("a", 10)
    documents.delete("a")
    assert documents.linked(token) is None


def test_a_folder_keeps_documents_over_a_restart(tmp_path: Path) -> None:
    Documents(tmp_path).put(b"1", document_id="a", file_name="a.txt", metadata={"customProperties": {"x": 1}})
    found = Documents(tmp_path).get("a")
    assert found is not None
    assert (found.content, found.file_name, found.metadata) == (b"1", "a.txt", {"customProperties": {"x": 1}})


def test_a_folder_holds_nothing_outside_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    Documents(folder).put(b"1", document_id="../evil")
    assert [each.name for each in tmp_path.iterdir()] == ["documents"]
    Documents(folder).delete("../evil")
    assert list(folder.iterdir()) == []


def test_a_reference_says_the_size_and_hash_of_what_is_there() -> None:
    stored = Documents().put(b"hello", document_id="a", metadata={"size": 1, "processInstanceKey": "5"})
    assert stored is not None
    found = reference(stored)
    assert found["contentHash"] == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert (found["metadata"]["size"], found["metadata"]["processInstanceKey"]) == (5, "5")
