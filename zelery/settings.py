"""One typed record of everything that can be set, read from the environment once, at start.

Official names (`ZEEBE_*`, `CAMUNDA_*`, `CONNECTOR_*`) are understood as the Java runtime and Camunda's clients do
(`spec/outbound.md` §1.7); our own start with `ZELERY_`. The first name of a field is the one we document.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, NamedTuple, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
)
from pydantic.fields import FieldInfo

from zelery.camunda.cluster import ClusterSettings
from zelery.camunda.definitions.settings import DefinitionSettings
from zelery.errors import SettingError
from zelery.inbound_settings import InboundSettings
from zelery.setting import Duration, Words, aliases
from zelery.setting import setting as _set

#: `aliases` is asked for here by those who ask for the settings.
__all__ = ["Duration", "Settings", "Shown", "aliases", "mask_url", "shown"]

#: Camunda's own name for a connector's setting: CONNECTOR_HTTP_REST_TIMEOUT (`spec/outbound.md` §1.2).
_OVERRIDE = re.compile(r"CONNECTOR_(?P<connector>.+)_(?P<what>TYPE|TIMEOUT)")
_BLOCK = re.compile(r"CAMUNDA_CONNECTOR_HTTP_BLOCK_(URL|PORT|REGEX)(_.+)?")

ProxyScheme = Annotated[str, Field(pattern=r"^(http|https)$")]
#: A path, with {name} at most once.
SecretPath = Annotated[str, Field(pattern=r"^[^{}\s]*(\{name\}[^{}\s]*)?$", min_length=1)]
RedisUrl = Annotated[str, Field(pattern=r"^(rediss?|unix)://\S+$")]
BrokerUrl = Annotated[str, Field(pattern=r"^(rediss?|redis\+socket|sentinel|amqps?)://\S+$")]


class Settings(DefinitionSettings, InboundSettings, ClusterSettings):
    """Everything that can be set. `Settings.read()` reads the environment."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    # -- our own servers
    redis_url: RedisUrl = _set(
        "ZELERY_REDIS_URL",
        default="redis://127.0.0.1:6379/0",
        meaning="Redis: leases, counters, stores; and the broker.",
    )
    broker_url: BrokerUrl | None = _set(
        "ZELERY_BROKER_URL", default=None, meaning="Celery's broker (redis:// or amqp://); absent, the same Redis."
    )
    # -- jobs
    job_timeout: Duration = _set(
        "ZEEBE_CLIENT_JOB_TIMEOUT",
        "CAMUNDA_CLIENT_WORKER_DEFAULTS_TIMEOUT",
        "CAMUNDA_CLIENT_ZEEBE_DEFAULTS_TIMEOUT",
        default=timedelta(minutes=5),
        gt=timedelta(0),
        meaning="How long a connector may run, ISO 8601 or milliseconds; then its attempt fails.",
    )
    lease_s: float = _set(
        "ZELERY_LEASE_S",
        default=30.0,
        ge=1,
        le=3600,
        meaning="Seconds for which Zeebe leases us a job; extended while it runs: it bounds recovery, not work.",
    )
    fetch_stream: bool = _set(
        "ZELERY_FETCH_STREAM",
        "CAMUNDA_CLIENT_WORKER_DEFAULTS_STREAM_ENABLED",
        "CAMUNDA_CLIENT_ZEEBE_DEFAULTS_STREAM_ENABLED",
        "ZEEBE_CLIENT_DEFAULT_JOB_WORKER_STREAM_ENABLED",
        default=True,
        meaning="Have Zeebe push jobs as they are created, beside polling.",
    )
    fetch_batch: int = _set(
        "ZELERY_FETCH_BATCH",
        "CAMUNDA_CLIENT_WORKER_DEFAULTS_MAX_JOBS_ACTIVE",
        "CAMUNDA_CLIENT_ZEEBE_DEFAULTS_MAX_JOBS_ACTIVE",
        "ZEEBE_CLIENT_WORKER_MAX_JOBS_ACTIVE",
        default=100,
        ge=1,
        le=1000,
        meaning="Most jobs activated by one request.",
    )
    fetch_poll_s: float = _set(
        "ZELERY_FETCH_POLL_S",
        default=10.0,
        ge=0.1,
        le=300,
        meaning="Seconds for which Zeebe holds a poll open when there is no job.",
    )
    worker_concurrency: int = _set(
        "ZELERY_WORKER_CONCURRENCY", default=250, ge=1, le=10_000, meaning="Jobs in flight in one worker process."
    )
    worker_threads: int = _set(
        "ZELERY_WORKER_THREADS",
        default=32,
        ge=1,
        le=1000,
        meaning="Threads of one worker process for connectors that block.",
    )
    worker_processes: int = _set(
        "ZELERY_WORKER_PROCESSES",
        default=os.cpu_count() or 1,
        ge=1,
        le=256,
        meaning="Worker processes that `zelery run` starts: one a core.",
    )
    outbound_disabled: Words = _set(
        "CONNECTOR_OUTBOUND_DISABLED", default=(), meaning="Job types that are not served here, comma-separated."
    )
    connector_types: Mapping[str, str] = Field(
        default_factory=dict, description="CONNECTOR_<NAME>_TYPE: another job type for the connector of that name."
    )
    connector_timeouts: Mapping[str, Duration] = Field(
        default_factory=dict,
        description="CONNECTOR_<NAME>_TIMEOUT: the job timeout of the connector of that name, milliseconds.",
    )
    # -- secrets
    secret_prefix: str = _set(
        "CAMUNDA_CONNECTOR_SECRETPROVIDER_ENVIRONMENT_PREFIX",
        default="SECRET_",
        meaning="Environment variables with this prefix are secrets: {{secrets.TOKEN}} is SECRET_TOKEN.",
    )
    secret_environment: bool = _set(
        "CAMUNDA_CONNECTOR_SECRETPROVIDER_ENVIRONMENT_ENABLED",
        default=True,
        meaning="Whether the environment provides secrets.",
    )
    secret_providers: Words = _set(
        "ZELERY_SECRET_PROVIDERS",
        default=("environment", "directory"),
        meaning="Where secrets are looked up, in this order: environment, directory, vault, aws, others' by name.",
    )
    secret_directories: Words = _set(
        "ZELERY_SECRET_DIRECTORIES",
        default=("/run/secrets",),
        meaning="Directories with a file for each secret, comma-separated, as Docker and Kubernetes mount them.",
    )
    secret_tenant_aware: bool = _set(
        "CAMUNDA_CONNECTOR_SECRETPROVIDER_ENVIRONMENT_TENANTAWARE",
        default=False,
        meaning="Secrets are named <tenant>_<name>: each tenant has its own.",
    )
    secret_process_aware: bool = _set(
        "CAMUNDA_CONNECTOR_SECRETPROVIDER_ENVIRONMENT_PROCESSDEFINITIONAWARE",
        default=False,
        meaning="Secrets are named <BPMN process id>_<name>, after the tenant if both are on.",
    )
    secret_cache_s: float = _set(
        "ZELERY_SECRET_CACHE_S",
        default=30.0,
        ge=0,
        le=86_400,
        meaning="Seconds for which a secret's value is kept; a rotated secret is picked up after that.",
    )
    secret_timeout_s: float = _set(
        "ZELERY_SECRET_TIMEOUT_S", default=10.0, ge=0.1, le=300, meaning="Seconds for one question to Vault or AWS."
    )
    vault_address: str | None = _set("VAULT_ADDR", default=None, meaning="Vault's URL, for the provider `vault`.")
    vault_token: SecretStr | None = _set("VAULT_TOKEN", default=None, meaning="A token for Vault.")
    vault_namespace: str | None = _set("VAULT_NAMESPACE", default=None, meaning="Vault's namespace.")
    vault_ca_file: str | None = _set(
        "VAULT_CACERT", default=None, meaning="PEM file of the certificate authority that Vault's certificate is from."
    )
    vault_role_id: str | None = _set("VAULT_ROLE_ID", default=None, meaning="Log in to Vault as this AppRole.")
    vault_secret_id: SecretStr | None = _set("VAULT_SECRET_ID", default=None, meaning="The AppRole's secret id.")
    vault_kubernetes_role: str | None = _set(
        "ZELERY_VAULT_KUBERNETES_ROLE",
        default=None,
        meaning="Log in to Vault by the pod's service account as this role.",
    )
    vault_kubernetes_token_file: str = _set(
        "ZELERY_VAULT_KUBERNETES_TOKEN_FILE",
        default="/var/run/secrets/kubernetes.io/serviceaccount/token",
        meaning="File with the service account's token, read at each login.",
    )
    vault_login_mount: str | None = _set(
        "ZELERY_VAULT_LOGIN_MOUNT", default=None, meaning="Where the login is mounted: approle or kubernetes if unset."
    )
    vault_mount: str = _set("ZELERY_VAULT_MOUNT", default="secret", min_length=1, meaning="Mount of the KV engine.")
    vault_version: int = _set(
        "ZELERY_VAULT_KV_VERSION", default=2, ge=1, le=2, meaning="The KV engine's version: 1 or 2."
    )
    vault_path: SecretPath = _set(
        "ZELERY_VAULT_PATH",
        default="zelery",
        meaning="Path in the engine: an entry whose keys are the secrets, or with {name} one each, its key `value`.",
    )
    aws_region: str | None = _set(
        "AWS_REGION", "AWS_DEFAULT_REGION", default=None, meaning="Region; if unset, the AWS profile's."
    )
    aws_secret: SecretPath = _set(
        "ZELERY_AWS_SECRET",
        default="zelery/{name}",
        meaning="Secret in AWS Secrets Manager: with {name} one each, or one JSON object whose keys are the secrets.",
    )
    runtime_saas: bool = _set(
        "CAMUNDA_CONNECTOR_RUNTIME_SAAS",
        default=False,
        meaning="Whether models are strangers': then none may use AWS as this machine itself (the default chain).",
    )
    # -- HTTP
    http_blocks: Mapping[str, str] = Field(
        default_factory=dict,
        description="CAMUNDA_CONNECTOR_HTTP_BLOCK_URL, _PORT, _REGEX[_NAME]: addresses that models must not call.",
    )
    http_response_bytes_max: int = _set(
        "ZELERY_HTTP_RESPONSE_BYTES_MAX",
        default=16 * 2**20,
        ge=1024,
        le=2**30,
        meaning="Largest response body that HTTP connectors read, bytes, as sent and as decoded.",
    )
    http_ca_file: str | None = _set(
        "ZELERY_HTTP_CA_FILE",
        default=None,
        meaning="PEM file of certificates that connectors (HTTP, AMQP, IMAP) trust beside the system's authorities.",
    )
    http_certificate_file: str | None = _set(
        "ZELERY_HTTP_CERTIFICATE_FILE",
        default=None,
        meaning="PEM file of the client certificate that HTTP connectors show; it may hold its key.",
    )
    http_key_file: str | None = _set(
        "ZELERY_HTTP_KEY_FILE", default=None, meaning="PEM file of the client certificate's key."
    )
    http_proxy_host: str | None = _set(
        "CONNECTOR_HTTP_PROXY_HOST", default=None, meaning="Proxy for http URLs; its port must be set too."
    )
    http_proxy_port: int | None = _set(
        "CONNECTOR_HTTP_PROXY_PORT", default=None, ge=1, le=65535, meaning="The proxy's port."
    )
    http_proxy_scheme: ProxyScheme = _set(
        "CONNECTOR_HTTP_PROXY_SCHEME", default="http", meaning="How the proxy itself is called: http or https."
    )
    http_proxy_user: str | None = _set("CONNECTOR_HTTP_PROXY_USER", default=None, meaning="The proxy's login.")
    http_proxy_password: SecretStr | None = _set(
        "CONNECTOR_HTTP_PROXY_PASSWORD", default=None, meaning="The login's password."
    )
    https_proxy_host: str | None = _set(
        "CONNECTOR_HTTPS_PROXY_HOST", default=None, meaning="Proxy for https URLs; its port must be set too."
    )
    https_proxy_port: int | None = _set(
        "CONNECTOR_HTTPS_PROXY_PORT", default=None, ge=1, le=65535, meaning="The proxy's port."
    )
    https_proxy_scheme: ProxyScheme = _set(
        "CONNECTOR_HTTPS_PROXY_SCHEME", default="http", meaning="How the proxy itself is called: http or https."
    )
    https_proxy_user: str | None = _set("CONNECTOR_HTTPS_PROXY_USER", default=None, meaning="The proxy's login.")
    https_proxy_password: SecretStr | None = _set(
        "CONNECTOR_HTTPS_PROXY_PASSWORD", default=None, meaning="The login's password."
    )
    http_non_proxy_hosts: str | None = _set(
        "CONNECTOR_HTTP_NON_PROXY_HOSTS",
        default=None,
        meaning="Hosts that are called without a proxy: names with `*` for anything, `|` between them.",
    )
    # -- what shows
    flower_address: str = _set(
        "ZELERY_FLOWER_ADDRESS",
        default="127.0.0.1",
        meaning="Where Flower listens; anything but loopback needs a password.",
    )
    flower_port: int = _set("ZELERY_FLOWER_PORT", default=5555, ge=0, le=65535, meaning="Flower's port.")
    flower_password: SecretStr | None = _set(
        "ZELERY_FLOWER_PASSWORD", default=None, meaning="Flower's login, user:password."
    )
    log_level: Annotated[str, Field(pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")] = _set(
        "ZELERY_LOG_LEVEL", default="INFO", meaning="DEBUG, INFO, WARNING or ERROR."
    )
    log_json: bool = _set("ZELERY_LOG_JSON", default=False, meaning="Write logs as JSON, a line an event.")

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> Self:
        """The settings of an environment (the process's own when none is given).

        Raises SettingError, one line for each variable that cannot be used: its name, its value, what is allowed.
        """
        found = _canonical(os.environ if environment is None else environment)
        given: dict[str, Any] = {name: found[name].value for name in _names(cls) if name in found}
        given["connector_types"], given["connector_timeouts"] = _overrides(found)
        given["http_blocks"] = {name: spelled.value for name, spelled in found.items() if _BLOCK.fullmatch(name)}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise SettingError("; ".join(_complaints(cls, error, found))) from None

    @property
    def broker(self) -> str:
        """Celery's broker URL."""
        # Celery has names of its own for Redis on a Unix socket.
        same = self.redis_url.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)
        return self.broker_url or (same if self.redis_url.startswith("unix://") else self.redis_url)


class Shown(NamedTuple):
    """One setting as `zelery settings` shows it."""

    name: str
    value: str
    source: str
    meaning: str


def shown(settings: Settings, environment: Mapping[str, str]) -> Iterator[Shown]:
    """Every setting with its value (secrets masked), where it comes from, and what it means."""
    found = _canonical(environment)
    for name, field in Settings.model_fields.items():
        sources = [found[alias].name for alias in aliases(field) if alias in found]
        label = (aliases(field) or [field.description.split(":")[0] if field.description else name])[0]
        value = getattr(settings, name)
        yield Shown(label, _printable(value), (sources or ["default"])[0], field.description or "")


class _Spelled(NamedTuple):
    name: str
    value: str


def _canonical(environment: Mapping[str, str]) -> dict[str, _Spelled]:
    """Spring's relaxed binding: case, dots, dashes and underscores make no difference.

    `camunda.client.grpc-address`, CAMUNDA_CLIENT_GRPC_ADDRESS and Spring's own CAMUNDA_CLIENT_GRPCADDRESS are one name.
    """
    known = {alias.replace("_", ""): alias for alias in reversed(_names(Settings))}
    found = {}
    for name, value in environment.items():
        plain = re.sub(r"[.-]", "_", name).upper()
        found[known.get(plain.replace("_", ""), plain)] = _Spelled(name, value)
    return found


def _names(model: type[BaseModel]) -> list[str]:
    return [alias for field in model.model_fields.values() for alias in aliases(field)]


def _overrides(found: Mapping[str, _Spelled]) -> tuple[dict[str, str], dict[str, str]]:
    parts: dict[str, dict[str, str]] = {"TYPE": {}, "TIMEOUT": {}}
    for name, spelled in found.items():
        if match := _OVERRIDE.fullmatch(name):
            parts[match["what"]][match["connector"]] = spelled.value
    return parts["TYPE"], parts["TIMEOUT"]


def _complaints(model: type[BaseModel], error: ValidationError, found: Mapping[str, _Spelled]) -> Iterator[str]:
    for fault in error.errors(include_url=False):
        place = str(fault["loc"][0])
        field = next((f for n, f in model.model_fields.items() if n == place or place in aliases(f)), None)
        names = [alias for alias in aliases(field) if alias in found] if field else []
        if names:
            secret = field is not None and "SecretStr" in str(field.annotation)
            value = "***" if secret else repr(mask_url(found[names[0]].value))
            yield f"{found[names[0]].name}={value}: {_allowed(fault['msg'], field)}"
        else:
            inner = f"CONNECTOR_{fault['loc'][-1]}_TIMEOUT" if place == "connector_timeouts" else place
            yield f"{inner}={fault.get('input')!r}: {fault['msg']}"


def _allowed(message: str, field: FieldInfo | None) -> str:
    meaning = f" ({field.description})" if field is not None and field.description else ""
    return f"{message[:1].lower()}{message[1:]}{meaning}"


def _printable(value: Any) -> str:
    if value is None or value in ((), {}):
        return "-"
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, timedelta):
        return str(TypeAdapter(timedelta).dump_python(value, mode="json"))
    if isinstance(value, str):
        return mask_url(value)
    return str(value)


def mask_url(url: str) -> str:
    """A URL without its password."""
    return re.sub(r"(?<=://)([^/@\s]*?):[^/@\s]*@", r"\1:***@", url)
