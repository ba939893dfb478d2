"""An input does not show what it holds."""

from __future__ import annotations

from zelery.sdk import Input


class Login(Input):
    user: str
    password: str = ""


def test_the_repr_of_an_input_names_its_fields_and_shows_no_value() -> None:
    login = Login(user="ann", password="hunter2")
    assert repr(login) == "Login(user='…', password='…')"
    assert "hunter2" not in str(login)
