"""Secrets from stores on the network, each an extra of its own.

They join by entry point, as anybody's provider does, and are imported only when ZELERY_SECRET_PROVIDERS names them.
"""
