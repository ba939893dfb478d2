"""docker-compose.yml and Dockerfile, as far as they can be proved without an engine: by Compose's own reader."""

from __future__ import annotations

import json
import pathlib
import re
import shlex
import subprocess
import sys
from importlib.metadata import entry_points
from typing import Any

import compose  # type: ignore[import-untyped]
import pytest

from zelery.engine.command import command as engine_command
from zelery.flower import login
from zelery.settings import Settings, aliases

ROOT = pathlib.Path(__file__).parent.parent
FILE = ROOT / "docker-compose.yml"
READER = pathlib.Path(compose.__file__).parent / "docker-compose"
ROLES = ("beat", "consume", "fetch", "flower", "webhooks", "worker")


def read(file: pathlib.Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Compose's verdict on a file. Nothing of this machine's environment goes in."""
    command = [str(READER), "-f", str(file), "--profile", "*", "config", *options]
    return subprocess.run(
        command, env={"HOME": str(ROOT), **environment}, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    done = read(FILE, "--format", "json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["services"]
    return found


def test_compose_reads_the_file_and_would_refuse_a_key_it_does_not_know(tmp_path: pathlib.Path) -> None:
    assert read(FILE, "-q").returncode == 0
    bad = tmp_path / "docker-compose.yml"
    bad.write_text(FILE.read_text().replace("ports:", "portz:", 1))
    assert "portz" in read(bad, "-q").stderr


def test_the_file_keeps_to_the_published_schema() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_a_service_for_each_role_beside_its_servers(services: dict[str, Any]) -> None:
    assert set(services) == {*ROLES, "engine", "redis", "rabbitmq"}
    assert services["rabbitmq"]["profiles"] == ["rabbitmq"]
    assert services["engine"]["profiles"] == ["engine"]


def test_without_a_profile_there_is_no_engine() -> None:
    command = [str(READER), "-f", str(FILE), "config", "--services"]
    done = subprocess.run(command, env={"HOME": str(ROOT)}, capture_output=True, text=True, check=False, timeout=60)
    assert set(done.stdout.split()) == {*ROLES, "redis"}, done.stderr


def test_every_image_is_ours_or_an_open_source_one(services: dict[str, Any]) -> None:
    assert {service["image"].partition(":")[0] for service in services.values()} == {"zelery", "redis", "rabbitmq"}


def test_the_engine_is_ours_with_options_that_it_has_and_keeps_its_journal(services: dict[str, Any]) -> None:
    engine = services["engine"]
    context = engine_command.make_context("engine", list(engine["command"][1:]))
    data = str(context.params["data"])
    assert engine["image"] == services["worker"]["image"]
    assert context.params["address"] == "0.0.0.0"
    assert [(each["type"], each["target"]) for each in engine["volumes"]] == [("volume", data)]
    assert {int(port["target"]) for port in engine["ports"]} == {context.params["port"], context.params["rest_port"]}
    assert any(words[0] == "RUN" and data in words and "10001:10001" in words for words in instructions())


def test_a_cluster_of_ones_own_is_named_by_the_environment() -> None:
    done = read(FILE, "--format", "json", ZEEBE_ADDRESS="z.example:443", CAMUNDA_REST_ADDRESS="")
    environment = json.loads(done.stdout)["services"]["worker"]["environment"]
    settings = Settings.read(environment)
    assert settings.zeebe_address == "z.example:443"
    assert settings.rest_address is None


@pytest.mark.parametrize("role", ROLES)
def test_a_roles_command_is_a_subcommand_of_zelery(role: str, services: dict[str, Any]) -> None:
    commands = entry_points(group="zelery.commands").names
    assert services[role]["command"][0] in commands
    check = services[role]["healthcheck"]["test"]
    assert check[:2] == ["CMD", "python"] or (check[1] == "zelery" and check[2] in commands)


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_is_a_setting_and_its_value_can_be_used(role: str, services: dict[str, Any]) -> None:
    known = {alias for field in Settings.model_fields.values() for alias in aliases(field)}
    assert set(services[role]["environment"]) <= known
    settings = Settings.read(services[role]["environment"])
    assert (settings.zeebe_address, settings.redis_url) == ("engine:26500", "redis://redis:6379/0")
    login(settings)


def test_the_broker_can_be_rabbitmq() -> None:
    done = read(FILE, "--format", "json", ZELERY_BROKER_URL="amqp://zelery:zelery@rabbitmq:5672//")
    environment = json.loads(done.stdout)["services"]["worker"]["environment"]
    assert Settings.read(environment).broker.startswith("amqp://")


def test_workers_can_be_scaled_out(services: dict[str, Any]) -> None:
    assert not {"container_name", "hostname", "ports"} & set(services["worker"])
    assert all("container_name" not in service for service in services.values())


def test_ports_are_published_on_loopback_only(services: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", ())]
    assert published
    assert {port["host_ip"] for port in published} == {"127.0.0.1"}


def test_every_service_has_a_health_check_and_is_restarted(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["restart"] == "unless-stopped", name
        assert service["healthcheck"]["test"], name


def test_only_who_runs_connectors_is_given_secrets_and_every_role_the_login() -> None:
    """Compose leaves a file that is absent out of its answer, so the text is read, a service at a time."""
    sections = re.split(r"^  (?=\w+:$)", FILE.read_text().partition("\nservices:\n")[2], flags=re.MULTILINE)
    given = {section.partition(":")[0] for section in sections if "*secrets" in section}
    assert given == {"worker", "webhooks", "consume"}
    own = [line.strip() for line in FILE.read_text().splitlines() if line.strip().startswith("env_file:")]
    assert own == ["env_file: [*cluster]"] + ["env_file: [*cluster, *secrets]"] * 3
    assert FILE.read_text().count("secrets.env") == 1


def instructions() -> list[list[str]]:
    """The Dockerfile, a list of words for each instruction."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    return [shlex.split(line) for line in lines if line and not line.startswith("#")]


def test_the_image_runs_zelery_and_not_as_root() -> None:
    last = {words[0]: words[1:] for words in instructions()}
    assert last["USER"] == ["10001:10001"]
    assert last["ENTRYPOINT"] == ["[zelery]"]


def test_the_image_has_the_versions_of_the_constraints_and_nothing_of_development() -> None:
    (install,) = (" ".join(words) for words in instructions() if words[0] == "RUN" and "install" in words)
    assert install.endswith("pip install --no-cache-dir -c constraints.txt .")


def test_what_the_image_is_built_from_is_there_and_not_ignored() -> None:
    copied = {pathlib.PurePath(name).name for words in instructions() if words[0] == "COPY" for name in words[1:-1]}
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied - {"--from=build", "zelery"} == kept - {"zelery"}
    assert all((ROOT / name).exists() for name in kept)
