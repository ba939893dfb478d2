"""Results are written from what the benches wrote, and from nothing else."""

from __future__ import annotations

import json
import pathlib
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

from tests.bench import results

WHEN = {
    "date": "2026-01-31",
    "machine": "2 cores",
    "load": [0.5, 0.4, 0.3],
    "versions": {"zelery": "1", "zeebe": "8.5.8"},
}


def drained(name: str, rate: float) -> dict[str, Any]:
    figures = {
        "jobs_per_s": rate,
        "completed_per_s": rate,
        "cpu_ms_per_job": 1.5,
        "peak": 3,
        "pss_mb": 200,
        "rss_mb": 300,
    }
    return {"name": name, "delay_ms": 0, "number": 0, "jobs": 10, "done": 10, **figures}


def written(tmp_path: pathlib.Path, **told: Any) -> str:
    for name, value in told.items():
        (tmp_path / f"{name.replace('_', '-')}.json").write_text(json.dumps(value))
    assert results.main([str(tmp_path), "--to", str(tmp_path)]) == 0
    return (tmp_path / "RESULTS.md").read_text()


def test_a_table_has_its_command_its_date_its_machine_and_the_middle_of_its_rounds(tmp_path: pathlib.Path) -> None:
    told = {
        **WHEN,
        "rounds": [
            *(drained("zelery", rate) for rate in (100.0, 300.0, 200.0)),
            *(drained("java", rate) for rate in (100.0, 100.0, 100.0)),
        ],
        "warm": [],
        "late": [{"name": "zelery", "p50_ms": 12.4, "p99_ms": 40.0}],
    }
    text = written(tmp_path, beside_java=told)
    assert "`python -m tests.bench beside-java --json beside-java.json`" in text
    assert "2026-01-31; 2 cores, load 0.5; zelery 1, zeebe 8.5.8." in text
    assert "| zelery | 0 | 200 | 200 | 1.5 | 3 | 200 | 300 | 12 | 40 |" in text
    assert "| rate_ratio_0ms | 2.0 | at least 1.6 |" in text
    assert "nan" not in text


def test_what_has_no_file_stays_as_it_was_in_its_place(tmp_path: pathlib.Path) -> None:
    first = written(tmp_path, feel=[{"cell": "1k loop", "ratio": 3}], queues=[{"transport": "kafka", "p50_ms": 4}])
    for each in tmp_path.glob("*.json"):
        each.unlink()
    assert written(tmp_path) == first
    second = written(tmp_path, queues=[{"transport": "kafka", "p50_ms": 5}])
    assert "| kafka | 5 |" in second
    assert second.replace("| kafka | 5 |", "| kafka | 4 |") == first


def test_plots_are_svg_and_the_same_for_the_same_figures(tmp_path: pathlib.Path) -> None:
    sample = {"at_s": 1.0, "pss_mb": 300.0, "descriptors": 100, "keys": 20, "late_ms": 50}
    told = {**WHEN, "per_s": 50.0, "verdicts": {"memory: 1 MB, then 1 MB": True}, "samples": [sample]}
    text = written(tmp_path, soak=told)
    plot = tmp_path / "plots" / "soak-pss_mb.svg"
    first = plot.read_bytes()
    assert ET.fromstring(first).tag.endswith("svg")
    assert written(tmp_path, soak=told) == text
    assert plot.read_bytes() == first


def test_what_was_not_measured_is_not_there(tmp_path: pathlib.Path) -> None:
    left = {"jobs": 10, "lost": 0, "twice": 1, "under_way": 2, "recovered_s": 3.5}
    text = written(tmp_path, chaos_jobs={"worker-killed": left})
    assert "| worker-killed | 10 | 0 | 1 | 2 | 3.5 |" in text
    assert "## soak" not in text


def test_records_are_tables_that_are_dated_by_their_file(tmp_path: pathlib.Path) -> None:
    left = {"sent": 10, "lost": 0, "started_twice": 0, "recovered_s": 3.51}
    text = written(
        tmp_path, chaos_queues={"kafka": {"poison": left}}, webhooks=[{"at_once": 16, "requests_per_s": 332.0183}]
    )
    assert "| kafka | poison | 10 | 0 | 0 | 3.51 |" in text
    assert "| at_once | requests_per_s |\n| --- | --- |\n| 16 | 332 |" in text
    assert f"{datetime.now(UTC).date()}; " in text
