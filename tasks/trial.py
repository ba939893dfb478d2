"""`zelery try`: one connector on a job from files, without Zeebe, so that a model can be debugged.

The connector sends real requests. What is shown is what went out, what came back, and the command that Zeebe would get;
secrets are masked in all of it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from tasks import payload, reading
from tasks.execute import execute
from zelery.catalogue import absent, find, served
from zelery.errors import ConnectorError, NotInstalledError, ZeleryError
from zelery.logs import configure
from zelery.model import DEFAULT_TENANT, Completed, Ignored, Job, Outcome
from zelery.runtime import Runtime
from zelery.sdk.watch import Exchanged, watcher
from zelery.secrets import Mask, Place
from zelery.settings import Settings


class TrialError(ZeleryError):
    """A file for a trial cannot be used."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trial:
    """What one run of a connector did."""

    outcome: Outcome
    exchanges: tuple[Exchanged, ...]
    """In their order."""
    mask: Mask
    """Hides the secrets that the job read."""
    left_out: tuple[str, ...]
    """Variables of the file that the connector does not fetch."""

    @property
    def succeeded(self) -> bool:
        """Whether the job completes."""
        return isinstance(self.outcome, (Completed, Ignored))


async def trial(job: Job, settings: Settings, environment: Mapping[str, str] | None = None) -> Trial:
    """Run the job's connector.

    Raises UnknownConnectorError or NotInstalledError when there is none, SettingError for settings that cannot be used.
    """
    connectors = served(settings)
    if job.type not in connectors and (remedy := absent().get(job.type)):
        raise NotInstalledError(job.type, remedy)
    each = find(connectors, job.type)
    given = json.loads(job.variables)
    fetched = {name: value for name, value in given.items() if name in each.connector.variables}
    job = dataclasses.replace(job, variables=job.variables if fetched == given else json.dumps(fetched))
    exchanges: list[Exchanged] = []
    looking = watcher.set(exchanges.append)
    try:
        async with Runtime.open(settings, environment) as runtime:
            mask = await _mask(job, runtime)
            outcome = await execute(job, each.connector, runtime, timeout_s=each.timeout.total_seconds())
    finally:
        watcher.reset(looking)
    left_out = tuple(name for name in given if name not in fetched)
    return Trial(outcome=outcome, exchanges=tuple(exchanges), mask=mask, left_out=left_out)


async def _mask(job: Job, runtime: Runtime) -> Mask:
    """A mask of the secrets that the job will read; one that it cannot read is told by its outcome."""
    mask = Mask()
    try:
        await runtime.secrets.replace(job.variables, Place.of(job), mask)
    except ConnectorError:
        return mask
    return mask


def read_object(path: Path) -> tuple[str, dict[str, Any]]:
    """A file's text, and the JSON object in it. Raises TrialError, a line that names the file and the place."""
    try:
        text = path.read_text(encoding="utf-8")
        value = json.loads(text, parse_constant=_no_constant)
    except OSError as error:
        raise TrialError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise TrialError(f"{path} is not UTF-8 (byte {error.start})") from None
    except json.JSONDecodeError as error:
        raise TrialError(f"{path}, line {error.lineno}, column {error.colno}: no JSON: {error.msg}") from None
    except ValueError as error:
        raise TrialError(f"{path}: no JSON: {error}") from None
    except RecursionError:
        raise TrialError(f"{path} is nested too deeply") from None
    if not isinstance(value, dict):
        sort = "null" if value is None else type(value).__name__
        raise TrialError(f'{path}: expected a JSON object like {{"name": …}}, found {sort}')
    return text, value


def read_headers(path: Path) -> dict[str, str]:
    """Task headers of a file. Raises TrialError: in a model they are texts, and nothing else."""
    _, headers = read_object(path)
    for name, value in headers.items():
        if not isinstance(value, str):
            shown = json.dumps(value)
            raise TrialError(f'{path}: header {name!r} must be text, as in a model: "{name}": {json.dumps(shown)}')
    return headers


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number that JSON knows")


_FILE = click.Path(path_type=Path)


@click.command("try")
@click.argument("job_type", metavar="TYPE")
@click.option("--variables", type=_FILE, required=True, help="JSON file: the job's variables, as the model maps them.")
@click.option("--headers", type=_FILE, help="JSON file: the task headers, like resultExpression.")
@click.option("--retries", default=3, show_default=True, type=click.IntRange(0), help="Attempts that the job has left.")
@click.option("--tenant", default=DEFAULT_TENANT, show_default=True, help="Tenant, by which secrets may be named.")
@click.option("--process", default="try", show_default=True, help="BPMN process id, by which secrets may be named.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def try_(
    job_type: str,
    variables: Path,
    headers: Path | None,
    *,
    retries: int,
    tenant: str,
    process: str,
    as_json: bool,
) -> None:
    """Run the connector of a job TYPE once, without Zeebe; its requests are real.

    Shows what went out, what came back, and what Zeebe would get. Exit status 0 when the job completes, else 1.
    """
    settings = Settings.read()
    configure(settings)
    text, _ = read_object(variables)
    job = Job(
        key=1,
        type=job_type,
        variables=text,
        headers=read_headers(headers) if headers else {},
        retries=retries,
        process_id=process,
        element_id="try",
        tenant_id=tenant,
    )
    found = asyncio.run(trial(job, settings))
    shown = reading.trial(found.outcome, found.exchanges, found.mask, found.left_out)
    click.echo(payload.sendable(json.dumps(shown, indent=2, ensure_ascii=False) if as_json else reading.text(shown)))
    raise SystemExit(0 if found.succeeded else 1)
