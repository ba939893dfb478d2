from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from zelery.binding import bind
from zelery.errors import ConnectorError, InputError
from zelery.sdk import Input
from zelery.sdk.types import NOT_BLANK, NOT_EMPTY, NOT_NULL, Choice, Int, Must, Text, TextMap, matching


class Basic(Input):
    type: Literal["basic"]
    username: Annotated[Text, Must(NOT_EMPTY)]
    where: Annotated[Literal["headers", "query"], Choice("Where")] = "headers"


class Bearer(Input):
    type: Literal["bearer"]


class Call(Input):
    url: Annotated[Text, Must(NOT_BLANK, matching(r"https?://.*", "Must be a http(s) URL"))]
    method: Annotated[Annotated[Literal["POST", "GET"], Choice("HttpMethod")], Must(NOT_NULL)]
    authentication: Annotated[Basic | Bearer, Field(discriminator="type")] | None = None
    headers: TextMap | None = None
    read_timeout: Int = None
    body: Any = None


URL = '"url": "http://x"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"method": "get", "url": "http://x"}', {}),
        ('  {"method": "get", "url": "http://x"} and more', {}),  # text after the value is ignored
        ('{"method": "POST", "method": "get", "url": "http://x"}', {}),  # the last of two counts
        ('[{"method": "get", "url": "http://x"}]', {}),  # a list of one
        ('{"method": "get", "url": "http://x", "METHOD": "POST", "more": 1}', {}),  # unknown names are ignored
        ('{"method": "get", "url": "http://x", "readTimeout": "5"}', {"read_timeout": 5}),
        ('{"method": "get", "url": "http://x", "body": {"z": 1, "a": [null]}}', {"body": {"z": 1, "a": [None]}}),
        (
            '{"method":"get","url":"http://x","body":{"camunda.function.type":"base64","params":["abc"]}}',
            {"body": "YWJj"},
        ),
    ],
)
def test_variables_become_the_input(text: str, expected: dict[str, Any]) -> None:
    found = bind(text, Call)
    assert (found.url, found.method) == ("http://x", "GET")
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "No content to map due to end-of-input"),
        (" \n", "No content to map due to end-of-input"),
        ("{", "This is not a JSON object"),
        ("{a: 1}", "This is not a JSON object"),
        ('{"a": 1,}', "This is not a JSON object"),
        ('{"a": /* c */ 1}', "This is not a JSON object"),
        ('{"a": NaN}', "This is not a JSON object"),
        ('{"a": "line\nline"}', "This is not a JSON object"),
        ("5", "The job's variables must be a JSON object, not a number"),
        ('"text"', "The job's variables must be a JSON object, not text"),
        ("[]", "The job's variables must be a JSON object, not a list"),
        ("[" * 100_000, "The job's variables are nested too deeply to be read"),
    ],
)
def test_what_is_no_json_object_is_an_error_of_the_input(text: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        bind(text, Call)
    assert raised.value.message == message


def test_variables_that_are_null_leave_the_other_attempts() -> None:
    with pytest.raises(ConnectorError) as raised:
        bind("null", Call)
    assert not isinstance(raised.value, InputError)
    assert raised.value.error_type == "java.lang.IllegalArgumentException"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f'{{"method": "X", {URL}}}', "method. It Must be `HttpMethod`"),
        ('{"method": "X", "url": ""}', "method. It Must be `HttpMethod`"),  # before any rule
        (f'{{"method": true, {URL}}}', "method. It Must be `HttpMethod`, not a boolean"),
        (f'{{"method": "GET", {URL}, "readTimeout": "=5"}}', "readTimeout. It Must be `Integer`"),
        (f'{{"method": "GET", {URL}, "headers": "{{}}"}}', "headers. It Must be `LinkedHashMap`, not text"),
        (f'{{"method": "GET", {URL}, "headers": {{"X-A": {{}}}}}}', "headers, X-A. It Must be `String`, not an object"),
        (f'{{"method": "GET", {URL}, "authentication": {{}}}}', "authentication"),
        (f'{{"method": "GET", {URL}, "authentication": {{"type": "x"}}}}', "authentication"),
        (f'{{"method": "GET", {URL}, "authentication": "basic"}}', "authentication"),
        (
            f'{{"method": "GET", {URL}, "authentication": {{"type": "basic", "username": "u", "where": "cookie"}}}}',
            "authentication, where. It Must be `Where`",
        ),
    ],
)
def test_a_value_of_the_wrong_type_is_told_by_its_field(text: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        bind(text, Call)
    assert raised.value.message == f"Json object contains an invalid field: {message}"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("{}", ["method: must not be null", "url: must not be blank"]),
        ('{"method": "GET", "url": ""}', ["url: Must be a http(s) URL", "url: must not be blank"]),
        (
            '{"url": "nope", "method": null, "authentication": {"type": "basic"}}',
            ["authentication.username: must not be empty", "method: must not be null", "url: Must be a http(s) URL"],
        ),
    ],
)
def test_all_broken_rules_are_told_by_their_fields(text: str, lines: list[str]) -> None:
    with pytest.raises(InputError) as raised:
        bind(text, Call)
    head, *told = raised.value.message.split("\n")
    assert head == "jakarta.validation.ValidationException: Found constraints violated while validating input: "
    assert told == [
        f" - Property: {line.replace(': ', ': Validation failed. Original message: ', 1)}" for line in lines
    ]


class Plain(BaseModel):
    """A model that knows nothing of ours."""

    name: str = Field(min_length=2)
    count: int = 1
    tags: list[str] = []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "Property: name: Validation failed. Original message: must not be null"),
        ('{"name": null}', "Property: name: Validation failed. Original message: must not be null"),
        ('{"name": "x"}', "name: Validation failed. Original message: String should have at least 2 characters"),
        ('{"name": "xx", "count": "many"}', "invalid field: count. Input should be a valid integer"),
        ('{"name": "xx", "tags": ["a", {}]}', "invalid field: tags, 1. Input should be a valid string"),
    ],
)
def test_errors_of_plain_pydantic_models_name_field_and_rule_too(text: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        bind(text, Plain)
    assert message in raised.value.message


def test_no_message_holds_a_value() -> None:
    with pytest.raises(InputError) as raised:
        bind('{"name": "xx", "count": "hunter2"}', Plain)
    assert "hunter2" not in raised.value.message
