"""The cluster as ports: the Zeebe gateway and its credentials."""
