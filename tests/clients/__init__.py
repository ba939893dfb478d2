"""Clients that others wrote, each driving the same model (`shop.bpmn`): what they see must be what `facts.py` lists."""
