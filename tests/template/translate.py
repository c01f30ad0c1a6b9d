"""Run by the environment of `sam`, not by pytest's: translates a SAM template as CloudFormation's transform does.

Reads `{"template": …, "parameters": {name: value}}` from standard input and writes the translated template to standard
output.
"""

import json
import sys
from typing import Any

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

_CODE = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


def _packaged(template: dict[str, Any]) -> dict[str, Any]:
    """Put an S3 address in place of each local folder, as `sam package` does; one that is given already stays."""
    for name, resource in template["Resources"].items():
        if (key := _CODE.get(resource["Type"])) and not resource["Properties"][key].startswith("s3://"):
            resource["Properties"][key] = f"s3://artifacts/{name}"
    return template


def main() -> None:
    """Translate standard input to standard output."""
    given = json.load(sys.stdin)
    translated = Translator({}, Parser()).translate(_packaged(given["template"]), given["parameters"])
    json.dump(translated, sys.stdout)


if __name__ == "__main__":
    main()
