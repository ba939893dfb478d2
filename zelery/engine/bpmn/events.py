"""What events wait for and throw: their event definitions, and the messages, signals, errors these refer to."""

from __future__ import annotations

from lxml import etree

from zelery.engine.bpmn.extensions import BPMN, Reader, extension, id_of
from zelery.engine.bpmn.model import (
    Element,
    ErrorEvent,
    EscalationEvent,
    EventDefinition,
    Expression,
    Kind,
    LinkEvent,
    MessageEvent,
    SignalEvent,
    TerminateEvent,
    TimerEvent,
    TimerKind,
)

#: Which event definitions an event of each kind may have (docs: "BPMN coverage"). A start event has more in an event
#: sub-process: errors and escalations.
_ALLOWED = {
    Kind.START_EVENT: {"message", "timer", "signal", "error", "escalation"},
    Kind.CATCH_EVENT: {"message", "timer", "signal", "link"},
    Kind.BOUNDARY_EVENT: {"message", "timer", "signal", "error", "escalation"},
    Kind.THROW_EVENT: {"message", "signal", "escalation", "link"},
    Kind.END_EVENT: {"message", "signal", "escalation", "error", "terminate"},
}
_SUFFIX = "EventDefinition"


class EventReader:
    """Reads the events of one file.

    Args:
        root: The file, whose root elements are referred to.
        reader: Reads expressions and extensions.
    """

    def __init__(self, root: etree._Element, reader: Reader) -> None:
        self._reader = reader
        self._roots = {each.get("id"): each for each in root.iterchildren(etree.Element) if each.get("id")}

    def read(self, node: etree._Element, element: Element) -> None:
        """Read what an event or a receive task waits for or throws."""
        if element.kind is Kind.RECEIVE_TASK:
            element.event = self._message(node, node, element)
            return
        if element.kind not in _ALLOWED:
            return
        found = [each for each in node.iterchildren(etree.Element) if etree.QName(each).localname.endswith(_SUFFIX)]
        if len(found) > 1:
            self._reader.complain(element.id, "Must have exactly one event definition: split it into several events")
        if found:
            self._definition(node, found[0], element)
        elif element.kind in (Kind.CATCH_EVENT, Kind.BOUNDARY_EVENT):
            self._reader.complain(element.id, "Must have exactly one event definition: choose what it waits for")

    def _definition(self, node: etree._Element, definition: etree._Element, element: Element) -> None:
        name = etree.QName(definition).localname.removesuffix(_SUFFIX)
        if name not in _ALLOWED[element.kind]:
            can = ", ".join(sorted(_ALLOWED[element.kind]))
            self._reader.complain(
                element.id, f"{name} events are not executed here: an event of this type may be one of {can}"
            )
            return
        if name == "message" and element.kind in (Kind.THROW_EVENT, Kind.END_EVENT):
            element.job = self._reader.job(node) or self._reader.job(definition)
            if element.job is None:
                self._reader.complain(
                    element.id,
                    "Must have exactly one 'zeebe:taskDefinition' extension element: a message is "
                    "thrown by a job, give it "
                    "a job type",
                )
            return
        element.event = self._event(name, node, definition, element)

    def _event(  # noqa: PLR0911 - a case a kind
        self, name: str, node: etree._Element, definition: etree._Element, element: Element
    ) -> EventDefinition | None:
        match name:
            case "message":
                return self._message(node, definition, element)
            case "timer":
                return self._timer(node, definition)
            case "signal":
                return SignalEvent(self._referred(node, definition, "signal", "name") or Expression(""))
            case "error":
                return ErrorEvent(self._code(node, definition, "error", "errorCode", element))
            case "escalation":
                return EscalationEvent(self._code(node, definition, "escalation", "escalationCode", element))
            case "link":
                if not (definition.get("name") or "").strip():
                    self._reader.complain(element.id, "Link name must be present and not empty: name the link")
                return LinkEvent(definition.get("name") or "")
            case _:
                return TerminateEvent()

    def _referred(
        self, node: etree._Element, definition: etree._Element, kind: str, attribute: str
    ) -> Expression | None:
        """The name or code of the message, signal, error or escalation that a definition refers to."""
        reference = (definition.get(f"{kind}Ref") or "").rpartition(":")[2]
        root = self._roots.get(reference)
        if root is None:
            self._reader.complain(
                id_of(node),
                f"Must reference a {kind}: choose one" + (f", '{reference}' is not there" if reference else ""),
            )
            return None
        text = root.get(attribute) or ""
        if not text.strip():
            self._reader.complain(
                id_of(node),
                f"{attribute.capitalize()} of {kind} '{reference}' must be present and not empty: give it one",
            )
            return None
        return self._reader.expression(node, text, f"{attribute} of {kind} '{reference}'")

    def _message(self, node: etree._Element, definition: etree._Element, element: Element) -> MessageEvent:
        name = self._referred(node, definition, "message", "name") or Expression("")
        reference = (definition.get("messageRef") or "").rpartition(":")[2]
        root = self._roots.get(reference)
        subscription = extension(root, "subscription") if root is not None else None
        key = (subscription.get("correlationKey") or "") if subscription is not None else ""
        starts_process = (
            element.kind is Kind.START_EVENT
            and node.getparent() is not None
            and (etree.QName(node.getparent()).localname == "process")
        )
        if starts_process:
            return MessageEvent(name=name)
        if not key.strip():
            self._reader.complain(
                element.id,
                f"Must have exactly one zeebe:subscription extension element with a correlationKey on its message "
                f"'{reference}': say what the message is correlated by",
            )
        return MessageEvent(name=name, correlation_key=self._reader.feel(node, key or "null", "correlationKey"))

    def _timer(self, node: etree._Element, definition: etree._Element) -> TimerEvent | None:
        found = [(kind, definition.findtext(f"{BPMN}{kind.value}")) for kind in TimerKind]
        given = [(kind, text.strip()) for kind, text in found if text is not None and text.strip()]
        if len(given) != 1:
            self._reader.complain(
                id_of(node), "Must be exactly one type of timer: give it one of timeDate, timeDuration, timeCycle"
            )
            return None
        kind, text = given[0]
        return TimerEvent(kind, self._reader.expression(node, text, kind.value))

    def _code(
        self, node: etree._Element, definition: etree._Element, kind: str, attribute: str, element: Element
    ) -> Expression | None:
        """The code that is thrown or caught; None: any is caught."""
        if not definition.get(f"{kind}Ref") and element.kind in (Kind.BOUNDARY_EVENT, Kind.START_EVENT):
            return None
        return self._referred(node, definition, kind, attribute)
