"""The template, for every test of it."""

from typing import Any

import pytest

from tests.template.cloudformation import ROOT, Template
from tests.template.deployed import Deployed, translated


@pytest.fixture(scope="session")
def template() -> Template:
    return Template((ROOT / "template.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def as_deployed(template: Template) -> dict[str, Any]:
    """The template as CloudFormation receives it, with the parameters' defaults."""
    return translated(template.document)


@pytest.fixture(scope="session")
def on_aws(as_deployed: dict[str, Any]) -> Deployed:
    return Deployed(as_deployed)
