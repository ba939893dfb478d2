"""The embedded default: real servers on this machine, for `zelery demo` and for the integration tests.

Zeebe by itself or Camunda with Operate, and Redis.

What they run on comes with the dependency group `demo` and is imported where it is used: the installed wheel is lean.
Nothing but the demo and the tests imports this package.
"""
