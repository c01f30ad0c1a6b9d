"""Counts executions and reports the counts."""
