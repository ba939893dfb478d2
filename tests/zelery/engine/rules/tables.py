"""All rules."""

from __future__ import annotations

from tests.zelery.engine.rules import (
    table_calls,
    table_errors,
    table_escalations,
    table_gateways,
    table_gateways_more,
    table_message_buffer,
    table_messages,
    table_scopes,
    table_signals,
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
    *table_signals.RULES,
    *table_errors.RULES,
    *table_escalations.RULES,
    *table_scopes.RULES,
    *table_calls.RULES,
]
