"""The measured handler accepts every request; a refusal would be measured as fast."""

import json
import os
import subprocess
import sys

import pytest

from benchmarks.samples import request
from tests.template.cloudformation import ROOT

TAKES_IN = "import sys; from benchmarks.taking_in import handler; print(handler()(sys.stdin.buffer.read()))"


@pytest.mark.parametrize("size", [180, 770, 39_000])
def test_the_measured_handler_accepts_what_it_is_given(size: int) -> None:
    """In a process of its own, as the benchmark runs: its environment is the function's."""
    done = subprocess.run(
        [sys.executable, "-c", TAKES_IN],
        input=json.dumps(request(size)).encode(),
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.split()[-1] == b"202"
