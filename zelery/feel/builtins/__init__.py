"""The builtin functions, a module for each group of the reference's documentation."""
