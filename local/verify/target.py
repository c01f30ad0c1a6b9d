"""The deployment to check: its resources, and clients for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.world.deploy import STACK_NAME
from local.world.state import WorldFolder

API = "AWS::ApiGateway::RestApi"
FUNCTION = "AWS::Lambda::Function"
QUEUE = "AWS::SQS::Queue"
TABLE = "AWS::DynamoDB::Table"
ALARM = "AWS::CloudWatch::Alarm"


class TargetError(Exception):
    """There is nothing to check: no such stack, world or credentials."""


@dataclass(frozen=True)
class Target:
    """One deployed stack. Clients are created on first use."""

    stack: str
    session: boto3.Session
    api_url: str
    parameters: Mapping[str, str]
    resources: Mapping[str, tuple[str, str]]
    """By logical id: type and physical id."""
    endpoint: str | None = None
    """The emulator's; None is AWS."""
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def on_aws(cls, stack: str, region: str | None) -> Self:
        """Find a stack with the caller's own credentials. Raises TargetError."""
        try:
            session = boto3.Session(region_name=region)
        except BotoCoreError as wrong:
            raise TargetError(str(wrong)) from wrong
        return cls._found(stack, session, endpoint=None, api_url=None)

    @classmethod
    def in_world(cls, folder: Path) -> Self:
        """Find the stack of a local world. Raises TargetError."""
        world = WorldFolder(folder).stack()
        if world is None:
            raise TargetError(f"there is no world in {folder}; `make up` starts one")
        session = boto3.Session(world.access_key_id, world.secret_access_key, region_name=world.region)
        return cls._found(STACK_NAME, session, endpoint=world.endpoint_url, api_url=world.api_url)

    @classmethod
    def _found(cls, stack: str, session: boto3.Session, *, endpoint: str | None, api_url: str | None) -> Self:
        try:
            formation = session.client("cloudformation", endpoint_url=endpoint)
            (description,) = formation.describe_stacks(StackName=stack)["Stacks"]
            pages = formation.get_paginator("list_stack_resources").paginate(StackName=stack)
            resources = {
                each["LogicalResourceId"]: (each["ResourceType"], each["PhysicalResourceId"])
                for page in pages
                for each in page["StackResourceSummaries"]
                if each.get("PhysicalResourceId")
            }
        except (BotoCoreError, ClientError) as refused:
            raise TargetError(f"the stack {stack} can't be read: {refused}") from refused
        outputs = {each["OutputKey"]: each["OutputValue"] for each in description.get("Outputs", ())}
        if "ApiUrl" not in outputs:
            raise TargetError(f"the stack {stack} has no output ApiUrl; is it actionrelay, and is it deployed?")
        parameters = {
            each["ParameterKey"]: each.get("ParameterValue", "") for each in description.get("Parameters", ())
        }
        return cls(stack, session, api_url or outputs["ApiUrl"], parameters, resources, endpoint)

    @property
    def is_emulated(self) -> bool:
        """Whether this is a local world."""
        return self.endpoint is not None

    def client(self, service: str) -> Any:
        """Return a client of one service, created once, with timeouts of seconds."""
        if service not in self._clients:
            config = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 4, "mode": "standard"})
            make: Any = self.session.client
            self._clients[service] = make(service, endpoint_url=self.endpoint, config=config)
        return self._clients[service]

    def of_type(self, kind: str) -> dict[str, str]:
        """Return the stack's resources of one type: physical ids by logical id."""
        return {name: physical for name, (each, physical) in self.resources.items() if each == kind}

    @cached_property
    def api_id(self) -> str:
        """The API's id."""
        return next(iter(self.of_type(API).values()))

    @cached_property
    def functions(self) -> dict[str, str]:
        """Logical ids by function name."""
        return {physical: name for name, physical in self.of_type(FUNCTION).items()}
