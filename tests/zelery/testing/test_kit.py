from __future__ import annotations

import pytest

from tests.zelery.engine.rules import builder as b
from tests.zelery.engine.rules.definitions import error, message, signal, timer
from tests.zelery.testing import models
from zelery.engine.errors import Rejected
from zelery.sdk import BpmnError, Input, outbound
from zelery.testing import Engine, UnansweredError

WAITS = b.model(b.process("waits", b.start(), b.catch("paid", message("paid", "= order")), b.end()))
WORK = b.model(
    b.process(
        "work",
        b.path(b.start(), b.service("ship", "ship"), b.end("shipped")),
        b.path(b.boundary("lost", "ship", error("LOST")), b.end("refunded")),
    )
)


async def test_a_request_without_an_answer_fails_the_test_with_the_line_that_scripts_one() -> None:
    async with Engine(deploy={"order.bpmn": models.order()}, secrets={"TOKEN": "t"}) as engine:
        with pytest.raises(
            UnansweredError, match=r'engine\.answer\("POST", "https://pay\.example/charge", json=\{…\}\)'
        ):
            await engine.start("order", {"amount": 1})


async def test_answers_are_given_in_their_order_and_as_often_as_they_say() -> None:
    async with Engine(deploy={"order.bpmn": models.order()}, secrets={"TOKEN": "t"}) as engine:
        engine.answer("POST", "https://pay.example/*", json={"id": 1}, times=1)
        engine.answer("*", "https://*", json={"id": 2})
        first, second = [await engine.start("order", {"amount": 1}) for _ in range(2)]
        assert (first.variables["charge"], second.variables["charge"]) == (1, 2)
        assert [each.json for each in engine.sent] == [{"amount": 1}, {"amount": 1}]


async def test_messages_and_signals_reach_who_waits() -> None:
    heard = b.model(b.process("heard", b.start(), b.catch("bell", signal("bell")), b.end()))
    async with Engine(deploy={"waits.bpmn": WAITS, "heard.bpmn": heard}) as engine:
        waits, hears = await engine.start("waits", {"order": "7"}), await engine.start("heard")
        await engine.message("paid", "8")
        waits.assert_waiting_at("paid")
        await engine.message("paid", "7", {"amount": 2})
        await engine.signal("bell")
        waits.assert_completed()
        waits.assert_variables({"amount": 2})
        assert hears.completed


async def test_a_buffered_message_waits_as_long_as_it_lives() -> None:
    async with Engine(deploy={"waits.bpmn": WAITS}) as engine:
        await engine.message("paid", "7", ttl="PT1H")
        await engine.message("paid", "8", ttl="PT1M")
        await engine.clock.advance("PT30M")
        assert (await engine.start("waits", {"order": "7"})).completed
        assert not (await engine.start("waits", {"order": "8"})).completed


async def test_jobs_without_a_connector_are_the_test_s() -> None:
    async with Engine(deploy={"work.bpmn": WORK}) as engine:
        done, thrown, failed = [await engine.start("work") for _ in range(3)]
        await engine.complete("ship", {"van": 1})
        await engine.throw("ship", "LOST", "nowhere")
        await engine.fail("ship", "no van")
        done.assert_path(["start", "ship", "shipped"])
        thrown.assert_path(["start", "ship", "lost", "refunded"])
        failed.assert_incident("ship", "JOB_NO_RETRIES", "no van")
        await engine.resolve(failed)
        assert failed.open_jobs == ["ship"]
        with pytest.raises(LookupError, match="no open job of type or element 'sail'; there are: ship"):
            await engine.complete("sail")


async def test_a_backoff_waits_for_the_clock() -> None:
    async with Engine(deploy={"work.bpmn": WORK}) as engine:
        instance = await engine.start("work")
        await engine.fail("ship", retries=1, backoff="PT1H")
        assert "failed, 1 retries left" in repr(instance)
        await engine.clock.advance("PT1H")
        await engine.complete("ship")
        assert instance.completed


async def test_timers_fire_in_their_order() -> None:
    model = b.model(
        b.process(
            "clock",
            b.path(b.start(), b.parallel("fork"), b.catch("late", timer(duration="PT2H")), b.end("second")),
            b.path("fork", b.catch("early", timer(duration="PT1H")), b.end("first")),
        )
    )
    async with Engine(deploy={"clock.bpmn": model}) as engine:
        instance = await engine.start("clock")
        await engine.clock.advance("P1D")
        assert instance.path[-2:] == ["first", "second"]


class Order(Input):
    item: str


@outbound(type="tests:shop:1", name="Shop")
async def shop(order: Order) -> dict[str, str]:
    """Sells whales only."""
    if order.item != "whale":
        raise BpmnError("SOLD_OUT", "no more")
    return {"sold": order.item}


async def test_a_connector_of_one_s_own_runs_in_place() -> None:
    sale = b.service("buy", "tests:shop:1", inputs={"item": "= item"}, headers={"resultVariable": "bought"})
    model = b.model(
        b.process(
            "shop",
            b.path(b.start(), sale, b.end("sold")),
            b.path(b.boundary("out", "buy", error("SOLD_OUT")), b.end("unsold")),
        )
    )
    async with Engine(deploy={"shop.bpmn": model}, connectors=[shop]) as engine:
        assert (await engine.start("shop", {"item": "whale"})).variables["bought"] == {"sold": "whale"}
        assert (await engine.start("shop", {"item": "ship"})).path[-1] == "unsold"


async def test_why_an_expression_was_null_is_shown() -> None:
    model = b.model(b.process("nulls", b.start(), b.script("look", "= ordr.id", result="id"), b.service("then")))
    async with Engine(deploy={"nulls.bpmn": model}) as engine:
        instance = await engine.start("nulls", {"order": {"id": 1}})
        assert "null: look: ordr.id: NO_VARIABLE_FOUND: No variable found with name 'ordr'" in repr(instance)


async def test_a_webhook_that_is_not_there_names_those_that_are() -> None:
    async with Engine(deploy={"order.bpmn": models.order()}, secrets={"TOKEN": "t"}) as engine:
        with pytest.raises(LookupError, match="no webhook of a deployed model answers at 'pay'; there are: payment"):
            await engine.webhook("pay")


async def test_an_event_takes_an_element_s_way_from_condition_to_message() -> None:
    async with Engine(deploy={"order.bpmn": models.order()}, secrets={"TOKEN": "t"}) as engine:
        engine.answer("POST", "https://pay.example/charge", json={"id": 5})
        order = await engine.start("order", {"amount": 1})
        await engine.event("paid", {"request": {"body": {"charge": 5}}})
        assert order.completed


async def test_a_model_that_is_refused_says_so_with_file_and_element() -> None:
    async with Engine() as engine:
        with pytest.raises(Rejected, match=r"(?s)'bad\.bpmn'.*work"):
            await engine.deploy({"bad.bpmn": b.model(b.process("p", b.start(), b.other("work", "transaction")))})


async def test_user_tasks_are_completed_by_their_element() -> None:
    async with Engine(deploy={"u.bpmn": b.model(b.process("u", b.start(), b.user("review"), b.end()))}) as engine:
        instance = await engine.start("u")
        instance.assert_waiting_at("review")
        await engine.complete_user_task("review", {"ok": True})
        assert instance.completed
        with pytest.raises(LookupError, match="no open user task"):
            await engine.complete_user_task("review")
