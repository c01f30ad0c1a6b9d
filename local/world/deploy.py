"""`sam deploy --config-env local` onto the emulator, and the stack's outputs."""

import contextlib
import copy
import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from local.world.build import BUILT_TEMPLATE, SAM, archive_of
from local.world.emulator import Account, complete_deployment
from local.world.errors import WorldError
from local.world.state import ROOT

STACK_NAME = "actionrelay"
ARTIFACTS_BUCKET = "actionrelay-artifacts"
"""The world creates this bucket itself; SAM's managed one would need a second stack."""

_SECONDS = 300


class _TemplateLoader(yaml.SafeLoader):
    """Reads CloudFormation's YAML, ignoring the meaning of its tags."""


_TemplateLoader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def parameter_names() -> frozenset[str]:
    """Return the names of the template's parameters."""
    with (ROOT / "template.yaml").open(encoding="utf-8") as stream:
        # A SafeLoader that knows more tags is as safe: they all become None.
        template = yaml.load(stream, Loader=_TemplateLoader)  # noqa: S506
    return frozenset(template["Parameters"])


def deploy(
    account: Account, parameters: Mapping[str, str], environment: Mapping[str, str], log: Path
) -> dict[str, str]:
    """Deploy the build and return the stack's outputs. Raises WorldError when the deployment fails."""
    account.session().client("s3", endpoint_url=account.endpoint).create_bucket(Bucket=ARTIFACTS_BUCKET)
    credentials = {
        "AWS_ENDPOINT_URL": account.endpoint,
        "AWS_ACCESS_KEY_ID": account.access_key_id,
        "AWS_SECRET_ACCESS_KEY": account.secret_access_key,
    }
    with log.open("w", encoding="utf-8") as output, _deployable(BUILT_TEMPLATE) as template_file:
        command = [str(SAM), "deploy", "--template-file", str(template_file)]
        # SAM CLI looks for its settings beside the template.
        command += ["--config-file", str(ROOT / "samconfig.toml"), "--config-env", "local"]
        command += [
            "--s3-bucket",
            ARTIFACTS_BUCKET,
            "--parameter-overrides",
            *(_override(name, value) for name, value in parameters.items()),
        ]
        try:
            subprocess.run(
                command,
                cwd=ROOT,
                env={**environment, **credentials},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=_SECONDS,
                check=True,
            )
        except subprocess.CalledProcessError as failed:
            raise WorldError("sam deploy failed", log) from failed
        except subprocess.TimeoutExpired as late:
            raise WorldError(f"sam deploy took longer than {_SECONDS} seconds", log) from late

    formation = account.session().client("cloudformation", endpoint_url=account.endpoint)
    (stack,) = formation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    body: Any = formation.get_template(StackName=STACK_NAME, TemplateStage="Processed")["TemplateBody"]
    template = json.loads(body) if isinstance(body, str) else body
    listed = formation.get_paginator("list_stack_resources").paginate(StackName=STACK_NAME)
    made = [resource for page in listed for resource in page["StackResourceSummaries"]]
    names = {resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "") for resource in made}
    complete_deployment(account, api_id(outputs), template, names)
    return outputs


@contextlib.contextmanager
def _deployable(template_file: Path) -> Iterator[Path]:
    """Yield the template that is deployed here: as JSON, which SAM CLI reads seconds faster than YAML.

    MiniStack applies `security` at the root of the API's definition to operations that state none. API Gateway ignores
    it there, so it is taken out.
    """
    template = without_root_security(yaml.safe_load(template_file.read_text(encoding="utf-8")))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            folder = template_file.parent / resource["Properties"]["ContentUri"]
            resource["Properties"]["ContentUri"] = archive_of(folder).name
    # Beside the other one, whose paths are relative to its folder.
    with tempfile.NamedTemporaryFile("w", dir=template_file.parent, suffix=".json", encoding="utf-8") as beside:
        json.dump(template, beside)
        beside.flush()
        yield Path(beside.name)


def without_root_security(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template without `security` at the root of any API's definition."""
    document: dict[str, Any] = copy.deepcopy(dict(template))
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Api":
            resource["Properties"].get("DefinitionBody", {}).pop("security", None)
    return document


def api_id(outputs: Mapping[str, str]) -> str:
    """Return the id of the deployed API, the first label of its host."""
    host = outputs["ApiUrl"].removeprefix("https://")
    return host.partition(".")[0]


def api_url(endpoint: str, identifier: str) -> str:
    """Return where plain HTTP clients reach the API `identifier`, stage included.

    The emulator gives every API a path as well as a host name; a path needs no resolver.
    """
    return f"{endpoint}/_aws/execute-api/{identifier}/v1"


def _override(name: str, value: str) -> str:
    # Quoted, as SAM takes an empty value and one with spaces in no other form.
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}="{escaped}"'
