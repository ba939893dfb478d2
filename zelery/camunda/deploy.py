"""`zelery deploy`: models go to Zeebe, and their process definitions into Redis, so that inbound connectors are found
on an engine that has neither Operate nor secondary storage."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from zelery.camunda.definitions.deployed import DeployedSource
from zelery.camunda.definitions.port import Definition
from zelery.camunda.gateway import Deployed, ZeebeGateway
from zelery.errors import GatewayError, PushbackError, ZeleryError
from zelery.model import DEFAULT_TENANT
from zelery.redis import connect
from zelery.settings import Settings


class DeployError(ZeleryError):
    """A file cannot be deployed, or nothing of that name is recorded."""


def read(paths: Sequence[Path]) -> Mapping[str, bytes]:
    """The files by the name that Zeebe knows each by. Raises DeployError, which names every file that is at fault."""
    found: dict[str, bytes] = {}
    complaints: list[str] = []
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError as error:
            complaints.append(f"{path} cannot be read: {error.strerror}")
            continue
        if not content.strip():
            complaints.append(f"{path} is empty")
        if path.name in found:
            complaints.append(f"{path}: another file is called {path.name} too, and Zeebe tells files by their names")
        found[path.name] = content
    if complaints:
        raise DeployError("; ".join([*complaints, "nothing was deployed"]))
    return found


async def deploy(paths: Sequence[Path], settings: Settings, *, tenant_id: str = DEFAULT_TENANT) -> Sequence[Definition]:
    """Deploy the files in one command and record the process definitions among them.

    Raises DeployError for files that cannot be deployed, SourceError when they were deployed and not recorded:
    the same again records them.
    """
    files = read(paths)
    async with ZeebeGateway.open(settings) as gateway, connect(settings) as redis:
        source = DeployedSource(redis)
        await source.check()  # Before Zeebe has taken what we then could not record.
        try:
            taken = await gateway.deploy(files, tenant_id=tenant_id)
        except PushbackError:
            raise
        except GatewayError as error:
            raise DeployError(_reason(error, paths)) from error
        return await record(source, taken, files, tenant_id=tenant_id)


async def record(
    source: DeployedSource, taken: Sequence[Deployed], files: Mapping[str, bytes], *, tenant_id: str = DEFAULT_TENANT
) -> Sequence[Definition]:
    """Record what Zeebe took of these files. Raises SourceError."""
    definitions = [_definition(each, tenant_id) for each in taken]
    for definition, each in zip(definitions, taken, strict=True):
        await source.record(definition, files[each.resource])
    return definitions


async def recorded(settings: Settings) -> Sequence[Definition]:
    """What is recorded, the highest key first."""
    async with connect(settings) as redis:
        return (await DeployedSource(redis).deployed()).definitions


async def forget(which: str, settings: Settings) -> Sequence[str]:
    """Drop a definition by its key, or all of a process; the keys that were dropped. Raises DeployError for none."""
    async with connect(settings) as redis:
        source = DeployedSource(redis)
        # By its key first: an entry that nobody can read must not be in the way of its own removal.
        if which.isascii() and which.isdigit() and await source.forget(int(which)):
            return [which]
        there = (await source.deployed()).definitions
        keys = [each.key for each in there if each.process_id == which]
        for key in keys:
            await source.forget(key)
    if not keys:
        known = ", ".join(sorted({each.process_id for each in there})) or "none"
        raise DeployError(f"no process definition {which!r} is recorded; there are: {known}")
    return [str(key) for key in keys]


def _definition(each: Deployed, tenant_id: str) -> Definition:
    return Definition(key=each.key, process_id=each.process_id, version=each.version, tenant_id=tenant_id)


def _reason(error: GatewayError, paths: Sequence[Path]) -> str:
    """Zeebe's own words; it names the file only where it could read it."""
    files = ", ".join(str(path) for path in paths)
    return f"{files} cannot be deployed: {error.status}: {' '.join(error.details.split())}"


@click.command("deploy")
@click.argument("files", metavar="FILE…", nargs=-1, type=click.Path(path_type=Path))
@click.option("--tenant", default=DEFAULT_TENANT, show_default=True, help="Deploy for this tenant.")
@click.option("--list", "list_", is_flag=True, help="Show what is recorded.")
@click.option("--forget", "which", metavar="KEY|PROCESS_ID", help="Drop it from the record; Zeebe keeps it.")
def command(files: Sequence[Path], *, tenant: str, list_: bool, which: str | None) -> None:
    """Deploy models to Zeebe, and record them so that their inbound connectors run without Operate.

    All files are deployed together or not at all. The same file again changes nothing.
    """
    if sum((bool(files), list_, which is not None)) != 1:
        raise click.UsageError("give the files to deploy, or --list, or --forget KEY|PROCESS_ID")
    settings = Settings.read()
    if which is not None:
        click.echo(f"forgotten: {', '.join(asyncio.run(forget(which, settings)))}")
    elif list_:
        _print(asyncio.run(recorded(settings)))
    else:
        _print(asyncio.run(deploy(files, settings, tenant_id=tenant)))


def _print(definitions: Sequence[Definition]) -> None:
    if not definitions:
        click.echo("no process definitions")
        return
    table = Table("Process id", "Version", "Key", "Tenant")
    for each in definitions:
        table.add_row(each.process_id, str(each.version), str(each.key), each.tenant_id)
    console = Console()
    Console(width=console.width if console.is_terminal else 200, markup=False).print(table)
