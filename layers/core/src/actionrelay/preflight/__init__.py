"""Checks whether this deployment can execute actions."""
