"""Measurements, by name: `python -m tests.bench NAME [OPTIONS]`."""

import importlib
import sys

#: What can be measured, and the module whose `main` does it: each imports what only it needs.
BENCHES = {
    "beside-java": "tests.bench.beside_java",
    "feel": "tests.bench.feel",
    "queues": "tests.bench.queues",
    "growth": "tests.bench.growth",
    "reconcile": "tests.bench.reconcile",
    "results": "tests.bench.results",
    "schedule": "tests.bench.schedule",
    "soak": "tests.bench.soak",
    "webhooks": "tests.bench.webhooks",
}


def main() -> int:
    """Run the one that is named; its options follow the name."""
    name, *options = sys.argv[1:] or [""]
    if name not in BENCHES:
        print(f"usage: python -m tests.bench {{{','.join(BENCHES)}}} [OPTIONS]", file=sys.stderr)
        return 2
    code: int = importlib.import_module(BENCHES[name]).main(options)
    return code


if __name__ == "__main__":
    sys.exit(main())
