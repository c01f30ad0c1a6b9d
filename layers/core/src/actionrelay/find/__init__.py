"""Reads executions: one by id, many by filter."""
