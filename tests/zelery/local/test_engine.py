from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest

from zelery.local import engine
from zelery.local.errors import LocalServerError


@pytest.mark.integration
def test_it_answers_until_the_block_ends_and_goes_on_from_its_folder(tmp_path: Path) -> None:
    with engine.running(tmp_path) as server, urllib.request.urlopen(f"{server.rest}/v2/topology") as answer:
        assert answer.status == 200
    assert (tmp_path / "journal.jsonl").exists()
    with engine.running(tmp_path) as again:
        assert again.pid != server.pid
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{again.rest}/v2/topology")


@pytest.mark.integration
def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalServerError, match="cannot keep its data"), engine.running(tmp_path / "file" / "data"):
        pass
