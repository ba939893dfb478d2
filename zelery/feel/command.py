"""`zelery feel`: evaluate expressions from the shell."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO, Any

import click

from zelery.feel.engine import Engine, now
from zelery.feel.errors import FeelError, FeelParseError
from zelery.feel.reference import page


@click.command("feel")
@click.argument("expression", required=False)
@click.option("--context", "context_file", type=click.File("rb"), help="File with the variables, a JSON object.")
@click.option(
    "--jsonl",
    is_flag=True,
    help='Read {"id","expression","context"[,"unary":true,"input"]} a line, write {"id","value"|"error"}.',
)
@click.option("--builtins", is_flag=True, help="Print the builtin functions as Markdown, each with an example.")
@click.option("--now", "moment", help="The time that now() answers, as 2026-01-02T03:04:05Z.")
def command(
    expression: str | None, context_file: IO[bytes] | None, moment: str | None, *, jsonl: bool, builtins: bool
) -> None:
    """Evaluate a FEEL EXPRESSION and print its value as JSON, and on standard error why a part of it is null."""
    if builtins:
        click.echo(page(), nl=False)
        return
    engine = Engine(clock=_clock(moment))
    if jsonl:
        sys.stdout.writelines(_answers(engine, sys.stdin))
        return
    if expression is None:
        raise click.UsageError("Give an EXPRESSION, as '= a + 1', or --jsonl with cases on standard input.")
    warnings: list[str] = []
    try:
        value = engine.compile(expression).evaluate_json(_context(context_file), warnings=warnings)
    except FeelError as error:
        hint = f"\n{error.hint}" if isinstance(error, FeelParseError) else ""
        raise click.ClickException(f"{error}{hint}") from None
    click.echo(json.dumps(value, ensure_ascii=False))
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)


def _clock(moment: str | None) -> Any:
    if moment is None:
        return now
    try:
        fixed = datetime.fromisoformat(moment)
    except ValueError:
        raise click.BadParameter(
            f"{moment!r} is no time: write it as 2026-01-02T03:04:05Z.", param_hint="--now"
        ) from None
    aware = fixed if fixed.tzinfo else fixed.replace(tzinfo=UTC)
    return lambda: aware


def _context(file: IO[bytes] | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        context = json.load(file)
    except ValueError as error:
        raise click.BadParameter(f"{file.name} is no JSON: {error}", param_hint="--context") from None
    if not isinstance(context, dict):
        raise click.BadParameter(f"{file.name} holds no JSON object, but variables have names.", param_hint="--context")
    return context


def _answers(engine: Engine, lines: IO[str]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield json.dumps(_answer(engine, line, number)) + "\n"


def _answer(engine: Engine, line: str, number: int) -> dict[str, Any]:
    try:
        case = json.loads(line)
        identity, text, context = case.get("id"), case["expression"], case.get("context") or {}
    except (ValueError, KeyError, AttributeError, RecursionError):
        return {"id": None, "error": f'Line {number} is no case: it needs a JSON object with "expression".'}
    try:
        if case.get("unary"):
            return {"id": identity, "value": engine.unary(text, case.get("input"), context)}
        return {"id": identity, "value": engine.compile(text).evaluate_json(context)}
    except FeelError as error:
        return {"id": identity, "error": str(error)}
