"""Executable models: `read.py` compiles a file once per deployed version, `model.py` is what comes of it.

    read(xml, resource) → [Process]     or Refused, with file, element and remedy

A reading (`reading.py`) collects all complaints of a file. The tree of elements comes first (`elements.py`, with
`events.py`, `extensions.py`, `user_tasks.py`), then what connects them (`connect.py`), then what must hold of them
together (`check.py`, `check_scopes.py`). A rule says in its docstring which page or issue it is from.
"""
