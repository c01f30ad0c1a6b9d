"""How much memory functions have for what they read; the template and what is measured are both held to it."""

RUNTIME_MB = 85
"""The runtime with the clients, before the first event."""
ANSWERS_MB = 50
"""Ten answers of 5 MB, the longest that are read."""
READING_MB = 205
"""What reading them may take beside that."""
EVENT_MB = 25
"""The longest event as bytes, as text, and its body."""
REPORT_MB = 350
"""What taking the longest webhook of Genesys Cloud may take beside that."""
AS_DEPLOYED = {"MALLOC_MMAP_THRESHOLD_": "1048576"}
"""What the template sets for each function."""
