from __future__ import annotations

import pytest

from tests.zelery.engine.bpmn.models import JOB, complaints, element, extended, node, task
from zelery.engine.bpmn.model import Binding, Expression, Script


def mapped(name: str, **attributes: str) -> str:
    given = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return node(
        "serviceTask",
        "e",
        extended('taskDefinition type="work"/>', f"ioMapping><zeebe:{name}{given}/></zeebe:ioMapping>"),
    )


def looped(attributes: str, more: str = "", sequential: str = "false") -> str:
    body = extended(f"loopCharacteristics {attributes}/>") + more
    marker = f'<multiInstanceLoopCharacteristics isSequential="{sequential}">{body}</multiInstanceLoopCharacteristics>'
    return task("e", JOB + marker)


@pytest.mark.parametrize("kind", ["serviceTask", "sendTask", "businessRuleTask", "scriptTask"])
def test_a_job_has_a_type_retries_and_headers(kind: str) -> None:
    headers = 'taskHeaders><zeebe:header key="a" value="1"/><zeebe:header key="b"/><zeebe:header/></zeebe:taskHeaders>'
    job = element(node(kind, "e", extended('taskDefinition type="= kind" retries="5"/>', headers))).job
    assert job is not None
    assert job.type.feel is not None
    assert job.type.text == "= kind"
    assert job.retries == Expression("5")
    assert job.headers == {"a": "1", "b": ""}


def test_a_job_is_tried_three_times_when_the_model_does_not_say() -> None:
    job = element(task()).job
    assert job is not None
    assert job.retries == Expression("3")


@pytest.mark.parametrize("kind", ["serviceTask", "sendTask", "businessRuleTask", "scriptTask"])
def test_a_task_without_its_job_is_refused(kind: str) -> None:
    ((path, what),) = complaints(node(kind))
    assert path == "e"
    assert "'zeebe:taskDefinition'" in what


@pytest.mark.parametrize(
    ("extensions", "path", "expected"),
    [
        (extended('taskDefinition type=" "/>'), "e > extensionElements > taskDefinition", "'type' must be present"),
        (extended('taskDefinition type="= ("/>'), "e > extensionElements > taskDefinition", "no FEEL expression"),
        (extended('taskDefinition type="a" retries="x"/>'), "e > extensionElements > taskDefinition", "whole number"),
        (extended('taskDefinition type="a"/>', 'taskDefinition type="b"/>'), "e", "2 extension elements"),
    ],
)
def test_a_job_that_can_never_be_created_is_refused(extensions: str, path: str, expected: str) -> None:
    ((found, what),) = complaints(task("e", extensions))
    assert found == path
    assert expected in what


def test_mappings_are_in_the_file_s_order_with_paths_as_targets() -> None:
    mapping = 'ioMapping><zeebe:input source="= a" target="x"/><zeebe:output source="= b" target="y"/>'
    mapping += '<zeebe:input source="text" target="request.body.id"/></zeebe:ioMapping>'
    found = element(task("e", extended('taskDefinition type="work"/>', mapping)))
    assert [each.target for each in found.inputs] == [("x",), ("request", "body", "id")]
    assert [each.target for each in found.outputs] == [("y",)]
    assert found.inputs[0].source.feel is not None
    assert found.inputs[1].source == Expression("text")


@pytest.mark.parametrize("source", [{}, {"source": ""}])
def test_an_input_without_a_source_is_null(source: dict[str, str]) -> None:
    (found,) = element(mapped("input", target="x", **source)).inputs
    assert found.source.feel is not None
    assert found.source.feel.evaluate_json({}) is None


@pytest.mark.parametrize(
    ("name", "attributes", "expected"),
    [
        ("output", {"target": "x"}, "has no source"),
        ("output", {"source": "= a"}, "the target '' is no path"),
        ("input", {"source": "= a", "target": "inner-outer"}, "the target 'inner-outer' is no path"),
        ("input", {"source": "= a", "target": "a..b"}, "is no path"),
        ("input", {"source": "= a", "target": "1a"}, "is no path"),
        ("input", {"source": "= a", "target": "null"}, "reserved in FEEL"),
        ("input", {"source": "= a +", "target": "x"}, "source is no FEEL expression: a +"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(name: str, attributes: dict[str, str], expected: str) -> None:
    ((path, what),) = complaints(mapped(name, **attributes))
    assert path == f"e > extensionElements > ioMapping > {name}"
    assert expected in what


def test_properties_are_read() -> None:
    pair = 'properties><zeebe:property name="a" value="1"/></zeebe:properties>'
    assert element(node("task", "e", extended(pair))).properties == {"a": "1"}


def test_a_script_is_evaluated_in_place() -> None:
    found = element(node("scriptTask", "e", extended('script expression="= a + 1" resultVariable="b"/>')))
    assert isinstance(found.script, Script)
    assert found.job is None
    assert found.script.result_variable == "b"
    assert found.script.expression.feel is not None
    assert found.script.expression.feel.evaluate_json({"a": 1}) == 2


@pytest.mark.parametrize(
    ("extensions", "expected"),
    [
        (extended('script expression="a" resultVariable="b"/>'), "begin it with '='"),
        (extended('script resultVariable="b"/>'), "there is none"),
        (extended('script expression="= a"/>'), "'resultVariable' must be present"),
        (extended('script expression="= a" resultVariable="b"/>', 'taskDefinition type="t"/>'), "delete one of them"),
    ],
)
def test_a_script_that_cannot_be_evaluated_is_refused(extensions: str, expected: str) -> None:
    ((_, what),) = complaints(node("scriptTask", "e", extensions))
    assert expected in what


@pytest.mark.parametrize("more", ["", 'taskDefinition type="decide"/>'])
def test_a_decision_is_refused_with_what_to_use_instead(more: str) -> None:
    decision = 'calledDecision decisionId="d" resultVariable="r"/>'
    ((path, what),) = complaints(node("businessRuleTask", "e", extended(decision, *filter(None, [more]))))
    assert path == "e"
    assert "a job that decides" in what


def call(attributes: str) -> str:
    return node("callActivity", "e", extended(f"calledElement {attributes}/>"))


def test_a_call_activity_calls_the_latest_version_and_shares_all_variables() -> None:
    called = element(call('processId="= child"')).called
    assert called is not None
    assert called.process_id.feel is not None
    assert (called.binding, called.version_tag) == (Binding.LATEST, None)
    assert called.propagate_all_parent_variables
    assert called.propagate_all_child_variables


def test_a_call_activity_may_call_a_version_by_tag_and_share_nothing() -> None:
    called = element(
        call(
            'processId="child" bindingType="versionTag" versionTag="1.0" propagateAllParentVariables="false" '
            'propagateAllChildVariables="false"'
        )
    ).called
    assert called is not None
    assert (called.binding, called.version_tag) == (Binding.VERSION_TAG, "1.0")
    assert not called.propagate_all_parent_variables
    assert not called.propagate_all_child_variables


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("", "'processId' of 'zeebe:calledElement' must be present"),
        ('processId="a" bindingType="newest"', "latest, deployment, versionTag, but is 'newest'"),
        ('processId="a" bindingType="versionTag"', "'versionTag' must be present"),
    ],
)
def test_a_call_that_names_nothing_is_refused(attributes: str, expected: str) -> None:
    ((_, what),) = complaints(call(attributes))
    assert expected in what


def test_a_loop_has_its_collections_and_completion_condition() -> None:
    loop = element(
        looped(
            'inputCollection="= items" inputElement="item" outputCollection="results" outputElement="= result"',
            "<completionCondition>= done</completionCondition>",
            sequential="true",
        )
    ).loop
    assert loop is not None
    assert loop.sequential
    assert loop.input_collection.feel is not None
    assert (loop.input_element, loop.output_collection) == ("item", "results")
    assert loop.output_element is not None
    assert loop.completion_condition is not None
    assert loop.completion_condition.text == "= done"


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("", "inputCollection must be an expression, but there is none"),
        ('inputCollection="items"', "is the text 'items': begin it with '='"),
        ('inputCollection="= i" outputCollection="r"', "'outputElement' must be present"),
        ('inputCollection="= i" outputElement="= r"', "'outputCollection' must be present"),
        ('inputCollection="= i" outputCollection="r" outputElement="r"', "begin it with '='"),
    ],
)
def test_a_loop_that_cannot_run_is_refused(attributes: str, expected: str) -> None:
    ((path, what),) = complaints(looped(attributes))
    assert path == "e > multiInstanceLoopCharacteristics > extensionElements > loopCharacteristics"
    assert expected in what


def test_a_multi_instance_marker_without_a_collection_is_refused() -> None:
    ((path, what),) = complaints(task("e", JOB + "<multiInstanceLoopCharacteristics/>"))
    assert path == "e > multiInstanceLoopCharacteristics"
    assert "'zeebe:loopCharacteristics'" in what


def test_a_loop_marker_is_refused() -> None:
    ((_, what),) = complaints(node("subProcess", "e", '<standardLoopCharacteristics/><startEvent id="s"/>'))
    assert "use a multi-instance marker" in what


def test_an_ad_hoc_sub_process_has_its_condition_and_collections() -> None:
    body = extended('adHoc activeElementsCollection="= wanted" outputCollection="r" outputElement="= x"/>') + task("t")
    body += "<completionCondition>= done</completionCondition>"
    found = element(node("adHocSubProcess", "e", body, cancelRemainingInstances="false"))
    assert found.job is None
    assert found.ad_hoc is not None
    assert found.ad_hoc.active_elements is not None
    assert found.ad_hoc.completion_condition is not None
    assert not found.ad_hoc.cancel_remaining
    assert found.ad_hoc.output_collection == "r"


def test_an_ad_hoc_sub_process_may_be_a_job() -> None:
    found = element(node("adHocSubProcess", "e", JOB + task("t")))
    assert found.job is not None
    assert found.ad_hoc is not None
    assert found.ad_hoc.cancel_remaining
