"""What the namespace `zeebe` adds to an element: mappings, jobs, loops, calls, scripts.

Docs: "Variables", "Service tasks", "Multi-instance", "Call activities", "Ad-hoc sub-processes", "Script tasks". The
names are those of the modeler's schema of the namespace (camunda/zeebe-bpmn-moddle).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from zelery.engine.bpmn.model import (
    AdHoc,
    Binding,
    CalledElement,
    Expression,
    JobDefinition,
    MultiInstance,
    Script,
    VariableMapping,
)
from zelery.engine.bpmn.nodes import BPMN, ZEEBE, Node, flag, text_of
from zelery.engine.bpmn.reading import Reading
from zelery.engine.bpmn.refuse import shown

#: How often a job is tried when the model does not say (docs: "Job workers").
_RETRIES = "3"

#: A mapping's target, as Zeebe's refusal of others spells it (camunda-modeler issue 5188).
_PATH = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*(\.[a-zA-Z_][a-zA-Z0-9_]*)*")

#: Words that FEEL does not take for a variable's name (docs: "Variables").
_RESERVED = frozenset({"null", "true", "false", "function", "if", "then", "else", "for", "between", "instance", "of"})


def extension(node: Node, name: str) -> Node | None:
    """The first extension element of that name."""
    return node.find(f"{BPMN}extensionElements/{ZEEBE}{name}")


def single(reading: Reading, node: Node, name: str) -> Node | None:
    """The extension element of that name; a second one is complained of."""
    found = node.findall(f"{BPMN}extensionElements/{ZEEBE}{name}")
    if len(found) > 1:
        reading.complain(node, f"it has {len(found)} extension elements 'zeebe:{name}': keep one")
    return found[0] if found else None


def properties(node: Node) -> Mapping[str, str]:
    """`zeebe:properties`."""
    found = extension(node, "properties")
    if found is None:
        return {}
    return {each.get("name") or "": each.get("value") or "" for each in found.iterchildren(f"{ZEEBE}property")}


def headers(node: Node) -> Mapping[str, str]:
    """The static headers of a job; one without a name is none."""
    found = extension(node, "taskHeaders")
    if found is None:
        return {}
    pairs = ((each.get("key"), each.get("value")) for each in found.iterchildren(f"{ZEEBE}header"))
    return {key: value or "" for key, value in pairs if key}


def mappings(reading: Reading, node: Node, name: str) -> tuple[VariableMapping, ...]:
    """The input or output mappings, in the file's order."""
    found = single(reading, node, "ioMapping")
    if found is None:
        return ()
    return tuple(_mapping(reading, each, name) for each in found.iterchildren(f"{ZEEBE}{name}"))


def _mapping(reading: Reading, node: Node, name: str) -> VariableMapping:
    source, target = node.get("source") or "", (node.get("target") or "").strip()
    if not _PATH.fullmatch(target):
        reading.complain(
            node,
            f"the target '{shown(target)}' is no path to a variable: use letters, digits, '_', and '.' between names",
        )
    path = tuple(target.split("."))
    if path[0] in _RESERVED:
        reading.complain(
            node, f"the target '{target}' begins with a word that is reserved in FEEL: choose another name"
        )
    if not source.strip() and name == "output":
        reading.complain(node, f"the mapping to '{shown(target)}' has no source: give it one, as '= result'")
    # An input without a source is null since 8.8 (camunda issue 12961).
    return VariableMapping(reading.value(node, "source", source if source.strip() else "= null"), path)


def job(reading: Reading, node: Node) -> JobDefinition | None:
    """The job that a task definition describes; None where there is none."""
    definition = single(reading, node, "taskDefinition")
    if definition is None:
        return None
    type_ = reading.attribute(definition, "type")
    if type_ is None:
        reading.complain(definition, "Attribute 'type' must be present and not empty: give the job a type")
    retries = reading.attribute(definition, "retries") or Expression(_RETRIES)
    if not retries.text.startswith("=") and not retries.text.strip().isdecimal():
        reading.complain(
            definition, f"Attribute 'retries' must be a whole number or an expression, but is '{shown(retries.text)}'"
        )
    return JobDefinition(type=type_ or Expression(""), retries=retries, headers=headers(node))


def required_job(reading: Reading, node: Node, remedy: str) -> JobDefinition | None:
    """The job of an element that cannot do without.

    Args:
        reading: The file.
        node: The element.
        remedy: What to do where there is none.
    """
    found = job(reading, node)
    if found is None:
        reading.complain(node, f"Must have exactly one 'zeebe:taskDefinition' extension element: {remedy}")
    return found


def script(reading: Reading, node: Node) -> Script | None:
    """A script that is evaluated in place; None for a script task that is a job."""
    found = single(reading, node, "script")
    if found is None:
        return None
    if extension(node, "taskDefinition") is not None:
        reading.complain(node, "it has both a 'zeebe:script' and a 'zeebe:taskDefinition': delete one of them")
    result = (found.get("resultVariable") or "").strip()
    if not result:
        reading.complain(found, "Attribute 'resultVariable' must be present and not empty: name a variable")
    return Script(
        expression=reading.expression(found, "expression", found.get("expression")),
        result_variable=result,
    )


def called(reading: Reading, node: Node) -> CalledElement | None:
    """The process that a call activity starts."""
    found = single(reading, node, "calledElement")
    process_id = reading.attribute(found, "processId")
    if found is None or process_id is None:
        reading.complain(
            node, "Attribute 'processId' of 'zeebe:calledElement' must be present and not empty: name the process"
        )
        return None
    binding, tag = (found.get("bindingType") or Binding.LATEST).strip(), (found.get("versionTag") or "").strip()
    if binding not in set(Binding):
        reading.complain(
            found, f"Attribute 'bindingType' must be one of {', '.join(Binding)}, but is '{shown(binding)}'"
        )
        binding = Binding.LATEST
    if binding == Binding.VERSION_TAG and not tag:
        reading.complain(found, "Attribute 'versionTag' must be present for bindingType=versionTag: give a tag")
    return CalledElement(
        process_id=process_id,
        binding=Binding(binding),
        version_tag=tag or None,
        propagate_all_parent_variables=flag(found, "propagateAllParentVariables", default=True),
        propagate_all_child_variables=flag(found, "propagateAllChildVariables", default=True),
    )


def loop(reading: Reading, node: Node) -> MultiInstance:
    """The loop characteristics of a multi-instance activity."""
    found = single(reading, node, "loopCharacteristics")
    if found is None:
        reading.complain(
            node, "Must have exactly one 'zeebe:loopCharacteristics' extension element: give it an inputCollection"
        )
    collection, element = _output(reading, found)
    return MultiInstance(
        sequential=flag(node, "isSequential", default=False),
        input_collection=(
            Expression("")
            if found is None
            else reading.expression(found, "inputCollection", found.get("inputCollection"))
        ),
        input_element=_name(found, "inputElement"),
        output_collection=collection,
        output_element=element,
        completion_condition=_completion(reading, node),
    )


def ad_hoc(reading: Reading, node: Node) -> AdHoc:
    """What activates and completes an ad-hoc sub-process."""
    found = single(reading, node, "adHoc")
    collection, element = _output(reading, found)
    return AdHoc(
        active_elements=None if found is None else reading.expression_attribute(found, "activeElementsCollection"),
        completion_condition=_completion(reading, node),
        cancel_remaining=flag(node, "cancelRemainingInstances", default=True),
        output_collection=collection,
        output_element=element,
    )


def _output(reading: Reading, node: Node | None) -> tuple[str | None, Expression | None]:
    """The variable that collects, and what is collected: both, or neither."""
    if node is None:
        return None, None
    collection, element = _name(node, "outputCollection"), reading.expression_attribute(node, "outputElement")
    if (collection is None) != (element is None):
        missing = "outputCollection" if collection is None else "outputElement"
        reading.complain(
            node, f"Attribute '{missing}' must be present: outputCollection and outputElement need each other"
        )
    return collection, element


def _name(node: Node | None, attribute: str) -> str | None:
    return (node.get(attribute) or "").strip() or None if node is not None else None


def _completion(reading: Reading, node: Node) -> Expression | None:
    found = node.find(f"{BPMN}completionCondition")
    if found is None or not text_of(found):
        return None
    return reading.expression(found, "completionCondition", text_of(found))
