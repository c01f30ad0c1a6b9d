"""Receives the results that Genesys Cloud sends by webhook."""
