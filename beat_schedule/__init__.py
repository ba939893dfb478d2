"""THE CLOCK. What ticks on its own, for Celery beat."""
