from __future__ import annotations

import threading

import pytest

from zelery.errors import SettingError
from zelery.runtime import Runtime
from zelery.secrets import Place
from zelery.settings import Settings

PLACE = Place(tenant_id="<default>", process_id="p")


async def test_a_runtime_has_the_secrets_of_the_environment_it_was_given() -> None:
    async with Runtime.open(Settings.read({}), {"SECRET_A": "a"}) as runtime:
        assert await runtime.secrets.find("A", PLACE) == "a"


async def test_without_one_it_has_those_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_A", "mine")
    async with Runtime.open(Settings.read({})) as runtime:
        assert await runtime.secrets.find("A", PLACE) == "mine"


async def test_a_thread_that_hangs_does_not_keep_it_from_closing() -> None:
    release, started = threading.Event(), threading.Event()

    def hang() -> None:
        started.set()
        release.wait(10)

    async with Runtime.open(Settings.read({"ZELERY_WORKER_THREADS": "1"}), {}) as runtime:
        hanging = runtime.threads.submit(hang)
        waiting = runtime.threads.submit(release.wait)
        started.wait(10)
    assert (hanging.running(), waiting.cancelled()) == (True, True)
    release.set()


async def test_a_provider_that_is_not_installed_keeps_it_from_opening() -> None:
    with pytest.raises(SettingError, match="'nowhere'"):
        async with Runtime.open(Settings.read({"ZELERY_SECRET_PROVIDERS": "nowhere"}), {}):
            pass
