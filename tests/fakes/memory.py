"""The memory that functions have for what they read; tests hold both the template and measurements to it."""

RUNTIME_MB = 85
"""The memory of the runtime and the clients, before the first event."""
ANSWERS_MB = 50
"""Ten answers of 5 MB, the longest that are read."""
READING_MB = 205
"""The additional memory for reading them."""
EVENT_MB = 25
"""The longest event as bytes, as text, and its body."""
REPORT_MB = 350
"""The additional memory for receiving the longest webhook of Genesys Cloud."""
AS_DEPLOYED = {"MALLOC_MMAP_THRESHOLD_": "1048576"}
"""The memory that the template sets for each function."""
