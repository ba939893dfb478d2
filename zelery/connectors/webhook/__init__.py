"""The HTTP webhook: requests from anybody, checked as the model says."""
