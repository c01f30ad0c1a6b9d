"""Every implementation of a port names it as a base class and marks its overrides. Checked on the tree.

So a reader finds the promise from the implementation, and the type checker compares the two where they are written
instead of where they are used. The type checker does not require it: a class may fit a protocol without naming it.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[3] / "layers/core/src/actionrelay"


@dataclass(frozen=True, slots=True)
class Method:
    """What decides whether one method can be called in place of another."""

    parameters: tuple[str, ...]
    by_name: frozenset[str]
    """Parameters that are passed by name alone."""
    needed: frozenset[str]
    """Parameters without a default."""
    returns: bool
    is_property: bool
    is_override: bool

    @classmethod
    def of(cls, node: ast.FunctionDef) -> "Method":
        arguments, marks = node.args, {ast.unparse(each) for each in node.decorator_list}
        parameters = tuple(each.arg for each in (*arguments.posonlyargs, *arguments.args))[1:]
        without_default = parameters[: len(parameters) - len(arguments.defaults)]
        named = [(each.arg, default) for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
        return cls(
            parameters,
            frozenset(name for name, _ in named),
            frozenset([*without_default, *(name for name, default in named if default is None)]),
            returns=node.returns is not None and ast.unparse(node.returns) != "None",
            is_property="property" in marks,
            is_override="override" in marks,
        )

    def fits(self, port: "Method") -> bool:
        """Whether this can be called as the port's method is; what it adds is optional."""
        added = {*self.parameters[len(port.parameters) :], *self.by_name} - port.by_name
        return (
            self.parameters[: len(port.parameters)] == port.parameters
            and port.by_name <= {*self.by_name, *self.parameters}
            and not added & self.needed
            and (self.returns, self.is_property) == (port.returns, port.is_property)
        )


@dataclass(frozen=True, slots=True)
class Shape:
    """A class as its source has it."""

    name: str
    bases: frozenset[str]
    methods: Mapping[str, Method]

    @property
    def is_port(self) -> bool:
        return "Protocol" in self.bases


@cache
def package() -> str:
    """The text of every module, one after the other."""
    return "\n".join(path.read_text() for path in sorted(PACKAGE.rglob("*.py")))


def shapes(source: str) -> list[Shape]:
    classes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef))
    return [
        Shape(
            node.name,
            frozenset(ast.unparse(base.value if isinstance(base, ast.Subscript) else base) for base in node.bases),
            {each.name: Method.of(each) for each in node.body if isinstance(each, ast.FunctionDef)},
        )
        for node in classes
    ]


def declared(shape: Shape, known: Mapping[str, Shape]) -> set[str]:
    """Name every class that a class inherits from."""
    above = {base for base in shape.bases if base in known}
    return above.union(*(declared(known[base], known) for base in above))


def breaches(source: str) -> Iterator[str]:
    """Say what implements a port and does not say so."""
    classes = shapes(source)
    ports = {each.name: each for each in classes if each.is_port}
    known = {each.name: each for each in classes}
    for shape in classes:
        bases = declared(shape, known)
        for port in ports.values():
            if port.name in bases:
                yield from (
                    f"{shape.name}.{name} overrides {port.name}'s without @override"
                    for name in sorted(shape.methods.keys() & port.methods.keys())
                    if not shape.methods[name].is_override
                )
            elif not shape.is_port and implements(shape, port):
                yield f"{shape.name} implements {port.name} and does not subclass it"


def implements(shape: Shape, port: Shape) -> bool:
    own = shape.methods
    return bool(port.methods) and all(name in own and own[name].fits(port.methods[name]) for name in port.methods)


def test_whatever_implements_a_port_says_so() -> None:
    assert list(breaches(package())) == []


def test_every_port_has_an_implementation_that_names_it() -> None:
    classes = shapes(package())
    known = {each.name: each for each in classes}
    implemented = set().union(*(declared(each, known) for each in classes if not each.is_port))
    ports = {each.name for each in classes if each.is_port}
    assert len(ports) > 20
    assert ports - implemented == set()


PORT = """
class Line(Protocol):
    @property
    def length(self) -> int: ...
    def put(self, text: str, after_ms: int = 0, *, urgent: bool = False) -> None: ...
    def read(self, name: str) -> str | None: ...
"""
METHODS = """
    @property
    def length(self) -> int: return 0
    def put(self, text: str, after_ms: int = 0, *, urgent: bool = False) -> None: ...
    def read(self, name: str) -> str | None: ...
"""
MARKED = METHODS.replace("    def ", "    @override\n    def ")


@pytest.mark.parametrize(
    ("adapter", "breach"),
    [
        pytest.param(f"class Table:{METHODS}", "Table implements Line and does not subclass it", id="undeclared"),
        pytest.param(f"class _Table:{METHODS}", "_Table implements Line and does not subclass it", id="private"),
        pytest.param(
            f"class Table:{METHODS.replace('name: str', 'name: str, fresh: bool = False')}",
            "Table implements Line and does not subclass it",
            id="undeclared, with an option more",
        ),
        pytest.param(
            f"class Table(Line):{MARKED.replace('@override\n    def read', 'def read')}",
            "Table.read overrides Line's without @override",
            id="unmarked method",
        ),
        pytest.param(
            f"class Table(Line):{MARKED.replace('@override\n    def length', 'def length')}",
            "Table.length overrides Line's without @override",
            id="unmarked property",
        ),
        pytest.param(
            f"class Table(Line):{MARKED}\nclass Kept(Table):\n    def read(self, name: str) -> str | None: ...",
            "Kept.read overrides Line's without @override",
            id="unmarked, two steps down",
        ),
    ],
)
def test_a_breach_is_seen(adapter: str, breach: str) -> None:
    assert list(breaches(PORT + adapter)) == [breach]


@pytest.mark.parametrize(
    "adapter",
    [
        pytest.param(f"class Table(Line):{MARKED}", id="declared and marked"),
        pytest.param(f"class Table(Line[int]):{MARKED}", id="declared with a type"),
        pytest.param(f"class Longer(Line, Protocol):{MARKED}", id="a port over a port"),
        pytest.param(f"class Table:{METHODS.replace('text: str', 'body: str')}", id="another parameter"),
        pytest.param(f"class Table:{METHODS.replace('name: str', 'name: str, kind: str')}", id="one that is needed"),
        pytest.param(f"class Table:{METHODS.replace('str | None', 'None')}", id="nothing is returned"),
        pytest.param(f"class Table:{METHODS.replace('@property', '')}", id="a method for a property"),
        pytest.param("class Table:\n    def read(self, name: str) -> str | None: ...", id="a part of it"),
    ],
)
def test_what_is_no_breach_passes(adapter: str) -> None:
    assert list(breaches(PORT + adapter)) == []
