"""Avro's binary form of JSON values, by a schema that the model or a registry gives.

As in the Java runtime a value is what JSON can say: bytes are base64 text, decimals are numbers, and the other logical
types are what lies under them (a date is its days, a timestamp its milliseconds).
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import io
import json
import struct
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import fastavro
from fastavro.schema import SchemaParseException, UnknownType

from zelery.sdk.escapes import unescaped

#: What broken data makes of fastavro.
_BROKEN = (EOFError, IndexError, KeyError, TypeError, ValueError, OverflowError, RecursionError, struct.error)


class AvroError(ValueError):
    """A schema that is none, or a value that does not fit it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schema:
    """A schema that has been read."""

    root: Any
    """As fastavro has parsed it."""
    names: Mapping[str, Any] = dataclasses.field(repr=False)
    """Its named types, and those of the schemas that it refers to."""


def read(text: str, references: Iterable[Schema] = ()) -> Schema:
    """A schema from its JSON text, which may have been escaped once more, as older templates ask for.

    Raises AvroError, which says what is wrong with it.
    """
    names: dict[str, Any] = {}
    for reference in references:
        names.update(reference.names)
    try:
        return Schema(root=fastavro.parse_schema(_underlying(_json(text)), named_schemas=names), names=names)
    except UnknownType as error:
        raise AvroError(f"the Avro schema names a type that it does not declare: {error.name}") from None
    except SchemaParseException as error:
        raise AvroError(f"the Avro schema cannot be used: {error}") from None
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise AvroError(f"the Avro schema cannot be used: {type(error).__name__} ({error})") from None


def encoded(schema: Schema, value: Any) -> bytes:
    """The binary form of a value. Raises AvroError, which names the place that does not fit."""
    out = io.BytesIO()
    datum = _datum(schema.root, value, schema.names, "value")
    try:
        fastavro.schemaless_writer(out, schema.root, datum)
    except _BROKEN as error:
        raise AvroError(f"the value does not fit the Avro schema: {_said(error)}") from None
    return out.getvalue()


def decoded(schema: Schema, data: bytes) -> Any:
    """A value from its binary form. Raises AvroError."""
    try:
        return _plain(fastavro.schemaless_reader(io.BytesIO(data), schema.root, None))
    except _BROKEN as error:
        raise AvroError(f"the record does not fit the Avro schema: {_said(error)}") from None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        try:
            return json.loads(unescaped(text))
        except ValueError as error:
            raise AvroError(f"the Avro schema is no JSON: {error}") from None


def _underlying(schema: Any) -> Any:
    """A schema without its logical types, decimals excepted."""
    if isinstance(schema, list):
        return [_underlying(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = schema if schema.get("logicalType") == "decimal" else {k: v for k, v in schema.items() if k != "logicalType"}
    inner = {key: _underlying(kept[key]) for key in ("type", "items", "values") if key in kept}
    if isinstance(kept.get("fields"), list):
        inner["fields"] = [_underlying(field) for field in kept["fields"]]
    return {**kept, **inner}


def _plain(value: Any) -> Any:
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case list():
            return [_plain(each) for each in value]
    return value


def _datum(schema: Any, value: Any, names: Mapping[str, Any], place: str) -> Any:
    """A JSON value as fastavro wants it for a schema. Raises AvroError for one that does not fit."""
    if isinstance(schema, list):
        return _of_union(schema, value, names, place)
    if isinstance(schema, str):
        schema = names.get(schema, {"type": schema})
    if not isinstance(schema["type"], str):
        return _datum(schema["type"], value, names, place)
    sorts, convert = _KINDS[schema["type"]]
    if type(value) not in sorts:
        raise AvroError(f"{place}: must be Avro's {schema['type']}, not {_SORTS.get(type(value), 'a number')}")
    return convert(schema, value, names, place)


def _of_union(branches: list[Any], value: Any, names: Mapping[str, Any], place: str) -> Any:
    refused = []
    for branch in branches:
        try:
            return _datum(branch, value, names, place)
        except AvroError as error:
            refused.append(str(error))
    raise AvroError(f"{place}: fits no branch of the union ({'; '.join(refused)})")


def _record(schema: Any, value: Mapping[str, Any], names: Mapping[str, Any], place: str) -> Any:
    fields = {field["name"]: field for field in schema["fields"]}
    if unknown := [name for name in value if name not in fields]:
        raise AvroError(f"{place}: the Avro record {schema['name']} has no field {', '.join(unknown)}")
    missing = [name for name, field in fields.items() if name not in value and "default" not in field]
    if missing:
        raise AvroError(f"{place}: the Avro record {schema['name']} needs {', '.join(missing)}")
    return {name: _datum(fields[name]["type"], each, names, f"{place}.{name}") for name, each in value.items()}


def _array(schema: Any, value: list[Any], names: Mapping[str, Any], place: str) -> Any:
    return [_datum(schema["items"], each, names, f"{place}[{index}]") for index, each in enumerate(value)]


def _map(schema: Any, value: Mapping[str, Any], names: Mapping[str, Any], place: str) -> Any:
    return {key: _datum(schema["values"], each, names, f"{place}.{key}") for key, each in value.items()}


def _enum(schema: Any, value: str, _names: Mapping[str, Any], place: str) -> str:
    if value not in schema["symbols"]:
        raise AvroError(f"{place}: must be one of {', '.join(schema['symbols'])}")
    return value


def _itself(_schema: Any, value: Any, _names: Mapping[str, Any], _place: str) -> Any:
    return value


def _float(_schema: Any, value: float, _names: Mapping[str, Any], _place: str) -> float:
    return float(value)


def _whole(schema: Any, value: float, _names: Mapping[str, Any], place: str) -> int:
    bits = _BITS[schema["type"]]
    if not -(2**bits) <= value < 2**bits or value != int(value):
        raise AvroError(f"{place}: must be Avro's {schema['type']}, a whole number of {bits + 1} bits")
    return int(value)


def _bytes(schema: Any, value: str | float, _names: Mapping[str, Any], place: str) -> bytes | Decimal:
    if schema.get("logicalType") == "decimal":
        if isinstance(value, str):
            raise AvroError(f"{place}: must be a number (Avro's decimal), not text")
        return Decimal(repr(value))
    try:
        return base64.b64decode(str(value), validate=True)
    except (binascii.Error, ValueError):
        raise AvroError(f"{place}: must be base64 text (Avro's {schema['type']})") from None


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


#: What a value is called that does not fit; others are numbers.
_SORTS: Mapping[type, str] = {dict: "an object", list: "a list", str: "text", bool: "a boolean", type(None): "null"}
#: Bits of a whole number beside its sign.
_BITS = {"int": 31, "long": 63}
#: For each of Avro's types, what a value must be in JSON, and how it is converted.
_KINDS: Mapping[str, tuple[tuple[type, ...], Callable[[Any, Any, Mapping[str, Any], str], Any]]] = {
    "record": ((dict,), _record),
    "error": ((dict,), _record),
    "array": ((list,), _array),
    "map": ((dict,), _map),
    "enum": ((str,), _enum),
    "string": ((str,), _itself),
    "boolean": ((bool,), _itself),
    "null": ((type(None),), _itself),
    "int": ((int, float), _whole),
    "long": ((int, float), _whole),
    "float": ((int, float), _float),
    "double": ((int, float), _float),
    "bytes": ((str, int, float), _bytes),
    "fixed": ((str, int, float), _bytes),
}
