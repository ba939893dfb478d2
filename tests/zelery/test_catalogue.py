"""Which connectors are served, under which type, and what is said of those that cannot be."""

from __future__ import annotations

import pathlib
from datetime import timedelta
from importlib.metadata import EntryPoint

import pytest

from zelery.catalogue import GROUP, environment_name, find, load, served
from zelery.errors import SettingError, UnknownConnectorError
from zelery.sdk.connector import OutboundConnector
from zelery.settings import Settings

REST = "io.camunda:http-json:1"


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("HTTP REST", "HTTP_REST"),
        ("Slack Outbound", "SLACK_OUTBOUND"),
        (" a-b.c ", "ABC"),  # what no variable may hold is left out
        ("with_underscore 2", "WITH_UNDERSCORE_2"),
    ],
)
def test_a_connectors_name_as_its_variables_spell_it(name: str, variable: str) -> None:
    assert environment_name(name) == variable


def test_the_rest_connector_comes_in_by_the_same_door() -> None:
    each = served(Settings.read({}))[REST]
    assert (each.type, each.connector.type, each.timeout) == (REST, REST, timedelta(minutes=5))


def test_another_type_and_timeout_can_be_set() -> None:
    name = environment_name(served(Settings.read({}))[REST].connector.name)
    found = served(Settings.read({f"CONNECTOR_{name}_TYPE": "mine:1", f"CONNECTOR_{name}_TIMEOUT": "1500"}))
    assert REST not in found
    assert (found["mine:1"].connector.type, found["mine:1"].timeout) == (REST, timedelta(seconds=1.5))


def test_a_disabled_type_is_not_served_however_it_is_written() -> None:
    assert REST not in served(Settings.read({"CONNECTOR_OUTBOUND_DISABLED": "nothing:1, IO.Camunda:HTTP-json:1"}))


def distribution(folder: pathlib.Path, connector: str) -> None:
    """Another distribution, with a connector for the REST connector's type."""
    (folder / "others_connector.py").write_text(connector)
    metadata = folder / "others-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(f"[{GROUP}]\n{REST} = others_connector:run\n")


def test_two_distributions_that_serve_one_type_are_an_error_and_not_a_toss_up(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ("from zelery.sdk import Input, outbound", f"@outbound(type={REST!r}, name='Mine')")
    distribution(tmp_path, "\n".join((*lines, "def run(given: Input) -> None: ...")))
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SettingError, match=rf"two connectors serve {REST}: .*'Mine'.*; disable or rename one"):
        served(Settings.read({}))
    assert served(Settings.read({"CONNECTOR_MINE_TYPE": "mine:1"}))["mine:1"].connector.name == "Mine"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("no_such_module:x", "cannot be imported from no_such_module:x: No module named 'no_such_module'"),
        ("zelery.sdk:no_such_name", "cannot be imported from zelery.sdk:no_such_name: .*no_such_name"),
        ("zelery.errors:ZeleryError", "is no outbound connector; decorate it with @outbound"),
    ],
)
def test_an_entry_point_that_gives_no_connector_is_told_by_its_name(value: str, says: str) -> None:
    with pytest.raises(SettingError, match=f"^connector mine:1.*{says}"):
        load(EntryPoint(name="mine:1", value=value, group=GROUP), OutboundConnector)


def test_a_type_that_nobody_serves_is_told_with_the_nearest_that_somebody_does() -> None:
    connectors = served(Settings.read({}))
    assert find(connectors, REST) is connectors[REST]
    with pytest.raises(UnknownConnectorError, match=f"io.camunda:http-json:2; did you mean {REST}"):
        find(connectors, "io.camunda:http-json:2")
    with pytest.raises(UnknownConnectorError, match=f"there are: .*{REST}"):
        find(connectors, "???")
    with pytest.raises(UnknownConnectorError, match="there are: none"):
        find({}, REST)
