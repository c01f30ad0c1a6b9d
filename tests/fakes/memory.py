"""The memory that functions have for what they read; tests hold both the template and measurements to it."""

import resource
import sys
from pathlib import Path

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
"""What the template sets for each function."""


def peak_kb() -> int:
    """The most that this process has had in memory.

    On Linux `getrusage` also counts what the process had in memory that started this one.
    """
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024  # bytes on macOS
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
