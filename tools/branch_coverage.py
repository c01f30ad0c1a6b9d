"""Reports the coverage measured by `coverage run`, and fails if too few branches were taken.

`coverage report --fail-under` counts lines and branches together; this gate is on branches alone.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from coverage import Coverage


def measured_branches() -> tuple[int, int]:
    """Combine the processes' data, print the report by file, and return the taken and total branches."""
    coverage = Coverage()
    coverage.combine()
    coverage.report(file=sys.stdout)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        coverage.json_report(outfile=str(report))
        totals = json.loads(report.read_text())["totals"]
    return totals["covered_branches"], totals["num_branches"]


def main() -> int:
    """Return 0 when at least ``--at-least`` percent of the branches were taken, else 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--at-least", type=float, required=True, metavar="PERCENT")
    required = parser.parse_args().at_least
    taken, total = measured_branches()
    share = 100 * taken / total if total else 100.0
    print(f"branches taken: {share:.1f} % ({taken} of {total}), at least {required:g} % are required")
    return 0 if share >= required else 1


if __name__ == "__main__":
    raise SystemExit(main())
