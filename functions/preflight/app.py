"""preflight: whether the API answers, whether actions can be executed, and receivers' keys."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.boundary import http
from actionrelay.wiring.preflight import read_receiver_keys, run_preflight
from actionrelay.wiring.telemetry import observed


@observed
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.serve(event, HANDLERS)


HANDLERS: dict[str, http.Handler] = {
    "getHealth": http.reading(lambda request: run_preflight().run() if request.flag("deep") else {"status": "ok"}),
    "getReceiverKeys": http.reading(lambda request: read_receiver_keys().read(request.query)),
}
