"""The Orchestration Cluster's REST API v2, in the lines 8.8, 8.9 and 8.10.

contract.py, bodies.py   what each line's searches and other requests may say
filters.py, paging.py, query.py
                         searches over items: pure
sources.py, beyond.py    which records of the history a search is about, and what its filter sees beyond them
items.py                 records as items of answers, by line
problems.py              refusals as problem details
routes_*.py              the endpoints, thin over the engine and its history; routing.py makes routes of them, by line
documents.py, agents.py  what is kept beside the engine's state: documents, and what AI agents tell of themselves
app.py                   all of them, with Operate v1 and `/actuator`, on one port
"""
