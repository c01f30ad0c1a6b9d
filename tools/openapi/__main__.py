"""Writes the OpenAPI document that the package carries; with ``--check``, says whether it is what the code makes."""

import argparse
import sys

from tools.openapi.document import PACKAGED, REGENERATE, document_text


def main() -> int:
    """Return 0 when the packaged document is what the code makes of it."""
    parser = argparse.ArgumentParser(prog="python -m tools.openapi", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when it differs")
    made = document_text()
    if not parser.parse_args().check:
        PACKAGED.write_text(made, encoding="utf-8")
    elif not PACKAGED.exists() or PACKAGED.read_text(encoding="utf-8") != made:
        print(f"{PACKAGED.name} is not what the code makes of it (run: {REGENERATE})", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
