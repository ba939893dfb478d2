from __future__ import annotations

import pytest

from zelery.errors import InputError, SettingError
from zelery.sdk.http.blocks import Blocks

PREFIX = "CAMUNDA_CONNECTOR_HTTP_BLOCK_"


@pytest.mark.parametrize(
    ("variable", "value", "url", "port", "message"),
    [
        ("URL", "internal", "http://internal.corp/x", 80, "The provided URL is not allowed"),
        ("URL_META", "169.254", "http://169.254.1.1/", 80, "The provided URL is not allowed (Block Name: META)"),
        ("PORT", "22, 25", "http://h:25/", 25, "The provided port is not allowed"),
        ("PORT_TLS", "443", "https://h/", 443, "The provided port is not allowed (Block Name: TLS)"),  # unsaid
        ("REGEX_A", "http://a.*", "http://a/", 80, "The provided URL is not allowed (Block Name: A)"),
    ],
)
def test_a_blocked_address_is_an_input_error_that_names_the_rule(
    variable: str, value: str, url: str, port: int, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        Blocks.read({PREFIX + variable: value}).check(url, port)

    assert caught.value.message == f"java.lang.IllegalArgumentException: {message}"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("URL", "internal"),
        ("PORT", "22"),
        ("REGEX", "http://h"),  # the whole URL must match
    ],
)
def test_other_addresses_pass(variable: str, value: str) -> None:
    Blocks.read({PREFIX + variable: value}).check("http://h/x", 80)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("PORT", "http", "expected port numbers"),
        ("REGEX_X", "(", "no regular expression"),
        ("HOST", "h", "expected CAMUNDA_CONNECTOR_HTTP_BLOCK_URL"),
    ],
)
def test_a_rule_that_cannot_be_used_is_told_with_its_name_and_value(variable: str, value: str, says: str) -> None:
    with pytest.raises(SettingError, match=says) as caught:
        Blocks.read({PREFIX + variable: value})

    assert PREFIX + variable in str(caught.value)
