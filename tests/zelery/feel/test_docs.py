"""docs/feel.md says what the engine does."""

import dataclasses
import doctest
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from zelery.feel import Limits, errors
from zelery.feel.builtins.examples import EXAMPLES
from zelery.feel.builtins.table import BUILTINS
from zelery.feel.command import command
from zelery.feel.reference import page

DOCS = Path(__file__).parents[3] / "docs" / "feel.md"
TEXT = DOCS.read_text("utf-8") if DOCS.exists() else ""

pytestmark = pytest.mark.skipif(not TEXT, reason="the docs are not part of an installed distribution")


def test_the_list_of_builtins_is_fresh() -> None:
    """`zelery feel --builtins` prints what belongs between the marks."""
    listed = TEXT.partition("<!-- builtins -->\n")[2].partition("<!-- end of builtins -->")[0]
    assert listed.strip() == page().strip()
    assert CliRunner().invoke(command, ["--builtins"]).stdout == page()


def test_every_builtin_has_an_example_that_calls_it() -> None:
    assert set(EXAMPLES) == set(BUILTINS)
    assert [name for name, example in EXAMPLES.items() if f"{name}(" not in example] == []


def test_every_limit_stands_in_the_docs_with_its_default() -> None:
    limits = {field.name: str(field.default) for field in dataclasses.fields(Limits)}
    assert dict(re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", TEXT, re.MULTILINE)) == limits


def test_every_error_stands_in_the_docs() -> None:
    names = {name for name in vars(errors) if name.endswith("Error") and name != "FeelError"}
    assert set(re.findall(r"^\| `(Feel\w+)` \|", TEXT, re.MULTILINE)) == names


def test_the_python_examples_run() -> None:
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    example = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, DOCS.name, str(DOCS), 0)
    assert doctest.DocTestRunner().run(example) == doctest.TestResults(failed=0, attempted=len(example.examples))
    assert example.examples


@pytest.mark.parametrize(("line", "printed"), re.findall(r"^\$ zelery feel (.*)\n(.*)$", TEXT, re.MULTILINE))
def test_the_console_examples_print_what_they_show(line: str, printed: str) -> None:
    assert CliRunner().invoke(command, shlex.split(line)).stdout == f"{printed}\n"
