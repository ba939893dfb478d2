"""`zelery run`: real child processes, one killed as a crash does it, all ended by one signal."""

from __future__ import annotations

import asyncio
import os
import pathlib
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

from tests.roles import RoleProcess, role
from zelery.local import ports
from zelery.roles import roles, run
from zelery.settings import Settings

INBOUND = ("beat", "webhooks", "consume")


def labels(environment: dict[str, str], *, flower: bool = True) -> list[str]:
    return [each.label for each in roles(Settings.read(environment), flower=flower)]


def test_a_fetcher_a_worker_a_core_inbound_s_roles_and_flower_make_a_machine() -> None:
    two = {"ZELERY_WORKER_PROCESSES": "2"}
    assert labels(two) == ["fetch", *INBOUND, "flower", "worker-1", "worker-2"]
    assert labels(two, flower=False) == ["fetch", *INBOUND, "worker-1", "worker-2"]


def test_what_is_switched_off_has_no_role() -> None:
    one = {"ZELERY_WORKER_PROCESSES": "1"}
    assert labels({**one, "CAMUNDA_CONNECTOR_WEBHOOK_ENABLED": "false"}) == [
        "fetch",
        "beat",
        "consume",
        "flower",
        "worker-1",
    ]
    assert labels({**one, "CAMUNDA_CONNECTOR_POLLING_ENABLED": "false"}) == ["fetch", "flower", "worker-1"]


def test_what_would_end_flower_again_and_again_is_said_once_and_nothing_starts() -> None:
    done = CliRunner().invoke(run, env={"ZELERY_FLOWER_ADDRESS": "0.0.0.0"})
    assert "ZELERY_FLOWER_PASSWORD" in str(done.exception)


def children(of: int) -> dict[str, set[int]]:
    """The processes that a process started, by the role that each plays."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True)
    found: dict[str, set[int]] = {}
    for line in listed.stdout.splitlines():
        pid, parent, state, *words = line.split()
        if int(parent) == of and not state.startswith("Z"):
            found.setdefault(words[-1], set()).add(int(pid))
    return found


async def until_there_are(machine: RoleProcess, *names: str, without: int = 0) -> dict[str, set[int]]:
    """The children, once there are these and `without` is none of them."""
    async with asyncio.timeout(120):
        while True:
            found = children(machine.pid)
            pids = [(name, pid) for name, group in found.items() for pid in group]
            if sorted(name for name, _ in pids) == sorted(names) and without not in {pid for _, pid in pids}:
                return found
            await asyncio.sleep(0.1)


async def until_it_says(machine: RoleProcess, **events: int) -> None:
    """Until each of these events is in the log as often as that: a role is up, and knows what to do at a signal."""
    async with asyncio.timeout(120):
        while any(machine.said.count(f"] {event} ") < count for event, count in events.items()):
            await asyncio.sleep(0.1)


@pytest.mark.integration
async def test_a_role_that_is_killed_starts_again_and_a_signal_ends_them_all(
    redis_url: str, tmp_path: pathlib.Path
) -> None:
    environment = {
        "ZEEBE_ADDRESS": "127.0.0.1:9",  # away: roles wait for it and do not end
        "ZELERY_REDIS_URL": redis_url,
        "ZELERY_WORKER_PROCESSES": "2",
        "ZELERY_FLOWER_PORT": str(ports.free(1)[0]),
        "ZELERY_WEBHOOK_PORT": "0",
    }
    names = ("fetch", *INBOUND, "worker", "worker", "flower")
    with role("run", environment, tmp_path) as machine:
        before = await until_there_are(machine, *names)
        await until_it_says(machine, fetching=1, working=2, showing=1, consuming=1, leading=1)
        victim = min(before["worker"])
        os.kill(victim, signal.SIGKILL)
        after = await until_there_are(machine, *names, without=victim)
        assert after["fetch"] == before["fetch"]
        assert len(after["worker"] & before["worker"]) == 1
        assert "a role ended; starting it again" in machine.said
        await until_it_says(machine, working=3)
        assert machine.stop() == 0
        for pid in {pid for group in (*before.values(), *after.values()) for pid in group}:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)
        assert "Traceback" not in machine.said


@pytest.mark.integration
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a process to its parent")
async def test_a_supervisor_that_is_killed_leaves_no_role_behind(redis_url: str, tmp_path: pathlib.Path) -> None:
    environment = {
        "ZEEBE_ADDRESS": "127.0.0.1:9",
        "ZELERY_REDIS_URL": redis_url,
        "ZELERY_WORKER_PROCESSES": "1",
        "ZELERY_FLOWER_PORT": str(ports.free(1)[0]),
        "ZELERY_WEBHOOK_PORT": "0",
    }
    with role("run", environment, tmp_path) as machine:
        started = await until_there_are(machine, "fetch", *INBOUND, "worker", "flower")
        await until_it_says(machine, fetching=1, working=1, showing=1, consuming=1, leading=1)
        machine.kill()
        async with asyncio.timeout(10):
            while any(_lives(pid) for group in started.values() for pid in group):
                await asyncio.sleep(0.05)


def _lives(pid: int) -> bool:
    """Whether it still runs: one that ended and that nobody has asked for has no command line any more."""
    try:
        return bool(pathlib.Path(f"/proc/{pid}/cmdline").read_bytes())
    except FileNotFoundError:
        return False
