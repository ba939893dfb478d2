"""What is left when things break, by name: `python -m tests.chaos NAME [OPTIONS]`."""

import sys

from tests.named import run

#: What can be broken, and the module whose `main` does it.
CHAOS = {
    "jobs": "tests.chaos.jobs",
    "queues": "tests.chaos.queues",
}

if __name__ == "__main__":
    sys.exit(run("tests.chaos", CHAOS))
