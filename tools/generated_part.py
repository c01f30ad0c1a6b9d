"""A part of a document that a tool writes: it is between two markers, of which the first one names the tool."""


def markers(name: str) -> tuple[str, str]:
    """Return the lines before and after what ``tools.<name>`` writes."""
    return f"<!-- {name}: begin, written by `python -m tools.{name}` -->", f"<!-- {name}: end -->"


def replaced(page: str, name: str, part: str) -> str:
    """Return the page with a new part between the markers of ``name``. Raises ValueError where they are missing."""
    begin, end = markers(name)
    before, found, rest = page.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"the page needs both markers of {name}")
    return f"{before}{begin}\n\n{part}\n\n{end}{after}"
