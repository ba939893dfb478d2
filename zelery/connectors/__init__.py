"""The built-in connectors, a folder each.

They import `zelery.sdk` and their own client library: ours have no private door.
"""
