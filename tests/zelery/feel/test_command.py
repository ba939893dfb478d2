"""`zelery feel` as a user calls it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from zelery.feel.command import command


def test_it_prints_the_value_and_says_why_a_part_is_null(tmp_path: Path) -> None:
    context = tmp_path / "context.json"
    context.write_text('{"a": 1}')
    result = CliRunner().invoke(command, ["= {x: a + 1, y: b}", "--context", str(context)])
    assert json.loads(result.stdout) == {"x": 2, "y": None}
    assert result.stderr == "warning: NO_VARIABLE_FOUND: No variable found with name 'b'\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["if a then"], "line 1, column 10"),  # a mistake is pointed at
        ([], "Give an EXPRESSION"),  # nothing to do
        (["1", "--now", "noon"], "'noon' is no time"),  # no time
        (["1", "--context", "no.json"], "no.json is no JSON"),  # variables that cannot be read
        (["1", "--context", "list.json"], "list.json holds no JSON object"),  # variables without names
    ],
)
def test_mistakes_are_named_with_their_remedy(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("no.json").write_text("{")
    Path("list.json").write_text("[1]")
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code != 0
    assert message in result.stderr


def test_a_line_is_answered_by_a_line() -> None:
    lines = [
        '{"id": 1, "expression": "= now()", "context": {}}',
        '{"id": 2, "expression": "> 3", "unary": true, "input": 5, "context": {}}',
        '{"id": 3, "expression": "1 +", "context": {}}',
        "nonsense",
    ]
    result = CliRunner().invoke(command, ["--jsonl", "--now", "2026-01-02T03:04:05Z"], input="\n".join(lines))
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert answers[:2] == [{"id": 1, "value": "2026-01-02T03:04:05Z"}, {"id": 2, "value": True}]
    assert "failed to parse expression '1 +'" in answers[2]["error"]
    assert "Line 4 is no case" in answers[3]["error"]
