"""The one command, `zelery`: its subcommands join by entry points, and are imported when they are called.

A subcommand is a click command. What goes wrong on purpose (`ZeleryError`) is one line on standard error and exit
status 1: never a traceback.
"""

from __future__ import annotations

from importlib.metadata import entry_points, version

import click

from zelery.errors import SettingError, ZeleryError

#: Where subcommands join.
GROUP = "zelery.commands"


class Commands(click.Group):
    """The subcommands of all installed distributions."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(entry_points(group=GROUP).names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        for point in entry_points(group=GROUP, name=cmd_name):
            try:
                command = point.load()
            except ImportError as error:
                return _unusable(cmd_name, f"cannot be imported from {point.value}: {error}")
            return command if isinstance(command, click.Command) else None
        return None

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ZeleryError as error:
            raise click.ClickException(str(error)) from error


def _unusable(name: str, why: str) -> click.Command:
    """In place of a subcommand that is broken: it says so, and the others can still be listed and run."""

    def say() -> None:
        raise SettingError(f"the subcommand {name} {why}")

    return click.Command(name, callback=say, short_help=f"Unusable: {why}")


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("zelery"), prog_name="zelery")
def main() -> None:
    """Camunda 8 connectors on Celery."""
