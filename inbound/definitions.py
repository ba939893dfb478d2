"""What is deployed, and which inbound connectors it holds: versions are chosen, models are read once and remembered."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from pydantic import TypeAdapter
from redis.asyncio import Redis

from inbound.executables import Element, Point
from zelery.camunda.bpmn import InboundElement, MessageCatch, MessageStart, read
from zelery.camunda.definitions.port import Definition, DefinitionSource
from zelery.errors import ModelError, SourceError, SourceNotFoundError
from zelery.logs import logger
from zelery.redis import MODELS

log = logger(__name__)

#: Models asked for at once, and in one tick: a cluster with thousands of definitions is read in a few ticks, the newest
#: first, and meanwhile what has been read lives already.
XML_AT_ONCE, XML_MAX = 8, 500


@dataclasses.dataclass(frozen=True, kw_only=True)
class Version:
    """A version of a process whose connectors are to live."""

    definition: Definition
    latest: bool
    """The newest of its process. Of older ones, those connectors live that continue instances, and none that start."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Model:
    """What a definition's model holds."""

    elements: tuple[Element, ...] = ()
    faults: tuple[str, ...] = ()
    """What is wrong with it, for people."""

    @property
    def waited_at(self) -> bool:
        """Whether an instance can wait at one of its elements."""
        return any(each.point is Point.MESSAGE for each in self.elements)


_CODEC: TypeAdapter[Model] = TypeAdapter(Model)


def newest(definitions: Iterable[Definition]) -> dict[tuple[str, str], Definition]:
    """Of each tenant's process the version with the highest key: that is what was deployed last."""
    found: dict[tuple[str, str], Definition] = {}
    for each in definitions:
        known = found.get((each.tenant_id, each.process_id))
        if known is None or each.key > known.key:
            found[each.tenant_id, each.process_id] = each
    return found


def chosen(definitions: Sequence[Definition], waiting: Mapping[int, bool]) -> list[Version]:
    """The versions whose connectors live: the newest of each process, and older ones in which something waits."""
    latest = {each.key for each in newest(definitions).values()}
    return [
        Version(definition=each, latest=each.key in latest)
        for each in definitions
        if each.key in latest or waiting.get(each.key)
    ]


class Models:
    """The models of definitions, by key. They never change: each is asked for once, by whichever worker needs it."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._known: dict[int, Model] = {}

    async def read(
        self, source: DefinitionSource, definitions: Sequence[Definition], *, most: int = XML_MAX
    ) -> Mapping[int, Model]:
        """The models of these definitions by key, of which `most` are asked for; what is not known now is left out.

        Raises SourceError only when not one of them is known.
        """
        await self._remembered([each.key for each in definitions if each.key not in self._known])
        unknown = sorted((d for d in definitions if d.key not in self._known), key=lambda d: -d.key)[:most]
        slots = asyncio.Semaphore(XML_AT_ONCE)
        found = await asyncio.gather(*(self._learn(source, each, slots) for each in unknown))
        errors = [each for each in found if each is not None]
        models = {each.key: self._known[each.key] for each in definitions if each.key in self._known}
        if errors and not models:
            raise errors[0]
        return models

    async def forget(self, deployed: frozenset[int]) -> None:
        """Drop what is not deployed any more."""
        gone = [key for key in self._known if key not in deployed]
        for key in gone:
            del self._known[key]
        if gone:
            await self._redis.hdel(MODELS, *map(str, gone))

    async def _remembered(self, keys: Sequence[int]) -> None:
        """What another worker, or an earlier life, has read."""
        if not keys:
            return
        texts = await self._redis.hmget(MODELS, [str(key) for key in keys])
        for key, text in zip(keys, texts, strict=True):
            if text is not None:
                self._known[key] = _CODEC.validate_json(text)

    async def _learn(
        self, source: DefinitionSource, definition: Definition, slots: asyncio.Semaphore
    ) -> SourceError | None:
        async with slots:
            try:
                xml = await source.xml(definition.key)
            except SourceNotFoundError:
                model = Model(faults=("the cluster has no model for it",))
            except SourceError as error:
                return error
            else:
                model = await asyncio.to_thread(model_of, definition, xml)
        self._known[definition.key] = model
        text = _CODEC.dump_json(model, exclude_defaults=True).decode()
        await self._redis.hset(MODELS, str(definition.key), text)
        for fault in model.faults:
            log.warning(
                "a model has a fault",
                process=definition.process_id,
                version=definition.version,
                tenant=definition.tenant_id,
                why=fault,
            )
        return None


def model_of(definition: Definition, xml: bytes) -> Model:
    """The inbound connectors of a definition's BPMN. What is wrong with one never takes others with it."""
    try:
        found = read(xml, definition.process_id)
    except ModelError as error:
        return Model(faults=(str(error),))
    return Model(
        elements=tuple(_element(definition, each) for each in found.elements),
        faults=tuple(f"{fault.element_id or 'an element'} (line {fault.line}) {fault.what}" for fault in found.faults),
    )


def _element(definition: Definition, found: InboundElement) -> Element:
    point, message_name, attached_to = Point.START, None, None
    if isinstance(found.point, MessageStart):
        point, message_name = Point.MESSAGE_START, found.point.message
    elif isinstance(found.point, MessageCatch):
        point, message_name, attached_to = Point.MESSAGE, found.point.message, found.point.attached_to
    return Element(
        process_id=definition.process_id,
        version=definition.version,
        definition_key=definition.key,
        tenant_id=definition.tenant_id,
        element_id=found.element_id,
        name=found.name,
        bpmn_type=found.bpmn_type,
        point=point,
        message_name=message_name,
        attached_to=attached_to,
        template=dataclasses.asdict(found.template) if found.template else None,
        properties=found.properties,
    )
