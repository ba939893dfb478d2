"""What must hold of the code as a whole: lint, form, types, import contracts, and rules that no linter can say."""

from __future__ import annotations

import ast
import importlib
import pathlib
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PathDistribution

import pytest
from kombu.utils.imports import symbol_by_name

ROOT = pathlib.Path(__file__).parent.parent
SCRIPTS = pathlib.Path(sysconfig.get_path("scripts"))
PACKAGES = ("zelery", "tasks", "inbound", "beat_schedule")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

#: Where everything may be caught, and why. The list is not meant to grow.
BROAD = {
    "inbound/host.py": "around a connector's run",
    "tasks/execute.py": "around a connector's run",
    "tasks/pool.py": "a task's outermost loop: Celery is told, whatever it was",
    "zelery/engine/engine.py": "the outermost loop of what is due: one timer's fault stops no other",
    "zelery/secrets.py": "a secret provider is others' code, as a connector is",
}

#: The one module that knows the HTTP client, so that another can take its place.
HTTP_CLIENT = "zelery/sdk/http/transport.py"

#: Where packages, images and jars come from. Clients know that by themselves; a file that says so is wrong on another
#: machine. Written in pieces, so that this file is read as well.
HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("repo1", "maven", "org"),
        ("repo", "maven", "apache"),
        ("registry", "npmjs"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("quay", "io"),
    )
)

#: Servers under their vendor's own terms: nothing here fetches, bundles or starts one. In pieces, as above.
UNFREE = tuple(
    separator.join(parts)
    for separator, parts in (
        ("-", ("camunda", "zeebe")),
        ("-", ("zeebe", "process", "test")),
        ("/", ("camunda", "zeebe:")),
        ("/", ("camunda", "camunda:")),
        ("/", ("camunda", "operate:")),
    )
)

#: Folders of one machine.
MACHINE = re.compile(r"(?<![\w.])/(?:work|root)/")


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", "--quiet", "."),
        ("ruff", "format", "--check", "--quiet", "."),
        ("mypy", "--no-error-summary"),
        ("lint-imports", "--no-cache"),
    ],
    ids=["lint", "form", "types", "imports"],
)
def test_the_tools_find_nothing(command: tuple[str, ...]) -> None:
    done = subprocess.run([SCRIPTS / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def sources(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Every module of these folders, parsed, by its path from the root."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(), path)


def committed() -> list[pathlib.Path]:
    """Every file that is committed."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def imported(tree: ast.AST) -> set[str]:
    """Names of the modules that a module imports, anywhere in it."""
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}


def catches_everything(node: ast.AST) -> bool:
    """Whether it is an `except` of everything that does not raise it again."""
    if not isinstance(node, ast.ExceptHandler):
        return False
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    names = {kind.id for kind in kinds if isinstance(kind, ast.Name)}
    broad = node.type is None or bool(names & {"Exception", "BaseException"})
    ends = node.body[-1]
    return broad and not (isinstance(ends, ast.Raise) and ends.exc is None)


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("try: a\nexcept: b", True),
        ("try: a\nexcept Exception: b", True),
        ("try: a\nexcept (ValueError, BaseException) as e: b", True),
        ("try: a\nexcept ValueError: b", False),
        # tidied up, and raised again
        ("try: a\nexcept BaseException:\n b\n raise", False),
    ],
)
def test_the_rule_on_broad_excepts_knows_one(text: str, does: bool) -> None:
    assert any(catches_everything(node) for node in ast.walk(ast.parse(text))) is does


def test_everything_is_caught_only_where_that_is_listed_with_its_reason() -> None:
    found = {path for path, tree in sources(*PACKAGES) if any(catches_everything(node) for node in ast.walk(tree))}
    assert found == set(BROAD)


def test_nothing_is_evaluated_or_unpickled() -> None:
    for path, tree in sources(*PACKAGES, "tests"):
        assert not {"pickle", "cPickle", "marshal", "shelve", "dill"} & {n.partition(".")[0] for n in imported(tree)}, (
            path
        )
        calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
        assert not {"eval", "exec"} & {call.id for call in calls if isinstance(call, ast.Name)}, path


def test_one_module_knows_the_http_client() -> None:
    found = {
        path
        for path, tree in sources(*PACKAGES)
        if {"httpx", "httpx_aiohttp"} & {n.partition(".")[0] for n in imported(tree)}
    }
    assert found == {HTTP_CLIENT}


def test_no_private_name_is_imported() -> None:
    for path, tree in sources(*PACKAGES):
        ours = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
        private = [
            a.name
            for node in ours
            if str(node.module).partition(".")[0] in PACKAGES
            for a in node.names
            if a.name.startswith("_")
        ]
        assert not private, f"{path} imports {private}"


def test_every_module_imports() -> None:
    for path, _ in sources(*PACKAGES):
        if not path.endswith("__main__.py"):  # which runs
            importlib.import_module(path.removesuffix(".py").replace("/", ".").removesuffix(".__init__"))


def test_every_name_that_is_text_in_the_celery_application_can_be_imported() -> None:
    named = [
        node.value
        for path, tree in sources("tasks", "inbound")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"tasks\.\w+:\w+", node.value)
    ]
    assert {"tasks.pool:TaskPool", "tasks.consumer:Consumer", "tasks.consumer:Request"} <= set(named)
    for name in [*named, *PROJECT["project"]["entry-points"]["zelery.tasks"].values()]:
        assert callable(symbol_by_name(name)), name


def declared() -> Iterator[tuple[str, str]]:
    """Scripts and entry points: name and target."""
    yield from PROJECT["project"]["scripts"].items()
    for group in PROJECT["project"]["entry-points"].values():
        yield from group.items()


@pytest.mark.parametrize(("name", "target"), list(declared()), ids=lambda each: each if ":" not in each else "")
def test_every_entry_point_can_be_imported(name: str, target: str) -> None:
    module, _, attribute = target.partition("[")[0].strip().partition(":")
    found = importlib.import_module(module)
    assert not attribute or hasattr(found, attribute), name  # A plugin of pytest is a module.


def test_no_committed_file_names_a_registry_or_a_folder_of_one_machine() -> None:
    for path in committed():
        if path.suffix in {".png", ".ico"}:
            continue
        text = path.read_text(errors="replace")
        assert not [host for host in HOSTS if host in text], path
        if path != pathlib.Path(__file__):
            assert not MACHINE.search(text), path


def test_no_committed_file_names_a_server_under_a_vendor_s_terms() -> None:
    for path in committed():
        text = path.read_text(errors="replace")
        assert not [name for name in UNFREE if name in text], path


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The wheel, built as pip builds it, with the hatchling that is installed: nothing is downloaded."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_four_packages_and_nothing_else(wheel: pathlib.Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)
    assert "zelery/py.typed" in names
    for path, _ in sources(*PACKAGES):
        assert path in names


def test_the_installed_wheel_is_lean(wheel: pathlib.Path) -> None:
    """What is required is what pyproject.toml lists as dependencies: nothing of the demo, nothing of development."""
    with zipfile.ZipFile(wheel) as archive:
        (folder,) = {name.partition("/")[0] for name in archive.namelist() if ".dist-info/" in name}
        distribution: Distribution = PathDistribution(zipfile.Path(archive, f"{folder}/"))
        required = distribution.requires or []
    always = {line for line in required if "extra ==" not in line}
    names = {re.match(r"[\w.-]+", line)[0] for line in always}  # type: ignore[index]  # every requirement has a name
    assert names == {re.match(r"[\w.-]+", line)[0] for line in PROJECT["project"]["dependencies"]}  # type: ignore[index]
    of_groups = {re.match(r"[\w.-]+", line)[0] for group in PROJECT["dependency-groups"].values() for line in group}  # type: ignore[index]
    assert not names & of_groups
