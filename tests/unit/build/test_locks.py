"""The locks: complete, without the hosts that packages come from, and with equal versions of what both contain."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LAYER = ROOT / "layers/core/requirements.txt"
CLIENT = ROOT / "client/requirements.txt"
LOCKS = [LAYER, CLIENT, *sorted((ROOT / "requirements").glob("*.txt"))]

PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+)(?: ;.*?)?(?P<hashes>(?:\s+--hash=sha256:[0-9a-f]{64})+)")


def requirements(lock: Path) -> list[str]:
    """One line for each requirement, its hashes included."""
    lines = lock.read_text().replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def pins(lock: Path) -> dict[str, str]:
    found = [PIN.fullmatch(line) for line in requirements(lock)]
    return {pin["name"]: pin["version"] for pin in found if pin}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_every_package_is_pinned_and_hashed(lock: Path) -> None:
    assert requirements(lock)
    assert [line for line in requirements(lock) if not PIN.fullmatch(line)] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_no_lock_names_a_package_index_or_an_address(lock: Path) -> None:
    assert re.findall(r"\w+://\S*|--(?:extra-)?index\S*|--find-links\S*", lock.read_text()) == []


def test_what_is_tested_is_what_is_deployed() -> None:
    layer, development = pins(LAYER), pins(ROOT / "requirements/dev.txt")
    assert {name: development.get(name) for name in layer} == layer


def test_the_layer_leaves_the_sdk_to_the_runtime() -> None:
    assert pins(LAYER).keys().isdisjoint({"boto3", "botocore", "s3transfer"})
