"""Zeebe's gateway protocol over gRPC: thin over the engine.

server.py    the calls, and the statuses of refusals
convert.py   messages of the protocol to commands and back, pure
"""
