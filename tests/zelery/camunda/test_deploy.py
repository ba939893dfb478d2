"""`zelery deploy`: what is refused before anything is sent, and what the engine and a real Redis make of the rest."""

from __future__ import annotations

import pathlib
import uuid

import pytest
from click.testing import CliRunner, Result

from tests.conftest import Cluster
from tests.models import line_of_tasks
from zelery.camunda.definitions.deployed import DeployedSource
from zelery.camunda.deploy import DeployError, deploy, forget, read, recorded
from zelery.cli import main
from zelery.errors import PushbackError, SourceUnavailableError
from zelery.redis import connect
from zelery.settings import Settings


def write(path: pathlib.Path, content: bytes) -> pathlib.Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_every_file_that_cannot_be_sent_is_named_with_its_fault(tmp_path: pathlib.Path) -> None:
    good, empty = write(tmp_path / "good.bpmn", b"<a/>"), write(tmp_path / "empty.bpmn", b" \n")
    twin = write(tmp_path / "other/good.bpmn", b"<b/>")
    with pytest.raises(DeployError) as refused:
        read([good, tmp_path / "missing.bpmn", empty, tmp_path, twin])
    assert str(refused.value) == (
        f"{tmp_path}/missing.bpmn cannot be read: No such file or directory; {tmp_path}/empty.bpmn is empty;"
        f" {tmp_path} cannot be read: Is a directory; {twin}: another file is called good.bpmn too, and Zeebe tells"
        " files by their names; nothing was deployed"
    )


def test_files_go_by_their_names(tmp_path: pathlib.Path) -> None:
    assert read([write(tmp_path / "a.bpmn", b"<a/>"), write(tmp_path / "b.form", b"{}")]) == {
        "a.bpmn": b"<a/>",
        "b.form": b"{}",
    }


def run(*arguments: str, settings: Settings | None = None) -> Result:
    environment = {"ZEEBE_ADDRESS": settings.zeebe_address, "ZELERY_REDIS_URL": settings.redis_url} if settings else {}
    return CliRunner(env=environment).invoke(main, ["deploy", *arguments])


@pytest.mark.parametrize(
    "arguments", [(), ("--list", "a.bpmn"), ("--list", "--forget", "7"), ("a.bpmn", "--forget", "7")]
)
def test_one_thing_at_a_time(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert "give the files to deploy, or --list, or --forget KEY|PROCESS_ID" in done.output


@pytest.fixture
def settings(zeebe: Cluster, redis_url: str) -> Settings:
    return Settings(zeebe_address=zeebe.gateway, redis_url=redis_url)


@pytest.mark.integration
async def test_what_zeebe_takes_is_recorded_with_its_bytes(settings: Settings, tmp_path: pathlib.Path) -> None:
    ids = [f"p{uuid.uuid4().hex}" for _ in range(2)]
    models = [line_of_tasks(each) for each in ids]
    files = [write(tmp_path / f"{each}.bpmn", model) for each, model in zip(ids, models, strict=True)]
    first, second = await deploy(files, settings)
    assert [(each.process_id, each.version, each.tenant_id) for each in (first, second)] == [
        (ids[0], 1, "<default>"),
        (ids[1], 1, "<default>"),
    ]
    assert set(await recorded(settings)) == {first, second}
    async with connect(settings) as redis:
        assert await DeployedSource(redis).xml(second.key) == models[1]


@pytest.mark.integration
async def test_the_same_file_again_changes_nothing_and_a_changed_one_is_the_next_version(
    settings: Settings, tmp_path: pathlib.Path
) -> None:
    process_id = f"p{uuid.uuid4().hex}"
    path = write(tmp_path / "model.bpmn", line_of_tasks(process_id))
    (once,) = await deploy([path], settings)
    assert await deploy([path], settings) == [once]
    write(path, line_of_tasks(process_id, "some:1"))
    (twice,) = await deploy([path], settings)
    assert twice.version == 2
    assert await recorded(settings) == (twice, once)


@pytest.mark.integration
async def test_a_definition_that_was_forgotten_comes_back_with_its_file(
    settings: Settings, tmp_path: pathlib.Path
) -> None:
    process_id = f"p{uuid.uuid4().hex}"
    path = write(tmp_path / "model.bpmn", line_of_tasks(process_id))
    (there,) = await deploy([path], settings)
    assert await forget(str(there.key), settings) == [str(there.key)]
    with pytest.raises(DeployError, match=f"no process definition '{process_id}' is recorded; there are: none"):
        await forget(process_id, settings)
    await deploy([path], settings)
    assert await forget(process_id, settings) == [str(there.key)]
    assert await recorded(settings) == ()


@pytest.mark.integration
async def test_a_model_that_zeebe_refuses_takes_nothing_with_it_and_says_which_and_why(
    settings: Settings, tmp_path: pathlib.Path
) -> None:
    good = write(tmp_path / "good.bpmn", line_of_tasks(f"p{uuid.uuid4().hex}"))
    bad = write(tmp_path / "bad.bpmn", b"<no/>")
    with pytest.raises(DeployError, match=r"bad\.bpmn cannot be deployed: INVALID_ARGUMENT: .*'bad\.bpmn'"):
        await deploy([good, bad], settings)
    assert await recorded(settings) == ()


@pytest.mark.integration
async def test_without_redis_nothing_is_sent_to_zeebe_and_without_zeebe_nothing_is_recorded(
    settings: Settings, tmp_path: pathlib.Path
) -> None:
    path = write(tmp_path / "model.bpmn", line_of_tasks("p"))
    nowhere = "127.0.0.1:9"
    with pytest.raises(SourceUnavailableError, match="Redis"):
        await deploy([path], Settings(zeebe_address=nowhere, redis_url=f"redis://{nowhere}/0"))
    with pytest.raises(PushbackError, match=r"deploying model\.bpmn: UNAVAILABLE"):
        await deploy([path], Settings(zeebe_address=nowhere, redis_url=settings.redis_url))
    assert await recorded(settings) == ()


@pytest.mark.integration
def test_the_command_shows_what_it_did(settings: Settings, tmp_path: pathlib.Path) -> None:
    process_id = f"p{uuid.uuid4().hex}"
    path = write(tmp_path / "model.bpmn", line_of_tasks(process_id))
    assert "no process definitions" in run("--list", settings=settings).output
    done = run(str(path), settings=settings)
    assert (done.exit_code, process_id in done.output) == (0, True), done.output
    listed = run("--list", settings=settings).output
    assert process_id in listed
    key = next(word for word in listed.split() if word.isdigit() and len(word) > 10)
    assert run("--forget", key, settings=settings).output == f"forgotten: {key}\n"
    gone = run("--forget", key, settings=settings)
    assert (gone.exit_code, "Error: no process definition" in gone.output) == (1, True)
    missing = run(str(tmp_path / "missing.bpmn"), settings=settings)
    assert (missing.exit_code, "missing.bpmn cannot be read" in missing.output) == (1, True)
