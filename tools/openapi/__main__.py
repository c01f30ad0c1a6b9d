"""Writes the OpenAPI document that the package carries, and the collection of requests that is made from it.

With ``--check`` it says whether both are what the code makes.
"""

import argparse
import json
import sys

from tools.openapi.collection import COLLECTION, collection_text
from tools.openapi.document import PACKAGED, REGENERATE, document_text


def main() -> int:
    """Return 0 when the files are what the code makes of them."""
    parser = argparse.ArgumentParser(prog="python -m tools.openapi", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when one differs")
    document = document_text()
    made = {PACKAGED: document, COLLECTION: collection_text(json.loads(document))}
    if not parser.parse_args().check:
        for path, text in made.items():
            path.write_text(text, encoding="utf-8")
        return 0
    differing = [path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in differing:
        print(f"{path.name} is not what the code makes of it (run: {REGENERATE})", file=sys.stderr)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
