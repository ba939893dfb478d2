"""All rules."""

from __future__ import annotations

from tests.zelery.engine.rules import (
    table_gateways,
    table_gateways_more,
    table_message_buffer,
    table_messages,
    table_tasks,
    table_timers,
)

RULES = [
    *table_tasks.RULES,
    *table_gateways.RULES,
    *table_gateways_more.RULES,
    *table_messages.RULES,
    *table_message_buffer.RULES,
    *table_timers.RULES,
]
