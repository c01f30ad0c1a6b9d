"""Imports go down the floors of the package, and only wiring imports adapters. Both rules are checked on the tree.

A module may import the floors below its own, and its own folder. A file whose name ends in a technology, or that is in
``aws/``, is an adapter; every other file below the edges is a rule, and depends on no service.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "layers/core/src/actionrelay"

GROUND = {
    "errors",
    "graph",
    "pages",
    "fault",
    "faults",
    "ids",
    "lanes",
    "likely_name",
    "ports",
    "preflight_check",
    "foreign_json",
    "json_content",
    "json_arrays",
    "json_text",
    "cursors",
    "resend",
    "retry_after",
    "schemas",
    "tls_http",
    "signals",
    "strict_json",
    "timestamps",
}
EDGES = {"boundary", "wiring"}
FLOORS = (
    GROUND,
    {"aws"},
    {"gate", "webhooks", "ledger"},
    {"genesys"},
    {"token"},
    {
        "submit",
        "execute",
        "receive",
        "deliver",
        "operate",
        "preflight",
        "find",
        "audit",
        "statistics",
        "site",
        "workflows",
        "catalogue",
    },
    EDGES,
    {"functions"},
)
"""From the ground up. Two names on one floor do not import each other, but on the ground and at the edges."""

ADAPTER = re.compile(r"(^|.*_)(dynamodb|sqs|s3|ssm|http|dns)")
OUTSIDE = {
    *("boto3", "botocore", "mypy_boto3", "aws_lambda_powertools"),
    *("urllib3", "urllib.request", "requests", "httpx", "http.client", "http.server", "socket", "ssl"),
    *("os", "subprocess", "time", "random", "secrets"),
    *("uuid.uuid1", "uuid.uuid4", "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.date.today"),
}
"""AWS, HTTP, sockets, the environment, the clock, randomness. (`http.HTTPStatus` is only names for numbers.)"""

type Sources = Mapping[str, str]
"""The text of each module, by its name below the package; that of a handler is ``functions.<name>``."""


@cache
def tree() -> Sources:
    modules = {path.relative_to(PACKAGE): path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"}
    handlers = {f"functions.{path.parent.name}": path for path in ROOT.glob("functions/*/app.py")}
    named = {".".join(inner.with_suffix("").parts): path for inner, path in modules.items()} | handlers
    return {name: path.read_text() for name, path in sorted(named.items())}


@cache
def imports(source: str, module: str) -> frozenset[str]:
    """Return every dotted name that the source imports, anywhere in it, and what it takes of those modules."""
    base = ["actionrelay", *module.split(".")]
    known: dict[str, str] = {}
    parsed = ast.parse(source)
    for node in ast.walk(parsed):
        if isinstance(node, ast.Import):
            known |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = base[: -node.level] if node.level else []
            origin = ".".join([*parents, *([node.module] if node.module else [])])
            known |= {alias.asname or alias.name: f"{origin}.{alias.name}" for alias in node.names}
    taken = (_dotted(node) for node in ast.walk(parsed) if isinstance(node, ast.Attribute))
    used = (each for each in taken if each[0] in known)
    return frozenset([*known.values(), *(".".join([known[name], *rest]) for name, *rest in used)])


def _dotted(node: ast.expr) -> list[str]:
    """Return the names of ``a.b.c``; of an attribute of anything else, the attribute alone."""
    if isinstance(node, ast.Attribute):
        return [*_dotted(node.value), node.attr]
    return [node.id] if isinstance(node, ast.Name) else [""]


def module_of(name: str, sources: Sources) -> str | None:
    """Return the module below the package that an imported name is, or is in; a folder counts as itself."""
    inner = name.removeprefix("actionrelay.")
    if inner == name:
        return None
    parts = inner.split(".")
    found = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((module for module in found if module in sources), parts[0])


def uses(module: str, sources: Sources) -> set[str]:
    found = (module_of(name, sources) for name in imports(sources[module], module))
    return {used for used in found if used is not None and used != module}


def floor(module: str) -> int | None:
    return next((level for level, names in enumerate(FLOORS) if module.partition(".")[0] in names), None)


def is_adapter(module: str) -> bool:
    folder, _, name = module.rpartition(".")
    return folder == "aws" or (folder not in EDGES and ADAPTER.fullmatch(name) is not None)


def is_rule(module: str) -> bool:
    return not is_adapter(module) and module.partition(".")[0] not in {*EDGES, "functions"}


def breaches(sources: Sources) -> list[str]:
    """Return what breaks a rule, in words."""
    return [*_without_a_floor(sources), *_up(sources), *_cycles(sources), *_adapters_known(sources), *_world(sources)]


def _without_a_floor(sources: Sources) -> Iterator[str]:
    yield from (f"{module} has no floor" for module in sources if floor(module) is None)


def _up(sources: Sources) -> Iterator[str]:
    for module in sources:
        folder, level = module.partition(".")[0], floor(module)
        for used in sorted(uses(module, sources)):
            other, below = used.partition(".")[0], floor(used)
            if level is None or below is None or other == folder:
                continue
            beside = below == level and (folder in GROUND or folder in EDGES)
            if not (below < level or beside):
                yield f"{module} imports {used}"
            if folder == "functions" and other not in EDGES:
                yield f"{module} imports {used}, which is wiring's to know"


def _cycles(sources: Sources) -> Iterator[str]:
    try:
        TopologicalSorter({module: uses(module, sources) for module in sources}).prepare()
    except CycleError as error:
        yield f"cycle: {' → '.join(error.args[1])}"


def _adapters_known(sources: Sources) -> Iterator[str]:
    for module in sources:
        if not is_adapter(module) and module.partition(".")[0] != "wiring":
            yield from (
                f"{module} knows the adapter {used}" for used in sorted(uses(module, sources)) if is_adapter(used)
            )


def _world(sources: Sources) -> Iterator[str]:
    for module in filter(is_rule, sources):
        for name in sorted(imports(sources[module], module)):
            if any(f"{name}.".startswith(f"{outside}.") or name.startswith("mypy_boto3") for outside in OUTSIDE):
                yield f"{module} knows of the world: {name}"


def test_the_tree_keeps_both_rules() -> None:
    assert breaches(tree()) == []


def test_the_tree_is_read_whole() -> None:
    read = tree()
    assert {module.partition(".")[0] for module in read} == set().union(*FLOORS)
    assert any(map(is_adapter, read))
    assert any(uses(module, read) for module in read if module.startswith("functions."))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        pytest.param(
            "submit.new", "from actionrelay.execute.worker import ExecuteAction", id="a capability, another one"
        ),
        pytest.param("submit.new", "from actionrelay import execute", id="a capability, another one's folder"),
        pytest.param("submit.new", "from ..execute import worker", id="relative"),
        pytest.param("ledger.new", "def late():\n    from actionrelay.audit import trail", id="a lower floor, late"),
        pytest.param("genesys.new", "from actionrelay.token.shared import SharedToken", id="genesys, the token"),
        pytest.param("gate.new", "from actionrelay.ledger.steps import claim", id="the gate, the ledger"),
        pytest.param("errors", "from actionrelay.ledger import steps", id="the ground, the ledger"),
        pytest.param("token.new", "from actionrelay.wiring.settings import ExecuteSettings", id="the token, settings"),
        pytest.param("functions.new", "from actionrelay.submit.rules import RequestRules", id="a handler, a rule"),
        pytest.param(
            "boundary.new", "from actionrelay.ledger.queues_sqs import SqsExecutionQueue", id="boundary, adapter"
        ),
        pytest.param(
            "submit.new", "from actionrelay.ledger.queues_sqs import SqsExecutionQueue", id="a rule, an adapter"
        ),
        pytest.param("ledger.new", "from actionrelay.aws.attributes import Item", id="a rule, aws"),
        pytest.param("submit.new", "import boto3", id="a rule, the SDK"),
        pytest.param("submit.new", "def run():\n    from botocore.config import Config", id="a rule, the SDK, late"),
        pytest.param("ledger.new", "from mypy_boto3_sqs import SQSClient", id="a rule, the SDK's types"),
        pytest.param("ids", "from os import environ", id="the ground, the environment"),
        pytest.param("submit.new", "import time", id="a rule, the clock"),
        pytest.param("submit.new", "from datetime import datetime\nnow = datetime.now()", id="a rule, today"),
        pytest.param("submit.new", "import uuid\nfresh = uuid.uuid4()", id="a rule, chance"),
        pytest.param("helpers", "", id="a root module without a floor"),
        pytest.param("billing.new", "", id="a folder without a floor"),
    ],
)
def test_a_breach_is_seen(module: str, source: str) -> None:
    whole = tree()
    assert breaches({**whole, module: source}) != breaches(whole)


def test_a_cycle_is_seen() -> None:
    ring = {"ledger.a": "from actionrelay.ledger.b import B", "ledger.b": "from actionrelay.ledger.a import A"}
    assert any(each.startswith("cycle") for each in breaches(ring))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("submit.new", "from http import HTTPStatus\nfrom urllib.parse import urlsplit"),
        ("submit.new", "from uuid import UUID, uuid5\nfrom datetime import UTC, date, datetime"),
        ("find.new_dynamodb", "import botocore\nfrom actionrelay.ledger.executions_dynamodb import ExecutionsTable"),
        ("wiring.new", "import os\nfrom actionrelay.ledger.executions_dynamodb import ExecutionsTable"),
        ("boundary.new", "import time\nfrom actionrelay.wiring import telemetry"),
        ("functions.new", "from actionrelay.boundary import http\nfrom actionrelay.wiring.telemetry import observed"),
    ],
)
def test_what_is_no_breach_passes(module: str, source: str) -> None:
    assert breaches({**tree(), module: source}) == breaches(tree())
