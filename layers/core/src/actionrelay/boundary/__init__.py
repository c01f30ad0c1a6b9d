"""Turns Lambda's events into calls of use cases, and their errors into answers: one map for each kind of event."""
