"""JMESPath expressions of callers: compiled at submission, and bounded in length, steps and output when they are run.

The language has no loop, yet ``[@,@] | [@,@] | …`` doubles what is there with each link, so the length of an expression
bounds nothing. Here each node that is visited costs a unit, and so does each element of what it comes to; comparing and
writing cost what is compared or written. An expression that has used up its units has failed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, override

from jmespath import compile as parse_expression
from jmespath.exceptions import JMESPathError, JMESPathTypeError
from jmespath.functions import Functions
from jmespath.visitor import Options, TreeInterpreter

from actionrelay.errors import cut
from actionrelay.strict_json import MAX_NESTING as MAX_NESTING_OF_VALUES
from actionrelay.strict_json import Json, why_no_json

MAX_EXPRESSION_LENGTH = 1_000
"""Characters."""
MAX_NESTING = 50
"""Levels of an expression, as it is parsed."""
MAX_UNITS = 1_000_000
"""What the expressions of one step may cost together; a unit is one to four microseconds."""
_CHARACTERS_PER_UNIT = 64
_MESSAGE_LENGTH = 200
_DEEP = frozenset({"contains", "to_string"})
"""Functions that look at all of their arguments, however deep; the others look at the elements."""


class ExpressionFaultError(Exception):
    """An expression that can't be used, or that has failed; the text is for its author."""


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that was compiled."""

    text: str
    tree: dict[str, Any]

    @classmethod
    def compile(cls, text: str) -> "Expression":
        """Read an expression.

        Raises:
            ExpressionFaultError: it is none, too long or too deep, or calls a function that does not exist. The text
                names the place, counted in characters from 1, where there is one.
        """
        if len(text) > MAX_EXPRESSION_LENGTH:
            raise ExpressionFaultError(f"has {len(text)} characters, {MAX_EXPRESSION_LENGTH} are allowed")
        try:
            tree: dict[str, Any] = parse_expression(text).parsed
        except RecursionError:
            raise ExpressionFaultError("is nested too deep") from None
        except JMESPathError as error:
            raise ExpressionFaultError(_said(error)) from None
        except ValueError as error:  # a number of more digits than the interpreter converts
            raise ExpressionFaultError(cut(str(error), _MESSAGE_LENGTH)) from None
        for depth, node in _nodes(tree):
            if depth > MAX_NESTING:
                raise ExpressionFaultError(f"is nested more than {MAX_NESTING} levels deep")
            if node["type"] == "function_expression" and node["value"] not in Functions.FUNCTION_TABLE:
                raise ExpressionFaultError(f"calls {cut(node['value'], 40)}(), and there is no such function")
        return cls(text, tree)

    def search(self, value: Json, allowance: "Allowance") -> Json:
        """Evaluate it; what is not there is null. The answer may share parts with the value and with itself.

        Raises:
            ExpressionFaultError: a function got another type than it takes, or the bounds are used up.
        """
        try:
            found: Json = _BoundedInterpreter(allowance).visit(self.tree, value)
        except JMESPathTypeError as error:
            # Its own text quotes the value, which may be large without end.
            wanted, got = ", ".join(error.expected_types), error.actual_type
            raise ExpressionFaultError(f"{error.function_name}() takes {wanted}, and got {got}") from None
        except JMESPathError as error:
            raise ExpressionFaultError(_said(error)) from None
        except (RecursionError, TypeError, ValueError, ArithmeticError, AttributeError):
            # The library lets some of Python's own errors through, such as that of comparing a text with a number.
            raise ExpressionFaultError("can't be evaluated with these values") from None
        return found


@dataclass(slots=True)
class Allowance:
    """What evaluations may still cost together."""

    left: int = MAX_UNITS

    def spend(self, units: int) -> None:
        """Use up units.

        Raises:
            ExpressionFaultError: there are not so many.
        """
        self.left -= units
        if self.left < 0:
            raise ExpressionFaultError("takes more steps than are allowed")

    def spend_on_all(self, value: Json) -> None:
        """Use up what it costs to look at all of a value; what it holds twice counts twice.

        Raises:
            ExpressionFaultError: there is not so much.
        """
        for _ in self._levels(value):
            pass

    def spend_on_json(self, value: Json) -> None:
        """Use up what it costs to look at all of a value that becomes part of a request.

        Raises:
            ExpressionFaultError: there is not so much, or JSON has no form for it: an expression can come to infinity,
                to half of a surrogate pair, to an expression, and deeper than any document nests.
        """
        for depth, level in enumerate(self._levels(value)):
            if depth > MAX_NESTING_OF_VALUES:
                raise ExpressionFaultError(f"comes to more than {MAX_NESTING_OF_VALUES} levels")
            for here in level:
                if why := why_no_json(here):
                    raise ExpressionFaultError(f"comes to {why}")

    def _levels(self, value: Json) -> Iterator[list[Json]]:
        """Give all of a value, level by level, each when it is paid for."""
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
    """The language's functions, which cost what they look at."""

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
    if not callable(getattr(value, "visit", None)):  # an expression that a function applies is no value
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
    """Say what the library says, without the expression, which may be long, and with the place."""
    position = getattr(error, "lex_position", getattr(error, "lexer_position", None))
    place = f" at character {position + 1}" if isinstance(position, int) and position >= 0 else ""
    first = str(error).split("\n", 1)[0].split(": Parse error at column", 1)[0]
    return f"{cut(first.rstrip(':. '), _MESSAGE_LENGTH)}{place}"
