from __future__ import annotations

from zelery.local.engine import Engine

ALONE = Engine(gateway="127.0.0.1:20000", operate=None)
WITH_OPERATE = Engine(gateway="127.0.0.1:20000", operate="http://127.0.0.1:20001")


def test_roles_of_a_zeebe_by_itself_are_told_of_no_operate() -> None:
    assert ALONE.environment == {"ZEEBE_ADDRESS": "127.0.0.1:20000"}
    assert ALONE.links == {"Zeebe": "127.0.0.1:20000 (gRPC)"}


def test_roles_find_operate_and_log_in_and_people_read_how() -> None:
    assert WITH_OPERATE.environment == {
        "ZEEBE_ADDRESS": "127.0.0.1:20000",
        "CAMUNDA_OPERATE_CLIENT_URL": "http://127.0.0.1:20001",
        "CAMUNDA_OPERATE_CLIENT_USERNAME": "demo",
        "CAMUNDA_OPERATE_CLIENT_PASSWORD": "demo",
    }
    assert WITH_OPERATE.links == {
        "Zeebe": "127.0.0.1:20000 (gRPC)",
        "Operate": "http://127.0.0.1:20001 (login demo, password demo)",
    }
