"""`zelery engine`: the engine in the box as a command."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import click

from zelery.engine import auth
from zelery.engine.errors import EngineError
from zelery.engine.server import VERSIONS, Options, Serving, run

#: What it says first, everywhere.
NOTICE = "for development and tests, never for production"

_UNITS = {"ms": 1, "s": 1000, "m": 60_000}


class Milliseconds(click.ParamType[int]):
    """A duration such as `2s`, `300ms`, `1m`."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The duration in milliseconds."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m)?", str(value).strip())
        if found is None:
            self.fail(f"{value!r} is no duration: write it as 2s, 300ms or 1m", param, ctx)
        return int(float(found[1]) * _UNITS[found[2] or "s"])


class Login(click.ParamType[tuple[str, ...] | None]):
    """A login that is asked for: `basic`, `basic:USER:PASSWORD`, `bearer:TOKEN`, `oidc:ISSUER[,AUDIENCE]`."""

    name = "login"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...] | None:
        """The kind and its parts."""
        kind, _, rest = str(value).partition(":")
        if kind == "none":
            return None
        if kind == "basic":
            user, _, password = (rest or "demo:demo").partition(":")
            return kind, user, password
        if kind in ("bearer", "oidc") and rest:
            return (kind, *rest.split(",", 1))
        return self.fail(
            f"{value!r} is no login: write none, basic, basic:USER:PASSWORD, bearer:TOKEN or oidc:ISSUER,AUDIENCE",
            param,
            ctx,
        )


@click.command("engine")
@click.option("--port", default=26500, show_default=True, help="The gateway's port (gRPC); 0 takes a free one.")
@click.option("--rest-port", default=8088, show_default=True, help="The port of the REST APIs; 0 takes a free one.")
@click.option(
    "--address", default="127.0.0.1", show_default=True, help="Where to listen. Others than loopback: with care."
)
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="A folder for the journal: it goes on from there."
)
@click.option("--fsync", is_flag=True, help="Answer a command only when it is on the disk.")
@click.option(
    "--line",
    type=click.Choice(list(VERSIONS)),
    default="8.10",
    show_default=True,
    help="The line of Camunda that REST v2 speaks.",
)
@click.option("--lag", type=Milliseconds(), default=0, help="How much later searches know of what has happened, as 2s.")
@click.option("--tenants", metavar="ID,…", help="Tenants beside the default one. Without it multi-tenancy is disabled.")
@click.option("--faults", is_flag=True, help="Serve /faults: refusals, delays, silence, a crash, on request.")
@click.option(
    "--auth",
    "login",
    type=Login(),
    default="none",
    show_default=True,
    help="The login to ask for: basic[:USER:PASSWORD], bearer:TOKEN, oidc:ISSUER[,AUDIENCE].",
)
def command(
    *,
    port: int,
    rest_port: int,
    address: str,
    data: Path | None,
    fsync: bool,
    line: str,
    lag: int,
    tenants: str | None,
    faults: bool,
    login: tuple[str, ...] | None,
) -> None:
    """Run a process engine that speaks Zeebe's protocol: for development and tests, never for production.

    It serves the gateway over gRPC, the Orchestration Cluster's REST API v2 and Operate's API v1, on loopback. Without
    --data all is in memory. Ctrl-C ends it.
    """
    options = Options(
        address=address,
        port=port,
        rest_port=rest_port,
        data=data,
        fsync=fsync,
        line=line,
        lag_ms=lag,
        tenants=frozenset(each.strip() for each in tenants.split(",")) if tenants else None,
        faults=faults,
        authenticate=auth.of(login) if login else None,
        login=(login[1], login[2]) if login and login[0] == "basic" else ("demo", "demo"),
    )
    try:
        asyncio.run(run(options, lambda served: _tell(options, served)))
    except (EngineError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _tell(options: Options, served: Serving) -> None:
    rest = f"http://{options.address}:{served.rest_port}"
    click.echo(f"Zelery's engine ({NOTICE}), speaking Camunda {options.line}")
    click.echo(
        f"Gateway  {options.address}:{served.port} (gRPC)          export ZEEBE_ADDRESS={options.address}:{served.port}"
    )
    click.echo(f"REST     {rest}/v2          export CAMUNDA_REST_ADDRESS={rest}")
    click.echo(f"Operate  {rest}/v1 (login {options.login[0]})")
    click.echo(f"Journal  {options.data or 'none: all is in memory'}")
