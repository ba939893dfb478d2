"""Everything that Zelery raises on purpose.

    ZeleryError
    ├── SettingError          a setting has a value that cannot be used
    │   └── NotInstalledError a connector needs a package that is not installed
    ├── UnavailableError      Zeebe or Redis cannot be reached
    ├── GatewayError          Zeebe refused a command
    │   ├── NotFoundError     what the command was about is gone
    │   └── PushbackError     Zeebe is busy, or was not reached: try again
    ├── UnknownConnectorError no connector is installed for a job type
    └── ConnectorError        a connector did not succeed; the engine's retries apply
        ├── RetryError        … and says itself how often and when to try again
        ├── InputError        what the model gave cannot be used: trying again is no use
        └── BpmnError         … and the model is asked to catch it

The lower branch is an instruction: what a connector raises says what becomes of the job. Any other exception of a
connector is a failure with the engine's retries.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class ZeleryError(Exception):
    """Something in Zelery went wrong."""


class SettingError(ZeleryError):
    """A setting has a value that cannot be used."""


class NotInstalledError(SettingError):
    """A connector needs a package that is not installed."""

    def __init__(self, connector: str, remedy: str) -> None:
        super().__init__(f"connector {connector} is not installed: {remedy}")
        self.connector = connector
        self.remedy = remedy


class UnavailableError(ZeleryError):
    """A server cannot be reached."""


class GatewayError(ZeleryError):
    """Zeebe refused a command."""


class NotFoundError(GatewayError):
    """What the command was about is gone: completed, cancelled, or leased to another."""


class PushbackError(GatewayError):
    """Zeebe is busy or was not reached: the same command may succeed later."""


class UnknownConnectorError(ZeleryError):
    """No connector is installed for a job type."""


class ConnectorError(ZeleryError):
    """A connector did not succeed. The job fails and keeps the engine's retries, less this attempt."""

    #: What a model sees as `error.type`: the Java runtime's class names, because models compare them.
    java_type: ClassVar[str] = "io.camunda.connector.api.error.ConnectorException"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        variables: Mapping[str, Any] | None = None,
        error_type: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.variables = variables
        self.error_type = error_type or self.java_type


class RetryError(ConnectorError):
    """A connector did not succeed and says itself how many attempts are left and how long to wait."""

    java_type = "io.camunda.connector.api.error.ConnectorRetryException"

    def __init__(
        self, message: str, *, retries: int | None = None, backoff_s: float | None = None, code: str | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.retries = retries
        self.backoff_s = backoff_s


class InputError(ConnectorError):
    """What the model gave the connector cannot be used: no attempt is left, an incident shows it."""

    java_type = "io.camunda.connector.api.error.ConnectorInputException"


class BpmnError(ConnectorError):
    """A case that the model should catch: thrown as a BPMN error with this code."""

    def __init__(self, code: str, message: str = "", *, variables: Mapping[str, Any] | None = None) -> None:
        super().__init__(message, code=code, variables=variables)
