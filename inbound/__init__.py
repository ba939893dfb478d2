"""INBOUND. What makes connectors of deployed definitions come alive: nothing yet, and nothing that pretends to."""
