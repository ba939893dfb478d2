"""All that a connector's author imports."""

from zelery.errors import BpmnError, ConnectorError, InputError, RetryError
from zelery.model import Job
from zelery.sdk.connector import Context, Input, OutboundConnector, Resource, outbound
from zelery.settings import Settings

__all__ = [
    "BpmnError",
    "ConnectorError",
    "Context",
    "Input",
    "InputError",
    "Job",
    "OutboundConnector",
    "Resource",
    "RetryError",
    "Settings",
    "outbound",
]
