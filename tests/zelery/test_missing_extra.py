"""A connector whose extra is not installed is told with its remedy; everything else is served."""

from __future__ import annotations

import json
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from tasks import celery
from tasks.trial import trial
from zelery.catalogue import GROUP, absent, load, served
from zelery.commands import connectors
from zelery.errors import NotInstalledError, SettingError
from zelery.model import Job
from zelery.sdk.connector import OutboundConnector
from zelery.settings import Settings

SLACK = "io.camunda:slack:1"
REMEDY = "pip install 'zelery[slack]'"


@pytest.fixture
def no_slack_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("zelery.connectors.slack.")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.startswith("slack_sdk")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "slack_sdk", None)


def test_with_its_extra_nothing_is_missing() -> None:
    assert SLACK in served(Settings.read({}))
    assert absent() == {}


@pytest.mark.usefixtures("no_slack_sdk")
def test_without_it_the_others_are_served_and_the_missing_one_has_a_remedy() -> None:
    found = served(Settings.read({}))
    assert SLACK not in found
    assert "io.camunda:http-json:1" in found
    assert absent() == {SLACK: REMEDY}


@pytest.mark.usefixtures("no_slack_sdk")
def test_the_list_of_connectors_says_how_to_install_it() -> None:
    table = CliRunner().invoke(connectors)
    assert f"not installed: {REMEDY}" in table.output
    rows = json.loads(CliRunner().invoke(connectors, ["--json"]).output)
    assert {"type": SLACK, "not_installed": REMEDY} in rows


@pytest.mark.usefixtures("no_slack_sdk")
def test_a_worker_starts_without_it_and_says_so_in_one_line() -> None:
    with capture_logs() as lines:
        celery.create(Settings.read({})).finalize()
    assert [line for line in lines if line.get("type") == SLACK] == [
        {"event": "connector not installed", "log_level": "info", "type": SLACK, "remedy": REMEDY}
    ]


@pytest.mark.usefixtures("no_slack_sdk")
async def test_a_trial_of_it_says_so_too() -> None:
    with pytest.raises(NotInstalledError) as refused:
        await trial(Job(key=1, type=SLACK), Settings.read({}))
    assert str(refused.value) == f"connector {SLACK} is not installed: {REMEDY}"


@pytest.mark.parametrize(
    "value",
    [
        "needs_more:run",  # names no extra: a broken installation
        "no_such_module:run [more]",  # the connector's own module is not there
    ],
)
def test_what_no_extra_would_mend_is_an_error(value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "needs_more.py").write_text("import no_such_package\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SettingError, match="cannot be imported from") as refused:
        load(EntryPoint(name="mine:1", value=value, group=GROUP), OutboundConnector)
    assert not isinstance(refused.value, NotInstalledError)
