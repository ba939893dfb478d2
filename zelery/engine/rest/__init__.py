"""The Orchestration Cluster's REST API v2, in the lines 8.8, 8.9 and 8.10.

fields.py      what each search can filter and sort by, by line
query.py       filters, sorting, paging: pure
items.py       records as items of answers, by line
problems.py    refusals as problem details
bodies.py      what requests may say
routes_*.py    the endpoints, thin over the engine and its history
app.py         all of them, with Operate v1 and `/actuator`, on one port
"""
