"""Plain modern English in documents, docstrings, comments, messages and names: some words have plainer ones.

Words are found in prose and in identifiers: ``is_told``, ``TellMissing`` and "what I tell" all have one.
"""

import os
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
INSTEAD = {
    **dict.fromkeys(("tell", "tells", "telling", "told", "untold"), "say, report, return, inform"),
    **dict.fromkeys(("stand", "stands", "standing", "stood"), "is, mean, stay, take the place of"),
    **dict.fromkeys(("lie", "lies", "lay", "lain", "lying"), "is in"),
    **dict.fromkeys(
        ("spell", "spells", "spelled", "spelt", "spelling", "spellings", "misspelt"), "write, format, form"
    ),
    **dict.fromkeys(("whoever", "whomever"), "the caller that, the worker that, those who"),
    **dict.fromkeys(("anew",), "again"),
    **dict.fromkeys(("hence", "hereby", "thereby", "thereof", "therein", "wherein"), "so, by this, of it, in which"),
    **dict.fromkeys(("manieth",), "which"),
    **dict.fromkeys(("but for",), "except, except for"),
    **dict.fromkeys(("for want",), "without, since there is no"),
    **dict.fromkeys(("beget", "begets", "begat", "begotten"), "lead to, cause"),
    **dict.fromkeys(("come back", "comes back", "came back", "coming back"), "return, try again, is sent again"),
}
MEANT = {
    "hereby granted": "the licence has its own words",
    "stand-in image": "a noun",
}
"""True uses: the phrase, and why it stays."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def findings(text: str) -> Iterator[str]:
    """Yield each word or pair of words that has a plainer one."""
    for phrase in MEANT:
        text = text.replace(phrase, "")
    words = [word.lower() for word in _WORD.findall(text)]
    yield from (found for found in (*words, *map(" ".join, pairwise(words))) if found in INSTEAD)


def files() -> Iterator[Path]:
    """Yield every file of the repository but this one; what is built or installed is in folders of its own."""
    for folder, below, names in os.walk(ROOT):
        below[:] = [name for name in below if not name.startswith((".", "__", "node_modules")) or name == ".ci"]
        yield from (Path(folder, name) for name in names if Path(folder, name) != Path(__file__))


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    found = {}
    for path in files():
        try:
            found[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture, a font
    return found


def test_no_file_has_a_word_with_a_plainer_one(texts: dict[str, str]) -> None:
    assert len(texts) > 500
    found = [
        f"{name}:{number}: {word}; better: {INSTEAD[word]}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), start=1)
        for word in findings(line)
    ]
    assert not found, "\n".join(found)


def test_every_exception_is_still_needed(texts: dict[str, str]) -> None:
    assert [phrase for phrase in MEANT if not any(phrase in text for text in texts.values())] == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("def is_told(self)", ["told"]),
        ("Sid: TellMissingPayloads", ["tell"]),
        ("Whoever reads this", ["whoever"]),
        ("a message that comes back", ["comes back"]),
        ("all but for one, for want of time", ["but for", "for want"]),
        ("for wanted in names: this, but not for long", []),
        ("understood, standard, spellcheck, misspelled, intelligent, families", []),
    ],
)
def test_words_are_found_in_prose_and_in_names(line: str, expected: list[str]) -> None:
    assert list(findings(line)) == expected
