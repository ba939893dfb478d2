"""What must hold of a scope: how it begins, and that no two events in one place catch the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from zelery.engine.bpmn.connect import is_activity
from zelery.engine.bpmn.model import (
    Element,
    ErrorEvent,
    EscalationEvent,
    Expression,
    Kind,
    LinkEvent,
    MessageEvent,
    SignalEvent,
)
from zelery.engine.bpmn.reading import Reading
from zelery.engine.bpmn.refuse import shown


def scope(reading: Reading, found: Element) -> None:
    """Complain of what is wrong with a process or a sub-process."""
    match found.kind:
        case Kind.PROCESS:
            _process(reading, found)
        case Kind.SUB_PROCESS | Kind.EVENT_SUB_PROCESS:
            _one_start(reading, found)
        case Kind.AD_HOC_SUB_PROCESS:
            _ad_hoc(reading, found)
    for child in found.children:
        _alike(reading, child, child.boundary_events)
    _alike(reading, found, [each.start for each in found.event_sub_processes if each.start is not None])
    _links(reading, found)


def _starts(found: Element) -> list[Element]:
    return [each for each in found.children if each.kind is Kind.START_EVENT]


def _process(reading: Reading, found: Element) -> None:
    """Docs: "None events", "Message events"."""
    starts = _starts(found)
    if not starts:
        reading.complain(found.id, "Must have at least one start event: add one")
    if sum(each.event is None for each in starts) > 1:
        reading.complain(found.id, "Multiple none start events are not allowed: keep one")
    _alike(reading, found, found.starts)


def _one_start(reading: Reading, found: Element) -> None:
    """Docs: "Embedded subprocess", "Event subprocess"."""
    starts = _starts(found)
    if len(starts) != 1:
        has = "none" if not starts else ", ".join(f"'{each.id}'" for each in starts[:3])
        reading.complain(found.id, f"Must have exactly one start event, but it has {has}: keep or add one")


def _ad_hoc(reading: Reading, found: Element) -> None:
    """Docs: "Ad-hoc sub-processes", "Constraints"."""
    if not any(is_activity(each) for each in found.children):
        reading.complain(found.id, "Must have at least one activity: add a task or a sub-process")
    for each in found.children:
        if each.kind in (Kind.START_EVENT, Kind.END_EVENT):
            reading.complain(
                found.id,
                f"Must not have start events or end events, but it has '{each.id}': delete it, flows in an ad-hoc "
                "sub-process begin and end without",
            )


def _alike(reading: Reading, host: Element, catching: Sequence[Element]) -> None:
    """Complain of events in one place that catch the same (docs: the pages of these events)."""
    if len(catching) < 2:  # noqa: PLR2004 - two can be alike
        return
    for what, count in Counter(filter(None, map(_caught, catching))).items():
        if count > 1:
            reading.complain(host.id, f"it has {count} events for {what}: keep one")


def _caught(found: Element) -> str:
    """What an event catches, in words; empty where that is known only when it runs."""
    match found.event:
        case MessageEvent(name=name) if name.text and not name.text.startswith("="):
            return f"the message '{shown(name.text)}'"
        case SignalEvent(name=name) if name.text and not name.text.startswith("="):
            return f"the signal '{shown(name.text)}'"
        case ErrorEvent(code=code):
            return f"{_code(code)} error"
        case EscalationEvent(code=code):
            return f"{_code(code)} escalation"
        case _:
            return ""


def _code(code: Expression | None) -> str:
    return f"the code '{shown(code.text)}' of an" if code is not None else "any code of an"


def _links(reading: Reading, found: Element) -> None:
    """Docs: "Link events"; camunda issues 10854, 14028."""
    catching = [each.event for each in found.children if each.kind is Kind.CATCH_EVENT]
    links = [event.name for event in catching if isinstance(event, LinkEvent)]
    for name, count in Counter(links).items():
        if count > 1:
            reading.complain(found.id, f"it has {count} catch events for the link '{shown(name)}': keep one")
