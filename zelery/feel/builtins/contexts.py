"""get entries, get value, context put, context merge, context."""

from typing import Any

from zelery.feel.limits import Run
from zelery.feel.signature import Table, illegal
from zelery.feel.values import keys_of, kind_of

TABLE = Table()
define = TABLE.define


def _are(items: list[Any], kind: str) -> bool:
    return all(kind_of(item) == kind for item in items)


@define("get entries", "context: context", "m: context")
def get_entries(run: Run, context: dict[str, Any]) -> list[Any]:
    run.allow_items(len(context))
    return [{"key": key, "value": context[key]} for key in keys_of(context, run)]


@define("get value", "m, key", "context, key", "context, keys")
def get_value(run: Run, context: Any, key: Any) -> Any:
    if kind_of(context) != "context" or kind_of(key) not in ("string", "list"):
        return illegal(run, context, key)
    if type(key) is str:
        return context.get(key)
    if not key or not _are(key, "string"):
        return None
    for name in key:
        if kind_of(context) != "context":
            return None
        context = context.get(name)
    return context


@define("context put", "context, key, value", "context, keys, value")
@define("put", "context, key, value")
def context_put(run: Run, context: Any, key: Any, value: Any) -> Any:
    if kind_of(context) == "context":
        run.charge(len(context) >> 2)
        if kind_of(key) == "string":
            return {**context, key: value}
        if kind_of(key) == "list":
            if not key:
                return None
            if _are(key, "string"):
                return _put_deep(run, context, key, value)
    return illegal(run, context, key, value)


def _put_deep(run: Run, context: dict[str, Any], keys: list[str], value: Any) -> dict[str, Any]:
    result = changed = {**context}
    for key in keys[:-1]:
        inner = changed.get(key)
        run.charge(1 + (len(inner) if isinstance(inner, dict) else 0))
        changed[key] = {**inner} if isinstance(inner, dict) else {}
        changed = changed[key]
    changed[keys[-1]] = value
    return result


@define("context merge", "contexts", variadic=True)
@define("put all", "contexts", variadic=True)
def context_merge(run: Run, contexts: Any) -> Any:
    if type(contexts) is not list or not _are(contexts, "context"):
        return None
    merged: dict[str, Any] = {}
    for context in contexts:
        run.charge(len(context))
        merged.update(context)
    return merged


@define("context", "entries")
def context_of(run: Run, entries: Any) -> Any:
    if type(entries) is not list or not _are(entries, "context"):
        return None
    run.charge(len(entries))
    if not all("value" in entry and type(entry.get("key")) is str for entry in entries):
        return None
    return {entry["key"]: entry["value"] for entry in entries}
