"""`python -m zelery` is `zelery`, for where scripts are not on the path."""

from zelery.cli import main

main()
