"""Servers on this machine, for `zelery demo` and for the tests: the engine in the box, and a real Redis.

Redis comes with the dependency group `demo` and is imported where it is used, so the installed wheel is lean. Nothing
but the demo and the tests imports this package.
"""
