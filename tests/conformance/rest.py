"""Every recorded REST job through `execute`, in one process, many at once.

    python -m tests.conformance.rest [--only REGEX] [--show N] [--messages]

prints how many agree in each area, and the first that do not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

from tasks.execute import execute
from tests.conformance import golden
from tests.conformance.deviations import REST
from zelery.connectors.http.outbound import rest
from zelery.model import Completed, Failed, Ignored, Job, Outcome, Thrown, to_json
from zelery.runtime import Runtime
from zelery.settings import Settings

#: Cases at once: enough for those that wait to wait together, few enough that one that measures time is not starved.
AT_ONCE = 40


async def observe_all(cases: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What came of each case, by its id, in the shape of the recording."""
    environment = {
        **golden.environment(cases),
        "CAMUNDA_CONNECTOR_SECRETPROVIDER_ENVIRONMENT_PREFIX": golden.PREFIX,
        "ZELERY_SECRET_PROVIDERS": "environment",
    }
    slots = asyncio.Semaphore(AT_ONCE)
    # Servers stay open to the end, so that no two cases share a port, and with it a cached token or connection.
    async with Runtime.open(Settings.read(environment), environment) as runtime, AsyncExitStack() as servers:

        async def one(case: dict[str, Any]) -> dict[str, Any]:
            async with slots:
                return await _observe(case, runtime, servers)

        found = await asyncio.gather(*(one(case) for case in cases))
    return {case["id"]: observed for case, observed in zip(cases, found, strict=True)}


async def _observe(case: dict[str, Any], runtime: Runtime, servers: AsyncExitStack) -> dict[str, Any]:
    server = await servers.enter_async_context(golden.mock(case.get("http", [])))
    job = _job(case["job"], str(server.port))
    commands = [command(await execute(job, rest, runtime)) for _ in range(case.get("repeat", 1))]
    observed = {**commands[-1], "requests": list(server.requests)}
    if len(commands) > 1:
        observed["earlier"] = commands[:-1]
    return golden.normalise(observed, server.port)


def _job(recorded: Mapping[str, Any], port: str) -> Job:
    headers = json.loads(json.dumps(recorded.get("customHeaders", {})).replace("{PORT}", port))
    if "variablesRaw" in recorded:
        variables = recorded["variablesRaw"]
    else:
        variables = json.dumps(recorded["variables"], ensure_ascii=False)
    return Job(
        key=2251799813685249,
        type=rest.type,
        variables=_fetched(variables.replace("{PORT}", port)),
        headers=headers,
        retries=recorded.get("retries", 3),
        process_id="golden",
        element_id="call",
        **({"tenant_id": recorded["tenantId"]} if "tenantId" in recorded else {}),
    )


def _fetched(variables: str) -> str:
    """As Zeebe does: of the variables only those that the connector fetches."""
    try:
        parsed = json.loads(variables)
    except ValueError:
        return variables
    if not isinstance(parsed, dict) or set(parsed) <= set(rest.variables):
        return variables
    return json.dumps({name: value for name, value in parsed.items() if name in rest.variables}, ensure_ascii=False)


def command(outcome: Outcome) -> dict[str, Any]:
    """An outcome as the recorder writes the command that comes of it."""
    variables = json.loads(to_json(outcome.variables))
    match outcome:
        case Completed() | Ignored():
            return {"command": "complete", "variables": variables}
        case Thrown():
            return {
                "command": "throw",
                "errorCode": outcome.code,
                "errorMessage": outcome.message,
                "variables": variables,
            }
        case Failed():
            return {
                "command": "fail",
                "retries": outcome.retries,
                "retryBackOff": outcome.backoff_ms or 0,
                "errorMessage": outcome.message,
                "variables": variables,
            }


def main() -> int:
    """The table of agreement; status 1 when a case disagrees that is not listed as a deviation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="regular expression on case ids")
    parser.add_argument("--show", type=int, default=10, help="how many disagreements to show")
    parser.add_argument("--messages", action="store_true", help="compare messages too")
    wanted = parser.parse_args()
    if why := golden.missing():
        sys.exit(why)
    cases = [case for case in golden.cases() if re.search(wanted.only, case["id"])]
    observed = asyncio.run(observe_all(cases))
    aspects = (*golden.ASPECTS, "message") if wanted.messages else golden.ASPECTS
    differing = {case["id"]: list(golden.differences(case, observed[case["id"]], aspects)) for case in cases}
    _print_table(cases, differing)
    unlisted = {name: found for name, found in differing.items() if found and name not in REST}
    for name, found in list(unlisted.items())[: wanted.show]:
        print(f"\n{name}")
        print("\n".join(f"  {line}" for line in found))
    agreeing = [name for name, found in differing.items() if not found and name in REST]
    if agreeing:
        print(f"\nlisted as deviations, and agree: {', '.join(agreeing)}")
    return 1 if unlisted else 0


def _print_table(cases: list[dict[str, Any]], differing: Mapping[str, list[str]]) -> None:
    count = Counter(case["area"] for case in cases)
    agree = Counter(case["area"] for case in cases if not differing[case["id"]])
    listed = Counter(case["area"] for case in cases if differing[case["id"]] and case["id"] in REST)
    print(f"{'area':<10}{'cases':>7}{'agree':>7}{'listed':>8}{'differ':>8}")
    for area in [*sorted(count), "total"]:
        row = (
            [count.total(), agree.total(), listed.total()]
            if area == "total"
            else [count[area], agree[area], listed[area]]
        )
        print(f"{area:<10}{row[0]:>7}{row[1]:>7}{row[2]:>8}{row[0] - row[1] - row[2]:>8}")


if __name__ == "__main__":
    sys.exit(main())
