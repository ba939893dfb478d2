"""Logs as a role writes them: in a process of its own, because they are configured once for a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys

SCRIPT = """
import logging
from zelery.logs import configure, logger
from zelery.settings import Settings

configure(Settings.read())
logger("ours").info("it is done", job=7, text="grün")
logger("ours").debug("too much")
logging.getLogger("theirs").warning("careful with %s", "that")
logging.getLogger("kombu").info("chatty")
try:
    raise LookupError("gone")
except LookupError:
    logging.getLogger("theirs").exception("broken")
"""


def said(**environment: str) -> str:
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == ""
    return done.stderr


def test_as_json_every_event_is_a_line_ours_and_our_libraries_alike() -> None:
    events = [json.loads(line) for line in said(ZELERY_LOG_JSON="true", ZELERY_LABEL="worker-1").splitlines()]
    assert [event["event"] for event in events] == ["it is done", "careful with that", "broken"]
    assert [event["level"] for event in events] == ["info", "warning", "error"]
    assert {event["role"] for event in events} == {"worker-1"}
    assert all(event["timestamp"].endswith("Z") for event in events)
    assert (events[0]["job"], events[0]["text"]) == (7, "grün")
    assert "LookupError: gone" in events[2]["exception"]


def test_for_people_an_event_is_a_line_with_its_fields() -> None:
    text = said()
    assert "it is done job=7 text=grün" in text
    assert "careful with that" in text
    assert "chatty" not in text
    assert "\x1b[" not in text.partition("broken")[0]  # no colours in a file


def test_the_level_is_a_setting() -> None:
    assert "too much" in said(ZELERY_LOG_LEVEL="DEBUG")
    assert "careful" not in said(ZELERY_LOG_LEVEL="ERROR")
