"""AWS for connectors, by `boto3`: what models write about who asks and where, the calls, and what their failures are.

    class Publish(AwsInput):
        topic: Annotated[Topic, Must(NOT_NULL)]

    aws = await context.use(open_aws)
    answer = await aws.call(SNS, account(given, given.topic.region), "publish", TopicArn=given.topic.topic_arn)

Proxies and certificate authorities come from the environment, as every AWS tool finds them (`HTTPS_PROXY`,
`AWS_CA_BUNDLE`), and so do credentials where a model asks for the default chain.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    InvalidRegionError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)
from botocore.parsers import ResponseParserError
from pydantic import BeforeValidator, Field, model_validator

from zelery.errors import ConnectorError, InputError
from zelery.model import to_json
from zelery.sdk.connector import Input
from zelery.sdk.types import NOT_BLANK, NOT_EMPTY, NOT_NULL, Must, Text, map_of_texts
from zelery.settings import Settings

#: Accounts whose connections are kept; the one that was longest not asked for goes.
ACCOUNTS_MAX = 64
#: Tries of one call, the first among them, where AWS or the network says that another may help.
_ATTEMPTS = 3
_CONNECT_S = 10
#: Longer than the longest poll of a queue, 20 s.
_READ_S = 50


class Credentials(Input):
    """Keys that the model names, as secrets."""

    type: Literal["credentials"]
    access_key: Annotated[Text, Must(NOT_BLANK)]
    secret_key: Annotated[Text, Must(NOT_BLANK)]


class DefaultChain(Input):
    """Whatever AWS's tools find where this process runs: variables, files, a role."""

    type: Literal["defaultCredentialsChain"]


def _typed(value: Any) -> Any:
    """The first templates had no other kind than keys, and did not name it."""
    return {**value, "type": "credentials"} if isinstance(value, Mapping) and value.get("type") is None else value


Authentication = Annotated[
    Credentials | DefaultChain, Field(discriminator="type"), BeforeValidator(_typed), Must(NOT_NULL)
]


class Configuration(Input):
    """Where."""

    region: Text | None = None
    endpoint: Text | None = None


class AwsInput(Input):
    """What all AWS connectors are given."""

    authentication: Authentication = Field(repr=False)
    configuration: Configuration = Configuration()


class MessageAttribute(Input):
    """A message's attribute; AWS's own spelling of the names is as good."""

    data_type: Annotated[Text, Must(NOT_BLANK)]
    string_value: Annotated[Text, Must(NOT_EMPTY)]

    @model_validator(mode="before")
    @classmethod
    def _aws_spelling(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        return {name[:1].lower() + name[1:]: value for name, value in given.items()}


MessageAttributes = Annotated[dict[str, MessageAttribute], BeforeValidator(map_of_texts)]


def written(value: Any) -> str:
    """A message's text: text as it is, anything else as JSON. Half of a character becomes `?`, as in Java."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else to_json(value)


def attributes(given: Mapping[str, MessageAttribute] | None) -> dict[str, dict[str, str]]:
    """A message's attributes as AWS takes them."""
    return {
        name: {"DataType": each.data_type, "StringValue": each.string_value} for name, each in (given or {}).items()
    }


@dataclasses.dataclass(frozen=True, kw_only=True)
class Service:
    """One of AWS's services."""

    name: str
    """As boto3 calls it: `sqs`."""
    title: str
    """As its errors call it: `Sqs`."""


SQS = Service(name="sqs", title="Sqs")
SNS = Service(name="sns", title="Sns")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Account:
    """Who asks, and where."""

    region: str
    """Its name: `eu-central-1`."""
    endpoint: str | None
    """The server's URL, where it is not AWS's own."""
    keys: tuple[str, str] | None = dataclasses.field(repr=False)
    """Access key and secret key; None is the default chain."""


def account(given: AwsInput, region: str | None = None, endpoint: str | None = None) -> Account:
    """The account of an input. `region` and `endpoint` are what counts where its configuration has none.

    Raises InputError when nothing says the region.
    """
    found = given.configuration.region or region
    if not found or not found.strip():
        raise InputError(
            "Found constraints violated while validating input: - configuration.region: must not be empty",
            error_type="jakarta.validation.ValidationException",
        )
    login = given.authentication
    return Account(
        region=found.strip(),
        endpoint=given.configuration.endpoint or endpoint,
        keys=None if isinstance(login, DefaultChain) else (login.access_key, login.secret_key),
    )


class Aws:
    """The connections of one process: threads and jobs share them, each account and service has its own."""

    def __init__(self, threads: ThreadPoolExecutor, connections: int, *, default_chain: bool = True) -> None:
        self._threads = threads
        self._default_chain = default_chain
        self._config = Config(
            connect_timeout=_CONNECT_S,
            read_timeout=_READ_S,
            retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
            max_pool_connections=connections,
        )
        self._lock = threading.Lock()
        self._session: Any = None
        self._clients: OrderedDict[tuple[str, Account], Any] = OrderedDict()

    async def call(self, service: Service, who: Account, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer to an operation, by boto3's names for it and its parameters; those that are None are left out.

        Raises InputError for what AWS cannot even be asked, and ConnectorError for what it refuses and for no answer.
        """
        ask = partial(self.ask, service, who, operation, **parameters)
        return await asyncio.get_running_loop().run_in_executor(self._threads, ask)

    def ask(self, service: Service, who: Account, operation: str, **parameters: Any) -> dict[str, Any]:
        """As `call`, in the thread that asks."""
        given = {name: value for name, value in parameters.items() if value is not None}
        try:
            answer: dict[str, Any] = getattr(self._client(service, who), operation)(**given)
        except ClientError as error:
            raise _refused(service, error) from None
        except (ParamValidationError, InvalidRegionError, UnicodeEncodeError) as error:
            raise InputError(f"Amazon {service.title.upper()} cannot be asked: {_unusable(error)}") from None
        except (BotoCoreError, ResponseParserError) as error:
            raise _unanswered(service, who, error) from None
        return answer

    def _client(self, service: Service, who: Account) -> Any:
        """One at a time: a session is not made for several threads, clients are."""
        with self._lock:
            found = self._clients.get((service.name, who))
            if found is None:
                found = self._clients[service.name, who] = self._opened(service, who)
                if len(self._clients) > ACCOUNTS_MAX:
                    self._clients.popitem(last=False)  # Calls may be under way: the last of them closes it.
            self._clients.move_to_end((service.name, who))
            return found

    def _opened(self, service: Service, who: Account) -> Any:
        if who.keys is None and not self._default_chain:
            raise InputError(
                "authentication: the default credentials chain is not allowed here (CAMUNDA_CONNECTOR_RUNTIME_SAAS); "
                "name an access key and a secret key, as secrets"
            )
        self._session = self._session or boto3.Session()
        access_key, secret_key = who.keys or (None, None)
        try:
            return self._session.client(
                service.name,
                region_name=who.region,
                endpoint_url=who.endpoint,
                aws_access_key_id=access_key,
                aws_secret_access_key=secret_key,
                config=self._config,
            )
        except InvalidRegionError:
            raise
        except ValueError:
            raise InputError(
                f"configuration.endpoint: {who.endpoint!r} is no URL; write one like https://sqs.example.org"
            ) from None

    @property
    def accounts(self) -> int:
        """How many have connections here."""
        return len(self._clients)

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()


@asynccontextmanager
async def open_aws(settings: Settings) -> AsyncIterator[Aws]:
    """The resource: `await context.use(open_aws)`. Nothing is asked here."""
    logging.getLogger("botocore").setLevel(logging.INFO)  # At DEBUG it logs messages, and session tokens.
    threads = ThreadPoolExecutor(settings.worker_threads, thread_name_prefix="aws")
    aws = Aws(threads, settings.worker_threads, default_chain=not settings.runtime_saas)
    try:
        yield aws
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        aws.close()


def _refused(service: Service, error: ClientError) -> ConnectorError:
    """What AWS answered, in the words of Java's client and with AWS's code, which models look for."""
    told = error.response.get("Error", {})
    meta = error.response.get("ResponseMetadata", {})
    # Those that boto3 knows by name are those that Java's client has a class for.
    known = type(error).__name__ if type(error) is not ClientError else service.title
    return ConnectorError(
        f"{told.get('Message') or 'Unknown'} (Service: {service.title}, Status Code: {meta.get('HTTPStatusCode')}, "
        f"Error Code: {told.get('Code')}, Request ID: {meta.get('RequestId')})",
        error_type=f"software.amazon.awssdk.services.{service.name}.model."
        f"{known.removesuffix('Exception').replace('KMS', 'Kms')}Exception",
    )


def _unusable(error: Exception) -> str:
    if isinstance(error, UnicodeEncodeError):
        return "a text holds half of a character (a lone surrogate)"
    return str(error)


def _unanswered(service: Service, who: Account, error: Exception) -> ConnectorError:
    if isinstance(error, (NoCredentialsError, PartialCredentialsError)):
        why = "the default credentials chain finds none here; set AWS_ACCESS_KEY_ID and so on, or a role"
    else:
        why = f"{str(error).rstrip('.')} ({type(error).__name__})"
    where = who.endpoint or f"region {who.region}"
    return ConnectorError(
        f"Amazon {service.title.upper()} at {where} cannot be asked: {why}",
        error_type="software.amazon.awssdk.core.exception.SdkClientException",
    )
