"""All that a connector's author imports."""

from zelery.correlation import Handling, Result
from zelery.errors import BpmnError, ConnectorError, InputError, RetryError
from zelery.model import Job
from zelery.sdk.connector import Context, Input, OutboundConnector, Resource, outbound
from zelery.sdk.expressions import FEEL_TEXT, Duration, Expression, ExpressionError, Feel, FeelText
from zelery.sdk.inbound import InboundConnector, InboundContext, polling, subscription, webhook
from zelery.sdk.webhooks import RefusalError, Request, Response, answer
from zelery.settings import Settings

__all__ = [
    "FEEL_TEXT",
    "BpmnError",
    "ConnectorError",
    "Context",
    "Duration",
    "Expression",
    "ExpressionError",
    "Feel",
    "FeelText",
    "Handling",
    "InboundConnector",
    "InboundContext",
    "Input",
    "InputError",
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
    "outbound",
    "polling",
    "subscription",
    "webhook",
]
