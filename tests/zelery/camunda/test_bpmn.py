from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zelery.camunda import bpmn
from zelery.camunda.bpmn import Fault, MessageCatch, MessageStart, ProcessStart, ReadProcess, Template, read
from zelery.errors import ModelError

RECORDED = Path(__file__).parents[4] / "shared" / "conformance"
CASES = RECORDED / "inbound-golden.jsonl"
GENERATOR = RECORDED / "golden_inbound" / "bpmn.py"

#: Of the recorded properties, those that Java refuses together with the whole process.
UNUSABLE = {
    ("messageTtl", "soon"),
    ("messageTtl", '="PT5S"'),
    ("messageTtl", "P1M"),
    ("a..b", "x"),
    ("inbound.auth", "x"),  # beside inbound.auth.type
}

KEY = {"correlationKeyExpression": "=key"}
DEFINITION = '<bpmn:messageEventDefinition messageRef="m"/>'


def marked(*pairs: tuple[str, str], **values: str) -> str:
    """The extension elements of an inbound connector."""
    lines = "".join(
        f"<zeebe:property name={quoteattr(name)} value={quoteattr(value)}/>"
        for name, value in [("inbound.type", "test:1"), *pairs, *values.items()]
    )
    return f"<bpmn:extensionElements><zeebe:properties>{lines}</zeebe:properties></bpmn:extensionElements>"


def node(kind: str, body: str = "", element_id: str = "e", attributes: str = "") -> str:
    return f'<bpmn:{kind} id="{element_id}" {attributes}>{body}</bpmn:{kind}>'


def file(content: str, messages: str = '<bpmn:message id="m" name="order"/>', head: str = "") -> bytes:
    """A file with process `p`: one line of head, then this content from line 2 on."""
    return (
        f'{head}<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" '
        f'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"><bpmn:process id="p">\n'
        f"{content}</bpmn:process>{messages}</bpmn:definitions>"
    ).encode()


CATCH = node("intermediateCatchEvent", marked(**KEY) + DEFINITION)


def only(content: str, **parts: str) -> bpmn.InboundElement:
    """The one inbound element of a process that has no faults."""
    found = read(file(content, **parts), "p")
    assert not found.faults
    (element,) = found.elements
    return element


def fault(content: str, **parts: str) -> Fault:
    """The one fault of a process, beside another element that is not touched by it."""
    found = read(file(content + node("startEvent", marked(), "other"), **parts), "p")
    assert [each.element_id for each in found.elements] == ["other"]
    (one,) = found.faults
    return one


@pytest.mark.parametrize(
    ("content", "point"),
    [
        (node("startEvent", marked()), ProcessStart()),
        # a timer: any start event that is no message start creates an instance
        (node("startEvent", marked() + "<bpmn:timerEventDefinition/>"), ProcessStart()),
        (node("startEvent", marked() + DEFINITION), MessageStart(message="order")),
        (CATCH, MessageCatch(message="order")),
        (
            node("boundaryEvent", marked(**KEY) + DEFINITION, attributes='attachedToRef="host"'),
            MessageCatch(message="order", attached_to="host"),
        ),
        (node("receiveTask", marked(**KEY), attributes='messageRef="m"'), MessageCatch(message="order")),
        # references are qualified names
        (node("receiveTask", marked(**KEY), attributes='messageRef="t:m"'), MessageCatch(message="order")),
        # an empty key expression is one: what it lacks is said when an event comes
        (
            node("receiveTask", marked(correlationKeyExpression=""), attributes='messageRef="m"'),
            MessageCatch(message="order"),
        ),
    ],
)
def test_the_correlation_point_follows_from_the_element(content: str, point: bpmn.CorrelationPoint) -> None:
    element = only(content)
    assert element.point == point
    assert element.bpmn_type == content[len("<bpmn:") : content.index(" ")]
    assert element.line == 2


@pytest.mark.parametrize("kind", ["subProcess", "transaction", "adHocSubProcess"])
def test_elements_are_found_at_any_depth(kind: str) -> None:
    assert only(node(kind, node("subProcess", CATCH, "inner"), "outer")).element_id == "e"


def test_a_message_start_of_an_event_sub_process_is_a_message_start() -> None:
    start = node("startEvent", marked() + DEFINITION, attributes='isInterrupting="false"')
    content = node("subProcess", start, "sub", 'triggeredByEvent="true"')
    assert only(content).point == MessageStart(message="order")


def test_an_element_of_a_multi_instance_is_as_any_other() -> None:
    content = node("subProcess", "<bpmn:multiInstanceLoopCharacteristics/>" + CATCH, "many")
    assert only(content).point == MessageCatch(message="order")


def test_the_message_s_name_is_not_evaluated() -> None:
    element = only(CATCH, messages="<bpmn:message id='m' name='=\"order-\" + id'/>")
    assert element.point == MessageCatch(message='="order-" + id')


def test_an_element_carries_what_people_are_shown() -> None:
    attributes = (
        'name="New order" zeebe:modelerTemplate="t.v1" zeebe:modelerTemplateVersion="3" '
        'zeebe:modelerTemplateIcon="data:image/svg+xml;base64,AA=="'
    )
    element = only("\n\n" + node("startEvent", marked(), attributes=attributes))
    assert (element.element_id, element.name, element.type, element.line) == ("e", "New order", "test:1", 4)
    assert element.template == Template(id="t.v1", version="3", icon="data:image/svg+xml;base64,AA==")
    assert only(node("startEvent", marked())).template is None


def test_properties_are_raw_and_in_the_model_s_order() -> None:
    element = only(node("startEvent", marked(("b.z", "{{secrets.X}}"), ("b.a", ""), ("a", "= x"))))
    assert list(element.properties.items()) == [
        ("inbound.type", "test:1"),
        ("b.z", "{{secrets.X}}"),
        ("b.a", ""),  # empty is a value
        ("a", "= x"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "",
        node("startEvent"),
        node("startEvent", marked().replace("inbound.type", "inbound.context")),
        # a mark without a value is none
        node("startEvent", marked().replace('value="test:1"', "")),
        # a template alone does not mark
        node("startEvent", attributes='zeebe:modelerTemplate="io.camunda.connectors.webhook.WebhookConnector.v1"'),
        # elements that no event can reach
        *(
            node(kind, marked())
            for kind in ("serviceTask", "sendTask", "subProcess", "intermediateThrowEvent", "endEvent")
        ),
        # another vendor's properties
        node("startEvent", marked().replace("zeebe:", "bpmn:")),
    ],
)
def test_what_is_not_marked_or_not_eligible_is_passed_over(content: str) -> None:
    assert read(file(content), "p") == ReadProcess()


def test_a_property_without_a_value_is_left_out() -> None:
    content = node("startEvent", marked(a="1", b="2").replace('name="a" value="1"', 'name="a"').replace('name="b"', ""))
    assert only(content).properties == {"inbound.type": "test:1"}


def test_only_the_process_asked_for_is_read() -> None:
    two = file(node("startEvent", marked(), "first")).replace(
        b"</bpmn:process>",
        b'</bpmn:process><bpmn:process id="q" isExecutable="false">'
        + node("startEvent", marked(), "second").encode()
        + b"</bpmn:process>",
    )
    assert [each.element_id for each in read(two, "p").elements] == ["first"]
    assert [each.element_id for each in read(two, "q").elements] == ["second"]
    assert bpmn.processes(two) == ("p", "q")


@pytest.mark.parametrize(
    ("content", "parts", "what"),
    [
        # no message at all
        (node("intermediateCatchEvent", marked(**KEY)), {}, "is no message event"),
        (node("boundaryEvent", marked(**KEY) + "<bpmn:errorEventDefinition/>"), {}, "is no message event"),
        # a message that is not chosen, not there, without a name
        (node("intermediateCatchEvent", marked(**KEY) + "<bpmn:messageEventDefinition/>"), {}, "refers to no message"),
        (node("startEvent", marked() + "<bpmn:messageEventDefinition/>"), {}, "refers to no message"),
        (node("receiveTask", marked(**KEY)), {}, "refers to no message"),
        (CATCH, {"messages": ""}, "message 'm', which is missing or has no name"),
        (CATCH, {"messages": '<bpmn:message id="m"/>'}, "message 'm', which is missing or has no name"),
        (CATCH, {"messages": '<bpmn:message id="m" name=""/>'}, "message 'm', which is missing or has no name"),
        # no key
        (node("intermediateCatchEvent", marked() + DEFINITION), {}, "has no property correlationKeyExpression"),
        (node("receiveTask", marked(), attributes='messageRef="m"'), {}, "has no property correlationKeyExpression"),
        # properties that no connector could be given
        (node("startEvent", marked(messageTtl="soon")), {}, "property messageTtl: 'soon' is no ISO 8601 duration"),
        (node("startEvent", marked(("a", "1"), ("a.b", "2"))), {}, "property a.b: 'a' has a value already"),
        # a boundary event in the air
        (node("boundaryEvent", marked(**KEY) + DEFINITION), {}, "is attached to no activity"),
    ],
)
def test_an_element_that_cannot_be_used_is_a_fault_and_leaves_others_alone(
    content: str, parts: dict[str, str], what: str
) -> None:
    one = fault(content, **parts)
    assert (one.element_id, one.line) == ("e", 2)
    assert what in one.what


def test_an_element_without_an_id_is_a_fault() -> None:
    one = fault(node("startEvent", marked()).replace('id="e"', ""))
    assert (one.element_id, one.line) == (None, 2)
    assert one.what.startswith("has no id")


def test_of_a_property_that_comes_twice_the_first_counts_and_a_fault_says_so() -> None:
    found = read(file(node("startEvent", marked(("a", "1"), ("a", "2"), ("a", "3")))), "p")
    assert found.elements[0].properties["a"] == "1"
    assert [(each.element_id, each.line) for each in found.faults] == [("e", 2)]
    assert found.faults[0].what == "has property a more than once: the first counts, delete others"


def test_a_file_in_another_encoding_is_read_as_it_says() -> None:
    text = file(node("startEvent", marked(), attributes='name="größe"')).decode()
    for encoding in ("utf-16", "iso-8859-1"):
        xml = f'<?xml version="1.0" encoding="{encoding}"?>{text}'.encode(encoding)
        assert read(xml, "p").elements[0].name == "größe"
    assert read(b"\xef\xbb\xbf" + text.encode(), "p").elements[0].name == "größe"


def test_a_process_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ModelError, match="no process 'q'; it has 'p'") as caught:
        read(file(""), "q")
    assert caught.value.line == 1
    with pytest.raises(ModelError, match="it has none"):
        read(file("").replace(b'<bpmn:process id="p">', b"<bpmn:process>"), "q")


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 20))


@pytest.mark.parametrize(
    ("xml", "why"),
    [
        (b"", "empty"),
        (b"   ", "no XML"),
        (b"PK\x03\x04", "no XML"),
        (b"{}", "no XML"),
        (b"\0" * 100, "no XML"),
        (file("\0"), "no XML"),
        (file("")[:-1], "no XML"),
        (file(node("startEvent", marked(a="x").replace('"x"', '"x" value="y"'))), "no XML"),
        (file("é").decode().encode("iso-8859-1"), "encoding"),
        (file("", head='<?xml version="1.0" encoding="UTF-16"?>'), "no XML"),
        (file("", head='<?xml version="1.0" encoding="klingon"?>'), "ncoding"),
        (file("<a>" * 10_000 + "</a>" * 10_000), "depth"),
        # entities: expanded ones, and files of this machine
        (file("", head=f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]>').replace(b'id="p"', b'id="&l19;"'), "entity"),
        (file("&l19;", head=f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]>'), "entity|document type"),
        (file("&x;", head='<!DOCTYPE a [<!ENTITY x "harmless">]>'), "document type"),
        (file("&x;", head='<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>'), "document type"),
        (file("", head="<!DOCTYPE a>"), "document type"),
        (file("&x;"), "no XML"),
        # XML that is no BPMN
        (b"<html/>", "no BPMN: it begins with html"),
        (b"<definitions/>", "no BPMN"),
        (b'<d:definitions xmlns:d="https://www.omg.org/spec/DMN/20191111/MODEL/"/>', "no BPMN"),
    ],
    ids=lambda each: "xml" if isinstance(each, bytes) else None,
)
def test_a_file_that_is_no_model_is_refused(xml: bytes, why: str) -> None:
    with pytest.raises(ModelError, match=why) as caught:
        read(xml, "p")
    assert len(str(caught.value)) < 500


def test_a_file_of_fifty_megabytes_is_refused_unread() -> None:
    with pytest.raises(ModelError, match="has 50000000 bytes, more than the 8388608 that are read: split it"):
        read(b"<" * 50_000_000, "p")


def test_the_line_of_broken_xml_is_said() -> None:
    with pytest.raises(ModelError) as caught:
        read(file("<a>\n<b>\n</a>"), "p")
    assert caught.value.line == 4


@pytest.mark.parametrize(
    "head",
    ['<!DOCTYPE a SYSTEM "{url}">', '<!DOCTYPE a [<!ENTITY % x SYSTEM "{url}"> %x;]>'],
    ids=["document type", "parameter entity"],
)
@pytest.mark.parametrize("scheme", ["file", "http"])
def test_nothing_that_a_model_refers_to_is_opened(head: str, scheme: str, tmp_path: Path) -> None:
    """The file, were it read, would end the reading with an error of its own."""
    there = tmp_path / "there.dtd"
    there.write_text("<no DTD")
    url = there.as_uri() if scheme == "file" else "http://127.0.0.1:9/there.dtd"
    with pytest.raises(ModelError, match="document type"):
        read(file("", head=head.format(url=url)), "p")


PIECES = st.sampled_from(
    [
        *(f"<bpmn:{name} id='x'>" for name in ("startEvent", "boundaryEvent", "receiveTask", "subProcess")),
        *(f"</bpmn:{name}>" for name in ("startEvent", "boundaryEvent", "receiveTask", "subProcess")),
        marked(**KEY),
        DEFINITION,
        "<bpmn:message id='m'/>",
        "<!-- -->",
        "<?x?>",
        "&amp;",
        "&x;",
        "<!DOCTYPE a>",
        "]]>",
        "\0",
        "</bpmn:process>",
    ]
)


@given(st.binary())
def test_bytes_are_read_or_refused(xml: bytes) -> None:
    with pytest.raises(ModelError):
        read(xml, "p")


@given(st.lists(PIECES | st.text(max_size=5)))
def test_anything_inside_a_model_is_read_or_refused(pieces: list[str]) -> None:
    try:
        found = read(file("".join(pieces).encode(errors="replace").decode()), "p")
    except ModelError:
        return
    assert all(fault.what for fault in found.faults)


def recorded() -> Iterator[Any]:
    """Every version of every process of the recorded cases."""
    if not CASES.exists() or not GENERATOR.exists():
        yield pytest.param({}, marks=pytest.mark.skip(f"no recorded cases: {CASES} is not there"), id="none")
        return
    with CASES.open(encoding="utf-8") as lines:
        for case in map(json.loads, lines):
            for name, versions in case["processes"].items():
                for number, version in enumerate(versions, 1):
                    yield pytest.param(version, id=f"{case['id']}-{name}-v{number}")


def expected(elements: Sequence[Mapping[str, Any]]) -> tuple[set[str], set[str]]:
    """Ids of the elements that are used, and of those with a fault."""
    used: set[str] = set()
    faulty: set[str] = set()
    for each in elements:
        pairs = list(each["properties"].items() if isinstance(each["properties"], dict) else each["properties"])
        names = [name for name, _ in pairs]
        keyless = each["kind"] in {"catch", "boundary", "receive", "subCatch"} and KEY.keys().isdisjoint(names)
        unusable = keyless or not UNUSABLE.isdisjoint(pairs)
        if "inbound.type" in names:
            (faulty if unusable else used).add(each["id"])
            faulty |= {each["id"]} if len(set(names)) < len(names) else set()
    return used, faulty


@pytest.mark.parametrize("version", list(recorded()))
def test_a_recorded_process_is_read(version: dict[str, Any]) -> None:
    spec = importlib.util.spec_from_file_location("golden_inbound_bpmn", GENERATOR)
    assert spec is not None
    assert spec.loader is not None
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    found = read(generator.process("p1", version), "p1")
    used, faulty = expected(version["elements"])
    assert {each.element_id for each in found.elements} == used
    assert {each.element_id for each in found.faults} == faulty
