"""The built project as `sam local` runs it: on the machine of a developer, against the services of a world."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from local.world.build import SAM, built
from local.world.deploy import STACK_NAME
from local.world.emulator import Account
from local.world.environment import for_tools
from local.world.progress import Progress
from local.world.state import ROOT, Stack

_INVOCATION_SECONDS = 120
_ENDPOINT = "AWS_ENDPOINT_URL"


class InvocationError(AssertionError):
    """`sam local invoke` brought no answer. Its output is the message."""


@dataclass(frozen=True, slots=True)
class Project:
    """A copy of the build, with what its functions need to know to reach the world of `stack`."""

    folder: Path
    stack: Stack

    @classmethod
    def prepare(cls, folder: Path, stack: Stack, addresses: Mapping[str, str]) -> "Project":
        """Copy the build to `folder`. `addresses` says how containers reach the world's servers.

        A copy, since anybody may build again while it is in use. Its template names one more variable: SAM CLI sets
        none that the template does not name, and a deployed function needs none to find AWS.
        """
        project = cls(folder, stack)
        folder.mkdir(parents=True)
        tools = for_tools(os.environ, ROOT / ".tools" / "uv" / "bin")
        with built(Progress(Console(quiet=True)), tools, folder / "build.log"):
            shutil.copytree(ROOT / ".aws-sam" / "build", project._build)
        template = yaml.safe_load(project._template.read_text(encoding="utf-8"))
        for name in project._functions():
            template["Resources"][name]["Properties"]["Environment"]["Variables"][_ENDPOINT] = ""
        project._template.write_text(json.dumps(template), encoding="utf-8")
        project._variables.write_text(json.dumps(project._environments(addresses)), encoding="utf-8")
        return project

    def command(self, name: str, *arguments: str) -> list[str]:
        """Return the command line of `sam local NAME`."""
        return [
            *(str(SAM), "local", name, *arguments),
            *("--template", str(self._template)),
            *("--env-vars", str(self._variables)),
            *("--layer-cache-basedir", str(self.folder / "layers")),
            # The engine has it (`engine.why_not`), and may have it from elsewhere than the registry.
            "--skip-pull-image",
        ]

    def environment(self, temporary: Path) -> dict[str, str]:
        """Return the environment for that command. `temporary` becomes its folder for scratch files and locks."""
        temporary.mkdir(parents=True, exist_ok=True)
        return for_tools(os.environ) | {
            # SAM CLI asks AWS who it is, and hands these keys on to the functions.
            _ENDPOINT: self.stack.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.stack.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.stack.secret_access_key,
            "TMPDIR": str(temporary),
        }

    def invoke(self, logical_id: str, event: Path, temporary: Path) -> dict[str, Any]:
        """Run `sam local invoke` with one event and return what the function returned."""
        done = subprocess.run(
            self.command("invoke", logical_id, "--event", str(event)),
            cwd=self.folder,
            env=self.environment(temporary),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_INVOCATION_SECONDS,
            check=False,
        )
        # The answer is all that goes to standard output; what the function logs goes to the other one.
        try:
            response: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            raise InvocationError(f"{logical_id} answered {done.stdout!r}\n{done.stderr}") from None
        if "errorType" in response:
            raise InvocationError(f"{logical_id} raised {response}\n{done.stderr}")
        return response

    @property
    def _build(self) -> Path:
        return self.folder / "build"

    @property
    def _template(self) -> Path:
        return self._build / "template.yaml"

    @property
    def _variables(self) -> Path:
        return self.folder / "variables.json"

    def _functions(self) -> dict[str, str]:
        """Return the deployed functions' names by their names in the template."""
        pages = self._aws("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK_NAME)
        resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for resource in resources
            if resource["ResourceType"] == "AWS::Lambda::Function"
        }

    def _environments(self, addresses: Mapping[str, str]) -> dict[str, dict[str, str]]:
        """Return each function's environment as deployed, with addresses that work in a container."""
        functions = self._aws("lambda")
        environments: dict[str, dict[str, str]] = {}
        for name, deployed in self._functions().items():
            variables = functions.get_function_configuration(FunctionName=deployed)["Environment"]["Variables"]
            text = json.dumps({**variables, _ENDPOINT: self.stack.endpoint_url})
            for here, there in addresses.items():
                text = text.replace(here, there)
            environments[name] = json.loads(text)
        return environments

    def _aws(self, service: Any) -> Any:
        account = Account(self.stack.endpoint_url, self.stack.access_key_id, self.stack.secret_access_key)
        return account.session().client(service, endpoint_url=account.endpoint)
