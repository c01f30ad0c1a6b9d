"""One OAuth token for all workers."""
