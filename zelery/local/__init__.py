"""The embedded default: a real Zeebe and a real Redis on this machine, for `zelery demo` and for the integration tests.

What they run on comes with the dependency group `demo` and is imported where it is used: the installed wheel is lean.
Nothing but the demo and the tests imports this package.
"""
