"""The results that are kept: one part of README.md, between two markers, written by the benchmarks alone."""

from pathlib import Path

README = Path(__file__).parent / "README.md"
BEGIN = "<!-- results: begin, written by `python -m benchmarks --write` -->"
END = "<!-- results: end -->"


def replaced(text: str, results: str) -> str:
    """Return the text with new results between the markers.

    Raises:
        ValueError: the markers are not there, once each and in order.
    """
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError("the file needs both markers, once each and in order")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{results}\n\n{END}{after}"


def write(results: str, file: Path = README) -> None:
    """Replace the results in the file."""
    file.write_text(replaced(file.read_text(encoding="utf-8"), results), encoding="utf-8")
