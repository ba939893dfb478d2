"""OUTBOUND, in the order of the data's way.

`fetch` (Zeebe to Celery) → `worker` → `execute` (one job, one connector) → `outcome` (what became of it) → `report`.
"""
