"""A simulator of the part of Genesys Cloud that runs data actions, over real HTTP, for tests and the demo.

It speaks both contracts:

- `POST /oauth/token`: client credentials, scopes, lifetimes, wrong credentials, revocation;
- `POST /api/v2/data/actions/execute`: queued with a signed callback, or completed at once; an `executionId`
  that comes again runs nothing again (a body without `webhookUrl` is always answered completed);
- `POST /api/v2/integrations/actions/{id}/execute`: the bare result, and each request runs the action again;
- `GET /api/v2/tokens/me`, `/api/v2/authorization/subjects/me`, `/api/v2/organizations/limits/namespaces/{name}`:
  what a client may see of itself, its permissions and the organisation's limits.

and counts every run by `executionId` and `X-Trace-Id`. An action runs when its request has been let in and
read; the answer may then be late, broken or missing, and the run stays counted.

Started by `python -m local.genesys --port N`, or in a test by `with serving.running(create_app(config)) as
url`.

What it does is a `Scenario` (rules that last: mode, outcome, tokens, rate, latency, signing, callbacks,
random faults) and a script (faults that the next requests take one each), both set over `/_control`; see
`control.INDEX` for the routes, `rules` and `faults` for every field. The faults:

| fault | what happens |
|---|---|
| `{"status": 503, "retryAfter": 2}` | that error; the action did not run, with `"ran": true` it did |
| `{"status": 500, "dialect": "legacy"}` | the other error body; `code` and `message` can be given too |
| `{"reset": "before_run"}`, `"after_run"` | TCP RST in place of an answer |
| `{"hang": "before_run"}`, `"after_run"` | no answer, the connection stays open |
| `{"body": "truncated"}` | half of the announced body, then the connection closes |
| `{"body": "not_json"}`, `"wrong_content_type"`, `"empty"` | status 200 and a useless body |
| `{"delayMs": 500}`, `{"resultBytes": 400000}` | a late answer, a large result; go with any other |
| `{"mode": "completed"}`, `{"outcome": "failed"}` | this execution alone is otherwise than it says |
| `{"callbacks": {"copies": 3}}` | this callback alone is otherwise than the scenario says, see below |

Each takes `executionId`, `traceId`, `actionId` to match one request, `"on": "token"` for the token
endpoint, `times` in a script, `share` in a scenario. Callbacks can be early (`"when": "before_answer"`),
missing (`"never"`), late (`delayMs`), repeated (`copies`), reordered over n executions (`reorder`),
followed by the opposite outcome (`contradict`) or wrongly signed (`tampering`).
"""

from local.genesys.app import create_app
from local.genesys.scenario import Scenario
from local.genesys.simulator import SimulatorConfig

__all__ = ["Scenario", "SimulatorConfig", "create_app"]
