"""The settings that say where process definitions come from, and as whom (`spec/inbound.md` §8).

Operate's are understood in each generation's names: `camunda.operate.client.*` (to 8.6), `camunda.client.operate.*`
(from 8.5), `operate.client.*` (8.7), with Identity's `camunda.identity.*` beside them. Spring's relaxed binding is in
`zelery/settings.py`, so each property stands here in one spelling.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, SecretStr, model_validator

from zelery.camunda.cluster import Url
from zelery.setting import aliases, setting


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


Origin = Annotated[Literal["auto", "operate", "orchestration", "deployed"], BeforeValidator(_lower)]


class DefinitionSettings(BaseModel):
    """The definitions' part of the settings; an empty variable counts as absent, as compose files write it."""

    definitions: Origin = setting(
        "ZELERY_DEFINITIONS",
        default="auto",
        meaning=(
            "Where process definitions come from: operate, orchestration (the REST API from 8.8), deployed"
            " (by `zelery deploy`), or auto: what an address is set for."
        ),
    )
    definitions_page: int = setting(
        "CAMUNDA_CONNECTOR_PROCESS_DEFINITION_SEARCH_PAGE_SIZE",
        default=1000,
        ge=1,
        le=10_000,
        meaning="Process definitions read by one request; Operate gives 1000 at most.",
    )
    definitions_reread_s: float = setting(
        "ZELERY_DEFINITIONS_REREAD_S",
        default=60.0,
        ge=1,
        le=86_400,
        meaning="Seconds between two readings of all definitions, by which deletions are seen; new ones are sooner.",
    )
    active_versions: bool = setting(
        "CAMUNDA_CONNECTOR_POLLING_ACTIVE_VERSIONS_ENABLED",
        default=True,
        meaning="Serve an older version of a process as long as one of its instances waits.",
    )
    rest_address: Url | None = setting(
        "CAMUNDA_REST_ADDRESS",
        "ZEEBE_REST_ADDRESS",
        "CAMUNDA_CLIENT_REST_ADDRESS",
        "CAMUNDA_CLIENT_ZEEBE_REST_ADDRESS",
        default=None,
        meaning="URL of the Orchestration Cluster's REST API (from 8.8), without /v2.",
    )
    operate_url: Url | None = setting(
        "CAMUNDA_OPERATE_CLIENT_URL",
        "CAMUNDA_CLIENT_OPERATE_BASE_URL",
        "OPERATE_CLIENT_BASE_URL",
        default=None,
        meaning="Operate's URL (8.5 to 8.7), without /v1.",
    )
    operate_enabled: bool = setting(
        "OPERATE_CLIENT_ENABLED",
        "CAMUNDA_CLIENT_OPERATE_ENABLED",
        "CAMUNDA_OPERATE_CLIENT_ENABLED",
        default=True,
        meaning="Whether Operate may be asked.",
    )
    operate_username: str | None = setting(
        "CAMUNDA_OPERATE_CLIENT_USERNAME",
        "CAMUNDA_CLIENT_OPERATE_USERNAME",
        "OPERATE_CLIENT_USERNAME",
        "COMMON_USERNAME",
        default=None,
        meaning="The login for Operate's own login page.",
    )
    operate_password: SecretStr | None = setting(
        "CAMUNDA_OPERATE_CLIENT_PASSWORD",
        "CAMUNDA_CLIENT_OPERATE_PASSWORD",
        "OPERATE_CLIENT_PASSWORD",
        "COMMON_PASSWORD",
        default=None,
        meaning="The login's password.",
    )
    operate_client_id: str | None = setting(
        "CAMUNDA_OPERATE_CLIENT_CLIENT_ID",
        "CAMUNDA_CLIENT_OPERATE_CLIENT_ID",
        "OPERATE_CLIENT_CLIENT_ID",
        "COMMON_CLIENT_ID",
        default=None,
        meaning="The OAuth client that Operate knows us as; absent, Identity's or the cluster's.",
    )
    operate_client_secret: SecretStr | None = setting(
        "CAMUNDA_OPERATE_CLIENT_CLIENT_SECRET",
        "CAMUNDA_CLIENT_OPERATE_CLIENT_SECRET",
        "OPERATE_CLIENT_CLIENT_SECRET",
        "COMMON_CLIENT_SECRET",
        default=None,
        meaning="The OAuth client's secret.",
    )
    operate_token_url: Url | None = setting(
        "CAMUNDA_OPERATE_CLIENT_KEYCLOAK_TOKEN_URL",
        "CAMUNDA_OPERATE_CLIENT_AUTH_URL",
        "OPERATE_CLIENT_AUTH_URL",
        "COMMON_KEYCLOAK_TOKEN_URL",
        default=None,
        meaning="The token endpoint for Operate.",
    )
    operate_keycloak_url: Url | None = setting(
        "CAMUNDA_OPERATE_CLIENT_KEYCLOAK_URL",
        "COMMON_KEYCLOAK_URL",
        default=None,
        meaning="Keycloak's URL, before /auth/realms; the token endpoint for Operate follows from it.",
    )
    operate_keycloak_realm: str = setting(
        "CAMUNDA_OPERATE_CLIENT_KEYCLOAK_REALM",
        "COMMON_KEYCLOAK_REALM",
        default="camunda-platform",
        meaning="Keycloak's realm.",
    )
    operate_audience: str | None = setting(
        "CAMUNDA_OPERATE_CLIENT_AUDIENCE",
        "CAMUNDA_CLIENT_OPERATE_AUDIENCE",
        "OPERATE_CLIENT_AUDIENCE",
        default=None,
        meaning="The audience asked for in tokens for Operate: operate-api, in SaaS operate.camunda.io.",
    )
    operate_scope: str | None = setting(
        "CAMUNDA_OPERATE_CLIENT_SCOPE",
        "CAMUNDA_CLIENT_OPERATE_SCOPE",
        "OPERATE_CLIENT_SCOPE",
        default=None,
        meaning="The scope asked for in tokens for Operate.",
    )
    identity_type: str = setting(
        "CAMUNDA_IDENTITY_TYPE",
        default="KEYCLOAK",
        meaning="Who gives Identity's tokens; of any but KEYCLOAK the issuer's configuration is read.",
    )
    identity_issuer: Url | None = setting(
        "CAMUNDA_IDENTITY_ISSUER_BACKEND_URL",
        "CAMUNDA_IDENTITY_ISSUER",
        default=None,
        meaning="Identity's OpenID issuer, as it is reached from here.",
    )
    identity_client_id: str | None = setting(
        "CAMUNDA_IDENTITY_CLIENT_ID", default=None, meaning="The OAuth client that Identity knows us as."
    )
    identity_client_secret: SecretStr | None = setting(
        "CAMUNDA_IDENTITY_CLIENT_SECRET", default=None, meaning="The OAuth client's secret."
    )
    identity_audience: str | None = setting(
        "CAMUNDA_IDENTITY_AUDIENCE", default=None, meaning="The audience asked for in Identity's tokens."
    )

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, given: Any) -> Any:
        names = {alias for field in DefinitionSettings.model_fields.values() for alias in aliases(field)}
        return {name: value for name, value in given.items() if value != "" or name not in names}
