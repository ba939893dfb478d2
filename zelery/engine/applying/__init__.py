"""How each event changes the state: a function named after each event, whose docstring says what has happened.

`zelery.engine.apply` has the table.
"""
