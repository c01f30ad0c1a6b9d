"""The results that are kept: one part of README.md, between two markers, written by the benchmarks alone."""

import re
from collections.abc import Mapping
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


def kept(text: str) -> dict[str, str]:
    """Return the sections between the markers, by benchmark."""
    between = text.partition(BEGIN)[2].partition(END)[0]
    sections = re.split(r"^(?=### `)", between, flags=re.MULTILINE)[1:]
    return {section.split("`")[1]: section.strip() for section in sections}


def write(sections: Mapping[str, str], file: Path = README) -> None:
    """Replace the results of the benchmarks that were run; the others keep theirs."""
    text = file.read_text(encoding="utf-8")
    file.write_text(replaced(text, "\n\n".join({**kept(text), **sections}.values())), encoding="utf-8")
