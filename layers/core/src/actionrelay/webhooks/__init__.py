"""Webhooks, in and out: signatures, keys, allowed destinations, and the connection that posts them."""
