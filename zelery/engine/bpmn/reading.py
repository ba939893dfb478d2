"""What is at hand while a file is read: its definitions of messages and the like, FEEL, and the complaints so far."""

from __future__ import annotations

from zelery import feel
from zelery.engine.bpmn.model import Expression
from zelery.engine.bpmn.nodes import Node, bpmn_name, path_of
from zelery.engine.bpmn.refuse import Complaint, Refused, shown
from zelery.feel import FeelError, FeelParseError


class Reading:
    """One file that is being read.

    A complaint does not end the reading, so an author sees all of them at once; `finish` raises them.

    Args:
        resource: The file's name.
        root: Its `definitions`.
        engine: FEEL.
    """

    def __init__(self, resource: str, root: Node, engine: feel.Engine) -> None:
        self.resource = resource
        self.root = root
        self.refused_ids: set[str] = set()
        """Elements that are refused altogether: what refers to them is not complained about again."""
        self._feel = engine
        self._complaints: dict[str, dict[str, None]] = {}
        self._definitions = {
            (name, node.get("id")): node
            for node in root.iterchildren()
            if (name := bpmn_name(node)) in ("message", "signal", "error", "escalation")
        }

    def complain(self, where: Node | str, what: str) -> None:
        """Note what is wrong with a node, or with the element of an id. The same is noted once."""
        path = where if isinstance(where, str) else path_of(where)
        self._complaints.setdefault(path, {})[what] = None

    def finish(self) -> None:
        """Raise Refused where there are complaints."""
        if self._complaints:
            by_element = self._complaints.items()
            raise Refused(self.resource, [Complaint(path, what) for path, about in by_element for what in about])

    def definition(self, name: str, ref: str | None) -> Node | None:
        """The message, signal, error or escalation with an id."""
        return self._definitions.get((name, ref)) if ref is not None else None

    def value(self, node: Node, name: str, text: str) -> Expression:
        """A value that is a text, or a FEEL expression where it begins with `=` (docs: "Expressions").

        Args:
            node: Where it stands, for a complaint.
            name: What it is called there.
            text: As the model has it.
        """
        stripped = text.strip()
        if not stripped.startswith("="):
            return Expression(text)
        try:
            return Expression(stripped, self._feel.compile(stripped))
        except FeelParseError as error:
            self.complain(node, f"{name} is no FEEL expression: {shown(error.expression)} ({error.hint}); correct it")
        except FeelError as error:
            self.complain(node, f"{name} cannot be used: {shown(str(error))} Make the expression smaller.")
        return Expression(stripped)

    def expression(self, node: Node, name: str, text: str | None) -> Expression:
        """A value that must be a FEEL expression."""
        stripped = (text or "").strip()
        if not stripped:
            self.complain(node, f"{name} must be an expression, but there is none: write one, as '= name'")
        elif not stripped.startswith("="):
            self.complain(
                node,
                f"{name} must be an expression, but is the text '{shown(stripped)}': begin it with '=', as "
                f"'= {shown(stripped)}'",
            )
        return self.value(node, name, stripped)

    def attribute(self, node: Node | None, name: str) -> Expression | None:
        """The value of an attribute; None where it is missing or blank."""
        text = node.get(name) if node is not None else None
        if node is None or text is None or not text.strip():
            return None
        return self.value(node, name, text)

    def expression_attribute(self, node: Node, name: str) -> Expression | None:
        """The FEEL expression of an attribute; None where it is missing or blank."""
        text = node.get(name)
        return self.expression(node, name, text) if text is not None and text.strip() else None
