"""`python -m zelery.engine`, without the other commands and what they import."""

from zelery.engine.command import command

command()
