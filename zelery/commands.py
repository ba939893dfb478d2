"""The small subcommands: what is set, what is installed."""

from __future__ import annotations

import json
import os
from typing import Any

import click
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from zelery.catalogue import INBOUND_GROUP, absent, served, served_inbound
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
    """Show the connectors that are served here, what each reads of a model, and what is not installed."""
    settings = Settings.read()
    rows: list[dict[str, Any]] = [
        {
            "type": each.type,
            "name": each.connector.name,
            "kind": "outbound",
            "timeout_s": each.timeout.total_seconds(),
            "variables": list(each.connector.variables),
        }
        for each in served(settings).values()
    ]
    rows += [
        {"type": type_, "name": each.name, "kind": str(each.kind), "properties": properties_of(each.input)}
        for type_, each in served_inbound(settings).items()
    ]
    missing = {**absent(), **absent(INBOUND_GROUP)}
    if as_json:
        rows += [{"type": job_type, "not_installed": remedy} for job_type, remedy in missing.items()]
        click.echo(json.dumps(rows, indent=2))
        return
    table = Table("Type", "Name", "Kind", "Timeout", "Reads")
    for row in rows:
        timeout = f"{row['timeout_s']:g} s" if "timeout_s" in row else ""
        reads = row.get("variables") or row.get("properties") or []
        table.add_row(row["type"], row["name"], row["kind"], timeout, ", ".join(reads))
    for job_type, remedy in missing.items():
        table.add_row(job_type, "", "", "", f"not installed: {remedy}")
    _print(table)


def properties_of(model: type[BaseModel]) -> list[str]:
    """The names of a connector's properties at the top of their tree, as models spell them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _print(table: Table) -> None:
    """As wide as the terminal; in a pipe, wide enough to be searched. Brackets in a value are brackets, not markup."""
    console = Console()
    Console(width=console.width if console.is_terminal else 200, markup=False).print(table)
