"""MiniStack's process, with three things as AWS has them. Run by MiniStack's own interpreter.

AWS says in an event's `identity` which API key a request came with, where its method asks for one; MiniStack checks the
key and keeps it to itself.

SQS has no permission for a batch of its own: who may `sqs:SendMessage` may send several at once. MiniStack asks for
`sqs:SendMessageBatch`, which no policy on AWS can name.

Lambda has a layer at hand when a worker starts. MiniStack unpacks its 1,600 files for each worker, in the process that
answers all requests, too; here it is unpacked once, and workers share it.

Apart from these, it starts and reads templates faster: it keeps its own bytecode, and it parses YAML by libyaml.
"""

import hashlib
import os
import sys
import tempfile
import types
import zipfile
from pathlib import Path
from typing import Any

import yaml

# The environment says otherwise, for the workers. Compiling it all takes three seconds of each start.
sys.dont_write_bytecode = False
if yaml.__with_libyaml__:
    yaml.SafeLoader = yaml.CSafeLoader  # type: ignore[assignment, misc]  # it does the same

from ministack.app import main  # type: ignore[import-not-found]  # noqa: E402 - of another environment
from ministack.core import (  # type: ignore[import-not-found]  # noqa: E402 - as above
    iam_actions,
    lambda_runtime,
)
from ministack.services import apigateway_v1 as gateway  # type: ignore[import-not-found]  # noqa: E402

_build_event = gateway._build_lambda_event_v1  # noqa: SLF001 - there is no public way to replace it


def _with_api_key(*given: Any, **named: Any) -> dict[str, Any]:
    event: dict[str, Any] = _build_event(*given, **named)
    _api, _stage_name, _stage, resource, _path, method, headers, *_ = given
    methods = resource.get("resourceMethods", {})
    if (methods.get(method) or methods.get("ANY") or {}).get("apiKeyRequired"):
        key = gateway._resolve_api_key(gateway._api_key_from_request(headers))  # noqa: SLF001 - as above
        if key:
            event["requestContext"]["identity"] |= {"apiKey": key["value"], "apiKeyId": key["id"]}
    return event


gateway._build_lambda_event_v1 = _with_api_key  # noqa: SLF001 - as above

_action_of = iam_actions.extract_iam_action


def _as_one_message(*given: Any, **named: Any) -> str | None:
    action: str | None = _action_of(*given, **named)
    return action.removesuffix("Batch") if action and action.startswith("sqs:") else action


iam_actions.extract_iam_action = _as_one_message


class _Archive(zipfile.ZipFile):
    """An archive that is unpacked into a folder shared by all that have the same content, if it is a layer's."""

    _LAST_BYTES = 262_144
    """They hold the names and checksums of what is in it."""

    def _shared(self) -> Path | None:
        archive = Path(str(self.filename))
        if not archive.name.startswith("layer_"):
            return None
        with archive.open("rb") as file:
            file.seek(max(archive.stat().st_size - self._LAST_BYTES, 0))
            content = hashlib.sha256(file.read()).hexdigest()
        return Path(tempfile.gettempdir()) / f"ministack-layer-{content[:32]}"

    def namelist(self) -> list[str]:
        return [] if self._shared() else super().namelist()  # nothing to look at: it is unpacked elsewhere

    def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
        shared = self._shared()
        if shared is None:
            super().extractall(path, members, pwd)
            return
        if not shared.exists():
            own = tempfile.mkdtemp(prefix="ministack-layer-")
            super().extractall(own, super().namelist())
            if not shared.exists():  # else another worker was faster, which does no harm
                Path(own).rename(shared)
        Path(path).rmdir()
        Path(path).symlink_to(shared)
        os.truncate(str(self.filename), 0)


lambda_runtime.zipfile = types.SimpleNamespace(**{**vars(zipfile), "ZipFile": _Archive})

if __name__ == "__main__":
    main()
