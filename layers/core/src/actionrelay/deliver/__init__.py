"""Hands ended executions to their callers' webhooks."""
