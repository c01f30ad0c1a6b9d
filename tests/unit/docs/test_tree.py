"""The tree that the architecture prints is the package's."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "layers/core/src/actionrelay"
CLIENT = ROOT / "client/src/actionrelay_client"


def printed(text: str) -> dict[str, list[str]]:
    """Read the tree: a folder, then its modules, on as many lines as they take."""
    found: dict[str, list[str]] = {}
    folder = ""
    for line in re.search(r"^## The tree$.*?^```$(.*?)^```$", text, re.MULTILINE | re.DOTALL).group(1).splitlines():  # type: ignore[union-attr]
        folder = line[:13].strip().rstrip("/") or folder
        found.setdefault(folder, []).extend(re.findall(r"\w+", line[13:]))
    found.pop("", None)
    return found


def modules_of(package: Path) -> dict[str, list[str]]:
    """The modules of a package by folder; those in none are at the root."""
    modules: dict[str, list[str]] = {}
    for path in sorted(package.rglob("*.py")):
        if path.name != "__init__.py":
            modules.setdefault("root" if path.parent == package else path.parent.name, []).append(path.stem)
    return modules


def test_the_printed_tree_is_the_package() -> None:
    assert printed((ROOT / "docs/architecture.md").read_text(encoding="utf-8")) == modules_of(PACKAGE)


def test_the_clients_printed_tree_is_its_package() -> None:
    assert printed((ROOT / "docs/client.md").read_text(encoding="utf-8")) == modules_of(CLIENT)


def test_a_module_that_is_not_printed_is_seen() -> None:
    assert printed("## The tree\n\n```\nroot         errors\na/           one · two\n             three\n```\n") == {
        "root": ["errors"],
        "a": ["one", "two", "three"],
    }
