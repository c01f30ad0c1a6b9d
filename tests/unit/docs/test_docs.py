"""The documents: their links work, their lists are complete, and the code has everything that they name."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from actionrelay import errors
from actionrelay.audit.document import audit_document
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.audit_entry import AuditEntry, rejected
from actionrelay.ledger.items_dynamodb import STORED_FIELDS
from actionrelay.signals import Count, Duration, by_code
from actionrelay.submit.request import ExecutionRequest
from tests.template.cloudformation import Template
from tests.unit.docs.documents import ADRS, ALL, API, ARCHITECTURE, README, ROOT, RUNBOOK, Document
from tools.metrics import coded_names

PACKAGE = ROOT / "layers/core/src/actionrelay"
each_document = pytest.mark.parametrize("document", ALL, ids=lambda document: document.name)


@pytest.fixture(scope="module")
def template() -> Template:
    return Template((ROOT / "template.yaml").read_text(encoding="utf-8"))


# -- Links, paths and commands ------------------------------------------------------------------------------------


@each_document
def test_every_relative_link_leads_somewhere(document: Document) -> None:
    broken = []
    for link in document.links():
        path, _, anchor = link.partition("#")
        target = (document.path.parent / path).resolve() if path else document.path
        if re.match(r"[a-z]+:", link):
            continue
        if not target.exists() or (anchor and anchor not in Document(target).anchors()):
            broken.append(link)
    assert broken == []


@each_document
def test_every_path_that_is_named_is_there(document: Document) -> None:
    named = re.findall(r"`((?:tests|functions|layers|docs|local|events|tools)/[\w./-]+)`", document.prose)
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", [ARCHITECTURE, *map(Document, ADRS)], ids=lambda document: document.name)
def test_every_module_that_is_named_is_in_the_package(document: Document) -> None:
    named = re.findall(r"`((?:\w+/)*\w+\.py)`", document.prose)
    assert [path for path in named if not any((root / path).exists() for root in (PACKAGE, ROOT))] == []


@each_document
def test_every_make_target_that_is_named_is_there(document: Document) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = re.findall(r"`([^`]+)`", document.prose) + [snippet.text for snippet in document.snippets()]
    named = {name for piece in code for name in re.findall(r"(?:^|&& )make ([a-z]+)", piece, re.MULTILINE)}
    assert named <= targets


def test_the_test_command_of_the_readme_is_what_ci_runs() -> None:
    assert re.search(r'^section "make test" make test$', (ROOT / ".ci/run").read_text(), re.MULTILINE)
    assert re.search(r"^make test\b", README.text, re.MULTILINE)


@each_document
def test_json_and_python_in_the_documents_can_be_read(document: Document) -> None:
    for snippet in document.snippets():
        if snippet.language == "python":
            compile(snippet.text, document.name, "exec")
        if snippet.language == "json":
            json.loads(snippet.text)


# -- The template -------------------------------------------------------------------------------------------------


def test_parameters_are_documented_with_their_defaults(template: Template) -> None:
    documented = {
        row[0].strip("`"): "" if row[2] == "empty" else row[2].strip("`") for row in README.section("Parameters").rows()
    }
    assert documented == {name: str(it["Default"]) for name, it in template.document["Parameters"].items()}


def test_outputs_are_documented(template: Template) -> None:
    assert sorted(README.section("Outputs").names()) == sorted(template.document["Outputs"])


def test_alarms_are_in_the_runbook_and_none_that_does_not_exist(template: Template) -> None:
    alarms = {alarm.name for alarm in template.resources("AWS::CloudWatch::Alarm")}
    below = Document(RUNBOOK.path).section("Alarms").text
    assert re.findall(r"^### (\w+Alarm)$", below, re.MULTILINE) == [
        alarm.name for alarm in template.resources("AWS::CloudWatch::Alarm")
    ]
    for document in ALL:
        assert set(re.findall(r"\b[A-Z]\w+Alarm\b", document.text)) <= alarms, document.name


def test_every_alarm_says_what_it_means_and_what_to_do() -> None:
    for alarm in re.findall(r"^### (\w+Alarm)$", RUNBOOK.text, re.MULTILINE):
        means, _, rest = RUNBOOK.section(alarm).text.partition("\n- First look: ")
        look, _, do = rest.partition("\n- Do: ")
        assert all(part.strip() for part in (means, look, do)), alarm


def test_the_index_of_alarms_leads_to_each_section(template: Template) -> None:
    rows = {row[0]: row[2] for row in Document(RUNBOOK.path).section("Alarms").rows()}
    assert rows == {
        f"[`{alarm.name}`](#{alarm.name.lower()})": _speaks_at(alarm.properties)
        for alarm in template.resources("AWS::CloudWatch::Alarm")
    }


def _speaks_at(alarm: Mapping[str, Any]) -> str:
    sign = {"GreaterThanThreshold": ">", "GreaterThanOrEqualToThreshold": "≥"}[alarm["ComparisonOperator"]]
    periods = {part["MetricStat"]["Period"] for part in alarm.get("Metrics", ()) if "MetricStat" in part}
    [period] = periods or {alarm["Period"]}
    said = f"{sign} {alarm['Threshold']} in {period // 60} min"
    evaluated = alarm["EvaluationPeriods"]
    return said if evaluated == 1 else f"{said}, {alarm.get('DatapointsToAlarm', evaluated)} of {evaluated}"


def test_counters_by_code_that_documents_name_exist() -> None:
    ours = {str(name) for name in (*Count, *Duration)} | {by_code(name) for name in coded_names()}
    for name in re.findall(r"`(\w+ByCode)`", RUNBOOK.text + ARCHITECTURE.text + README.text):
        assert name in ours, name


def test_log_groups_of_the_runbook_exist(template: Template) -> None:
    named = set(re.findall(r'"?(/aws/(?:lambda|apigateway)/\$STACK-[\w-]+)', RUNBOOK.text))
    groups = {
        str(group.properties["LogGroupName"]["Fn::Sub"]).replace("${AWS::StackName}", "$STACK")
        for group in template.resources("AWS::Logs::LogGroup")
    }
    assert named <= groups


def test_gateway_responses_are_documented(template: Template) -> None:
    responses = template.resource("Api").properties["DefinitionBody"]["x-amazon-apigateway-gateway-responses"]
    bodies = [json.loads(response["responseTemplates"]["application/json"]) for response in responses.values()]
    documented = {(row[0], row[1].strip("`")) for row in API.section("Problems").rows(2)}
    assert documented == {(str(body["status"]), body["code"]) for body in bodies}


def test_routes_are_documented(template: Template) -> None:
    paths: dict[str, dict[str, Any]] = template.resource("Api").properties["DefinitionBody"]["paths"]
    routes = [f"{method.upper()} {path}" for path, operations in paths.items() for method in operations]
    assert sorted(API.section("The HTTP API").names()) == sorted(routes)
    assert set(routes) <= set(API.headings())


# -- The package --------------------------------------------------------------------------------------------------


def test_the_picture_of_the_ledger_is_its_table_of_steps() -> None:
    (diagram,) = [snippet.text for snippet in ARCHITECTURE.snippets() if snippet.text.startswith("stateDiagram")]
    drawn = set(re.findall(r"^ +(\w+) --> (\w+):", diagram, re.MULTILINE))
    assert drawn == {(str(start), str(end)) for start, ends in ledger.STEPS.items() for end in ends}


def test_every_step_of_the_ledger_says_who_writes_it() -> None:
    documented = set(ARCHITECTURE.section("The ledger").names())
    steps = re.findall(
        r"^def ([a-z]\w+)\([^)]*\) -> Execution:", (PACKAGE / "ledger/steps.py").read_text(), re.MULTILINE
    )
    assert documented == set(steps)


def test_every_attribute_of_an_execution_is_documented() -> None:
    documented = ARCHITECTURE.section("ExecutionsTable").names(table=1)
    assert sorted(documented) == sorted(STORED_FIELDS)


def test_the_fields_of_a_request_have_documented_defaults() -> None:
    documented = {row[0].strip("`"): row[3] for row in API.section("Body").rows()}
    written = {None: "", True: "true", False: "false"}
    generated = {
        "webhookUrl": "none",
        "executionId": "generated",
        "traceId": "the `executionId`",
        "actionReferences": "none",
    }
    expected = {
        str(field.alias): "" if field.is_required() else written.get(field.default, str(field.default))
        for field in ExecutionRequest.model_fields.values()
    }
    assert documented == expected | generated


def test_the_fields_of_an_audit_entry_are_documented() -> None:
    entry = AuditEntry("id", 1, 0, "action", "accepted", "queued", "trace", 0, decision_id="decision")
    section = API.section("GET /executions/{executionId}/audit")
    assert sorted(section.names()) == sorted(audit_document(entry))


def test_every_audit_event_is_documented() -> None:
    sources = (PACKAGE / "ledger/steps.py").read_text() + (PACKAGE / "receive/receipt.py").read_text()
    events = set(re.findall(r'(?:_entered|chained|ledger\.note)\(.+?, "(\w+)"', sources))
    events |= set(re.findall(r'WebhookStatus\.\w+: "(webhook_\w+)"', sources)) | {"completed", "failed", "unknown"}
    events.add(rejected("id", 0, b"", "malformed_json", None).event)
    documented = API.section("GET /executions/{executionId}/audit").names(table=1)
    assert sorted(documented) == sorted(events)


def test_every_code_that_a_caller_can_get_is_documented() -> None:
    answered = (errors.RequestError, errors.DependencyError)
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, answered)]
    codes = {kind.code for kind in kinds if kind not in answered} | {errors.ActionRelayError.code}
    assert {code for code in codes if f"`{code}`" not in API.text} == set()


# -- Decisions ----------------------------------------------------------------------------------------------------


def test_every_decision_is_in_the_index_under_its_title() -> None:
    index = Document(ROOT / "docs/adr/README.md")
    rows = [(row[0], row[1]) for row in index.section("Architecture decision records").rows()]
    assert rows == [(f"[{path.name[:4]}]({path.name})", _title(path)) for path in ADRS]
    numbers = [int(path.name[:4]) for path in ADRS]
    assert numbers == sorted(set(numbers)), "no number is given twice"


@pytest.mark.parametrize("path", ADRS, ids=lambda path: path.stem)
def test_a_decision_record_has_all_its_sections(path: Path) -> None:
    assert re.search(r"^Status: (accepted|superseded)", path.read_text(), re.MULTILINE)
    assert Document(path).headings()[1:] == ["Context", "Decision", "Consequences"]


def _title(path: Path) -> str:
    number, _, title = Document(path).headings()[0].partition(". ")
    assert int(number) == int(path.name[:4])
    return title
