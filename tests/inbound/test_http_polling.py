"""HTTP polling over Operate's API: who waits is asked for, each with its own variables, and nobody else."""

from __future__ import annotations

import asyncio
import collections
import dataclasses
import json
import pathlib

import grpc
import pytest
from pyzeebe.proto import gateway_pb2, gateway_pb2_grpc

from tests.conftest import Cluster
from tests.inbound.whole import Way, way
from tests.zelery.camunda.definitions.test_real import taken
from tests.zelery.sdk.http.servers import Server, serving
from zelery.local.engine import PASSWORD, USERNAME

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

#: Requests for one instance after which another one's would have come too.
ROUNDS = 5


def parcels(process_id: str, port: int, version: str) -> bytes:
    """It waits until a parcel has arrived, as it asks a service for the parcel of its own; then there is a job."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="tests">
<bpmn:message id="m" name="{process_id}"><bpmn:extensionElements>
<zeebe:subscription correlationKey="=parcel"/></bpmn:extensionElements></bpmn:message>
<bpmn:process id="{process_id}" isExecutable="true">
<bpmn:startEvent id="start"/>
<bpmn:intermediateCatchEvent id="arrived"><bpmn:extensionElements><zeebe:properties>
<zeebe:property name="inbound.type" value="io.camunda:http-polling:1"/>
<zeebe:property name="method" value="get"/>
<zeebe:property name="url" value="=&quot;http://127.0.0.1:{port}/{version}/&quot; + parcel"/>
<zeebe:property name="headers" value="={{&quot;X-Owner&quot;: owner.name}}"/>
<zeebe:property name="authentication.type" value="noAuth"/>
<zeebe:property name="httpRequestInterval" value="PT1S"/>
<zeebe:property name="operatePollingInterval" value="PT1S"/>
<zeebe:property name="correlationKeyExpression" value="=body.parcel"/>
<zeebe:property name="activationCondition" value="=body.state = &quot;arrived&quot;"/>
<zeebe:property name="resultExpression" value="={{state: body.state, status: status}}"/>
</zeebe:properties></bpmn:extensionElements>
<bpmn:messageEventDefinition messageRef="m"/></bpmn:intermediateCatchEvent>
<bpmn:serviceTask id="hand-over"><bpmn:extensionElements>
<zeebe:taskDefinition type="{process_id}"/></bpmn:extensionElements></bpmn:serviceTask>
<bpmn:endEvent id="end"/>
<bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="arrived"/>
<bpmn:sequenceFlow id="f2" sourceRef="arrived" targetRef="hand-over"/>
<bpmn:sequenceFlow id="f3" sourceRef="hand-over" targetRef="end"/>
</bpmn:process></bpmn:definitions>""".encode()


@dataclasses.dataclass
class Post:
    """The service: where parcels are, and how often it was asked for each."""

    arrived: set[str] = dataclasses.field(default_factory=set)
    asked: collections.Counter[tuple[str, str]] = dataclasses.field(default_factory=collections.Counter)
    """By path and owner."""

    async def __call__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await server.request(reader)).decode()
            path = head.split()[1]
            owner = next((line[9:] for line in head.split("\r\n") if line.startswith("X-Owner: ")), "")
            self.asked[path, owner] += 1
            parcel = path.rpartition("/")[2]
            state = "arrived" if parcel in self.arrived else "on its way"
            body = json.dumps({"parcel": parcel, "state": state}).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()

    async def more(self, of: Way, *requests: tuple[str, str]) -> None:
        """Wait for further requests for each of these."""
        before = self.asked.copy()

        async def came() -> bool:
            return all(self.asked[each] >= before[each] + ROUNDS for each in requests)

        await of.until(came, f"the service is not asked for {requests}, but for {dict(self.asked)}")

    async def no_more(self, of: Way, request: tuple[str, str], than: tuple[str, str]) -> None:
        """Wait until one is not asked for any more while another one is."""

        async def ended() -> bool:
            before = self.asked[request]
            await self.more(of, than)
            return self.asked[request] == before

        await of.until(ended, f"the service is asked for {request} for ever")


def cancel(engine: str, instance: int) -> None:
    with grpc.insecure_channel(engine) as channel:
        request = gateway_pb2.CancelProcessInstanceRequest(processInstanceKey=instance)
        gateway_pb2_grpc.GatewayStub(channel).CancelProcessInstance(request, timeout=60)


async def test_each_instance_that_waits_is_polled_for_as_long_as_it_waits(
    camunda: Cluster, redis_url: str, tmp_path: pathlib.Path
) -> None:
    environment = {
        "CAMUNDA_OPERATE_CLIENT_URL": camunda.operate,
        "CAMUNDA_OPERATE_CLIENT_USERNAME": USERNAME,
        "CAMUNDA_OPERATE_CLIENT_PASSWORD": PASSWORD,
    }
    post = Post()
    async with serving(post) as server, way(camunda.gateway, redis_url, tmp_path, **environment) as of:
        await taken(lambda: of.gateway.deploy({"parcels.bpmn": parcels(of.process_id, server.port, "v1")}))
        for parcel, owner in {"a": "Ada", "b": "Bob"}.items():
            started = await of.gateway.start(of.process_id, {"parcel": parcel, "owner": {"name": owner}})
        ada, bob = ("/v1/a", "Ada"), ("/v1/b", "Bob")

        # Each with its variables; nothing that does not meet the condition moves an instance.
        await post.more(of, ada, bob)
        post.arrived.add("a")
        expected = {"parcel": "a", "owner": {"name": "Ada"}, "state": "arrived", "status": 200}
        assert await of.arrived() == expected
        await post.no_more(of, ada, than=bob)

        # A new version: who waits in the old one is polled as the old one says.
        await taken(lambda: of.gateway.deploy({"parcels.bpmn": parcels(of.process_id, server.port, "v2")}))
        newer = await of.gateway.start(of.process_id, {"parcel": "c", "owner": {"name": "Cyd"}})
        cyd = ("/v2/c", "Cyd")
        await post.more(of, cyd, bob)

        cancel(camunda.gateway, started)
        await post.no_more(of, bob, than=cyd)
        assert post.asked.keys() <= {ada, bob, cyd, ("/v1/null", ""), ("/v2/null", "")}

        async with of.client.get("/inbound") as response:
            ours = [each for each in await response.json() if each["elements"][0]["bpmnProcessId"] == of.process_id]
        shown = [each for each in ours if each["elements"][0]["version"] == 2]
        assert [each["health"] for each in shown] == [
            {"status": "UP", "error": None, "details": {"Process instances": 1}}
        ]
        cancel(camunda.gateway, newer)
