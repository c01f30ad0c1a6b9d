"""The API's OpenAPI document, its docs page and the console."""
