"""The service of the gateway protocol: its methods, and stubs to call them."""

from __future__ import annotations

import dataclasses
from typing import Any

from google.protobuf.message import Message

from zelery.camunda.proto import gateway_pb2 as pb

#: The service's name on the wire.
SERVICE = "gateway_protocol.Gateway"


@dataclasses.dataclass(frozen=True, slots=True)
class Method:
    """A method of the service."""

    name: str
    request: type[Message]
    response: type[Message]
    streams: bool = False
    """Whether it answers with a stream."""

    @property
    def path(self) -> str:
        """Its path on the wire."""
        return f"/{SERVICE}/{self.name}"


METHODS = (
    Method("ActivateJobs", pb.ActivateJobsRequest, pb.ActivateJobsResponse, streams=True),
    Method("StreamActivatedJobs", pb.StreamActivatedJobsRequest, pb.ActivatedJob, streams=True),
    Method("BroadcastSignal", pb.BroadcastSignalRequest, pb.BroadcastSignalResponse),
    Method("CancelProcessInstance", pb.CancelProcessInstanceRequest, pb.CancelProcessInstanceResponse),
    Method("CompleteJob", pb.CompleteJobRequest, pb.CompleteJobResponse),
    Method("CreateProcessInstance", pb.CreateProcessInstanceRequest, pb.CreateProcessInstanceResponse),
    Method(
        "CreateProcessInstanceWithResult",
        pb.CreateProcessInstanceWithResultRequest,
        pb.CreateProcessInstanceWithResultResponse,
    ),
    Method("DeleteResource", pb.DeleteResourceRequest, pb.DeleteResourceResponse),
    Method("DeployProcess", pb.DeployProcessRequest, pb.DeployProcessResponse),
    Method("DeployResource", pb.DeployResourceRequest, pb.DeployResourceResponse),
    Method("EvaluateDecision", pb.EvaluateDecisionRequest, pb.EvaluateDecisionResponse),
    Method("FailJob", pb.FailJobRequest, pb.FailJobResponse),
    Method("MigrateProcessInstance", pb.MigrateProcessInstanceRequest, pb.MigrateProcessInstanceResponse),
    Method("ModifyProcessInstance", pb.ModifyProcessInstanceRequest, pb.ModifyProcessInstanceResponse),
    Method("PublishMessage", pb.PublishMessageRequest, pb.PublishMessageResponse),
    Method("ResolveIncident", pb.ResolveIncidentRequest, pb.ResolveIncidentResponse),
    Method("SetVariables", pb.SetVariablesRequest, pb.SetVariablesResponse),
    Method("ThrowError", pb.ThrowErrorRequest, pb.ThrowErrorResponse),
    Method("Topology", pb.TopologyRequest, pb.TopologyResponse),
    Method("UpdateJobRetries", pb.UpdateJobRetriesRequest, pb.UpdateJobRetriesResponse),
    Method("UpdateJobTimeout", pb.UpdateJobTimeoutRequest, pb.UpdateJobTimeoutResponse),
)


class GatewayStub:
    """Calls of the service over a channel, each an attribute by the method's name.

    Args:
        channel: A gRPC channel, of asyncio or blocking.
    """

    def __init__(self, channel: Any) -> None:
        for method in METHODS:
            call = channel.unary_stream if method.streams else channel.unary_unary
            setattr(
                self,
                method.name,
                call(
                    method.path,
                    request_serializer=method.request.SerializeToString,
                    response_deserializer=method.response.FromString,
                ),
            )
