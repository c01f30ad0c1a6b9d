"""Adapters: the ports that Genesys Cloud implements."""
