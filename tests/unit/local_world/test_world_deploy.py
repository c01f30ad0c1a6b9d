"""The world's routes require a signature where AWS's do."""

import copy
from typing import Any

from local.world.deploy import without_root_security


def _template(**definition: Any) -> dict[str, Any]:
    api = {"Type": "AWS::Serverless::Api", "Properties": {"DefinitionBody": {"paths": {}, **definition}}}
    return {"Resources": {"Api": api, "Queue": {"Type": "AWS::SQS::Queue"}}}


def test_security_at_the_root_is_taken_out() -> None:
    template = _template(security=[{"sigv4": []}])
    before = copy.deepcopy(template)

    assert without_root_security(template) == _template()
    assert template == before


def test_security_of_operations_stays() -> None:
    paths: dict[str, Any] = {"/executions": {"post": {"security": [{"sigv4": []}]}}}
    assert without_root_security(_template(paths=paths)) == _template(paths=paths)
