"""What the bench makes of its rounds, and that its parts count what they say."""

from __future__ import annotations

import os
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.bench import endpoint
from tests.bench.beside_java import DEFAULT, ENGINE, JAVA, JAVA_TUNED, TUNED, Round, medians, summary
from tests.bench.load import model
from tests.bench.processes import Processes


def drained(name: str, delay_ms: int = 0, **figures: Any) -> Round:
    known = {"jobs": 10, "done": 10, "jobs_per_s": 100.0, "cpu_ms_per_job": 1.0, "peak": 1, "pss_mb": 1, "rss_mb": 1}
    known["completed_per_s"] = figures.get("jobs_per_s", 100.0)
    return Round(number=0, name=name, delay_ms=delay_ms, **{**known, **figures})


def test_ratios_are_of_the_same_round_and_the_middle_counts() -> None:
    rounds = [
        each
        for ours, java in ((1.0, 3.0), (2.0, 8.0), (1.0, 50.0))
        for each in (drained(DEFAULT, cpu_ms_per_job=ours), drained(JAVA, cpu_ms_per_job=java))
    ]
    assert summary(rounds)["cpu_ratio_0ms"] == 4.0


def test_rates_are_ours_by_javas_and_tuned_by_the_engines() -> None:
    rounds = [
        drained(DEFAULT, 500, jobs_per_s=400.0),
        drained(JAVA, 500, jobs_per_s=20.0),
        drained(TUNED, jobs_per_s=450.0),
        drained(JAVA_TUNED, jobs_per_s=300.0),
        drained(ENGINE, jobs_per_s=600.0),
    ]
    found = summary(rounds)
    assert (found["rate_ratio_500ms_default"], found["rate_ratio_0ms_tuned"], found["of_engine_0ms"]) == (20, 1.5, 0.75)


def test_the_middle_is_of_each_column() -> None:
    rounds = [drained(JAVA, jobs_per_s=rate, peak=peak) for rate, peak in ((1.0, 9), (3.0, 1), (2.0, 5))]
    middle = medians(rounds)[JAVA, 0]
    assert (middle.jobs_per_s, middle.peak) == (2.0, 5)


def test_the_model_is_xml_whose_url_tells_the_endpoint_which_instance_it_is() -> None:
    found = [
        each.get("source") for each in ET.fromstring(model("p", "t", "http://h:1")).iter() if "source" in each.attrib
    ]
    assert '="http://h:1/orders?id=" + string(id) + "&at=" + string(at)' in found


def test_this_process_has_memory_descriptors_and_cpu() -> None:
    this = Processes([os.getpid()])
    before = this.cpu_s()
    sum(range(3_000_000))
    memory = this.memory()
    assert this.cpu_s() > before
    assert 0 < memory.pss <= memory.rss
    assert this.descriptors() > 2


@pytest.mark.integration
def test_the_endpoint_counts_calls_ids_and_what_is_open() -> None:
    with endpoint.running() as called:
        called.begin()
        for number in (1, 2, 2):
            called._get(f"orders?id={number}&at=0")
        told = called.tell()
        assert (told["calls"], told["different"], told["twice"], told["peak"]) == (3, 2, 1, 1)
        called.begin()
        assert called.calls() == 0
        called.refuse(0.3)
        with pytest.raises(OSError, match=r"refused|reset"):  # reset: a connection that it had not taken yet
            _call_often(called)


def _call_often(called: endpoint.Endpoint) -> None:
    for _ in range(100):
        called.calls()
