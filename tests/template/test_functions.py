"""Functions: each has exactly the environment that its settings read, its own role and its own logs."""

import inspect
import re
from dataclasses import fields

import pytest

from actionrelay.wiring import settings
from actionrelay.wiring.environment import ObservedSettings
from tests.fakes.memory import ANSWERS_MB, AS_DEPLOYED, EVENT_MB, READING_MB, REPORT_MB, RUNTIME_MB
from tests.template.cloudformation import ROOT, Resource, Template, function_folder


def _models() -> dict[str, type[ObservedSettings]]:
    """Find the settings of each function: the models that no other builds on."""
    found = [each for _, each in inspect.getmembers(settings, inspect.isclass) if each.__module__ == settings.__name__]
    models = [each for each in found if issubclass(each, ObservedSettings) and not each.__subclasses__()]
    return {re.sub(r"(?<!^)(?=[A-Z])", "_", each.__name__.removesuffix("Settings")).lower(): each for each in models}


SETTINGS = _models()
MAX_HANDLER_LINES = 50


@pytest.fixture
def functions(template: Template) -> dict[str, Resource]:
    return {function_folder(function): function for function in template.resources("AWS::Serverless::Function")}


def test_the_functions_are_those_that_have_settings(functions: dict[str, Resource]) -> None:
    assert functions.keys() == SETTINGS.keys()


@pytest.mark.parametrize("name", SETTINGS)
def test_the_environment_is_what_the_settings_read(functions: dict[str, Resource], name: str) -> None:
    variables = functions[name].properties["Environment"]["Variables"]
    assert set(variables) - AS_DEPLOYED.keys() == {field.name.upper() for field in fields(SETTINGS[name])}


def test_functions_have_room_for_their_heaviest_event(functions: dict[str, Resource], template: Template) -> None:
    assert functions["execute"].properties["MemorySize"] >= RUNTIME_MB + ANSWERS_MB + READING_MB
    assert functions["receive_webhook"].properties["MemorySize"] >= RUNTIME_MB + EVENT_MB + REPORT_MB
    shared = template.document["Globals"]["Function"]["Environment"]["Variables"]
    assert AS_DEPLOYED.items() <= shared.items()


@pytest.mark.parametrize("name", SETTINGS)
def test_the_defaults_are_settings_that_a_function_takes(
    functions: dict[str, Resource], template: Template, name: str
) -> None:
    variables = functions[name].properties["Environment"]["Variables"]
    # What is neither a literal nor a parameter is a name or a URL that CloudFormation fills in.
    environment = {
        key: value if isinstance(value := template.value(given), str | int) else "filled-in"
        for key, given in variables.items()
    }
    SETTINGS[name].read({key: str(value) for key, value in environment.items()})


@pytest.mark.parametrize("name", SETTINGS)
def test_no_function_shares_its_role(functions: dict[str, Resource], name: str) -> None:
    roles = [function.properties["Role"]["Fn::GetAtt"][0] for function in functions.values()]
    assert roles.count(functions[name].properties["Role"]["Fn::GetAtt"][0]) == 1


@pytest.mark.parametrize("name", SETTINGS)
def test_logs_go_to_a_group_of_their_own_that_expires(
    functions: dict[str, Resource], template: Template, name: str
) -> None:
    group = template.resource(functions[name].properties["LoggingConfig"]["LogGroup"]["Ref"])
    assert group.kind == "AWS::Logs::LogGroup"
    groups = [function.properties["LoggingConfig"]["LogGroup"]["Ref"] for function in functions.values()]
    assert groups.count(group.name) == 1


def test_every_log_group_expires(template: Template) -> None:
    groups = template.resources("AWS::Logs::LogGroup")
    assert groups
    assert all(group.properties["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_runtime_is_the_one_that_the_layer_is_built_for(
    functions: dict[str, Resource], template: Template, name: str
) -> None:
    layer = template.resource("CoreLayer")
    function = functions[name].properties
    assert function["Layers"] == [{"Ref": "CoreLayer"}]
    assert [function["Runtime"]] == layer.properties["CompatibleRuntimes"]
    assert function["Architectures"] == [{"Ref": "Architecture"}]
    offered = template.document["Parameters"]["Architecture"]["AllowedValues"]
    assert offered == layer.properties["CompatibleArchitectures"], "one layer serves every choice"
    assert function["Tracing"] == "Active"


@pytest.mark.parametrize("name", SETTINGS)
def test_a_handler_is_one_short_file(functions: dict[str, Resource], name: str) -> None:
    folder = ROOT / functions[name].properties["CodeUri"]
    files = [file.name for file in folder.iterdir() if file.name != "__pycache__"]
    assert files == ["app.py"]
    assert len((folder / "app.py").read_text(encoding="utf-8").splitlines()) <= MAX_HANDLER_LINES


def test_no_folder_of_functions_is_left_undeployed() -> None:
    folders = {folder.name for folder in (ROOT / "functions").iterdir() if folder.is_dir()}
    assert folders - {"__pycache__"} == set(SETTINGS)
