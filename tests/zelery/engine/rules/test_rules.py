"""Every rule of the table, on the engine in this process."""

from __future__ import annotations

import pytest

from tests.zelery.engine.rules.rule import Rule
from tests.zelery.engine.rules.runner import run
from tests.zelery.engine.rules.tables import RULES


@pytest.mark.parametrize("rule", RULES, ids=[each.id for each in RULES])
def test_the_engine_keeps_a_rule_of_the_documentation(rule: Rule) -> None:
    run(rule)


def test_there_are_at_least_150_rules() -> None:
    assert len(RULES) >= 150


def test_each_rule_has_an_id_of_its_own_and_a_page() -> None:
    assert len({each.id for each in RULES}) == len(RULES)
    assert [each.id for each in RULES if not each.page or not each.says] == []
