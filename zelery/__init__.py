"""The kernel: what every process of Zelery shares.

It imports none of `tasks`, `inbound` and `beat_schedule`, which stand on it.
"""
