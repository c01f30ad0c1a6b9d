"""The lists of CONTRIBUTING.md are right: each names the files that mention its example, and no other."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.unit.docs.documents import CONTRIBUTING, ROOT

SEARCHED = (
    *("functions", "layers/core/src", "template.yaml", "events", "examples", "tools", "benchmarks"),
    *("docs", "README.md", "SECURITY.md", "Makefile", "samconfig.toml", ".ci", ".github"),
)
"""What the project is made of, without what CONTRIBUTING.md leaves out: tests, the changelog, decisions, clients."""
LEFT_OUT = ("docs/adr/", "layers/core/src/actionrelay/site/console/")
TEXT = {".py", ".md", ".yaml", ".yml", ".json", ".toml", ".js", ".html", ".css", ".svg", ""}

MENTIONS = {
    "A field of an execution's record": r"\bsettled_late\b",
    "A field that callers see": r"\bupdatedAt\b",
    "A route": r"/executions/(\{executionId\}|:executionId)/acknowledge\b|\backnowledgeExecution\b",
    "A function": r"\bPreflight(Function|Settings)\b|functions/preflight/|\bwiring\.preflight\b|`preflight`",
    "An alarm": r"\bAuditConflictsAlarm\b",
    "A metric": r"\bAuditConflicts\b|\bAUDIT_CONFLICTS\b",
}
"""How the example of each list is recognised."""
MENTIONED_BY_TESTS = {
    "A route": r"\backnowledge_not_found\b",
    "A function": r"\bPreflight(Function|Role|Settings)\b|\"preflight\"",
}
"""The same in tests, where those name it otherwise."""
each_list = pytest.mark.parametrize("heading", MENTIONS)


@cache
def sources() -> dict[str, str]:
    """Every text of the project that the lists are about, by its path."""
    found: dict[str, str] = {}
    for path in _files(ROOT / each for each in SEARCHED):
        name = path.relative_to(ROOT).as_posix()
        if path.suffix in TEXT and "__pycache__" not in name and not name.startswith(LEFT_OUT):
            found[name] = path.read_text(encoding="utf-8")
    return found


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        yield from [place] if place.is_file() else (path for path in place.rglob("*") if path.is_file())


def listed(heading: str) -> list[str]:
    """Return the paths that a list names, in its order."""
    return re.findall(r"^- `([^`]+)`: ", CONTRIBUTING.section(heading).text, re.MULTILINE)


def mentioning(pattern: str, texts: dict[str, str]) -> set[str]:
    return {name for name, text in texts.items() if re.search(pattern, text)}


def listed_tests(heading: str) -> list[str]:
    return [path for path in listed(heading) if path.startswith("tests/")]


def test_every_list_is_compared() -> None:
    headings = re.findall(r"^### (.+)$", CONTRIBUTING.section("What to touch").text, re.MULTILINE)
    assert headings == list(MENTIONS)


@each_list
def test_a_list_names_the_files_that_mention_its_example(heading: str) -> None:
    assert sorted(set(listed(heading)) - set(listed_tests(heading))) == sorted(mentioning(MENTIONS[heading], sources()))


@each_list
def test_a_listed_test_mentions_the_example(heading: str) -> None:
    texts = {path: (ROOT / path).read_text(encoding="utf-8") for path in listed_tests(heading)}
    assert mentioning(MENTIONED_BY_TESTS.get(heading, MENTIONS[heading]), texts) == set(texts)


@each_list
def test_the_example_is_the_one_that_is_looked_for(heading: str) -> None:
    said = re.search(r"^Example: (.+?)\. ?", CONTRIBUTING.section(heading).text, re.MULTILINE)
    assert said
    names = re.findall(r"`([^`]+)`", said[1])
    assert names
    assert [name for name in names if not re.search(MENTIONS[heading], f"`{name}`")] == []


def test_everything_that_is_searched_is_there() -> None:
    assert [each for each in SEARCHED if not (ROOT / each).exists()] == []
    assert {name.split("/")[0] for name in sources()} == {each.split("/")[0] for each in SEARCHED}
