"""Genesys Cloud: its hosts, its HTTP connections, and what its responses mean."""
