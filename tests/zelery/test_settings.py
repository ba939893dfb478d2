"""What can be set, by which names, and what is said of a value that cannot be used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from zelery.errors import SettingError
from zelery.settings import Settings, aliases, mask_url, shown


@pytest.mark.parametrize(
    ("environment", "field", "value"),
    [
        # the first name of a setting, and the names of each generation of Camunda's clients
        ({"ZEEBE_ADDRESS": "zeebe:26500"}, "zeebe_address", "zeebe:26500"),
        ({"ZEEBE_CLIENT_BROKER_GATEWAY-ADDRESS": "zeebe:1"}, "zeebe_address", "zeebe:1"),
        ({"ZEEBE_CLIENT_BROKER_GATEWAYADDRESS": "zeebe:1"}, "zeebe_address", "zeebe:1"),
        ({"CAMUNDA_CLIENT_ZEEBE_GRPC_ADDRESS": "http://zeebe:1"}, "zeebe_address", "zeebe:1"),
        ({"camunda.client.grpc-address": "http://zeebe:1/"}, "zeebe_address", "zeebe:1"),
        ({"ZEEBE_ADDRESS": "[::1]:26500"}, "zeebe_address", "[::1]:26500"),
        # Spring leaves dashes out, or makes them underscores; case makes no difference
        ({"CAMUNDA_CLIENT_WORKER_DEFAULTS_MAXJOBSACTIVE": "7"}, "fetch_batch", 7),
        ({"camunda.client.worker.defaults.max-jobs-active": "7"}, "fetch_batch", 7),
        ({"zelery_webhook_port": "81"}, "webhook_port", 81),
        # of two names the documented one counts, wherever it stands
        ({"SERVER_PORT": "82", "ZELERY_WEBHOOK_PORT": "81"}, "webhook_port", 81),
        # a bare number is milliseconds, text is ISO 8601
        ({"ZEEBE_CLIENT_JOB_TIMEOUT": "1500"}, "job_timeout", timedelta(seconds=1.5)),
        ({"ZEEBE_CLIENT_JOB_TIMEOUT": "PT2M"}, "job_timeout", timedelta(minutes=2)),
        # lists
        ({"TENANT_IDS": "red, blue ,"}, "tenant_ids", ("red", "blue")),
        ({"CONNECTOR_OUTBOUND_DISABLED": "a:1,b:1"}, "outbound_disabled", ("a:1", "b:1")),
        # a connector's own type and timeout
        ({"CONNECTOR_HTTP_REST_TYPE": "mine:1"}, "connector_types", {"HTTP_REST": "mine:1"}),
        ({"CONNECTOR_HTTP_REST_TIMEOUT": "250"}, "connector_timeouts", {"HTTP_REST": timedelta(seconds=0.25)}),
        # blocks keep their names
        (
            {"CAMUNDA_CONNECTOR_HTTP_BLOCK_URL_METADATA": "http://1.2.3.4"},
            "http_blocks",
            {"CAMUNDA_CONNECTOR_HTTP_BLOCK_URL_METADATA": "http://1.2.3.4"},
        ),
        ({"CAMUNDA_CONNECTOR_HTTP_BLOCKED": "x"}, "http_blocks", {}),
        # fixed names and defaults
        ({}, "redis_url", "redis://127.0.0.1:6379/0"),
        ({}, "webhook_port", 8080),
        ({}, "secret_prefix", "SECRET_"),
        # no prefix at all can be asked for
        ({"CAMUNDA_CONNECTOR_SECRETPROVIDER_ENVIRONMENT_PREFIX": ""}, "secret_prefix", ""),
    ],
)
def test_a_setting_is_read_by_each_of_its_names(environment: Mapping[str, str], field: str, value: Any) -> None:
    assert getattr(Settings.read(environment), field) == value


@pytest.mark.parametrize(
    ("environment", "broker"),
    [
        ({}, "redis://127.0.0.1:6379/0"),
        ({"ZELERY_REDIS_URL": "rediss://r:1/2"}, "rediss://r:1/2"),
        ({"ZELERY_REDIS_URL": "redis://r:1/0", "ZELERY_BROKER_URL": "amqp://u:p@q//"}, "amqp://u:p@q//"),
        # Celery has another name for a Unix socket
        ({"ZELERY_REDIS_URL": "unix:///run/redis.sock?db=3"}, "redis+socket:///run/redis.sock?virtual_host=3"),
    ],
)
def test_the_broker_is_redis_unless_it_is_named(environment: Mapping[str, str], broker: str) -> None:
    assert Settings.read(environment).broker == broker


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        # as it was spelled, what it was, what is allowed
        ({"ZELERY_WORKER_CONCURRENCY": "many"}, r"^ZELERY_WORKER_CONCURRENCY='many': input should be a valid integer"),
        ({"ZELERY_WORKER_CONCURRENCY": "0"}, r"^ZELERY_WORKER_CONCURRENCY='0': .*greater than or equal to 1"),
        ({"server.port": "70000"}, r"^server\.port='70000': .*less than or equal to 65535"),
        ({"ZEEBE_ADDRESS": "zeebe"}, r"^ZEEBE_ADDRESS='zeebe': .*host:port"),
        ({"ZEEBE_INSECURE_CONNECTION": "perhaps"}, r"^ZEEBE_INSECURE_CONNECTION='perhaps': .*boolean"),
        ({"ZELERY_LOG_LEVEL": "LOUD"}, r"^ZELERY_LOG_LEVEL='LOUD': .*DEBUG, INFO, WARNING or ERROR"),
        ({"ZELERY_REDIS_URL": "localhost:6379"}, r"^ZELERY_REDIS_URL='localhost:6379': .*redis"),
        ({"ZELERY_BROKER_URL": "rabbit"}, r"^ZELERY_BROKER_URL='rabbit': .*amqp"),
        ({"ZEEBE_CLIENT_JOB_TIMEOUT": "soon"}, r"^ZEEBE_CLIENT_JOB_TIMEOUT='soon': .*ISO 8601 or milliseconds"),
        ({"ZEEBE_CLIENT_JOB_TIMEOUT": "0"}, r"^ZEEBE_CLIENT_JOB_TIMEOUT='0': .*greater than 0"),
        ({"CONNECTOR_HTTP_REST_TIMEOUT": "soon"}, r"^CONNECTOR_HTTP_REST_TIMEOUT='soon': "),
        ({"CONNECTOR_HTTP_PROXY_SCHEME": "socks"}, r"^CONNECTOR_HTTP_PROXY_SCHEME='socks': .*http or https"),
        # a value that would break the line
        ({"ZELERY_LOG_LEVEL": "A\nB"}, r"^ZELERY_LOG_LEVEL='A\\nB'"),
        # an address of which one has to be told, and the password in it not
        ({"ZELERY_REDIS_URL": "http://ann:hunter2@r:1"}, r"^ZELERY_REDIS_URL='http://ann:\*\*\*@r:1'"),
    ],
)
def test_a_wrong_value_is_told_in_one_line_by_its_variable_its_value_and_what_is_allowed(
    environment: Mapping[str, str], says: str
) -> None:
    with pytest.raises(SettingError, match=says) as raised:
        Settings.read(environment)
    assert "\n" not in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_all_wrong_values_are_told_at_once() -> None:
    with pytest.raises(SettingError, match=r"ZELERY_LEASE_S=.*; ZELERY_LOG_LEVEL="):
        Settings.read({"ZELERY_LOG_LEVEL": "LOUD", "ZELERY_LEASE_S": "long"})


SECRETS = {
    "ZELERY_FLOWER_PASSWORD": "ann:hunter2",
    "CONNECTOR_HTTP_PROXY_PASSWORD": "hunter2",
    "CONNECTOR_HTTPS_PROXY_PASSWORD": "hunter2",
    "ZELERY_REDIS_URL": "redis://ann:hunter2@r:1/0",
    "ZELERY_BROKER_URL": "amqp://ann:hunter2@q:5672//",
}


def test_what_is_shown_has_no_secret() -> None:
    text = str(list(shown(Settings.read(SECRETS), SECRETS)))
    assert "hunter2" not in text
    assert "amqp://ann:***@q:5672//" in text


def test_a_repr_has_no_password() -> None:
    settings = Settings.read({name: value for name, value in SECRETS.items() if "URL" not in name})
    assert "hunter2" not in repr(settings)


def test_each_setting_is_shown_with_its_source_and_its_meaning() -> None:
    environment = {"server.port": "81"}
    rows = {row.name: row for row in shown(Settings.read(environment), environment)}
    assert len(rows) == len(Settings.model_fields)
    assert rows["ZELERY_WEBHOOK_PORT"][1:3] == ("81", "server.port")
    assert rows["ZELERY_LEASE_S"][1:3] == ("30.0", "default")
    assert rows["ZEEBE_CLIENT_JOB_TIMEOUT"].value == "PT5M"
    assert rows["ZELERY_BROKER_URL"].value == "-"
    assert all(row.meaning for row in rows.values())


def test_no_two_settings_have_a_name_in_common() -> None:
    """Nor two names that are one without their underscores, as Spring writes them."""
    seen: dict[str, str] = {}
    for name, field in Settings.model_fields.items():
        for alias in aliases(field):
            assert seen.setdefault(alias.replace("_", ""), name) == name
            assert re.fullmatch(r"[A-Z][A-Z0-9_]*", alias)


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("redis://:p@r:1/0", "redis://:***@r:1/0"),
        ("amqp://u:p:q@r//", "amqp://u:***@r//"),
        ("redis://u@r:1", "redis://u@r:1"),  # a login without a password
        ("redis://r:1/0", "redis://r:1/0"),
        ("nothing:of@the:kind", "nothing:of@the:kind"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, masked: str) -> None:
    assert mask_url(url) == masked
