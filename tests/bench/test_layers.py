"""Samples belong to layers; what py-spy sees is its own affair."""

from __future__ import annotations

import pytest

from tests.bench.layers import LAYERS, OTHER, layer_of, shares

RUN = "run (asyncio/base_events.py:607);TaskPool._run (tasks/pool.py:146)"


@pytest.mark.parametrize(
    ("role", "frames", "layer"),
    [
        ("worker", f"{RUN};of_response (tasks/outcome.py:69);evaluate (zelery/feel/engine.py:60)", "FEEL"),
        ("worker", f"{RUN};rest (zelery/connectors/http/outbound.py:35);loads (json/__init__.py:3)", "HTTP"),
        ("worker", f"{RUN};report (tasks/report.py:37);_invoke (grpc/aio/_call.py:595)", "gRPC: outcome to Zeebe"),
        ("worker", RUN, "consume: Celery"),
        ("worker", "run (asyncio/base_events.py:607);_read (asyncio/selector_events.py:9)", OTHER),
        ("fetch", "_send (tasks/dispatch.py:72);send_task (celery/app/base.py:12)", "message: Celery"),
        ("fetch", "_send (tasks/dispatch.py:72);publish (kombu/messaging.py:9)", "message: kombu"),
    ],
)
def test_a_sample_belongs_to_the_first_layer_that_it_is_in(role: str, frames: str, layer: str) -> None:
    assert layer_of(frames, LAYERS[role]) == layer


def test_shares_are_of_what_ran_the_greatest_first() -> None:
    lines = [
        "f (tasks/fetch.py:1) 1",
        "f (tasks/fetch.py:1);g (grpc/aio/_call.py:2) 3",
        "run (asyncio/base_events.py:6);select (selectors.py:468) 96",
    ]
    assert shares(lines, LAYERS["fetch"]) == {"gRPC: jobs from Zeebe": 0.75, "fetch": 0.25}
