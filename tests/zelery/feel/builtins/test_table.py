"""All builtins by name."""

from zelery.feel.builtins.table import BUILTINS, GROUPS


def test_no_function_is_in_two_groups() -> None:
    names = [name for functions in GROUPS.values() for name in functions]
    assert len(names) == len(set(names)) == len(BUILTINS)


def test_overloads_of_a_function_are_told_apart() -> None:
    for name, overloads in BUILTINS.items():
        assert len({overload.parameters for overload in overloads}) == len(overloads), name
