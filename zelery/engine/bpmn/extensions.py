"""What the namespace `zeebe` adds to an element: mappings, jobs, loops, calls, scripts, user tasks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from lxml import etree

from zelery import feel
from zelery.engine.bpmn.model import (
    AdHoc,
    Binding,
    CalledElement,
    Expression,
    JobDefinition,
    MultiInstance,
    Script,
    UserTask,
    VariableMapping,
)
from zelery.feel import FeelError

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
ZEEBE = "{http://camunda.org/schema/zeebe/1.0}"

#: The job type of user tasks that are not kept by the engine, and the headers for their attributes.
USER_TASK_TYPE = "io.camunda.zeebe:userTask"
_USER_TASK_HEADERS = {
    "assignmentDefinition": {
        "assignee": "io.camunda.zeebe:assignee",
        "candidateGroups": "io.camunda.zeebe:candidateGroups",
        "candidateUsers": "io.camunda.zeebe:candidateUsers",
    },
    "taskSchedule": {"dueDate": "io.camunda.zeebe:dueDate", "followUpDate": "io.camunda.zeebe:followUpDate"},
    "formDefinition": {"formKey": "io.camunda.zeebe:formKey", "formId": "io.camunda.zeebe:formId"},
}

#: Names that a variable may have: FEEL must be able to spell them.
_NAME = re.compile(r"[^\W\d][\w]*", re.UNICODE)
_RESERVED = frozenset({"null", "true", "false", "function", "if", "then", "else", "for", "between", "instance", "of"})


class Reader:
    """Reads the extensions of the elements of one file; what is wrong is complained of, by element.

    Args:
        engine: Compiles expressions.
        complain: Takes an element's id and what is wrong with it.
    """

    def __init__(self, engine: feel.Engine, complain: Callable[[str, str], None]) -> None:
        self._engine = engine
        self.complain = complain

    def expression(self, node: etree._Element, text: str, what: str) -> Expression:
        """A static text, or a FEEL expression, which is compiled."""
        if not text.strip().startswith("="):
            return Expression(text)
        return self.feel(node, text, what)

    def feel(self, node: etree._Element, text: str, what: str) -> Expression:
        """A FEEL expression, with or without its `=`."""
        try:
            return Expression(text, self._engine.compile(text))
        except FeelError as error:
            self.complain(id_of(node), f"{what}: {error}")
            return Expression(text)

    def optional(self, node: etree._Element, source: etree._Element | None, name: str) -> Expression | None:
        """An attribute of an extension element as an expression; None where it is absent or empty."""
        text = source.get(name) if source is not None else None
        return self.expression(node, text, name) if text is not None and text.strip() else None

    def mappings(self, node: etree._Element, name: str) -> tuple[VariableMapping, ...]:
        """The input or output mappings."""
        io = extension(node, "ioMapping")
        if io is None:
            return ()
        return tuple(self._mapping(node, each) for each in io.iterchildren(f"{ZEEBE}{name}"))

    def _mapping(self, node: etree._Element, mapping: etree._Element) -> VariableMapping:
        source, target = mapping.get("source"), mapping.get("target") or ""
        if source is None:
            self.complain(
                id_of(node), f"Attribute 'source' must be present in the mapping to '{target}': give it a value"
            )
        path = tuple(target.split("."))
        if not all(_NAME.fullmatch(part) and part not in _RESERVED for part in path):
            self.complain(
                id_of(node),
                f"Expected path expression '{target}' but doesn't match the pattern '[a-zA-Z_][a-zA-Z0-9_]*(\\.…)*': "
                "give the mapping a target that FEEL can name",
            )
        return VariableMapping(self.expression(node, source or "", f"mapping to '{target}'"), path)

    def properties(self, node: etree._Element) -> Mapping[str, str]:
        """`zeebe:properties`."""
        found = extension(node, "properties")
        if found is None:
            return {}
        return {each.get("name") or "": each.get("value") or "" for each in found.iterchildren(f"{ZEEBE}property")}

    def job(self, node: etree._Element) -> JobDefinition | None:
        """The job that a task definition names; None where there is none."""
        definition = extension(node, "taskDefinition")
        if definition is None:
            return None
        if not (definition.get("type") or "").strip():
            self.complain(
                id_of(node),
                "Attribute 'type' must be present and not empty in the task definition: give the job a type",
            )
        return JobDefinition(
            type=self.expression(node, definition.get("type") or "", "taskDefinition type"),
            retries=self.expression(node, definition.get("retries") or "3", "taskDefinition retries"),
            headers=headers_of(node),
        )

    def script(self, node: etree._Element) -> Script | None:
        """A script that is evaluated in place."""
        script = extension(node, "script")
        if script is None:
            return None
        result = script.get("resultVariable") or ""
        if not _NAME.fullmatch(result):
            self.complain(id_of(node), f"Attribute 'resultVariable' must be the name of a variable, but was '{result}'")
        return Script(expression=self.feel(node, script.get("expression") or "", "script"), result_variable=result)

    def called(self, node: etree._Element) -> CalledElement | None:
        """The process that a call activity starts."""
        called = extension(node, "calledElement")
        process_id = (called.get("processId") or "") if called is not None else ""
        if called is None or not process_id.strip():
            self.complain(id_of(node), "Attribute 'processId' must be present and not empty: name the process to call")
            return None
        binding = called.get("bindingType") or "latest"
        if binding not in set(Binding):
            self.complain(id_of(node), f"bindingType must be one of {', '.join(Binding)}, but was '{binding}'")
            binding = Binding.LATEST
        return CalledElement(
            process_id=self.expression(node, process_id, "processId"),
            binding=Binding(binding),
            version_tag=called.get("versionTag"),
            propagate_all_parent_variables=called.get("propagateAllParentVariables") != "false",
            propagate_all_child_variables=called.get("propagateAllChildVariables") != "false",
        )

    def loop(self, node: etree._Element, characteristics: etree._Element) -> MultiInstance:
        """The loop characteristics of a multi-instance activity."""
        loop = extension(characteristics, "loopCharacteristics")
        collection = (loop.get("inputCollection") or "") if loop is not None else ""
        if not collection.strip():
            self.complain(
                id_of(node), "Attribute 'inputCollection' must be present and not empty: name the list to loop over"
            )
        output = loop.get("outputElement") if loop is not None else None
        condition = characteristics.findtext(f"{BPMN}completionCondition")
        return MultiInstance(
            sequential=characteristics.get("isSequential") == "true",
            input_collection=self.feel(node, collection or "[]", "inputCollection"),
            input_element=(loop.get("inputElement") or None) if loop is not None else None,
            output_collection=(loop.get("outputCollection") or None) if loop is not None else None,
            output_element=self.feel(node, output, "outputElement") if output else None,
            completion_condition=self.feel(node, condition, "completionCondition") if condition else None,
        )

    def ad_hoc(self, node: etree._Element) -> AdHoc:
        """What activates the elements of an ad-hoc sub-process."""
        found = extension(node, "adHoc")
        active = found.get("activeElementsCollection") if found is not None else None
        output = found.get("outputElement") if found is not None else None
        condition = node.findtext(f"{BPMN}completionCondition")
        return AdHoc(
            active_elements=self.feel(node, active, "activeElementsCollection") if active else None,
            completion_condition=self.feel(node, condition, "completionCondition") if condition else None,
            cancel_remaining=node.get("cancelRemainingInstances") != "false",
            output_collection=(found.get("outputCollection") or None) if found is not None else None,
            output_element=self.feel(node, output, "outputElement") if output else None,
        )

    def user_task(self, node: etree._Element) -> UserTask | None:
        """A user task that the engine keeps; None for one that is a job."""
        if extension(node, "userTask") is None:
            return None
        assignment, schedule = extension(node, "assignmentDefinition"), extension(node, "taskSchedule")
        form, priority = extension(node, "formDefinition"), extension(node, "priorityDefinition")
        return UserTask(
            assignee=self.optional(node, assignment, "assignee"),
            candidate_groups=self.optional(node, assignment, "candidateGroups"),
            candidate_users=self.optional(node, assignment, "candidateUsers"),
            due_date=self.optional(node, schedule, "dueDate"),
            follow_up_date=self.optional(node, schedule, "followUpDate"),
            priority=self.optional(node, priority, "priority"),
            form_id=form.get("formId") if form is not None else None,
            external_form_reference=self.optional(node, form, "externalReference"),
            headers=headers_of(node),
        )

    def user_task_job(self, node: etree._Element) -> JobDefinition:
        """The job of a user task that the engine does not keep; its attributes are headers."""
        return JobDefinition(
            type=Expression(USER_TASK_TYPE),
            retries=Expression("1"),
            headers={**headers_of(node), **dict(self._user_task_headers(node))},
        )

    def _user_task_headers(self, node: etree._Element) -> Iterator[tuple[str, str]]:
        for name, attributes in _USER_TASK_HEADERS.items():
            found = extension(node, name)
            for attribute, header in attributes.items():
                value = found.get(attribute) if found is not None else None
                if value:
                    self.expression(node, value, attribute)
                    yield header, value


def extension(node: etree._Element, name: str) -> etree._Element | None:
    """The first extension element of that name."""
    return node.find(f"{BPMN}extensionElements/{ZEEBE}{name}")


def headers_of(node: etree._Element) -> Mapping[str, str]:
    """The static headers of a job."""
    found = extension(node, "taskHeaders")
    if found is None:
        return {}
    return {each.get("key") or "": each.get("value") or "" for each in found.iterchildren(f"{ZEEBE}header")}


def id_of(node: etree._Element) -> str:
    """An element's id, or its kind where it has none."""
    return node.get("id") or f"(a {etree.QName(node).localname} without id)"
