"""What the README says is true: its connector runs, its commands exist and do what they are said to do."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest

from tasks.execute import execute
from tests.conftest import CLUSTER, CLUSTER_REST, Cluster
from zelery.cli import main
from zelery.model import Completed, Failed, Job, Outcome
from zelery.runtime import Runtime
from zelery.sdk import OutboundConnector
from zelery.settings import Settings, aliases

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def commands() -> list[list[str]]:
    """The arguments of every `zelery …` in the README's console blocks, and in its text."""
    lines = [part for block in blocks("console") for line in block.splitlines() for part in line.split("&&")]
    said = [line.strip().removeprefix("uv run ") for line in lines] + re.findall(r"`(zelery [^`]+)`", README)
    return [shlex.split(each)[1:] for each in said if each.startswith("zelery ")]


@functools.cache
def connector() -> OutboundConnector:
    """The README's connector, imported as a reader would: from a file of its own."""
    (block,) = blocks("python")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "example_connectors.py"
        file.write_text(block)
        spec = importlib.util.spec_from_file_location(file.stem, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[file.stem] = module  # annotations are looked up in the module that a class names
        spec.loader.exec_module(module)
    found = module.price
    assert isinstance(found, OutboundConnector)
    return found


async def outcome(variables: dict[str, Any]) -> Outcome:
    job = Job(
        key=1, type="com.example:price:1", variables=json.dumps(variables), headers={"resultVariable": "r"}, retries=3
    )
    async with Runtime.open(Settings.read({})) as runtime:
        return await execute(job, connector(), runtime)


@pytest.mark.parametrize(
    ("variables", "names"),
    [
        ({"item": "Omoo", "quantity": 0}, "quantity: must be at least 1"),  # its own check
        ({}, "item"),  # what binding checks for it
        ({"item": "Omoo", "quantity": "many"}, "quantity"),  # as above
    ],
)
async def test_the_connector_refuses_bad_input_by_the_field_s_name(variables: dict[str, Any], names: str) -> None:
    ended = await outcome(variables)
    assert isinstance(ended, Failed)
    assert names in ended.message
    assert ended.retries == 0


async def test_the_connector_runs() -> None:
    assert await outcome({"item": "Omoo", "quantity": 2}) == Completed(variables={"r": {"total": 25.0}})


def test_the_connector_is_about_ten_lines() -> None:
    (block,) = blocks("python")
    assert len([line for line in block.splitlines() if line.strip()]) <= 12


def test_the_entry_point_names_the_connector_and_its_type() -> None:
    (block,) = blocks("toml")
    assert tomllib.loads(block)["project"]["entry-points"] == {
        "zelery.outbound": {connector().type: "example_connectors:price"}
    }


def test_the_two_commands_are_there_to_the_letter() -> None:
    assert "pip install uv && uv run zelery demo\n" in blocks("console")
    assert "pip install uv && uv run pytest\n" in blocks("console")


@pytest.mark.parametrize("arguments", commands(), ids=" ".join)
def test_a_command_exists_with_its_options(arguments: list[str]) -> None:
    context = click.Context(main)
    command = main.get_command(context, arguments[0])
    assert command is not None
    options = {name for each in command.params for name in each.opts}
    assert {each for each in arguments[1:] if each.startswith("-")} <= options


def test_every_variable_that_is_named_is_a_setting() -> None:
    known = {alias for field in Settings.model_fields.values() for alias in aliases(field)}
    named = set(re.findall(r"\b(?:ZELERY|ZEEBE)_[A-Z_]+\b", README))
    assert named - {CLUSTER, CLUSTER_REST} <= known


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#:]+)\)", README))
def test_a_link_leads_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


def test_the_picture_is_one() -> None:
    assert (ROOT / "docs/flower.png").read_bytes().startswith(b"\x89PNG\r\n")


def zelery(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "zelery", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "SECRET_API_TOKEN": "hidden", "ZELERY_REDIS_URL": "redis://u:hidden@h:1/0"},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_settings_shows_each_setting_and_masks_secrets() -> None:
    shown = zelery("settings")
    assert "redis://u:***@h:1/0" in shown
    assert "hidden" not in shown


def test_connectors_shows_the_rest_connector() -> None:
    assert "io.camunda:http-json:1" in zelery("connectors")


@pytest.mark.integration
@pytest.mark.timeout(240)
def test_the_demo_comes_to_what_it_must(zeebe: Cluster, redis_url: str) -> None:
    shown = zelery("demo", "--once")
    assert re.search(r"^7 models, 21 instances, all as they must be", shown, re.MULTILINE)
    assert shown.count("✓") == 7
