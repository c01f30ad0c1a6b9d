"""Runs an action: one attempt, and what follows from its answer."""
