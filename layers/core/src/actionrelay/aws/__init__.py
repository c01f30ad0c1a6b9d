"""Adapters: the ports that AWS services implement."""
