"""IAM users under the policies that the documents give."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from local.api import ApiClient
from tests.stack.deployment import Deployment
from tests.unit.docs.test_access import ARN


@contextmanager
def user(deployment: Deployment, policy: dict[str, Any]) -> Iterator[ApiClient]:
    """Make an IAM user with one of the documented policies, for this API."""
    iam, name = deployment.aws("iam"), f"user-{uuid.uuid4().hex[:8]}"
    *_, api_id, stage = deployment.stack.api_url.rsplit("/", 2)
    region, account = deployment.stack.region, deployment.aws("sts").get_caller_identity()["Account"]
    own = json.dumps(policy).replace(ARN, f"arn:aws:execute-api:{region}:{account}:{api_id}/{stage}")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="documented", PolicyDocument=own)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    stack = replace(deployment.stack, access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])
    with ApiClient(stack) as client:
        yield client
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
