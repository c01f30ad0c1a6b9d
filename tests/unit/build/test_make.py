"""The commands that people and CI run: each exists and describes itself."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import MEASURED

ROOT = Path(__file__).parents[3]
TARGETS = ("demo", "test", "unit", "peer", "check", "up", "down", "bench", "verify", "chaos", "help")


@pytest.mark.parametrize("target", TARGETS)
def test_help_lists_the_command_with_what_it_does(target: str) -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.search(rf"^  make {target} +\S.+$", shown, re.MULTILINE)


def test_make_test_runs_every_folder_of_tests_once() -> None:
    planned = subprocess.run(
        ["make", "--dry-run", "--assume-old=env", "test"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    runs: dict[str, list[str]] = {}
    for line in planned.splitlines():
        if "pytest" not in line:
            continue
        asked = re.search(r"-m ('[^']+'|measured)", line)
        for word in line.split():
            if word.startswith(("tests/", "client/tests")):
                runs.setdefault(word, []).append(asked[1].strip("'") if asked else "all")
    folders = {
        f"tests/{file.parent.relative_to(ROOT / 'tests').parts[0]}" for file in ROOT.glob("tests/*/**/test_*.py")
    }
    assert folders | {"client/tests"} <= runs.keys()
    for folder, parts in runs.items():
        in_parts = ["measured", "not measured"] if folder.removeprefix("tests/") in MEASURED else ["not measured"]
        assert parts in (["all"], in_parts), folder


def test_ci_calls_what_a_person_calls() -> None:
    workflow = (ROOT / ".github/workflows/ci.yml").read_text()
    assert re.findall(r"^\s*- run: (.+)$", workflow, re.MULTILINE) == [".ci/run"]
