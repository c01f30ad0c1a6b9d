"""decide: accepts operators' decisions about many executions and carries them out, up to ten parts at once."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.boundary import batch, http
from actionrelay.boundary.request import HttpRequest
from actionrelay.wiring.decide import decide_about_many, decision_dead_letters, work_on_decision
from actionrelay.wiring.telemetry import observed


@observed
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    if "Records" in event:
        work = work_on_decision().work
        return batch.serve_kind(event, context, lambda _: work, decision_dead_letters, batch.read_decision_message)
    return http.serve(event, HANDLERS, checks=CHECKS)


def _decide(request: HttpRequest) -> dict[str, Any]:
    taken = decide_about_many().take(request.body, request.caller)
    if "decisionId" not in taken:
        return http.answer(200, taken)
    return http.answer(202, taken, {"Location": f"{request.path.rstrip('/')}/{taken['decisionId']}"})


HANDLERS: dict[str, http.Handler] = {
    "decideAboutMany": _decide,
    "getDecision": http.reading(lambda it: decide_about_many().progress(it.path_parameters["decisionId"])),
}
CHECKS: dict[str, http.Check] = {"decideAboutMany": lambda it: decide_about_many().read(it.body)}
