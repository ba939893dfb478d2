"""What has happened, for searches: a projection of the events, as a cluster's exporter writes its secondary storage.

    records.py    what is known of each instance, element, variable, job, …
    history.py    events make and change the records, late on request (`--lag`)

The engine decides by its state alone and never looks here. Instances that have ended are kept up to a number.
"""
