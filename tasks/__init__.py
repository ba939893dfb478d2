"""OUTBOUND. Read in the order of the data's way: `fetch` (Zeebe to Celery) → `execute` (one job, one connector) → `outcome` (what Zeebe is told)."""
