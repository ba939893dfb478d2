"""Operate's API v1, as 8.5 to 8.7 have it: what users of those lines, and Zelery's own roles, read of it.

items.py    records of the history as Operate's items, those first that a filter can be about
search.py   filter, sort, size, searchAfter; pure
api.py      login and endpoints
"""
