"""How a role that runs for long collects its garbage."""

from __future__ import annotations

import gc

#: Objects made, less those freed, until the youngest are looked through: Python's own 700 is a few jobs' worth, and a
#: tenth of a worker's CPU. Then how many such looks until one goes further.
THRESHOLDS = (50_000, 20, 100)


def settle() -> None:
    """What is loaded by now is kept as long as the process: it is never looked through again, and the rest seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
