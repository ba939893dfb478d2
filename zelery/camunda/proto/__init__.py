"""Zeebe's gateway protocol, for the client (`zelery.camunda.gateway`) and the engine (`zelery.engine.grpc`).

`gateway.proto` has the messages, `gateway_pb2.py` and its types are generated from it (`README.md`), `methods.py` has
the service.
"""
