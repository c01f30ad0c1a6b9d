"""The scanner's suppressions: each says why, and none is for a check that is suppressed elsewhere too."""

import re

import yaml

from tests.template.cloudformation import ROOT, Template

CONFIGURATION = ROOT / ".checkov.yaml"


def test_every_kind_that_is_left_out_has_its_reason() -> None:
    text = CONFIGURATION.read_text(encoding="utf-8")
    groups = re.findall(r"((?:^  # .*\n)+)((?:^  - CKV_AWS_\d+\n)+)", text.partition("skip-check:\n")[2], re.MULTILINE)
    with_reasons = [check for _, checks in groups for check in re.findall(r"CKV_AWS_\d+", checks)]
    assert with_reasons == yaml.safe_load(text)["skip-check"]
    assert len(set(with_reasons)) == len(with_reasons)


def test_every_resource_that_is_left_out_has_its_reason(template: Template) -> None:
    everywhere = set(yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))["skip-check"])
    single = re.findall(r"# checkov:skip=(CKV_AWS_\d+)(.*)", template.text)
    assert single
    for check, reason in single:
        assert check not in everywhere
        assert re.match(r": \w.{20,}", reason), check
