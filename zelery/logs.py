"""Logs: one line an event, for people or as JSON, ours and our libraries' alike."""

from __future__ import annotations

import logging
import os
import sys

import structlog
from structlog.stdlib import BoundLogger, ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from zelery.settings import Settings

#: Chatty at INFO, and nothing in it for an operator.
_QUIET = (
    "httpx",
    "httpcore",
    "aiohttp",
    "asyncio",
    "kombu",
    "amqp",
    "celery.pool",
    "celery.bootsteps",
    "celery.worker.strategy",
    "tornado.access",
)


def _labelled(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Where several roles write to one terminal, which one it was."""
    if label := os.environ.get("ZELERY_LABEL"):
        event.setdefault("role", label)
    return event


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _labelled,
]


def logger(name: str) -> BoundLogger:
    """A module's logger. Events are short and constant; what varies goes into keywords."""
    bound: BoundLogger = structlog.stdlib.get_logger(name)
    return bound


def configure(settings: Settings) -> None:
    """Write everything to standard error, in one form."""
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            sort_keys=False,
            pad_event_to=0,
            # The default prints the locals of every frame: variables, and secrets that are resolved by then.
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                ProcessorFormatter.remove_processors_meta,
                *([structlog.processors.format_exc_info] if settings.log_json else []),
                renderer,
            ],
        )
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=BoundLogger,
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
