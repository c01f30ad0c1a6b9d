"""Runs graphs of data actions: each step is an execution, begun when what it depends on has ended."""
