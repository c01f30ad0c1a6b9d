"""Keeps all workers together below the allowed rate."""
