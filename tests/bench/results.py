"""Writes RESULTS.md and its plots from what the benches wrote.

`python -m tests.bench results FOLDER` reads the JSON files of the folder, each named as in SECTIONS below, and writes
the tables and plots here; what has no file in the folder stays as it was. Where a file does not say when and on what it
was made, its own date and this machine count. What `notes/NAME.md` says of one of them goes below it.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt

from tests.bench.beside_java import ENGINE, GOALS, Round, circumstances, medians, summary

HERE = Path(__file__).parent

#: The same file for the same figures.
STYLE: Any = {"svg.hashsalt": "zelery", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}

Told = Mapping[str, Any]


def main(options: Sequence[str] = ()) -> int:
    """Read and write."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench results", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--to", type=Path, default=HERE, help="where RESULTS.md and the folder `plots` go")
    given = parser.parse_args(options)
    (given.to / "plots").mkdir(exist_ok=True)
    parts = ["# Measured", "Written by `python -m tests.bench results`; each table has the command that made it."]
    before = _sections(given.to / "RESULTS.md")
    for name, (command, write) in SECTIONS.items():
        path = given.folder / f"{name}.json"
        if path.exists():
            told = json.loads(path.read_text())
            does = f"`python -m {command} --json {name}.json`"
            notes = HERE / "notes" / f"{name}.md"
            said = [notes.read_text().strip()] if notes.exists() else []
            parts += [f"## {name}", does, _when(told, path), *write(told, given.to), *said]
        elif name in before:
            parts += [f"## {name}", before[name]]
    (given.to / "RESULTS.md").write_text("\n\n".join(part for part in parts if part) + "\n")
    return 0


def _sections(path: Path) -> dict[str, str]:
    """What stands below each heading of an earlier RESULTS.md."""
    _, *found = path.read_text().split("\n## ") if path.exists() else [""]
    return {name: text.strip() for name, _, text in (each.partition("\n") for each in found)}


def _when(told: Told, path: Path) -> str:
    if "date" not in told:
        told = {**circumstances(), "date": datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat()}
        told.pop("load")
    versions = ", ".join(f"{name} {number}" for name, number in told["versions"].items())
    load = f", load {told['load'][0]}" if "load" in told else ""
    return f"{told['date']}; {told['machine']}{load}; {versions}."


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """In Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def beside_java(told: Told, to: Path) -> list[str]:
    """Ours and Java's in the middle of their rounds, and the ratios."""
    columns = ("jobs_per_s", "completed_per_s", "cpu_ms_per_job", "peak", "pss_mb", "rss_mb")
    rounds, warm = ([Round(**each) for each in told[kind]] for kind in ("rounds", "warm"))
    late = {each["name"]: each for each in told["late"]}
    rows = [
        [name, delay, *(_short(getattr(of, column)) for column in columns), *_late(None if delay else late.get(name))]
        for (name, delay), of in medians(rounds).items()
    ]
    head = ["", "endpoint ms", "jobs/s", "completed/s", "CPU ms/job", "peak", "PSS MB", "RSS MB", "p50 ms", "p99 ms"]
    bars = {f"{name}, {delay} ms": of.jobs_per_s for (name, delay), of in medians(rounds).items()}
    _bars(to / "plots" / "beside-java-jobs.svg", "jobs a second", bars)
    lines = {
        name: [
            (each.number, each.cpu_ms_per_job) for each in (*warm, *rounds) if (each.name, each.delay_ms) == (name, 0)
        ]
        for name in dict.fromkeys(each.name for each in rounds if each.name != ENGINE)
    }
    _lines(to / "plots" / "beside-java-cpu.svg", "CPU milliseconds a job at 0 ms, by round", lines)
    plots = "![jobs](plots/beside-java-jobs.svg)\n![CPU](plots/beside-java-cpu.svg)"
    return [table(head, rows), table(["ratio", "", "goal"], _beside_goals(summary(rounds))), plots]


def _beside_goals(ratios: Mapping[str, float]) -> Iterable[Sequence[Any]]:
    for name, value in ratios.items():
        if math.isnan(value):  # One of the two was not measured.
            continue
        word = "at most" if name.startswith("memory") else "at least"
        yield [name, value, f"{word} {GOALS[name]:g}" if name in GOALS else ""]


def _late(each: Told | None) -> list[str]:
    return [f"{each['p50_ms']:.0f}", f"{each['p99_ms']:.0f}"] if each else ["", ""]


def growth(told: Told, to: Path) -> list[str]:
    """What a job costs when there is more of something."""
    columns = ("workers", "waiting", "payload_bytes", "cpu_ms_per_job", "jobs_per_s")
    rows = [[each["varied"], *(each[column] for column in columns)] for each in told["cells"]]
    varied = {"workers": "workers", "waiting": "waiting", "payload": "payload_bytes"}
    for name, column in varied.items():
        cells = [each for each in told["cells"] if each["varied"] == name]
        points = [(each[column], each["cpu_ms_per_job"]) for each in cells]
        _lines(to / "plots" / f"growth-{name}.svg", f"CPU milliseconds a job, by {name}", {"": points}, log=True)
    plots = "\n".join(f"![{name}](plots/growth-{name}.svg)" for name in varied)
    return [table(["varied", *columns], rows), plots]


def soak(told: Told, to: Path) -> list[str]:
    """What was looked at, over time."""
    rows = [["good" if good else "bad", said] for said, good in told["verdicts"].items()]
    watched = ("pss_mb", "descriptors", "keys", "late_ms")
    for column in watched:
        points = [(each["at_s"], each[column]) for each in told["samples"]]
        _lines(to / "plots" / f"soak-{column}.svg", f"{column}, by seconds", {"": points}, marker="")
    plots = "\n".join(f"![{column}](plots/soak-{column}.svg)" for column in watched)
    return [f"{told['per_s']:.0f} jobs a second.", table(["", "from the second third to the last"], rows), plots]


def jobs(told: Told, _to: Path) -> list[str]:
    """What each fault left."""
    return [_records([{"fault": fault, **left} for fault, left in told.items()])]


def queue_faults(told: Told, _to: Path) -> list[str]:
    """What each fault left of each transport's messages."""
    return [
        _records(
            [
                {"transport": transport, "fault": fault, **left}
                for transport, faults in told.items()
                for fault, left in faults.items()
            ]
        )
    ]


def records(told: Any, _to: Path) -> list[str]:
    """One or several, as they are."""
    return [_records(told if isinstance(told, list) else [told])]


def _records(rows: Sequence[Told]) -> str:
    return table(list(rows[0]), ([_short(cell) for cell in row.values()] for row in rows))


def _short(cell: Any) -> str:
    if isinstance(cell, float):
        if math.isnan(cell):  # It was not measured.
            return ""
        return f"{cell:.0f}" if cell >= 100 else f"{cell:.3g}"
    return str(cell)


#: By name of its file: the command that writes it, and what is written of it.
SECTIONS: Mapping[str, tuple[str, Callable[[Any, Path], list[str]]]] = {
    "beside-java": ("tests.bench beside-java", beside_java),
    "layers": ("tests.bench layers", records),
    "layers-payload": ("tests.bench layers --payload 100000", records),
    "growth": ("tests.bench growth", growth),
    "soak": ("tests.bench soak", soak),
    "chaos-jobs": ("tests.chaos jobs", jobs),
    "chaos-queues": ("tests.chaos queues", queue_faults),
    "queues": ("tests.bench queues", records),
    "webhooks": ("tests.bench webhooks", records),
    "schedule": ("tests.bench schedule", records),
    "reconcile": ("tests.bench reconcile", records),
    "feel": ("tests.bench feel", records),
}


def _bars(path: Path, title: str, bars: Mapping[str, float]) -> None:
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(7, 0.32 * len(bars) + 0.8), layout="constrained")
        drawn = axes.barh(list(bars), list(bars.values()))
        axes.bar_label(drawn, fmt="%.3g", padding=3)
        axes.invert_yaxis()
        axes.set_title(title)
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)


def _lines(
    path: Path, title: str, lines: Mapping[str, Sequence[tuple[float, float]]], *, log: bool = False, marker: str = "o"
) -> None:
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
        for name, points in lines.items():
            axes.plot([x for x, _ in points], [y for _, y in points], marker=marker, label=name)
        if any(lines):
            axes.legend()
        if log:
            axes.set_xscale("log")
        axes.set_ylim(bottom=0)
        axes.set_title(title)
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)
