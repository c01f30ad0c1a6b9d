"""Inputs on the command line: JSON, a file, or name=value."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from actionrelay_client import json_text


def read_json(given: str, option: str) -> Any:
    """Read an option's JSON: the text itself, ``@file``, or ``-`` for standard input.

    Raises:
        typer.BadParameter: it can't be read, or is no JSON.
    """
    try:
        if given == "-":
            text = sys.stdin.buffer.read()
        elif given.startswith("@"):
            text = Path(given[1:]).read_bytes()
        else:
            text = given.encode()
        return json_text.read(text, strict=True)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"is no JSON: {error}", param_hint=option) from None


def read_inputs(document: str | None, pairs: Sequence[str]) -> dict[str, Any]:
    """Return the inputs of an action: ``name=value`` is a string, ``name:=value`` JSON; both override the document.

    Raises:
        typer.BadParameter: one of them can't be read.
    """
    inputs = {} if document is None else read_json(document, "--inputs")
    if not isinstance(inputs, dict):
        raise typer.BadParameter("must be a JSON object", param_hint="--inputs")
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name.rstrip(":"):
            raise typer.BadParameter(f"{pair!r} is not name=value", param_hint="INPUT")
        if name.endswith(":"):
            inputs[name[:-1]] = read_json(value, name)
        else:
            inputs[name] = value
    return inputs
