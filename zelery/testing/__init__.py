"""Tests of models and connectors, in one process: engine, connectors, HTTP and clock, with no server at all.

    from zelery.testing import Engine

    async with Engine(deploy=["order.bpmn"], secrets={"TOKEN": "t"}) as engine:
        engine.answer("POST", "https://pay.example/charge", json={"id": 7})
        order = await engine.start("order", {"amount": 12.5})
        assert order.completed

`docs/testing.md` shows it at length; the pytest plugin `zelery` gives the fixtures `engine` and `zelery_engine`.
"""

from zelery.testing.kit import Engine
from zelery.testing.process import Incident, ProcessInstance
from zelery.testing.scripted import Sent, UnansweredError

__all__ = ["Engine", "Incident", "ProcessInstance", "Sent", "UnansweredError"]
