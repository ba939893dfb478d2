"""The small subcommands: what is set, what is installed."""

from __future__ import annotations

import json
import os
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from zelery.catalogue import absent, served
from zelery.settings import Settings, shown


@click.command("settings")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of a table.")
def settings(*, as_json: bool) -> None:
    """Show every setting: its value, where it comes from, what it means. Secrets are masked."""
    rows = list(shown(Settings.read(), os.environ))
    if as_json:
        click.echo(json.dumps([row._asdict() for row in rows], indent=2))
        return
    table = Table("Setting", "Value", "From", "Meaning")
    for row in rows:
        table.add_row(row.name, row.value, "" if row.source == row.name else row.source, row.meaning)
    _print(table)


@click.command("connectors")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of a table.")
def connectors(*, as_json: bool) -> None:
    """Show the outbound connectors that are served here, the variables that each reads, and what is not installed."""
    settings = Settings.read()
    rows: list[dict[str, Any]] = [
        {
            "type": each.type,
            "name": each.connector.name,
            "timeout_s": each.timeout.total_seconds(),
            "variables": list(each.connector.variables),
        }
        for each in served(settings).values()
    ]
    missing = absent()
    if as_json:
        rows += [{"type": job_type, "not_installed": remedy} for job_type, remedy in missing.items()]
        click.echo(json.dumps(rows, indent=2))
        return
    table = Table("Job type", "Name", "Timeout", "Variables")
    for row in rows:
        table.add_row(row["type"], row["name"], f"{row['timeout_s']:g} s", ", ".join(row["variables"]))
    for job_type, remedy in missing.items():
        table.add_row(job_type, "", "", f"not installed: {remedy}")
    _print(table)


def _print(table: Table) -> None:
    """As wide as the terminal; in a pipe, wide enough to be searched. Brackets in a value are brackets, not markup."""
    console = Console()
    Console(width=console.width if console.is_terminal else 200, markup=False).print(table)
