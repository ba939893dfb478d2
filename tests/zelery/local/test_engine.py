from __future__ import annotations

import json
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


@pytest.mark.integration
def test_it_speaks_the_line_that_is_asked_for() -> None:
    with engine.running(line="8.8") as server, urllib.request.urlopen(f"{server.rest}/v2/topology") as answer:
        assert json.load(answer)["gatewayVersion"].startswith("8.8.")


@pytest.mark.integration
def test_an_option_that_it_does_not_know_is_told_with_its_own_words() -> None:
    with pytest.raises(LocalServerError, match=r"No such option.*--nonsense"), engine.running(options=["--nonsense"]):
        pass


@pytest.mark.integration
def test_a_port_that_is_taken_is_named() -> None:
    with engine.running() as server:
        port = int(server.gateway.rpartition(":")[2])
        with pytest.raises(LocalServerError, match=str(port)), engine.running(port=port):
            pass
