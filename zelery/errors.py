"""Everything that Zelery raises on purpose.

    ZeleryError
    ├── SettingError          a setting has a value that cannot be used
    │   └── NotInstalledError a connector needs a package that is not installed
    ├── UnavailableError      Zeebe or Redis cannot be reached
    ├── LostLeaseError        another holds what this process held
    ├── GatewayError          Zeebe refused a command
    │   ├── NotFoundError     what the command was about is gone
    │   ├── DuplicateError    a message with this id is there already
    │   └── PushbackError     Zeebe is busy, or was not reached: try again
    ├── SourceError           a source of process definitions did not answer as it should
    │   ├── SourceUnavailableError  … it was not reached, or is busy: try again
    │   ├── SourceRefusedError      … and somebody must do something about it first
    │   └── SourceNotFoundError     … because it has no such thing
    ├── ModelError            a BPMN file cannot be read, or lacks the process asked for
    │   └── PropertyError     a property of one of its elements cannot be used
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


class LostLeaseError(ZeleryError):
    """Another holds what this process held."""


class GatewayError(ZeleryError):
    """Zeebe refused a command."""

    def __init__(self, message: str, *, status: str = "UNKNOWN", details: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        """The gRPC status by name: `INVALID_ARGUMENT`."""
        self.details = message if details is None else details
        """Zeebe's own words."""


class NotFoundError(GatewayError):
    """What the command was about is gone: completed, cancelled, or leased to another."""


class DuplicateError(GatewayError):
    """A message with this id, name and correlation key is there already."""


class PushbackError(GatewayError):
    """Zeebe is busy or was not reached: the same command may succeed later."""


class SourceError(ZeleryError):
    """A source of process definitions did not answer as it should."""


class SourceUnavailableError(SourceError):
    """The source was not reached, or is busy: the same call may succeed later."""


class SourceRefusedError(SourceError):
    """The source does not take the call, and will not before somebody does what the message says."""


class SourceNotFoundError(SourceError):
    """The source has no such thing."""


class ModelError(ZeleryError):
    """A BPMN file cannot be read, or lacks the process that was asked for."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line
        """Where in the file, counted from 1; none where the fault is in no one line."""


class PropertyError(ModelError):
    """A property of an element cannot be used."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"property {key}: {message}")
        self.key = key


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
