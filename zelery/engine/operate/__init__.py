"""Operate's API v1, as far as the lines 8.5 to 8.7 need it: what is deployed, what waits, with which variables.

Its shapes are those that were recorded from Operate 8.6.0.
"""
