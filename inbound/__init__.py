"""INBOUND, in the order of the data's way.

`definitions` (what is deployed) → `reconcile` (what must live) → `executables` (the one store) → `polling` |
`subscriptions` | `webhooks` → `correlate` (one command to Zeebe).
"""
