"""The API's description, its docs page and the console."""
