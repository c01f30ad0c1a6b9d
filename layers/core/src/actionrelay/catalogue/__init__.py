"""The organisation's actions: what they take, and what follows from it for a request."""
