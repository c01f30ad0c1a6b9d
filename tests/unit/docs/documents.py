"""Reads the repository's Markdown for tests: links, headings, tables, fenced blocks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

_FENCE = re.compile(
    r"(?:^[ ]*<!-- snippet: (?P<name>[\w-]+) -->\n)?"
    r"^(?P<indent>[ ]*)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_LINK = re.compile(r"\]\((?P<inline>[^)\s]+)\)|(?:src|href)=\"(?P<html>[^\"]+)\"")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Snippet:
    """A fenced block: the name that a comment before it gives, its language, its text without the indent."""

    name: str | None
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        """Its path from the root of the repository."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        """Everything in it."""
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """Everything but the fenced blocks."""
        return _FENCE.sub("", self.text)

    def links(self) -> list[str]:
        """Where it leads, as written."""
        return [match["inline"] or match["html"] for match in _LINK.finditer(self.prose)]

    def headings(self) -> list[str]:
        """Its headings, of any level."""
        return _HEADING.findall(self.prose)

    def anchors(self) -> set[str]:
        """What a link may have after ``#``: headings as GitHub writes them."""
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in self.headings()}

    def section(self, heading: str) -> "Section":
        """The text below one heading, up to the next of its level or a higher one."""
        found = re.search(rf"^(#+) +{re.escape(heading)}$", self.text, re.MULTILINE)
        assert found, f"{self.name} has no heading {heading}"
        rest = self.text[found.end() :]
        following = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
        return Section(rest[: following.start()] if following else rest)

    def snippets(self) -> Iterator[Snippet]:
        """Every fenced block, in order."""
        for match in _FENCE.finditer(self.text):
            indent = match["indent"]
            lines = (line.removeprefix(indent) for line in match["text"].splitlines(keepends=True))
            yield Snippet(match["name"], match["language"], "".join(lines))

    def snippet(self, name: str) -> str:
        """The text of the one block with this name."""
        (found,) = [snippet.text for snippet in self.snippets() if snippet.name == name]
        return found


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document."""

    text: str

    def rows(self, table: int = 0) -> list[list[str]]:
        """The body of one of its tables: each row as its cells."""
        lines = [line.strip() for line in self.text.splitlines()]
        rules = [number for number, line in enumerate(lines) if re.fullmatch(r"\|[-|: ]+\|", line)]
        rows = []
        for line in lines[rules[table] + 1 :]:
            if not line.startswith("|"):
                break
            rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        return rows

    def names(self, table: int = 0, column: int = 0) -> list[str]:
        """What is between backticks in one column of a table, row after row."""
        return [name for row in self.rows(table) for name in re.findall(r"`([^`]+)`", row[column])]


README = Document(ROOT / "README.md")
CONTRIBUTING = Document(ROOT / "CONTRIBUTING.md")
API = Document(ROOT / "docs/api.md")
ARCHITECTURE = Document(ROOT / "docs/architecture.md")
RUNBOOK = Document(ROOT / "docs/runbook.md")
ADRS = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))
ALL = [
    README,
    CONTRIBUTING,
    Document(ROOT / "CHANGELOG.md"),
    Document(ROOT / "examples/README.md"),
    Document(ROOT / "client/README.md"),
    *(Document(path) for path in sorted((ROOT / "docs").rglob("*.md"))),
]
