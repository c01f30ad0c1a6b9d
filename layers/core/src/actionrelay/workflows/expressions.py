"""JMESPath expressions of callers: compiled at submission, bounded in length, steps and output when evaluated.

The language has no loops, but ``[@,@] | [@,@] | …`` doubles its value with each link, so the length of an expression
bounds nothing. Here each visited node costs a unit, and so does each element of its value; comparing and writing cost
what is compared or written. An expression that uses up its units fails.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, override

from jmespath import compile as parse_expression
from jmespath.exceptions import JMESPathError, JMESPathTypeError
from jmespath.functions import Functions
from jmespath.visitor import Options, TreeInterpreter

from actionrelay.fault import cut
from actionrelay.strict_json import MAX_NESTING as MAX_NESTING_OF_VALUES
from actionrelay.strict_json import Json, why_no_json

MAX_EXPRESSION_LENGTH = 1_000
"""Characters."""
MAX_NESTING = 50
"""Levels of a parsed expression."""
MAX_UNITS = 1_000_000
"""Shared by all expressions of one step; a unit takes one to four microseconds."""
_CHARACTERS_PER_UNIT = 64
_MESSAGE_LENGTH = 200
_DEEP = frozenset({"contains", "to_string"})
"""Functions that read their arguments to any depth; the others only read the elements."""


class ExpressionFaultError(Exception):
    """An expression is invalid or has failed; the text is for its author."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression."""

    text: str
    tree: dict[str, Any]

    @classmethod
    def compile(cls, text: str) -> "Expression":
        """Compile an expression.

        Raises:
            ExpressionFaultError: it is invalid, too long or too deep, or calls an unknown function. The text names the
                position, in characters from 1, if it is known.
        """
        if len(text) > MAX_EXPRESSION_LENGTH:
            raise ExpressionFaultError(f"has {len(text)} characters, {MAX_EXPRESSION_LENGTH} are allowed")
        try:
            tree: dict[str, Any] = parse_expression(text).parsed
        except RecursionError:
            raise ExpressionFaultError("is nested too deep") from None
        except JMESPathError as error:
            raise ExpressionFaultError(_said(error)) from None
        except ValueError as error:  # more digits than Python converts to a number
            raise ExpressionFaultError(cut(str(error), _MESSAGE_LENGTH)) from None
        for depth, node in _nodes(tree):
            if depth > MAX_NESTING:
                raise ExpressionFaultError(f"is nested more than {MAX_NESTING} levels deep")
            if node["type"] == "function_expression" and node["value"] not in Functions.FUNCTION_TABLE:
                raise ExpressionFaultError(f"calls {cut(node['value'], 40)}(), and there is no such function")
        return cls(text, tree)

    def search(self, value: Json, allowance: "Allowance") -> Json:
        """Evaluate it; what is missing is null. The result may share parts with ``value`` and with itself.

        Raises:
            ExpressionFaultError: a function got a wrong type, or the allowance is used up.
        """
        try:
            found: Json = _BoundedInterpreter(allowance).visit(self.tree, value)
        except JMESPathTypeError as error:
            # Its own text quotes the value, which may be of any size.
            wanted, got = ", ".join(error.expected_types), error.actual_type
            raise ExpressionFaultError(f"{error.function_name}() takes {wanted}, and got {got}") from None
        except JMESPathError as error:
            raise ExpressionFaultError(_said(error)) from None
        except (RecursionError, TypeError, ValueError, ArithmeticError, AttributeError):
            # The library lets some of Python's own errors through, for example when it compares a text with a number.
            raise ExpressionFaultError("can't be evaluated with these values") from None
        return found


@dataclass(slots=True)
class Allowance:
    """The units that are left for some evaluations together."""

    left: int = MAX_UNITS

    def spend(self, units: int) -> None:
        """Use up units.

        Raises:
            ExpressionFaultError: not enough units are left.
        """
        self.left -= units
        if self.left < 0:
            raise ExpressionFaultError("takes more steps than are allowed")

    def spend_on_all(self, value: Json) -> None:
        """Spend what it costs to read all of a value; a part that it holds twice counts twice.

        Raises:
            ExpressionFaultError: not enough units are left.
        """
        for _ in self._levels(value):
            pass

    def spend_on_json(self, value: Json) -> None:
        """Spend what it costs to read all of a value that becomes part of a request.

        Raises:
            ExpressionFaultError: not enough units are left, or JSON can't hold the value: an expression can yield
                infinity, half a surrogate pair, an expression, or more levels than a document may have.
        """
        for depth, level in enumerate(self._levels(value)):
            if depth > MAX_NESTING_OF_VALUES:
                raise ExpressionFaultError(f"yields more than {MAX_NESTING_OF_VALUES} levels")
            for here in level:
                if why := why_no_json(here):
                    raise ExpressionFaultError(f"yields {why}")

    def _levels(self, value: Json) -> Iterator[list[Json]]:
        """Yield a value level by level, each after it is paid for."""
        level = [value]
        while level:
            self.spend(sum(map(_shallow, level)))
            yield level
            level = [
                child
                for here in level
                if isinstance(here, dict | list)
                for child in (here.values() if isinstance(here, dict) else here)
            ]


class _BoundedInterpreter(TreeInterpreter):
    """Evaluates within an allowance."""

    def __init__(self, allowance: Allowance) -> None:
        super().__init__(Options(custom_functions=_BoundedFunctions(allowance)))
        self._allowance = allowance

    @override
    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        value = super().visit(node, *args, **kwargs)
        self._allowance.spend(_shallow(value))
        return value

    @override
    def visit_comparator(self, node: Any, value: Any) -> Any:
        if node["value"] not in self._EQUALITY_OPS:
            return super().visit_comparator(node, value)
        sides = [self.visit(child, value) for child in node["children"]]
        for side in sides:
            _spend_on_argument(self._allowance, side)
        return self.COMPARATOR_FUNC[node["value"]](*sides)


class _BoundedFunctions(Functions):
    """The language's functions; each costs what it reads."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance

    @override
    def call_function(self, function_name: str, resolved_args: list[Any]) -> Any:
        for argument in resolved_args:
            if function_name in _DEEP:
                _spend_on_argument(self._allowance, argument)
            else:
                self._allowance.spend(_with_elements(argument))
        return super().call_function(function_name, resolved_args)


def _spend_on_argument(allowance: Allowance, value: Any) -> None:
    if not callable(getattr(value, "visit", None)):  # an expression that a function applies is not a value
        allowance.spend_on_all(value)


def _shallow(value: Any) -> int:
    match value:
        case str():
            return 1 + len(value) // _CHARACTERS_PER_UNIT
        case list() | dict():
            return 1 + len(value)
    return 1


def _with_elements(value: Any) -> int:
    return sum(_shallow(each) for each in value) if isinstance(value, list) else _shallow(value)


def _nodes(tree: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    pending = [(1, tree)]
    while pending:
        depth, node = pending.pop()
        yield depth, node
        pending.extend((depth + 1, child) for child in node["children"] if isinstance(child, dict))


def _said(error: JMESPathError) -> str:
    """Return the library's message with the position, but without the expression, which may be long."""
    position = getattr(error, "lex_position", getattr(error, "lexer_position", None))
    place = f" at character {position + 1}" if isinstance(position, int) and position >= 0 else ""
    first = str(error).split("\n", 1)[0].split(": Parse error at column", 1)[0]
    return f"{cut(first.rstrip(':. '), _MESSAGE_LENGTH)}{place}"
