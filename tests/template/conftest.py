"""The template, for every test of it."""

import pytest

from tests.template.cloudformation import ROOT, Template


@pytest.fixture(scope="session")
def template() -> Template:
    return Template((ROOT / "template.yaml").read_text(encoding="utf-8"))
