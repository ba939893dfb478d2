"""Secrets: names in a job's variables become values, in the worker and nowhere else.

`{{secrets.NAME}}` and bare `secrets.NAME` are replaced in the raw JSON text of the variables, keys and values alike,
before anything reads it (`spec/outbound.md` §3). Values come from the environment, from directories of files, and from
providers that others install. What leaves the process towards people goes through a `Mask`.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from zelery.errors import ConnectorError, InputError, SettingError
from zelery.extras import remedy
from zelery.model import Job
from zelery.settings import Settings

#: Where providers of others join: the entry's name is what `ZELERY_SECRET_PROVIDERS` says, its object a function of the
#: settings that gives an async context manager of the provider.
GROUP = "zelery.secrets"

#: How often placeholders inside secret values are resolved at most, for each of the two spellings.
PASSES_MAX = 10
#: A text that grows beyond this by its secrets is refused: a secret that names itself twice doubles with each pass.
TEXT_MAX = 32 * 2**20
#: A longer secret name is none: it keeps a text full of open braces from being searched to its end from each of them.
NAME_MAX = 500
#: Values kept for `secret_cache_s`.
CACHED_MAX = 10_000

_BRACED = re.compile(rf"\{{\{{\s*secrets\.(?P<name>\S{{1,{NAME_MAX}}}?)\s*\}}\}}", re.ASCII)
_BARE = re.compile(r"secrets\.(?P<name>(?:[a-zA-Z0-9]+[/._-])*[a-zA-Z0-9]+)")
_FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}(?:/[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}){0,5}")
_FILE_BYTES_MAX = 2**20


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a secret is asked for: providers may keep one value for each tenant or process."""

    tenant_id: str
    process_id: str

    @classmethod
    def of(cls, job: Job) -> Place:
        """The place of a job."""
        return cls(tenant_id=job.tenant_id, process_id=job.process_id)


class SecretError(ConnectorError):
    """A provider cannot know a secret. Its message is shown: it says where it asked and what to do, never a value."""

    java_type = "java.lang.RuntimeException"


class SecretProvider(Protocol):
    """Knows the values of some secrets. Called on the worker's event loop, which it must not block."""

    async def find(self, name: str, place: Place) -> str | None:
        """The value of a secret; None when this provider does not have it. An empty text is a value.

        Raises SecretError when it cannot know. Anything else fails the attempt too, and its text is shown to nobody.
        It may be asked for several secrets at a time, and for each of them once at a time.
        """


class Mask:
    """The secrets that one job has read, so that no message shows them."""

    def __init__(self) -> None:
        self._values: set[str] = set()

    def add(self, value: str) -> None:
        """Hide this value from now on. An empty secret hides nothing."""
        if value:
            self._values.add(value)

    def __call__(self, message: str) -> str:
        """The message with `***` for each secret in it, as it is, as JSON text, or as a part of a URL."""
        if not self._values:
            return message
        spelled = {form for value in self._values for form in (value, json_text(value), quote(value, safe=""))}
        for form in sorted(spelled, key=len, reverse=True):
            message = message.replace(form, "***")
        return message

    def within(self, value: Any) -> Any:
        """The value with each text in it masked, names too; what JSON has no kind for, as its text."""
        if isinstance(value, Mapping):
            return {self(str(name)): self.within(each) for name, each in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.within(each) for each in value]
        return value if value is None or isinstance(value, (bool, int, float)) else self(str(value))


class Secrets:
    """All providers, in order: the first that has a secret gives it. Values are kept for a short time."""

    def __init__(
        self, providers: Sequence[SecretProvider], *, cache_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._providers = providers
        self._cache_s = cache_s
        self._clock = clock
        self._known: dict[tuple[str, Place], tuple[float, str]] = {}
        self._asking: dict[tuple[str, Place], asyncio.Task[str]] = {}

    async def replace(self, text: str, place: Place, mask: Mask) -> str:
        """The text with every secret's value, escaped for JSON, in the place of its name.

        First the braced names, then the bare ones. A value may hold names again: each spelling is resolved as often as
        the text held it at first, as the Java runtime does, and at most `PASSES_MAX` times. Raises InputError for a
        secret that nobody has, and ConnectorError when a provider fails.
        """
        for pattern in (_BRACED, _BARE):
            if "secrets." in text:
                for _ in range(min(sum(1 for _ in pattern.finditer(text)), PASSES_MAX)):
                    text = await self._pass(pattern, text, place, mask)
        return text

    async def _pass(self, pattern: re.Pattern[str], text: str, place: Place, mask: Mask) -> str:
        values: dict[str, str] = {}
        for match in pattern.finditer(text):
            name = match["name"]
            if name not in values:
                value = await self.find(name, place)
                mask.add(value)
                values[name] = json_text(value)
        grown = len(text) + sum(len(values[match["name"]]) for match in pattern.finditer(text))
        if grown > TEXT_MAX:
            raise InputError(f"Secrets that name secrets make the variables longer than {TEXT_MAX} characters")
        return pattern.sub(lambda match: values[match["name"]], text) if values else text

    async def find(self, name: str, place: Place) -> str:
        """The value of a secret. Raises as `replace` does."""
        key = (name, place)
        until, value = self._known.get(key, (0.0, ""))
        if until > self._clock():
            return value
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.create_task(self._learn(name, place))
            asking.add_done_callback(lambda _: self._asking.pop(key, None))
        # When a value has expired, all jobs in flight ask at once: one question answers them. A job that is cancelled
        # leaves it to the others.
        return await asyncio.shield(asking)

    async def _learn(self, name: str, place: Place) -> str:
        value = await self._ask(name, place)
        while len(self._known) >= CACHED_MAX:
            del self._known[next(iter(self._known))]
        self._known.pop((name, place), None)
        self._known[name, place] = (self._clock() + self._cache_s, value)
        return value

    async def _ask(self, name: str, place: Place) -> str:
        for provider in self._providers:
            try:
                value = await provider.find(name, place)
            except SecretError:
                raise
            except Exception as error:  # noqa: BLE001 - a provider is others' code, as a connector is
                raise SecretError(
                    f"Fetching secrets failed in {type(provider).__name__} with {type(error).__name__}; "
                    "its message is not shown, as it might hold secrets"
                ) from None
            if value is not None:
                return value
        environments = [provider for provider in self._providers if isinstance(provider, Environment)]
        hints = [hint for environment in environments if (hint := environment.hint(name, place))]
        raise InputError(": ".join([f"Secret with name '{name}' is not available", *hints]))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Environment:
    """Secrets in environment variables with a prefix, so that a model cannot read the process's other variables.

    A name is looked up as it is, then with `_` for `.` and `-`, then in upper case: `my.dotted` finds `MY_DOTTED`.
    """

    prefix: str
    """`SECRET_`: the secret TOKEN is the variable SECRET_TOKEN."""
    composed: Callable[[str, Place], str]
    """A secret's name with its tenant and process, as far as the settings say so."""
    variables: Mapping[str, str] = dataclasses.field(repr=False)
    """The environment."""

    async def find(self, name: str, place: Place) -> str | None:
        return next((self.variables[n] for n in self._spellings(name, place) if n in self.variables), None)

    def hint(self, name: str, place: Place) -> str | None:
        """Says so when the name has the prefix already, or only the variable without the prefix exists."""
        if self.prefix and name.startswith(self.prefix):
            bare_name = name.removeprefix(self.prefix)
            return f"the prefix {self.prefix} is not part of a secret's name; write secrets.{bare_name}"
        bare = [n for n in _relaxed(name) if n in self.variables]
        if not bare or not self.prefix:
            return None
        return (
            f"the environment variable {bare[0]} exists, but only those with the prefix {self.prefix} are secrets; "
            f"name it {list(self._spellings(name, place))[-1]}"
        )

    def _spellings(self, name: str, place: Place) -> Iterator[str]:
        return _relaxed(self.prefix + self.composed(name, place))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Directory:
    """Secrets in files of a directory, as Docker and Kubernetes mount them: the file's name is the secret's.

    One newline at the end of a file is not part of its secret.
    """

    path: Path
    composed: Callable[[str, Place], str]

    async def find(self, name: str, place: Place) -> str | None:
        return await asyncio.to_thread(self._read, self.composed(name, place))

    def _read(self, name: str) -> str | None:
        if not _FILE_NAME.fullmatch(name):
            return None
        root, file = self.path.resolve(), (self.path / name).resolve()
        if not file.is_relative_to(root) or not file.is_file():
            return None
        with file.open("rb") as opened:
            content = opened.read(_FILE_BYTES_MAX + 1)
        if len(content) > _FILE_BYTES_MAX:
            raise ValueError("a secret file is at most 1 MiB long")
        return content.decode().removesuffix("\n").removesuffix("\r")


def json_text(value: str) -> str:
    """A value as the inside of a JSON text."""
    return json.dumps(value, ensure_ascii=False)[1:-1]


def composed(settings: Settings) -> Callable[[str, Place], str]:
    """How a secret's name is put together: `<tenant>_<process>_<name>`, the first two when they are switched on."""

    def name_of(name: str, place: Place) -> str:
        tenant = [place.tenant_id] if settings.secret_tenant_aware else []
        process = [place.process_id] if settings.secret_process_aware else []
        return "_".join([*tenant, *process, name])

    return name_of


@asynccontextmanager
async def open_secrets(settings: Settings, variables: Mapping[str, str] | None = None) -> AsyncIterator[Secrets]:
    """The providers that the settings name, in that order, over an environment (the process's own when none is given).

    Raises SettingError when one that is named is not installed, lacks a package, or cannot be opened.
    """
    name_of = composed(settings)
    providers: list[SecretProvider] = []
    async with AsyncExitStack() as stack:
        for name in settings.secret_providers:
            if name == "environment":
                found = os.environ if variables is None else variables
                if settings.secret_environment:
                    providers.append(Environment(prefix=settings.secret_prefix, composed=name_of, variables=found))
            elif name == "directory":
                providers.extend(Directory(path=Path(path), composed=name_of) for path in settings.secret_directories)
            else:
                providers.append(await _open_installed(name, settings, stack))
        yield Secrets(providers, cache_s=settings.secret_cache_s)


async def _open_installed(name: str, settings: Settings, stack: AsyncExitStack) -> SecretProvider:
    points = {point.name: point for point in entry_points(group=GROUP)}
    if name not in points:
        there = ", ".join(["environment", "directory", *sorted(points)])
        raise SettingError(
            f"ZELERY_SECRET_PROVIDERS: no provider is installed under the name {name!r}; there are {there}"
        )
    try:
        opened: SecretProvider = await stack.enter_async_context(points[name].load()(settings))
    except ModuleNotFoundError as error:
        how = remedy(points[name], error) or error
        raise SettingError(f"ZELERY_SECRET_PROVIDERS: {name} needs a package that is not installed: {how}") from error
    except (ImportError, AttributeError, OSError, ValueError) as error:
        raise SettingError(
            f"ZELERY_SECRET_PROVIDERS: {name} ({points[name].value}) cannot be opened: {error}"
        ) from error
    return opened


def _relaxed(name: str) -> Iterator[str]:
    """The spellings under which Spring finds an environment variable, the most exact first."""
    under = re.sub(r"[.-]", "_", name)
    yield from dict.fromkeys((name, under, name.upper(), under.upper()))
