"""`up`: from nothing to an API that answers."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from local.world import emulator, environment
from local.world.build import built
from local.world.deploy import api_id, api_url, deploy, parameter_names
from local.world.emulator import Account
from local.world.errors import WorldError
from local.world.health import api_answers, api_key_of
from local.world.ports import answers_http, free_port, wait_until
from local.world.processes import Handle, is_running, spawn, stop
from local.world.progress import Progress
from local.world.seed import WorldSecrets, seed
from local.world.state import ROOT, Stack, WorldFolder

_START_SECONDS = 30
_ATTEMPTS = 3
# The parameter's values, and what the simulator calls the same thing.
_SIMULATOR_SCHEMES = {
    "standard-webhooks": "standard-webhooks",
    "x-hub-signature-256": "x-hub-signature-256-hex",
}


def up(state: Path, *, genesys_url: str | None, parameters: Mapping[str, str], progress: Progress) -> Stack:
    """Start the world of folder `state` and return its addresses. A healthy one is kept.

    `genesys_url` replaces the simulator; `parameters` override the template's and the world's own.

    Raises:
        WorldError: it can't be started, and every process has been stopped; or the running world, which is kept, was
            deployed with other settings.
    """
    unknown = sorted(parameters.keys() - parameter_names())
    if unknown:
        raise WorldError(f"the template has no parameter {', '.join(unknown)}")
    folder = WorldFolder(state)
    with folder.locked():
        stack = _running(folder)
        if stack is not None:
            _refuse_other_settings(folder.parameters(), stack, genesys_url, parameters)
            progress.done("this world is up already; `down` and `up` deploy it again")
            return stack
        stop(folder.processes(), world=folder.path)
        folder.prepare()
        construction = _Construction(folder, progress)
        try:
            return construction.build(genesys_url, parameters)
        except BaseException as failed:
            # Ctrl-C must not leave half a world either.
            stop(construction.processes, world=folder.path)
            folder.clear()
            if isinstance(failed, BotoCoreError | ClientError):
                raise WorldError(f"the emulator refused a call: {failed}", folder.log("emulator")) from failed
            raise


def _running(folder: WorldFolder) -> Stack | None:
    stack, processes = folder.stack(), folder.processes()
    if stack is None or not processes or not all(is_running(process) for process in processes):
        return None
    account = Account(stack.endpoint_url, stack.access_key_id, stack.secret_access_key)
    try:
        healthy = api_answers(stack.api_url, account, stack.api_key)
    except (BotoCoreError, ClientError):
        healthy = False
    return stack if healthy else None


def _refuse_other_settings(
    deployed: Mapping[str, str], stack: Stack, genesys_url: str | None, parameters: Mapping[str, str]
) -> None:
    """Raise WorldError if the world of `stack` was deployed with other settings than the given ones; it names them."""
    others = [f"--parameter {name}={value}" for name, value in parameters.items() if deployed.get(name) != value]
    if genesys_url not in {None, stack.genesys_url}:
        others.append(f"--genesys-url {genesys_url}")
    if others:
        raise WorldError(
            f"this world is up already, deployed without {', '.join(others)}: stop it with `down` first, or "
            "name another folder with --state"
        )


class _Construction:
    """A world that is being started, with its processes so far."""

    def __init__(self, folder: WorldFolder, progress: Progress) -> None:
        self.processes: list[Handle] = []
        self._folder = folder
        self._progress = progress

    def build(self, genesys_url: str | None, overrides: Mapping[str, str]) -> Stack:
        """Start, build, deploy, wait. Each part waits only for what it needs."""
        secrets = WorldSecrets()
        self._progress.step("starting the emulator" + ("" if genesys_url else ", the simulator") + " and the sink")
        if genesys_url is None:
            genesys_url = self._server("genesys", _simulator_arguments(secrets, overrides))
        sink_url = self._server("sink", ["--secret", secrets.delivery])
        endpoint = self._start("emulator", emulator.COMMAND, emulator.settings, emulator.health_url)
        account = emulator.create_administrator(endpoint)

        parameters = {
            "GenesysApiUrl": genesys_url,
            "GenesysLoginUrl": genesys_url,
            "AllowPrivateWebhooks": "true",
            # Here no account's concurrency is shared, and the emulator's queues are not fair between hosts.
            "DeliverConcurrency": "10",
            "MaxWaiting": "10",
            "ApiBaseUrl": api_url(endpoint, "{apiId}"),
            **overrides,
        }
        seed(account, secrets, parameters)
        tools = environment.for_tools(os.environ, ROOT / ".tools" / "uv" / "bin")
        with built(self._progress, tools, self._folder.log("build")):
            self._progress.step("sam deploy")
            outputs = deploy(account, parameters, tools, self._folder.log("deploy"))

        stack = Stack(
            api_url=api_url(endpoint, api_id(outputs)),
            endpoint_url=endpoint,
            region=environment.REGION,
            access_key_id=account.access_key_id,
            secret_access_key=account.secret_access_key,
            genesys_url=genesys_url,
            sink_url=sink_url,
            webhook_secret=secrets.webhook,
            delivery_secret=secrets.delivery,
            outputs=outputs,
            pids=[process.pid for process in self.processes],
            api_key=api_key_of(account),
            operator_api_key=api_key_of(account, "OperatorApiKey"),
        )
        self._progress.step("waiting for the API")
        self._await(self.processes[-1], lambda: api_answers(stack.api_url, account, stack.api_key), stack.api_url)
        self._folder.write_parameters(parameters)
        self._folder.write_stack(stack)
        self._progress.done("the API answers")
        return stack

    def _server(self, name: str, arguments: Sequence[str]) -> str:
        command = [sys.executable, "-m", f"local.{name}", *arguments]
        return self._start(
            name,
            command,
            lambda _port: {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            lambda url: f"{url}/_control/health",
            port_argument=True,
        )

    def _start(
        self,
        name: str,
        command: Sequence[str],
        settings: Callable[[int], Mapping[str, str]],
        probe: Callable[[str], str],
        *,
        port_argument: bool = False,
    ) -> str:
        """Start a server on a free port and return its URL; on another port if this one was taken meanwhile."""
        for attempt in range(1, _ATTEMPTS + 1):
            port = free_port()
            url = f"http://127.0.0.1:{port}"
            own = environment.for_servers(os.environ, self._folder.path, self._folder.temporary)
            process = self._spawn(
                name, [*command, *(["--port", str(port)] if port_argument else [])], {**own, **settings(port)}
            )
            self.processes.append(process)
            self._folder.write_processes(self.processes)
            try:
                self._await(process, lambda url=url: answers_http(probe(url)), url)  # type: ignore[misc]
            except WorldError:
                if attempt == _ATTEMPTS or is_running(process):
                    raise
                self.processes.remove(process)
            else:
                return url
        raise AssertionError("the last attempt returns or raises")

    def _spawn(self, name: str, command: Sequence[str], variables: Mapping[str, str]) -> Handle:
        try:
            return spawn(name, command, environment=variables, log=self._folder.log(name))
        except OSError as missing:
            raise WorldError(f"the {name} can't be started ({missing}); `make env` installs it") from missing

    def _await(self, process: Handle, ready: Callable[[], bool], what: str) -> None:
        if not wait_until(ready, alive=lambda: is_running(process), seconds=_START_SECONDS):
            reason = f"does not answer within {_START_SECONDS} seconds" if is_running(process) else "has ended"
            raise WorldError(f"the {process.name} {reason} ({what})", self._folder.log(process.name))


def _simulator_arguments(secrets: WorldSecrets, overrides: Mapping[str, str]) -> list[str]:
    scheme = overrides.get("WebhookScheme", "standard-webhooks")
    return [
        "--client-id",
        secrets.client_id,
        "--client-secret",
        secrets.client_secret,
        "--webhook-secret",
        secrets.webhook,
        "--webhook-scheme",
        _SIMULATOR_SCHEMES.get(scheme, scheme),
    ]
