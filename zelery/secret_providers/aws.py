"""Secrets of AWS Secrets Manager, by `boto3`.

Credentials, profile and endpoint come from AWS's own environment variables, files and roles, as every AWS tool finds
them. AWS's names have no `<` and `>`: for the tenant `<default>`, where names hold the tenant, write one JSON secret.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
)

from zelery.errors import SettingError
from zelery.secret_providers.entries import entry, text
from zelery.secret_providers.threads import THREADS, Threads
from zelery.secrets import Place, SecretError, composed
from zelery.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

#: What AWS allows in a name; so a model cannot write an ARN, which leads out of the prefix.
_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")
_ATTEMPTS = 2

_LOGIN = "check AWS's credentials, and the clock of this machine"
#: What to do, by AWS's error code; a bare status is from somebody in between.
_REMEDIES = {
    "403": "see that nothing in between refuses it: a proxy, the policy of a VPC endpoint",
    "AccessDeniedException": "allow secretsmanager:GetSecretValue on it, and kms:Decrypt on its key",
    "DecryptionFailure": "allow kms:Decrypt on its key",
    "ExpiredTokenException": "renew AWS's credentials",
    "InvalidRequestException": "it is scheduled for deletion, or has no value yet",
    "InvalidSignatureException": _LOGIN,
    "ThrottlingException": "raise ZELERY_SECRET_CACHE_S, or keep many secrets in one JSON secret",
    "UnrecognizedClientException": _LOGIN,
}


class SecretsManager:
    """One account's secrets in one region."""

    def __init__(self, settings: Settings, client: SecretsManagerClient, threads: Threads) -> None:
        self._client = client
        self._threads = threads
        self._path = settings.aws_secret
        self._composed = composed(settings)

    async def find(self, name: str, place: Place) -> str | None:
        """The value of a secret. Raises SecretError when AWS does not say."""
        where = entry(self._path, self._composed(name, place))
        if where is None or not _NAME.fullmatch(where.path):
            return None
        value = await self._threads.call(partial(self._value, where.path))
        if value is None or where.key is None:
            return value
        return text(self._values(where.path, value), where.key)

    def _value(self, secret: str) -> str | None:
        try:
            answer = self._client.get_secret_value(SecretId=secret)
            return answer["SecretString"] if "SecretString" in answer else answer["SecretBinary"].decode()
        except self._client.exceptions.ResourceNotFoundException:
            return None
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "an error")
            fault, remedy = f"answers {code} for", _REMEDIES.get(code, "AWS's CloudTrail says why")
        except (NoCredentialsError, PartialCredentialsError):
            fault, remedy = "cannot be asked without credentials for", "set AWS_ACCESS_KEY_ID and so on, or a role"
        except UnicodeDecodeError:
            fault, remedy = "has bytes that are not text in", "store it as text"
        except BotoCoreError as error:
            fault = f"cannot be asked ({type(error).__name__}) for"
            remedy = "check AWS_REGION, AWS_ENDPOINT_URL_SECRETS_MANAGER, and the way to it"
        raise SecretError(f"{self._threads.store} {fault} {secret!r}: {remedy}")

    def _values(self, secret: str, value: str) -> Mapping[str, Any]:
        try:
            values = json.loads(value)
        except ValueError:
            values = None
        if not isinstance(values, dict):
            raise SecretError(
                f"{self._threads.store} has no JSON object in {secret!r}: write one whose keys are the secrets, "
                "or put {name} into ZELERY_AWS_SECRET"
            )
        return values


@asynccontextmanager
async def aws(settings: Settings) -> AsyncIterator[SecretsManager]:
    """The provider `aws`. Nothing is asked here: an AWS that is down must not keep a worker from starting.

    Raises SettingError when the settings cannot work.
    """
    logging.getLogger("botocore").setLevel(logging.INFO)  # At DEBUG it logs what AWS answers, and session tokens.
    limit_s = settings.secret_timeout_s
    config = Config(
        connect_timeout=limit_s,
        read_timeout=limit_s,
        retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
        max_pool_connections=THREADS,
    )
    try:
        client = boto3.Session(region_name=settings.aws_region).client("secretsmanager", config=config)
    except NoRegionError:
        raise SettingError("AWS_REGION is not set; the secret provider aws needs it, like eu-central-1") from None
    except (BotoCoreError, ValueError) as error:
        raise SettingError(f"the secret provider aws cannot be opened: {error}") from None
    with Threads.open(f"AWS Secrets Manager at {client.meta.endpoint_url}", limit_s) as threads:
        try:
            yield SecretsManager(settings, client, threads)
        finally:
            client.close()
