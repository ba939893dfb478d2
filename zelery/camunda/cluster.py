"""The settings that say which cluster, over what transport, and as whom (`spec/outbound.md` §1.7).

Three generations of names are in use, and each is understood: `ZEEBE_*` (clients up to 8.7), `CAMUNDA_*` (8.8) and
Spring's `CAMUNDA_CLIENT_*`, in which a property's dashes are either underscores or left out.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, model_validator

from zelery.errors import SettingError
from zelery.setting import Words, aliases, setting

#: Camunda's own service: where a cluster that is only named is found, and who gives tokens for it.
SAAS_ADDRESS = "{cluster_id}.{region}.zeebe.camunda.io:443"
SAAS_TOKEN_URL = "https://login.cloud.camunda.io/oauth/token"  # noqa: S105 - an address
SAAS_AUDIENCE = "zeebe.camunda.io"
SAAS_REGION = "bru-2"

_SCHEME = re.compile(r"^(http|grpc)(s?)://", re.IGNORECASE)


def _address(value: Any) -> Any:
    """`host:port`; newer Camunda clients write it as an address with a scheme."""
    return _SCHEME.sub("", value).rstrip("/") if isinstance(value, str) else value


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _method(value: Any) -> Any:
    """Camunda's Python client says OAUTH for what the Java client calls oidc."""
    return "oidc" if _lower(value) == "oauth" else _lower(value)


Address = Annotated[str, BeforeValidator(_address), Field(pattern=r"^[^\s:/]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$")]
Url = Annotated[str, Field(pattern=r"^https?://[^\s/]+\S*$")]
#: `simple` and `oidc` are how 8.5 to 8.7 called what is self-managed.
Mode = Annotated[Literal["saas", "self-managed", "simple", "oidc"], BeforeValidator(_lower)]
Method = Annotated[Literal["none", "basic", "oidc"], BeforeValidator(_method)]


class ClusterSettings(BaseModel):
    """The cluster's part of the settings; an empty variable counts as absent, as compose files write it."""

    zeebe_address: Address = setting(
        "ZEEBE_ADDRESS",
        "ZEEBE_GRPC_ADDRESS",
        "CAMUNDA_GRPC_ADDRESS",
        "CAMUNDA_CLIENT_GRPC_ADDRESS",
        "CAMUNDA_CLIENT_GRPCADDRESS",
        "CAMUNDA_CLIENT_ZEEBE_GRPC_ADDRESS",
        "CAMUNDA_CLIENT_ZEEBE_GRPCADDRESS",
        "CAMUNDA_CLIENT_ZEEBE_GATEWAY_URL",
        "ZEEBE_CLIENT_BROKER_GATEWAY_ADDRESS",
        "ZEEBE_CLIENT_BROKER_GATEWAYADDRESS",
        default="127.0.0.1:26500",
        meaning="Zeebe's gRPC gateway, host:port; https:// before it means TLS, http:// means none.",
    )
    zeebe_plaintext: bool = setting(
        "ZEEBE_INSECURE_CONNECTION",
        "CAMUNDA_INSECURE_CONNECTION",
        "ZEEBE_CLIENT_SECURITY_PLAINTEXT",
        default=True,
        meaning="Talk to the gateway without TLS; absent, the address's scheme says it, or certificates being set.",
    )
    zeebe_ca_file: str | None = setting(
        "ZEEBE_CA_CERTIFICATE_PATH",
        "CAMUNDA_CA_CERTIFICATE_PATH",
        "CAMUNDA_CLIENT_CA_CERTIFICATE_PATH",
        "CAMUNDA_CLIENT_CACERTIFICATEPATH",
        "CAMUNDA_CLIENT_ZEEBE_CA_CERTIFICATE_PATH",
        "ZEEBE_CLIENT_SECURITY_CERT_PATH",
        "ZEEBE_CLIENT_SECURITY_CERTPATH",
        "CAMUNDA_MTLS_CA_PATH",
        default=None,
        meaning="PEM file of the authorities to trust for the gateway; for the token endpoint, beside the system's.",
    )
    zeebe_certificate_file: str | None = setting(
        "ZELERY_ZEEBE_CERTIFICATE_FILE",
        "CAMUNDA_MTLS_CERT_PATH",
        default=None,
        meaning="PEM file of the client certificate shown to the gateway and the token endpoint; it may hold its key.",
    )
    zeebe_key_file: str | None = setting(
        "ZELERY_ZEEBE_KEY_FILE",
        "CAMUNDA_MTLS_KEY_PATH",
        default=None,
        meaning="PEM file of the client certificate's key, without a passphrase.",
    )
    zeebe_authority: str | None = setting(
        "ZEEBE_OVERRIDE_AUTHORITY",
        "CAMUNDA_OVERRIDE_AUTHORITY",
        "CAMUNDA_CLIENT_OVERRIDE_AUTHORITY",
        "CAMUNDA_CLIENT_OVERRIDEAUTHORITY",
        "ZEEBE_CLIENT_SECURITY_OVERRIDE_AUTHORITY",
        default=None,
        meaning="The name that the gateway's certificate is for, where it is not the address's.",
    )
    cluster_mode: Mode | None = setting(
        "CAMUNDA_CLIENT_MODE", default=None, meaning="saas or self-managed; absent, a cluster id means saas."
    )
    cluster_id: str | None = setting(
        "CAMUNDA_CLUSTER_ID",
        "CAMUNDA_CLIENT_CLUSTER_ID",
        "CAMUNDA_CLIENT_CLUSTERID",
        "CAMUNDA_CLIENT_CLOUD_CLUSTER_ID",
        "CAMUNDA_CLIENT_CLOUD_CLUSTERID",
        "ZEEBE_CLIENT_CLOUD_CLUSTER_ID",
        "ZEEBE_CLIENT_CLOUD_CLUSTERID",
        default=None,
        pattern=r"^[A-Za-z0-9-]+$",
        meaning="The cluster in Camunda's SaaS; its address, token endpoint and audience follow from it.",
    )
    cluster_region: str = setting(
        "CAMUNDA_CLUSTER_REGION",
        "CAMUNDA_CLIENT_REGION",
        "CAMUNDA_CLIENT_CLOUD_REGION",
        "ZEEBE_CLIENT_CLOUD_REGION",
        default=SAAS_REGION,
        pattern=r"^[A-Za-z0-9-]+$",
        meaning="The SaaS cluster's region.",
    )
    auth_method: Method | None = setting(
        "CAMUNDA_CLIENT_AUTH_METHOD",
        "CAMUNDA_AUTH_STRATEGY",
        default=None,
        meaning="none, basic or oidc; absent, whichever credentials are set.",
    )
    client_id: str | None = setting(
        "ZEEBE_CLIENT_ID",
        "CAMUNDA_CLIENT_ID",
        "CAMUNDA_CLIENT_AUTH_CLIENT_ID",
        "CAMUNDA_CLIENT_AUTH_CLIENTID",
        "ZEEBE_CLIENT_CLOUD_CLIENT_ID",
        "ZEEBE_CLIENT_CLOUD_CLIENTID",
        default=None,
        meaning="The OAuth client that the cluster knows us as.",
    )
    client_secret: SecretStr | None = setting(
        "ZEEBE_CLIENT_SECRET",
        "CAMUNDA_CLIENT_SECRET",
        "CAMUNDA_CLIENT_AUTH_CLIENT_SECRET",
        "CAMUNDA_CLIENT_AUTH_CLIENTSECRET",
        "ZEEBE_CLIENT_CLOUD_CLIENT_SECRET",
        "ZEEBE_CLIENT_CLOUD_CLIENTSECRET",
        default=None,
        meaning="The OAuth client's secret.",
    )
    token_url: Url | None = setting(
        "ZEEBE_AUTHORIZATION_SERVER_URL",
        "CAMUNDA_OAUTH_URL",
        "CAMUNDA_AUTHORIZATION_SERVER_URL",
        "CAMUNDA_CLIENT_AUTH_TOKEN_URL",
        "CAMUNDA_CLIENT_AUTH_TOKENURL",
        # Up to 8.7 the property called issuer held the token endpoint.
        "CAMUNDA_CLIENT_AUTH_ISSUER",
        "ZEEBE_CLIENT_CLOUD_AUTH_URL",
        "ZEEBE_CLIENT_CLOUD_AUTHURL",
        default=None,
        meaning="The token endpoint of the OAuth server.",
    )
    issuer_url: Url | None = setting(
        "CAMUNDA_CLIENT_AUTH_ISSUER_URL",
        "CAMUNDA_CLIENT_AUTH_ISSUERURL",
        "CAMUNDA_ISSUER_URL",
        "CAMUNDA_CLIENT_AUTH_WELL_KNOWN_CONFIGURATION_URL",
        "CAMUNDA_CLIENT_AUTH_WELLKNOWNCONFIGURATIONURL",
        "CAMUNDA_WELL_KNOWN_CONFIGURATION_URL",
        default=None,
        meaning="The OpenID issuer, or its configuration document, that names the token endpoint.",
    )
    token_audience: str | None = setting(
        "ZEEBE_TOKEN_AUDIENCE",
        "CAMUNDA_TOKEN_AUDIENCE",
        "CAMUNDA_CLIENT_AUTH_AUDIENCE",
        "CAMUNDA_CLIENT_ZEEBE_AUDIENCE",
        default=None,
        meaning="The audience asked for in tokens.",
    )
    token_scope: str | None = setting(
        "ZEEBE_TOKEN_SCOPE",
        "CAMUNDA_TOKEN_SCOPE",
        "CAMUNDA_CLIENT_AUTH_SCOPE",
        "CAMUNDA_CLIENT_ZEEBE_SCOPE",
        default=None,
        meaning="The scope asked for in tokens.",
    )
    token_resource: str | None = setting(
        "ZEEBE_TOKEN_RESOURCE",
        "CAMUNDA_TOKEN_RESOURCE",
        "CAMUNDA_CLIENT_AUTH_RESOURCE",
        default=None,
        meaning="The resource asked for in tokens.",
    )
    username: str | None = setting(
        "CAMUNDA_CLIENT_AUTH_USERNAME",
        "CAMUNDA_BASIC_AUTH_USERNAME",
        default=None,
        pattern=r"^[^:]*$",
        meaning="The login, where the cluster takes basic auth (from 8.8).",
    )
    password: SecretStr | None = setting(
        "CAMUNDA_CLIENT_AUTH_PASSWORD", "CAMUNDA_BASIC_AUTH_PASSWORD", default=None, meaning="The login's password."
    )
    tenant_ids: Words = setting(
        "CAMUNDA_CLIENT_TENANT_IDS",
        "CAMUNDA_CLIENT_TENANTIDS",
        "CAMUNDA_CLIENT_WORKER_DEFAULTS_TENANT_IDS",
        "CAMUNDA_CLIENT_WORKER_DEFAULTS_TENANTIDS",
        "CAMUNDA_DEFAULT_JOB_WORKER_TENANT_IDS",
        "ZEEBE_DEFAULT_JOB_WORKER_TENANT_IDS",
        "ZEEBE_CLIENT_DEFAULT_JOB_WORKER_TENANT_IDS",
        "ZEEBE_CLIENT_DEFAULT_TENANT_ID",
        "TENANT_IDS",
        default=(),
        meaning="Tenants whose jobs are fetched, comma-separated; none means the cluster's default tenant.",
    )

    @property
    def saas(self) -> bool:
        """Whether the cluster is one of Camunda's SaaS."""
        return self.cluster_mode == "saas" or (self.cluster_mode is None and self.cluster_id is not None)

    @property
    def method(self) -> Literal["none", "basic", "oidc"]:
        """How we say who we are: what is set, or what the credentials are for."""
        if self.auth_method:
            return self.auth_method
        if self.saas or self.client_id or self.client_secret or self.cluster_mode == "oidc":
            return "oidc"
        # In `simple` mode a login was for Operate's web API; the gateway of these versions knows none.
        return "basic" if (self.username or self.password) and self.cluster_mode != "simple" else "none"

    @model_validator(mode="before")
    @classmethod
    def _derived(cls, given: Any) -> Any:
        """What follows from other settings: the address of a cluster in SaaS, and whether there is TLS."""
        names = {alias for field in ClusterSettings.model_fields.values() for alias in aliases(field)}
        given = {name: value for name, value in given.items() if value != "" or name not in names}
        found = {name: _first(given, name) for name in ClusterSettings.model_fields}
        address, cluster_id = found["zeebe_address"], found["cluster_id"]
        mode = _lower(found["cluster_mode"])
        saas = mode == "saas" or (mode is None and cluster_id is not None)
        if saas and address is None and cluster_id is not None:
            region = found["cluster_region"] or SAAS_REGION
            given["zeebe_address"] = SAAS_ADDRESS.format(cluster_id=cluster_id, region=region)
        if found["zeebe_plaintext"] is None:
            scheme = _SCHEME.match(address) if isinstance(address, str) else None
            if scheme:
                given["zeebe_plaintext"] = not scheme[2]
            elif saas or found["zeebe_ca_file"] or found["zeebe_certificate_file"]:
                given["zeebe_plaintext"] = False
        return given

    @model_validator(mode="after")
    def _agree(self) -> Self:
        """Settings that are each right and cannot be together. Raises SettingError, which names them."""
        if complaints := list(_contradictions(self)):
            raise SettingError("; ".join(complaints))
        return self


def _contradictions(settings: ClusterSettings) -> Iterator[str]:
    yield from _no_client(settings)
    if settings.auth_method is None and settings.client_id and settings.username:
        yield (
            "ZEEBE_CLIENT_ID and CAMUNDA_CLIENT_AUTH_USERNAME are both set:"
            " say which one the cluster takes with CAMUNDA_CLIENT_AUTH_METHOD=oidc or basic"
        )
    if settings.method == "basic" and not (settings.username and settings.password):
        missing = "PASSWORD" if settings.username else "USERNAME"
        yield (
            f"CAMUNDA_CLIENT_AUTH_{missing} is missing: basic auth needs"
            " CAMUNDA_CLIENT_AUTH_USERNAME and CAMUNDA_CLIENT_AUTH_PASSWORD"
        )
    if settings.cluster_mode == "saas" and not settings.cluster_id:
        yield "CAMUNDA_CLIENT_MODE=saas needs the cluster's id: set CAMUNDA_CLUSTER_ID"
    if settings.saas and settings.zeebe_plaintext:
        yield (
            "ZEEBE_INSECURE_CONNECTION=true (or an http:// address) and CAMUNDA_CLUSTER_ID are both set:"
            " a SaaS cluster takes TLS only; remove one of them"
        )
    if settings.zeebe_key_file and not settings.zeebe_certificate_file:
        yield "ZELERY_ZEEBE_KEY_FILE is set without its certificate: set ZELERY_ZEEBE_CERTIFICATE_FILE"
    said = "zeebe_plaintext" in settings.model_fields_set
    if settings.method != "none" and settings.zeebe_plaintext and not said and not _loopback(settings.zeebe_address):
        yield (
            f"ZEEBE_ADDRESS={settings.zeebe_address} does not say whether credentials may be sent there without TLS:"
            " write https:// before it, or set ZEEBE_INSECURE_CONNECTION to true or false"
        )


def _no_client(settings: ClusterSettings) -> Iterator[str]:
    """What OAuth lacks."""
    if settings.method != "oidc":
        return
    for part, value in (("ID", settings.client_id), ("SECRET", settings.client_secret)):
        if not value:
            yield (
                f"ZEEBE_CLIENT_{part} (or CAMUNDA_CLIENT_AUTH_CLIENT_{part}) is missing:"
                " OAuth needs the client's id and its secret"
            )
    if not (settings.token_url or settings.issuer_url or settings.saas):
        yield (
            "ZEEBE_CLIENT_ID is set, but not where tokens come from: set ZEEBE_AUTHORIZATION_SERVER_URL (the token"
            " endpoint), CAMUNDA_CLIENT_AUTH_ISSUER_URL, or CAMUNDA_CLUSTER_ID for SaaS"
        )


def _first(given: Mapping[str, Any], name: str) -> Any:
    names = [*aliases(ClusterSettings.model_fields[name]), name]
    return next((given[each] for each in names if each in given), None)


def _loopback(address: str) -> bool:
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
