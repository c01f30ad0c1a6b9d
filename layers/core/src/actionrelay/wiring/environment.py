"""Reads a function's settings from its environment: each variable by its field's rule, all faults at once.

Settings are dataclasses: pydantic would take a fifth of the cold start of functions that have no other use for it
(ADR 16). Nothing compares or prints them, and the code for that would be made at each cold start.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Annotated, Any, Self, get_type_hints

from actionrelay.errors import SettingsError
from actionrelay.genesys.hosts import base_url, require_region

_HIGHEST_PORT = 65_535


def _whole_number(at_least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and int(text) >= at_least):
            raise ValueError(f"must be a whole number, {at_least} at least")
        return int(text)

    return read


def _flag(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError("must be true or false")
    return text == "true"


def one_of[Choice: StrEnum](choices: type[Choice]) -> Callable[[str], Choice]:
    """Return what reads one of an enumeration's values."""

    def read(text: str) -> Choice:
        if text not in {choice.value for choice in choices}:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return choices(text)

    return read


def _ports(text: str) -> frozenset[int]:
    ports = text.split(",")
    if not all(port.isascii() and port.isdigit() and 0 < int(port) <= _HIGHEST_PORT for port in ports):
        raise ValueError(f"must be ports from 1 to {_HIGHEST_PORT}, separated by commas")
    return frozenset(map(int, ports))


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip().casefold() for name in text.split(",")) - {""}


def _ids(text: str) -> frozenset[str]:
    return frozenset(filter(None, text.split(",")))


def _override(text: str) -> str:
    return base_url(text) if text else text


# A field's annotation holds the function that reads it; a field without one is text.
Positive = Annotated[int, _whole_number(at_least=1)]
NotNegative = Annotated[int, _whole_number(at_least=0)]
Flag = Annotated[bool, _flag]
Region = Annotated[str, require_region]
Ports = Annotated[frozenset[int], _ports]
Names = Annotated[frozenset[str], _names]
"""Names that are compared case-insensitively."""
Ids = Annotated[frozenset[str], _ids]
"""Separated by commas; empty ones are ignored."""
Override = Annotated[str, _override]
"""The URL of a host, or empty."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ObservedSettings:
    """What every function needs: the names under which it logs and counts."""

    powertools_service_name: str
    powertools_metrics_namespace: str
    powertools_log_level: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Read each field from the environment variable of the same name in capitals.

        Raises:
            SettingsError: one is missing or invalid; names every fault and no value.
        """
        hints = get_type_hints(cls, include_extras=True)
        values: dict[str, Any] = {}
        faults: list[str] = []
        for field in fields(cls):
            variable = field.name.upper()
            [reader] = getattr(hints[field.name], "__metadata__", (str,))
            try:
                values[field.name] = reader(environment[variable])
            except KeyError:
                faults.append(f"{variable}: is missing")
            except ValueError as fault:
                faults.append(f"{variable}: {fault}")
        if faults:
            said = "; ".join(faults)
            raise SettingsError(f"the settings of this function can't be used: {said}", settings=said)
        return cls(**values)
