from __future__ import annotations

from zelery.engine.bpmn.refuse import Complaint, Refused, shown
from zelery.engine.errors import EngineError


def test_complaints_about_one_element_stand_together() -> None:
    refused = Refused("a.bpmn", [Complaint("e", "one"), Complaint("e", "two"), Complaint("f > x", "three")])
    assert isinstance(refused, EngineError)
    assert str(refused) == (
        "'a.bpmn': - Element: e\n    - ERROR: one\n    - ERROR: two\n- Element: f > x\n    - ERROR: three"
    )


def test_a_complaint_about_the_file_has_no_element() -> None:
    assert str(Refused("a.bpmn", [Complaint("", "the file is no BPMN")])) == "'a.bpmn': the file is no BPMN"


def test_a_refusal_fits_into_a_grpc_status_whatever_it_repeats() -> None:
    refused = Refused("n" * 10_000, [Complaint("i" * 10_000, "w" * 10_000)] * 100 + [Complaint("e", "w")])
    assert len(str(refused)) < 8000
    assert len(refused.complaints) == 101


def test_a_foreign_text_is_shown_on_one_short_line() -> None:
    assert shown(" a\n\tb ") == "a b"
    assert shown("x" * 200, 5) == "xxxxx…"
