"""Measurements, by name: `python -m tests.bench NAME [OPTIONS]`."""

import sys

from tests.named import run

#: What can be measured, and the module whose `main` does it.
BENCHES = {
    "beside-java": "tests.bench.beside_java",
    "engine": "tests.bench.engine",
    "feel": "tests.bench.feel",
    "queues": "tests.bench.queues",
    "growth": "tests.bench.growth",
    "layers": "tests.bench.layers",
    "reconcile": "tests.bench.reconcile",
    "results": "tests.bench.results",
    "schedule": "tests.bench.schedule",
    "soak": "tests.bench.soak",
    "webhooks": "tests.bench.webhooks",
}

if __name__ == "__main__":
    sys.exit(run("tests.bench", BENCHES))
