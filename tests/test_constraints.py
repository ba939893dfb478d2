"""constraints.txt: every version that CI and the image install, and no word of where they come from."""

from __future__ import annotations

import pathlib
import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = pathlib.Path(__file__).parent.parent
LINES = (ROOT / "constraints.txt").read_text().splitlines()
PINNED = [Requirement(line) for line in LINES if not line.startswith("#")]


def direct() -> list[Requirement]:
    """What pyproject.toml asks for, in all its groups and extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = [
        project["project"]["dependencies"],
        *project["project"].get("optional-dependencies", {}).values(),
        *project["dependency-groups"].values(),
    ]
    found = [Requirement(line) for group in groups for line in group]
    return [each for each in found if each.name != "zelery"]


def test_every_direct_dependency_is_held_at_a_version_that_it_allows() -> None:
    versions = {canonicalize_name(each.name): str(each.specifier).removeprefix("==") for each in PINNED}
    missing = [
        str(each) for each in direct() if not each.specifier.contains(versions.get(canonicalize_name(each.name), "0"))
    ]
    assert not missing, f"renew constraints.txt by the command at its head: {missing}"


def test_every_line_holds_one_exact_version_and_names_no_host() -> None:
    for each in PINNED:
        assert re.fullmatch(r"==[\w.+!]+", str(each.specifier)), each
        assert each.url is None, each
        assert not each.extras, f"pip takes no extras in constraints: {each}"
    assert not [line for line in LINES if "://" in line or line.startswith("-")]


def test_the_command_that_renews_it_stands_at_its_head() -> None:
    assert "uv export --no-hashes --no-emit-project --all-groups --all-extras" in LINES[0]


def test_ci_and_the_image_install_with_it() -> None:
    assert "--constraint constraints.txt" in (ROOT / ".ci/run").read_text()
    assert "-c constraints.txt" in (ROOT / "Dockerfile").read_text()
