"""THE CLOCK. What ticks on its own: `celery -A tasks.celery beat -S beat_schedule.scheduler:Scheduler`.

`static.py` has what always ticks, and room for yours; what `inbound` wants fired lies in Redis (`zelery/schedule.py`).
Any number of beats may run: one leads, the others stand by.

Why a scheduler of our own: RedBeat makes three round trips a firing, one after the other, and counts the next interval
from when it got to send the last; Celery's own compares the whole schedule at every tick and fires one entry in it.
Here due entries leave in batches, deadlines are fixed, and what changes costs what changed. `python -m tests.bench
schedule` measures all three.
"""
