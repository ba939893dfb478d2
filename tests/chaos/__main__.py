"""What is left when things break, by name: `python -m tests.chaos NAME [OPTIONS]`."""

import importlib
import sys

#: What can be broken, and the module whose `main` does it: each imports what only it needs.
CHAOS = {
    "jobs": "tests.chaos.jobs",
    "queues": "tests.chaos.queues",
}


def main() -> int:
    """Run the one that is named; its options follow the name."""
    name, *options = sys.argv[1:] or [""]
    if name not in CHAOS:
        print(f"usage: python -m tests.chaos {{{','.join(CHAOS)}}} [OPTIONS]", file=sys.stderr)
        return 2
    code: int = importlib.import_module(CHAOS[name]).main(options)
    return code


if __name__ == "__main__":
    sys.exit(main())
