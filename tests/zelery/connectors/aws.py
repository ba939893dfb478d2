"""What the tests of AWS connectors share: how a model logs in, and a job that runs."""

from __future__ import annotations

import json
from typing import Any

from tasks.execute import execute
from tests.servers.aws import ACCESS_KEY, REGION, SECRET_KEY
from zelery.model import Job, Outcome
from zelery.runtime import Runtime
from zelery.sdk import OutboundConnector, Settings

SETTINGS = Settings.read({"ZELERY_SECRET_PROVIDERS": "environment"})
SECRETS = {"SECRET_ACCESS": ACCESS_KEY, "SECRET_KEY": SECRET_KEY}
CREDENTIALS = {"type": "credentials", "accessKey": "{{secrets.ACCESS}}", "secretKey": "{{secrets.KEY}}"}
#: What the templates write beside the message, whatever is chosen.
AUTHENTICATED: dict[str, Any] = {"authentication": CREDENTIALS, "configuration": {"region": REGION}}


async def outcome_of(connector: OutboundConnector, variables: dict[str, Any]) -> Outcome:
    """What a job comes to for which Zeebe fetched the variables that the connector asks for."""
    fetched = {name: value for name, value in variables.items() if name in connector.variables}
    job = Job(key=1, type=connector.type, variables=json.dumps(fetched), headers={"resultVariable": "r"})
    async with Runtime.open(SETTINGS, SECRETS) as runtime:
        return await execute(job, connector, runtime)
