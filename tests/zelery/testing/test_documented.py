"""Every block of `docs/testing.md` is run as it stands there."""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.zelery.testing import models
from zelery.testing import Engine

PAGE = Path(__file__).parents[3] / "docs" / "testing.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def documented() -> Mapping[str, Any]:
    """What the blocks define, one after the other in one module."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "documented.py")
        path.write_text("".join(BLOCKS), encoding="utf-8")
        spec = importlib.util.spec_from_file_location("documented", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["documented"] = module  # Annotations are looked up there.
        spec.loader.exec_module(module)
    return vars(module)


TESTS = {name: each for name, each in documented().items() if name.startswith("test_")}


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "order.bpmn").write_bytes(models.order())
    (tmp_path / "parcel.bpmn").write_bytes(models.parcel())
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("in_folder")
@pytest.mark.parametrize("name", TESTS)
async def test_a_documented_test_passes(name: str, zelery_engine: Callable[..., Any]) -> None:
    wanted = inspect.signature(TESTS[name]).parameters
    given: dict[str, Any] = {}
    if "engine" in wanted:
        given["engine"] = await zelery_engine()
    if "zelery_engine" in wanted:
        given["zelery_engine"] = zelery_engine
    await TESTS[name](**given)


@pytest.mark.usefixtures("in_folder")
async def test_the_explanation_shows_where_it_stands() -> None:
    async with Engine(deploy=["order.bpmn"], secrets={"TOKEN": "t0ken"}) as engine:
        engine.answer("POST", "https://pay.example/charge", status=400, json={"why": "no"})
        order = await engine.start("order", {"amount": 12.5})
        for _ in range(3):
            await engine.clock.advance("PT10S")
        with pytest.raises(AssertionError) as failed:
            order.assert_completed()
    said = str(failed.value)
    assert "path: received → charge (active)" in said
    assert "waits at: charge (job io.camunda:http-json:1, failed, 0 retries left)" in said
    assert "incident at charge: JOB_NO_RETRIES" in said
    assert "'amount': 12.5" in said
    assert "t0ken" not in said


def test_every_block_is_run() -> None:
    assert len(TESTS) == sum(block.count("async def test_") for block in BLOCKS) >= 6
    assert asyncio.iscoroutinefunction(TESTS["test_an_order_is_paid"])
