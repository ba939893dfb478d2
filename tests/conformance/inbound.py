"""The recorded inbound cases through the real roles on the engine: webhooks, polling, RabbitMQ, endpoints.

    python -m tests.conformance.inbound [id or prefix* …] [--show N] [--json FILE]

starts Camunda with Operate, a Redis, `zelery worker`, `beat`, `webhooks` and `consume`, the recorder between them and
the engine, and RabbitMQ where a case needs it; runs the recorder's own driver; prints how many agree in each area.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fnmatch
import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.conformance.golden import CONFORMANCE
from tests.conformance.inbound_deviations import OTHERS, WEBHOOKS
from tests.roles import role
from zelery.local import engine as local_engine
from zelery.local import ports
from zelery.local import redis as local_redis

CASES = CONFORMANCE / "inbound-golden.jsonl"
TOOLS = CONFORMANCE / "golden_inbound"

#: Cases that we handle otherwise, by id, with the reason.
INBOUND = {**WEBHOOKS, **OTHERS}

#: Of these, those that agree when Operate hears of the instance later than we ask it.
OF_CHANCE = frozenset({"version-waiting", "poll-version-waiting"})

#: The secrets under which the cases were recorded.
SECRETS = {
    "SECRET_GOLD_SECRET": "s3cretValue",
    "SECRET_GOLD_PATHPART": "fromsecret",
    "SECRET_GOLD_QUOTE": 'a"b',
    "SECRET_GOLD_CHAIN": "secrets.GOLD_SECRET",
    "SECRET_GOLD_USER": "alice",
}

#: What is judged to the letter; bodies and texts that are Java's own are judged by who reads them.
STRICT = ("status", "commands", "jobs", "ready", "consumers", "dead", "queue", "requests")

#: What the runtime says since 8.7 and 8.8, and did not when the cases were recorded (`spec/inbound.md` §2.6, §7.2).
LATER_FIELDS = frozenset({"elementName", "elementType", "elementTemplateDetails", "properties", "runtimeId"})
LATER_ITEM = frozenset({"executableId", "activationTimestamp"})
LATER_TAGS = frozenset({"Correlation", "Lifecycle", "Queueing", "Activation", "Health", "Consumer"})

#: Headers of Java's web framework and server, which no model and no caller asks for; and the one that texts have here.
FRAMEWORK = frozenset({"vary", "content-language", "x-content-type-options"})

#: Matters of time (points 47 and 46 of the recorder's README).
OF_TIME = frozenset({"gaps", "repeated", "count", "Process instances"})


def missing() -> str | None:
    """Why there are no recorded cases; None when there are."""
    absent = [path for path in (CASES, TOOLS / "driver.py", TOOLS / "recorder.py") if not path.exists()]
    return f"no recorded cases: {absent[0]} is not there" if absent else None


def cases(wanted: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The recorded cases, or those whose id is wanted, without those that Java itself does not answer alike twice."""
    with CASES.open(encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    return [
        case
        for case in found
        if not case.get("unstable") and (not wanted or any(fnmatch.fnmatch(case["id"], each) for each in wanted))
    ]


def observe_all(
    found: list[dict[str, Any]],
    *,
    engine: str,
    operate: str,
    redis_url: str,
    amqp: str | None,
    folder: pathlib.Path,
) -> dict[str, list[Any]]:
    """What came of each case, by its id, a value for each of its steps."""
    proxy, control, aux, served = ports.free(4)
    environment = {
        **SECRETS,
        "ZEEBE_ADDRESS": f"127.0.0.1:{proxy}",
        "CAMUNDA_OPERATE_CLIENT_URL": operate,
        "CAMUNDA_OPERATE_CLIENT_USERNAME": local_engine.USERNAME,
        "CAMUNDA_OPERATE_CLIENT_PASSWORD": local_engine.PASSWORD,
        "CAMUNDA_CONNECTOR_POLLING_INTERVAL": "1000",
        "ZELERY_REDIS_URL": redis_url,
        "ZELERY_WEBHOOK_PORT": str(served),
        "CONNECTOR_OUTBOUND_DISABLED": "tests:echo:1,tests:block:1",
    }
    with contextlib.ExitStack() as stack:
        stack.enter_context(_recorder(proxy, engine.rpartition(":")[2], control, folder))
        started = [
            stack.enter_context(role(name, environment, folder)) for name in ("webhooks", "worker", "beat", "consume")
        ]
        _wait_for(started[0], "serving webhooks")
        variables = {
            "BASE": f"http://127.0.0.1:{served}",
            "ENGINE": engine,
            "RECORDER": f"http://127.0.0.1:{control}",
            "AUX_PORT": str(aux),
            "RETIRE": "0",
            **({"AMQP": amqp} if amqp else {}),
        }
        return _driven(found, variables, folder)


def _driven(found: list[dict[str, Any]], variables: Mapping[str, str], folder: pathlib.Path) -> dict[str, list[Any]]:
    """The recorder's own driver, in a process of its own: it reads its environment when it is imported."""
    given, answer = folder / "cases.jsonl", folder / "observed.json"
    given.write_text("".join(json.dumps(case) + "\n" for case in found))
    command = [sys.executable, "-m", "tests.conformance.inbound", "--drive", str(given), str(answer)]
    with (folder / "driver.log").open("wb") as out:
        subprocess.run(command, env={**os.environ, **variables}, stdout=out, stderr=out, check=True)
    observed: dict[str, list[Any]] = json.loads(answer.read_text())
    return observed


def drive(given: str, answer: str) -> None:
    """In the driver's process."""
    sys.path.append(str(TOOLS))
    driver = importlib.import_module("driver")
    found = [json.loads(line) for line in pathlib.Path(given).read_text().splitlines()]
    pathlib.Path(answer).write_text(json.dumps(asyncio.run(driver.run_all(found))))


@contextlib.contextmanager
def _recorder(listen: int, engine: str, control: int, folder: pathlib.Path) -> Iterator[None]:
    command = [sys.executable, str(TOOLS / "recorder.py"), str(listen), engine, str(control)]
    with (folder / "recorder.log").open("wb") as out:
        child = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        child.terminate()
        child.wait()


def _wait_for(process: Any, event: str) -> None:
    for _ in range(600):
        if event in process.said:
            return
        if process.exit_code is not None:
            break
        subprocess.run(["sleep", "0.1"], check=True)
    raise AssertionError(f"{process.name} did not come up:\n{process.said[-3000:]}")


def differences(case: Mapping[str, Any], observed: Sequence[Any]) -> Iterator[str]:
    """Each place in which a case came out otherwise than recorded."""
    for number, (recorded, now) in enumerate(zip(case["observed"], observed, strict=True)):
        if case["steps"][number]["op"] == "logs":
            yield from _differing_logs(recorded, now, f"step {number} logs")
            continue
        if case["area"] == "polling":
            recorded, now = _without_repetition(recorded), _without_repetition(now)  # noqa: PLW2901 - the same, cleaner
        yield from _differing(_as_then(recorded), _as_then(now), f"step {number} {case['steps'][number]['op']}")


def _differing_logs(recorded: Any, now: Any, path: str) -> Iterator[str]:
    """Each recorded entry is told in its order, by severity, tag and the beginning of its words; more may be."""
    told = [entry for each in now.get("logs", ()) for entry in each]
    for wanted in (entry for each in recorded["logs"] for entry in each):
        found = next((at for at, entry in enumerate(told) if _says(entry, wanted)), None)
        if found is None:
            yield f"{path}: recorded {json.dumps(wanted)[:300]} is not among {json.dumps(told)[:300]}"
        else:
            told = told[found + 1 :]


def _says(entry: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    same = (entry["severity"], entry["tag"]) == (wanted["severity"], wanted["tag"])
    begin = wanted["message"].partition(", reason:")[0].partition(" io.camunda")[0]
    return same and entry["message"].startswith(begin)


def _without_repetition(observed: Any) -> Any:
    """How often a poller came to the same answer is a matter of time."""
    if not isinstance(observed, dict) or "commands" not in observed:
        return observed
    return {**observed, "commands": [each for each in observed["commands"] if each["answer"] != "ALREADY_EXISTS"]}


def _as_then(observed: Any) -> Any:
    """What was observed without what only later versions say."""
    if isinstance(observed, list):
        return [_as_then(each) for each in observed if not _is_later_entry(each)]
    if isinstance(observed, dict) and "elements" in observed:
        elements = [{n: v for n, v in each.items() if n not in LATER_FIELDS} for each in observed["elements"]]
        kept = {name: _as_then(value) for name, value in observed.items() if name not in LATER_ITEM}
        return {**kept, "elements": elements}
    if isinstance(observed, dict) and {"severity", "tag"} <= observed.keys():
        return {name: value for name, value in observed.items() if name not in LATER_FIELDS}
    if isinstance(observed, dict):
        return {name: _as_then(value) for name, value in observed.items()}
    return observed


def _is_later_entry(each: Any) -> bool:
    return isinstance(each, dict) and {"severity", "tag"} <= each.keys() and each["tag"] in LATER_TAGS


def strict(found: Sequence[str]) -> list[str]:
    """Of the differences, those that are judged to the letter."""
    return [each for each in found if any(f".{name}" in each.partition(":")[0] for name in (*STRICT, "driverError"))]


def _differing(recorded: Any, now: Any, path: str) -> Iterator[str]:
    if isinstance(recorded, dict) and "$javaThrowable" in recorded and now:
        return  # Java wrote down its exception; it is enough that something is told.
    if isinstance(recorded, dict) and isinstance(now, dict):
        for name in sorted((set(recorded) | set(now)) - {"operationReference"} - FRAMEWORK - OF_TIME):
            yield from _differing(recorded.get(name, "<absent>"), now.get(name, "<absent>"), f"{path}.{name}")
    elif isinstance(recorded, list) and isinstance(now, list) and len(recorded) == len(now):
        for number, (one, other) in enumerate(zip(recorded, now, strict=True)):
            yield from _differing(one, other, f"{path}[{number}]")
    elif path.endswith(".health.error.message") and (recorded is None or now):
        return  # Java's texts are Java's.
    elif recorded != now and not (path.endswith(".messageId") and (recorded, now) == ("${uuid}", "")):
        # Up to 8.6 a catch event's message without an id had a random one, and has none since 8.7.
        yield f"{path}: recorded {json.dumps(recorded)[:300]} observed {json.dumps(now)[:300]}"


def main() -> int:
    """The table of agreement; status 1 when a case disagrees that is not listed as a deviation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", nargs="*", help="ids or patterns of cases; all but RabbitMQ's when there are none")
    parser.add_argument("--show", type=int, default=20, help="how many disagreements to show")
    parser.add_argument("--json", help="where to write what was observed")
    parser.add_argument("--logs", help="a folder to keep the roles' logs in")
    parser.add_argument("--drive", nargs=2, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.drive:
        drive(*wanted.drive)
        return 0
    if why := missing():
        sys.exit(why)
    found = cases(wanted.ids)
    with contextlib.ExitStack() as stack:
        amqp = None
        if any(case["area"] == "rabbitmq" for case in found):
            from tests.servers.rabbitmq import rabbitmq_server  # noqa: PLC0415 - only where a case needs it

            amqp = stack.enter_context(rabbitmq_server()).url
        folder = pathlib.Path(wanted.logs or stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        engine = stack.enter_context(local_engine.running())
        redis = stack.enter_context(local_redis.running())
        observed = observe_all(
            found, engine=engine.gateway, operate=engine.operate, redis_url=redis.url, amqp=amqp, folder=folder
        )
    if wanted.json:
        pathlib.Path(wanted.json).write_text(json.dumps(observed, indent=1))
    return report(found, observed, wanted.show)


def report(found: Sequence[Mapping[str, Any]], observed: Mapping[str, Sequence[Any]], show: int) -> int:
    """Print the table and the first disagreements."""
    differing = {case["id"]: list(differences(case, observed[case["id"]])) for case in found}
    areas = Counter(case["area"] for case in found)
    print(f"{'area':<12}{'cases':>7}{'agree':>7}{'listed':>8}{'differ':>8}")
    for area in sorted(areas):
        ids = [case["id"] for case in found if case["area"] == area]
        agree = sum(not differing[id_] for id_ in ids)
        listed = sum(bool(differing[id_]) and id_ in INBOUND for id_ in ids)
        print(f"{area:<12}{len(ids):>7}{agree:>7}{listed:>8}{len(ids) - agree - listed:>8}")
    unlisted = {id_: lines for id_, lines in differing.items() if lines and id_ not in INBOUND}
    for id_, lines in list(unlisted.items())[:show]:
        print(f"\n{id_}{' (strict)' if strict(lines) else ''}")
        print("\n".join(f"  {line}" for line in lines))
    return 1 if unlisted else 0


if __name__ == "__main__":
    sys.exit(main())
