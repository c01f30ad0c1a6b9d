"""The organisation's actions: their contracts, and what these mean for a request."""
