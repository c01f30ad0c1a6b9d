"""Checks whether actions can be executed."""
