"""How a receiver is named where a history is kept. Pure."""

from hashlib import sha256
from urllib.parse import urlsplit


def without_path(url: str | None) -> str | None:
    """Return ``https://host[:port]/#sha256=<digest of the whole URL>``: None for none.

    Path and query of a webhook URL may be as good as a password, and a history is kept long and read by many.
    The digest says whether two entries mean the same URL, and whether one is the record's.
    """
    if url is None:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/#sha256={sha256(url.encode()).hexdigest()}"
