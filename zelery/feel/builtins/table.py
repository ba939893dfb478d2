"""All builtin functions by name."""

from collections.abc import Mapping
from types import MappingProxyType

from zelery.feel.builtins import boolean, connector, contexts, conversion, dates, lists, numeric, ranges, strings
from zelery.feel.values import Function

GROUPS: Mapping[str, dict[str, list[Function]]] = MappingProxyType(
    {
        "Conversion": conversion.TABLE.functions,
        "Boolean": boolean.TABLE.functions,
        "Strings": strings.TABLE.functions,
        "Lists": lists.TABLE.functions,
        "Numbers": numeric.TABLE.functions,
        "Contexts": contexts.TABLE.functions,
        "Ranges": ranges.TABLE.functions,
        "Dates": dates.TABLE.functions,
        "Errors of connectors": connector.TABLE.functions,
    }
)

BUILTINS: Mapping[str, tuple[Function, ...]] = MappingProxyType(
    {name: tuple(overloads) for functions in GROUPS.values() for name, overloads in functions.items()}
)
