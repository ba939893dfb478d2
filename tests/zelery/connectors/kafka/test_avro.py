from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from zelery.connectors.kafka import avro

EMPLOYEE = {
    "type": "record",
    "name": "Employee",
    "namespace": "org.x",
    "fields": [
        {"name": "name", "type": "string"},
        {"name": "age", "type": "int"},
        {"name": "boss", "type": ["null", "Employee"], "default": None},
        {"name": "emails", "type": {"type": "array", "items": "string"}, "default": []},
    ],
}


def read(schema: Any) -> avro.Schema:
    return avro.read(json.dumps(schema))


def there_and_back(schema: Any, value: Any) -> Any:
    known = read(schema)
    return avro.decoded(known, avro.encoded(known, value))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("no JSON", "the Avro schema is no JSON"),
        ('{"type": "nope"}', "does not declare: {'type': 'nope'}"),
        ('{"type": "record", "name": "E", "fields": [{"name": "a", "type": "F"}]}', "does not declare: F"),
        ('{"type": "record", "fields": []}', '"name" is a required field'),
        ('{"type": "record", "name": "E", "fields": [{"name": "a"}]}', "is missing 'type'"),
        ("5", "the Avro schema cannot be used"),
        ("[" * 5000 + "]" * 5000, "the Avro schema"),
    ],
)
def test_a_schema_that_is_none_is_refused_with_what_is_wrong(text: str, why: str) -> None:
    with pytest.raises(avro.AvroError) as found:
        avro.read(text)
    assert why in str(found.value)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("Ada", "value: must be Avro's record, not text"),
        ({"name": "Ada"}, "value: the Avro record org.x.Employee needs age"),
        ({"name": "Ada", "age": 1, "agee": 2, "b": 3}, "value: the Avro record org.x.Employee has no field agee, b"),
        ({"name": "Ada", "age": "36"}, "value.age: must be Avro's int, not text"),
        ({"name": "Ada", "age": True}, "value.age: must be Avro's int, not a boolean"),
        ({"name": "Ada", "age": 36.5}, "value.age: must be Avro's int, a whole number of 32 bits"),
        ({"name": "Ada", "age": 2**31}, "value.age: must be Avro's int, a whole number of 32 bits"),
        ({"name": None, "age": 1}, "value.name: must be Avro's string, not null"),
        ({"name": "Ada", "age": 1, "emails": ["a", 5]}, "value.emails[1]: must be Avro's string, not a number"),
        (
            {"name": "Ada", "age": 1, "boss": {"name": "Bob"}},
            (
                "value.boss: fits no branch of the union (value.boss: must be Avro's null, not an object; "
                "value.boss: the Avro record org.x.Employee needs age)"
            ),
        ),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_place(value: Any, why: str) -> None:
    with pytest.raises(avro.AvroError) as found:
        avro.encoded(read(EMPLOYEE), value)
    assert str(found.value) == why


@pytest.mark.parametrize(
    ("schema", "value", "why"),
    [
        ({"type": "enum", "name": "E", "symbols": ["A", "B"]}, "C", "value: must be one of A, B"),
        ("bytes", "no base64!", "value: must be base64 text (Avro's bytes)"),
        ({"type": "fixed", "name": "F", "size": 2}, "AAAA", "does not fit the Avro schema"),
        (
            {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2},
            "1.5",
            "value: must be a number (Avro's decimal), not text",
        ),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 1}, 1.55, "does not fit the Avro schema"),
    ],
)
def test_a_value_of_a_special_type_that_does_not_fit_is_refused(schema: Any, value: Any, why: str) -> None:
    with pytest.raises(avro.AvroError) as found:
        avro.encoded(read(schema), value)
    assert why in str(found.value)


@pytest.mark.parametrize("data", [b"", b"\x06Ad", b"\xff" * 30, b"\x06Ada\x02\x09"])
def test_data_that_does_not_fit_is_refused(data: bytes) -> None:
    with pytest.raises(avro.AvroError, match=r"the record does not fit the Avro schema: ."):
        avro.decoded(read(EMPLOYEE), data)


@pytest.mark.parametrize(
    ("schema", "value", "back"),
    [
        (
            EMPLOYEE,
            {"name": "Ada", "age": 36.0, "boss": {"name": "Bob", "age": 50}},
            {
                "name": "Ada",
                "age": 36,
                "boss": {"name": "Bob", "age": 50, "boss": None, "emails": []},
                "emails": [],
            },
        ),
        ({"type": "map", "values": "double"}, {"a": 1}, {"a": 1.0}),
        (["null", "long", "string"], "x", "x"),
        (["string", {"type": "map", "values": "int"}], {"a": 1}, {"a": 1}),
        ({"type": "enum", "name": "E", "symbols": ["A", "B"]}, "B", "B"),
        ("bytes", base64.b64encode(b"\x00\xff").decode(), "AP8="),
        # Of the logical types decimals alone are more than what lies under them.
        ({"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}, 12.5, 12.5),
        ({"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}, 12, 12),
        ({"type": "long", "logicalType": "timestamp-millis"}, 1_700_000_000_000, 1_700_000_000_000),
        ({"type": "int", "logicalType": "date"}, 20_000, 20_000),
        ({"type": "string", "logicalType": "uuid"}, "any", "any"),
    ],
)
def test_a_value_comes_back_as_json(schema: Any, value: Any, back: Any) -> None:
    found = there_and_back(schema, value)
    assert found == back
    assert json.loads(json.dumps(found)) == found


def test_the_binary_form_is_avros() -> None:
    assert avro.encoded(read(EMPLOYEE), {"name": "Ada", "age": 36}) == b"\x06Ada\x48\x00\x00"


def test_a_schema_may_be_escaped_once_more() -> None:
    escaped = json.dumps(json.dumps(EMPLOYEE))[1:-1]
    assert avro.encoded(avro.read(escaped), {"name": "Ada", "age": 36}) == b"\x06Ada\x48\x00\x00"


def test_a_schema_refers_to_types_of_others() -> None:
    outer = json.dumps({"type": "record", "name": "Team", "fields": [{"name": "lead", "type": "org.x.Employee"}]})
    with pytest.raises(avro.AvroError, match=r"org\.x\.Employee"):
        avro.read(outer)

    team = avro.read(outer, [read(EMPLOYEE)])

    lead = {"name": "Ada", "age": 36}
    assert avro.decoded(team, avro.encoded(team, {"lead": lead}))["lead"]["name"] == "Ada"
