"""All that a connector's author imports."""

from zelery.correlation import EngineRefused, Failed, Handling, InvalidInput, Result
from zelery.errors import BpmnError, ConnectorError, InputError, RetryError
from zelery.model import Job
from zelery.sdk.connector import Context, Input, OutboundConnector, Resource, outbound
from zelery.sdk.expressions import FEEL_TEXT, Duration, Expression, ExpressionError, Feel, FeelText
from zelery.sdk.inbound import InboundConnector, InboundContext, polling, subscription, webhook
from zelery.sdk.webhook_body import body_of, params_of
from zelery.sdk.webhooks import RefusalError, Request, Response, answer
from zelery.settings import Settings

__all__ = [
    "FEEL_TEXT",
    "BpmnError",
    "ConnectorError",
    "Context",
    "Duration",
    "EngineRefused",
    "Expression",
    "ExpressionError",
    "Failed",
    "Feel",
    "FeelText",
    "Handling",
    "InboundConnector",
    "InboundContext",
    "Input",
    "InputError",
    "InvalidInput",
    "Job",
    "OutboundConnector",
    "RefusalError",
    "Request",
    "Resource",
    "Response",
    "Result",
    "RetryError",
    "Settings",
    "answer",
    "body_of",
    "outbound",
    "params_of",
    "polling",
    "subscription",
    "webhook",
]
