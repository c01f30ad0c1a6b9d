"""The README's three receivers, each run as a reader would run it: in Python, in Node, in a shell."""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.unit.docs.documents import README

type Receiver = Callable[[Mapping[str, str], bytes, Sequence[str]], bool]
"""Says whether a delivery, with these headers in lower case, is authentic by any of the secrets."""

_PYTHON = """
import base64, json, sys
given = json.load(sys.stdin)
print(json.dumps(is_authentic(given["headers"], base64.b64decode(given["body"]), given["secrets"])))
"""
_NODE = """
import { readFileSync } from "node:fs";
const given = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(isAuthentic(given.headers, Buffer.from(given.body, "base64"), given.secrets)));
"""


def in_python(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
    """Ask the Python function."""
    script = README.snippet("verify-webhook") + _PYTHON
    return _verdict([sys.executable, "-I"], "receiver.py", script, _as_input(headers, body, secrets))


def in_node(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
    """Ask the JavaScript function."""
    require("node")
    script = README.snippet("verify-webhook-node") + _NODE
    return _verdict(["node"], "receiver.mjs", script, _as_input(headers, body, secrets))


def in_a_shell(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
    """Ask the shell function; in a strict shell, since it may become part of a strict script."""
    require("openssl")
    called = '\nif is_authentic "$@"; then echo authentic; else echo refused; fi\n'
    given = [headers.get(f"webhook-{part}", "") for part in ("id", "timestamp", "signature")]
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        said = _run(
            ["sh", "-euc", README.snippet("verify-webhook-shell") + called, "sh", *given, file.name, *secrets], ""
        )
    assert said in {"authentic", "refused"}
    return said == "authentic"


RECEIVERS: dict[str, Receiver] = {"python": in_python, "node": in_node, "shell": in_a_shell}


def _key_in_python(secret: str, host: str) -> str:
    imports = "import hmac, sys\nfrom base64 import b64decode, b64encode\n"
    script = imports + README.snippet("receiver-key") + "\nprint(receiver_key(*sys.argv[1:]))"
    return _run([sys.executable, "-Ic", script, secret, host], "")


def _key_in_node(secret: str, host: str) -> str:
    require("node")
    script = 'import { createHmac } from "node:crypto";\n' + README.snippet("receiver-key-node")
    given = json.dumps([secret, host])
    called = f"\nconsole.log(receiverKey(...{given}));"
    return _run(["node", "--input-type=module", "-e", script + called], "")


def _key_in_a_shell(secret: str, host: str) -> str:
    require("openssl")
    return _run(["sh", "-euc", README.snippet("receiver-key-shell") + '\nreceiver_key "$@"', "sh", secret, host], "")


KEYS: dict[str, Callable[[str, str], str]] = {
    "python": _key_in_python,
    "node": _key_in_node,
    "shell": _key_in_a_shell,
}
"""Each receiver's key, of the deployment's secret and a host, by the README's line in the language."""


def require(command: str) -> None:
    """Skip where a machine lacks a command; where `CI=true` that is a failure."""
    if shutil.which(command) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{command} is not installed")
        pytest.skip(f"{command} is not installed")


def _as_input(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> str:
    return json.dumps({"headers": dict(headers), "body": base64.b64encode(body).decode(), "secrets": list(secrets)})


def _verdict(command: list[str], name: str, text: str, given: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, name)
        script.write_text(text, encoding="utf-8")
        verdict = json.loads(_run([*command, str(script)], given))
    assert verdict in {True, False}
    return bool(verdict)


def _run(command: list[str], given: str) -> str:
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.strip()
