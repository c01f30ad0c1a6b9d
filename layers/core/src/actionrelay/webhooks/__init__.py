"""Webhooks, in and out: signatures and keys, where one may go, and the one connection that carries it."""
