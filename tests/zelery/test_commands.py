"""`zelery settings` and `zelery connectors`."""

from __future__ import annotations

import json

from click.testing import CliRunner

from zelery.commands import connectors, settings
from zelery.settings import Settings


def test_settings_are_listed_with_value_source_and_meaning() -> None:
    environment = {"SERVER_PORT": "81", "ZELERY_FLOWER_PASSWORD": "ann:hunter2"}
    done = CliRunner().invoke(settings, ["--json"], env=environment)
    rows = {row["name"]: row for row in json.loads(done.output)}
    assert len(rows) == len(Settings.model_fields)
    assert rows["ZELERY_WEBHOOK_PORT"]["source"] == "SERVER_PORT"
    assert rows["ZELERY_WEBHOOK_PORT"]["value"] == "81"
    assert "hunter2" not in done.output


def test_in_a_pipe_a_table_has_each_setting_in_a_line_of_its_own() -> None:
    done = CliRunner().invoke(settings, env={"SERVER_PORT": "81"})
    (line,) = [line for line in done.output.splitlines() if "ZELERY_WEBHOOK_PORT" in line]
    assert "81" in line
    assert "SERVER_PORT" in line


def test_connectors_are_listed_with_what_they_read() -> None:
    done = CliRunner().invoke(connectors, ["--json"], env={"CONNECTOR_HTTP_REST_TIMEOUT": "1500"})
    rows = {row["type"]: row for row in json.loads(done.output)}
    assert {"url", "method", "authentication"} <= set(rows["io.camunda:http-json:1"]["variables"])
    assert rows["io.camunda:http-json:1"]["timeout_s"] == 1.5


def test_a_connector_that_is_disabled_is_not_in_the_table() -> None:
    assert "io.camunda:http-json:1" in CliRunner().invoke(connectors).output
    disabled = {"CONNECTOR_OUTBOUND_DISABLED": "IO.CAMUNDA:http-json:1"}
    assert "io.camunda:http-json:1" not in CliRunner().invoke(connectors, env=disabled).output
