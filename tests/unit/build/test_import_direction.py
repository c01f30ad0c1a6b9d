"""Imports point inwards: handlers → boundary and wiring → adapters and use cases → pure modules.

A module of the package is pure unless it is named here, so a new one is held to the strictest rule first.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "layers/core/src/actionrelay"

USE_CASES = {
    *("validation", "execution", "receipts", "delivery", "queries", "operations", "preflight", "workflow"),
    *("audit_days", "audit_export", "rejections"),
    *("counting", "metrics"),
    *("listing", "queue_health"),
    # parts that several of them share, and that hold ports like they do
    *("completion", "recording", "settlement", "tokens"),
}
ADAPTERS = {"aws", "genesys", "webhooks"}
EDGES = {"settings", "observability", "boundary", "wiring"}

# What each kind of module may see of the package, besides its own folder.
MAY_SEE = {
    "pure": {"pure"},
    "use case": {"pure", "use case"},
    "adapter": {"pure"},
    "settings": {"pure"},
    "observability": {"pure"},
    "boundary": {"pure", "use case", "observability"},
    "wiring": {"pure", "use case", "adapter", "settings", "observability"},
    "handler": {"use case", "boundary", "observability", "wiring"},
}

# Ways out of the process: AWS, HTTP and the environment. (`http.HTTPStatus` is only names for numbers.)
OUTSIDE = {
    *("boto3", "botocore", "aws_lambda_powertools"),
    *("urllib3", "urllib.request", "requests", "httpx", "http.client", "http.server", "socket", "ssl"),
    *("os", "subprocess", "time", "random"),
}
INWARD = {"pure", "use case"}


def kind(module: str) -> str:
    """Say what a dotted module below the package is, by its first part."""
    top = module.partition(".")[0]
    if top in USE_CASES:
        return "use case"
    if top in ADAPTERS:
        return "adapter"
    return top if top in EDGES else "pure"


def imports(source: str, package: str = "") -> Iterator[str]:
    """Yield every dotted name that the source imports, anywhere in it; `a.b` for `from a import b`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(part for part in (package if node.level else "", node.module or "") if part)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def breaches(source: str, *, of: str, module: str = "") -> list[str]:
    """Return what the source of a module of a kind imports and may not."""
    found = []
    for name in imports(source, package="actionrelay"):
        top, _, inner = name.partition(".")
        if top == "actionrelay" and inner:
            own_folder = inner.partition(".")[0] == module.partition(".")[0]
            if not own_folder and kind(inner) not in MAY_SEE[of]:
                found.append(name)
        elif of in INWARD and any(f"{name}.".startswith(f"{outside}.") for outside in OUTSIDE):
            found.append(name)
    return found


def modules() -> list[str]:
    paths = (path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py"))
    return sorted(".".join(path.parts).removesuffix(".__init__") for path in paths if path.name != "__init__")


@pytest.mark.parametrize("module", modules())
def test_a_module_sees_only_what_lies_further_in(module: str) -> None:
    path = PACKAGE / module.replace(".", "/")
    source = (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text()
    assert breaches(source, of=kind(module), module=module) == []


@pytest.mark.parametrize("function", sorted(path.parent.name for path in ROOT.glob("functions/*/app.py")))
def test_a_handler_imports_only_what_its_floor_allows(function: str) -> None:
    assert breaches((ROOT / "functions" / function / "app.py").read_text(), of="handler") == []


@pytest.mark.parametrize(
    ("of", "source"),
    [
        pytest.param("use case", "import boto3", id="use case, SDK"),
        pytest.param("use case", "def run():\n    from botocore.config import Config", id="use case, hidden"),
        pytest.param("use case", "from actionrelay.ledger.table_dynamodb import Table", id="use case, adapter"),
        pytest.param("use case", "from actionrelay import wiring", id="use case, wiring by name"),
        pytest.param("use case", "from .settings import Settings", id="use case, relative"),
        pytest.param("pure", "from os import environ", id="pure, environment"),
        pytest.param("pure", "from actionrelay.execute.worker import run", id="pure, use case"),
        pytest.param("adapter", "from actionrelay.wiring.settings import Settings", id="adapter, settings"),
        pytest.param("handler", "from actionrelay.ledger.table_dynamodb import Table", id="handler, adapter"),
    ],
)
def test_the_rule_sees_a_breach(of: str, source: str) -> None:
    assert breaches(source, of=of)
