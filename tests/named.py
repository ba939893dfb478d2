"""Commands that are named on the command line: each module is imported when it is asked for."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping


def run(program: str, modules: Mapping[str, str]) -> int:
    """Run `main` of the module that the first argument names, with the rest as its options; the exit status."""
    name, *options = sys.argv[1:] or [""]
    if name not in modules:
        print(f"usage: python -m {program} {{{','.join(modules)}}} [OPTIONS]", file=sys.stderr)
        return 2
    code: int = importlib.import_module(modules[name]).main(options)
    return code
