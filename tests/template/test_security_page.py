"""The page about security says what the template says."""

import re

import pytest

from tests.template.cloudformation import ROOT, Template
from tools.generated_part import replaced
from tools.permissions import PAGE, table

TEXT = (ROOT / "template.yaml").read_text(encoding="utf-8")


def test_the_page_has_the_roles_as_they_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == replaced(page, "permissions", table(TEXT)), "run `python -m tools.permissions`"


def test_every_role_of_a_function_is_in_the_table(template: Template) -> None:
    functions = {row.split("`")[1] for row in table(TEXT).splitlines()[2:]}
    assert functions == {path.name for path in (ROOT / "functions").iterdir() if (path / "app.py").is_file()}
    named = {
        policy["PolicyName"]
        for role in template.resources("AWS::IAM::Role")
        for policy in role.properties.get("Policies", ())
    }
    assert functions == named


@pytest.mark.parametrize("asset", ["the OAuth client and its token", "the live token"])
def test_the_page_names_the_functions_that_use_the_token(asset: str) -> None:
    (row,) = (line for line in PAGE.read_text(encoding="utf-8").splitlines() if f"| {asset} |" in line)
    [named] = re.findall(r"`\w+`(?:, `\w+`)* and `\w+`", row)
    assert (
        set(re.findall(r"`(\w+)`", named)) == _with_a_grant_on("TokenKeyArn") == _with_a_grant_on("GenesysSecretName")
    )


def _with_a_grant_on(parameter: str) -> set[str]:
    rows = (row.split("|")[1:4] for row in table(TEXT).splitlines())
    return {function.strip(" `") for function, _, resource in rows if parameter in resource}


def test_a_wider_grant_changes_the_table() -> None:
    wider = TEXT.replace("- dynamodb:UpdateItem", "- dynamodb:DeleteItem", 1)
    assert wider != TEXT
    assert table(wider) != table(TEXT)


def test_a_condition_is_in_the_table() -> None:
    assert re.search(r"\| `count` \| .*`dynamodb:LeadingKeys` ForAllValues:StringLike `counters#\*`", table(TEXT))
