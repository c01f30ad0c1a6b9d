"""The error of a local world, with a message for its user."""

from pathlib import Path


class WorldError(Exception):
    """The world can't be started. `log` is the file with more details, if there is one."""

    def __init__(self, message: str, log: Path | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.log = log

    def log_tail(self, lines: int = 30) -> str:
        """Return the last lines of the log; empty if there is none."""
        if self.log is None or not self.log.is_file():
            return ""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
