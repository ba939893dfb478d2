"""All builtin functions by name."""

from collections.abc import Mapping
from types import MappingProxyType

from zelery.feel.builtins import boolean, connector, contexts, conversion, dates, lists, numeric, ranges, strings
from zelery.feel.values import Function

_GROUPS = (conversion, boolean, strings, lists, numeric, contexts, ranges, dates, connector)

BUILTINS: Mapping[str, tuple[Function, ...]] = MappingProxyType(
    {name: tuple(overloads) for group in _GROUPS for name, overloads in group.TABLE.functions.items()}
)
