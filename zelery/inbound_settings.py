"""The settings of inbound connectors; Camunda's names as its runtime has them (`spec/inbound.md` §1.8)."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel

from zelery.setting import Duration, Words, setting


class InboundSettings(BaseModel):
    """The inbound part of the settings."""

    inbound_enabled: bool = setting(
        "CAMUNDA_CONNECTOR_POLLING_ENABLED", default=True, meaning="Whether inbound connectors are run at all."
    )
    reconcile_interval: Duration = setting(
        "CAMUNDA_CONNECTOR_POLLING_INTERVAL",
        default=timedelta(seconds=5),
        ge=timedelta(milliseconds=100),
        meaning="From one look at what is deployed to the next, ISO 8601 or milliseconds.",
    )
    inbound_disabled: Words = setting(
        "CONNECTOR_INBOUND_DISABLED", default=(), meaning="Inbound types that are not served here, comma-separated."
    )
    message_ttl: Duration = setting(
        "CAMUNDA_CONNECTOR_INBOUND_MESSAGE_TTL",
        default=timedelta(hours=1),
        ge=timedelta(0),
        meaning="How long Zeebe keeps a message for an instance that comes to wait, where the model does not say.",
    )
    start_once: Duration = setting(
        "ZELERY_INBOUND_START_ONCE",
        default=timedelta(0),
        ge=timedelta(0),
        meaning="For how long an event that comes again starts no second instance, where its transport gives it an id.",
    )
    activity_entries: int = setting(
        "CAMUNDA_CONNECTOR_INBOUND_LOG_SIZE",
        default=100,
        ge=1,
        le=10_000,
        meaning="Entries kept of each executable's activity log.",
    )
    webhook_enabled: bool = setting(
        "CAMUNDA_CONNECTOR_WEBHOOK_ENABLED", default=True, meaning="Whether webhooks are served."
    )
    webhook_address: str = setting(
        "ZELERY_WEBHOOK_ADDRESS",
        "SERVER_ADDRESS",
        default="127.0.0.1",
        meaning="Where webhooks are served; in a container 0.0.0.0.",
    )
    webhook_port: int = setting(
        "ZELERY_WEBHOOK_PORT", "SERVER_PORT", default=8080, ge=0, le=65535, meaning="Port for webhooks."
    )
    webhook_body_bytes_max: int = setting(
        "ZELERY_WEBHOOK_BODY_BYTES_MAX",
        default=8 * 2**20,
        ge=1024,
        le=2**30,
        meaning="Largest request body that webhooks take, bytes.",
    )
    webhook_timeout_s: float = setting(
        "ZELERY_WEBHOOK_TIMEOUT_S", default=30.0, ge=1, le=600, meaning="How long one request may take, seconds."
    )
    webhook_proxies: Words = setting(
        "ZELERY_WEBHOOK_PROXIES",
        default=(),
        meaning="Proxies whose X-Forwarded-Proto and -Host count, addresses or networks, comma-separated.",
    )
