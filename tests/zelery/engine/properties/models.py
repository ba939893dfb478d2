"""Models for walks at random: what waits, loops, calls, interrupts and catches, all that can meet in one instance.

None of them loops without a wait, and each of their joins can be reached: an instance always has something to wait for.
"""

from __future__ import annotations

from tests.zelery.engine.rules.builder import (
    Process,
    ad_hoc,
    boundary,
    call,
    catch,
    end,
    event_based,
    event_sub_process,
    exclusive,
    inclusive,
    parallel,
    path,
    process,
    receive,
    script,
    service,
    start,
    start_on,
    sub_process,
    throw,
    user,
)
from tests.zelery.engine.rules.definitions import each, error, escalation, link, message, signal, terminate, timer

#: Correlation keys, few, so that messages meet.
CORRELATION_KEYS = ("a", "b")

#: Names of messages that some model waits for.
MESSAGES = ("paid", "note", "begin", "go", "tick")

#: Names of signals that some model waits for.
SIGNALS = ("stop", "all")

#: Codes of errors that workers throw: one is caught by nothing.
ERRORS = ("E1", "E2", "unknown")

_PAID = message("paid", "= id")


ORDER = process(
    "order",
    path(start(), parallel("fork"), service("charge"), parallel("join"), user("look"), end()),
    path("fork", receive("payment", _PAID), "join"),
    boundary("late", "charge", timer(duration="PT1H")),
    path("late", "look"),
    boundary("refused", "charge", error("E1")),
    path("refused", end("not_paid")),
    boundary("reminded", "payment", timer(cycle="R3/PT10M"), interrupting=False),
    path("reminded", service("remind"), end("told")),
    event_sub_process(
        "noting", start_on(message("note", "= id"), "noted", interrupting=False), service("write"), end("written")
    ),
    event_sub_process("stopping", start_on(signal("stop"), "stopped"), service("undo"), end("undone")),
)

MANY = process(
    "many",
    start(),
    sub_process(
        "each_item",
        path(start("s"), service("pack"), receive("wait", message("go", "= item")), end("packed")),
        boundary("broken", "pack", error("E1")),
        path("broken", end("thrown", error("E2"))),
        multi=each("= items", "item", collect=("packs", "= item"), until="= numberOfCompletedInstances >= 2"),
    ),
    boundary("dropped", "each_item", error("E2")),
    path("dropped", service("drop"), end("all_dropped")),
    user("check", multi=each("= items", "item", sequential=True)),
    end(),
)

CALLER = process(
    "caller",
    path(start(), call("calling", "called"), end()),
    boundary("slow", "calling", timer(duration="PT30M")),
    path("slow", end("gave_up")),
    boundary("failed", "calling", error("E1")),
    path("failed", service("repair"), end("repaired")),
    boundary("asked", "calling", message("note", "= id"), interrupting=False),
    path("asked", end("answered")),
)

CALLED = process(
    "called",
    start(),
    service("work", retries="2", inputs={"given": "= id"}, outputs={"made": "= given"}),
    catch("pause", timer(duration="PT5M")),
    service("more", multi=each("= items", "item")),
    end(),
)

CHOICES = process(
    "choices",
    path(start(), event_based("first"), catch("by_message", _PAID), exclusive("merge"), service("decide")),
    path("first", catch("by_time", timer(duration="PT20M")), "merge"),
    path("first", catch("by_signal", signal("all")), "merge"),
    path("decide", exclusive("again")),
    path("again", "first", when="= again"),
    path("again", end(), default=True),
)

_READING = (
    start("begun", message("begin")),
    service("read"),
    catch("next", message("begin", "= id")),
    service("answer"),
    end(),
)
INBOX = process("inbox", *_READING)
OUTBOX = process("outbox", *_READING)

TOOLS = process(
    "tools",
    start(),
    ad_hoc(
        "toolbox",
        service("hammer"),
        path(service("saw"), receive("glue", message("go", "= id"))),
        user("ask"),
        active="= tools",
        until="= done = true",
        cancel_remaining=True,
    ),
    service("clean"),
    end(),
)

LOUD = process(
    "loud",
    path(
        start(),
        sub_process(
            "part",
            path(start("s"), inclusive("some")),
            path("some", service("left"), inclusive("together"), end("over"), default=True),
            path("some", service("right"), "together", when="= right"),
            path("some", throw("shout", escalation("X")), "together", when="= loud"),
            path("some", throw("to_there", link("there")), when="= linked"),
            path(catch("there", link("there")), "together"),
        ),
        exclusive("ended"),
        end(),
    ),
    boundary("heard", "part", escalation("X"), interrupting=False),
    path("heard", service("hear"), end("stop_all", terminate())),
    event_sub_process("rescue", start_on(error(), "any"), service("tidy"), end("tidied")),
)

RACING = process(
    "racing",
    path(start(), parallel("fork"), service("a", "decide"), end("first", signal("all"))),
    path("fork", catch("hears", signal("all")), script("count", "= id", "counted"), end("heard")),
    path("fork", catch("ticks", message("tick", "= id")), throw("says", signal("stop")), end("said")),
    boundary("beats", "a", timer(cycle="R/PT15M"), interrupting=False),
    path("beats", user("beat"), end("beaten")),
    event_sub_process(
        "watch", start_on(timer(duration="PT2H"), "overdue"), receive("last", message("tick", "= id")), end("closed")
    ),
)

AGENT = process(
    "agent",
    start(),
    ad_hoc(
        "agent_tools",
        service("call_a"),
        path(service("call_b"), catch("later", timer(duration="PT10M"))),
        event_sub_process(
            "listening",
            start_on(message("note", "= id"), "hears_note", interrupting=False),
            service("hear_it"),
            end("n"),
        ),
        job_type="= agent",
        collect=("results", "= done"),
    ),
    boundary("agent_broken", "agent_tools", error("E1")),
    path("agent_broken", end("agent_failed")),
    end(),
)

#: All of them.
MODELS: tuple[Process, ...] = (ORDER, MANY, CALLER, CALLED, CHOICES, INBOX, OUTBOX, TOOLS, LOUD, RACING, AGENT)

#: Those that a command starts.
STARTABLE = tuple(each.id for each in MODELS if each not in (INBOX, OUTBOX))
