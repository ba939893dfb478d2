"""What a setting is: a typed field, the environment variables that set it, and its meaning."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field
from pydantic.fields import FieldInfo

_MILLISECONDS = re.compile(r"\d+")


def _words(value: Any) -> Any:
    """A comma list, as environment variables write lists."""
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


def _duration(value: Any) -> Any:
    """Spring takes a bare number as milliseconds."""
    return timedelta(milliseconds=int(value)) if isinstance(value, str) and _MILLISECONDS.fullmatch(value) else value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]


def setting(*names: str, default: Any = ..., meaning: str, **limits: Any) -> Any:
    """A field that any of these environment variables sets; the first that is there counts."""
    return Field(default, validation_alias=AliasChoices(*names), description=meaning, **limits)


def aliases(field: FieldInfo) -> list[str]:
    """The environment variables that set a field, the documented one first."""
    alias = field.validation_alias
    return [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else []
