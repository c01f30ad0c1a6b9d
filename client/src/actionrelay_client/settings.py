"""The deployment's URL and credentials: from arguments, the environment, or a local world's file."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from actionrelay_client import json_text
from actionrelay_client.errors import SettingsError

URL_VARIABLE = "ACTIONRELAY_URL"
API_KEY_VARIABLE = "ACTIONRELAY_API_KEY"
LOCAL_STACK = Path(".local/stack.json")
_EXECUTE_API = re.compile(r"\.execute-api\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?$")
_LOOPBACK = re.compile(r"(localhost|127(\.\d{1,3}){3}|::1|.*\.localhost)")


@dataclass(frozen=True)
class Settings:
    """A deployment's URL, and the caller's credentials, if given."""

    url: str
    """The stack's output ``ApiUrl``, stage included, without a slash at its end."""
    api_key: str | None = field(default=None, repr=False)
    """Sent as ``x-api-key`` instead of a signature."""
    region: str | None = None
    profile: str | None = None
    """The AWS profile that signs; None means the AWS environment's."""
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    """A local world's own keys."""
    source: str = "options"
    """Where the URL comes from, for people."""


def find_settings(
    url: str | None = None,
    *,
    api_key: str | None = None,
    region: str | None = None,
    profile: str | None = None,
    local: bool | str | os.PathLike[str] = False,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Return the arguments, completed by ``ACTIONRELAY_URL``, ``ACTIONRELAY_API_KEY`` and the AWS environment.

    With ``local``, a local world's ``stack.json`` is read instead: the one at this path, or ``.local/stack.json`` in
    this or a parent folder. The region defaults to that in an API Gateway URL, then to the environment's.

    Raises:
        SettingsError: there is no URL, or it is not https (http is only for this machine); or no such file.
    """
    environment = os.environ if environment is None else environment
    if local:
        return _local(local)
    found = url or environment.get(URL_VARIABLE)
    if not found:
        raise SettingsError(f"no URL: give one, or set {URL_VARIABLE} to the stack's output ApiUrl")
    found = _checked(found)
    # A profile means that requests are signed, even if the environment has an API key.
    key = api_key or (None if profile else environment.get(API_KEY_VARIABLE))
    return Settings(
        found,
        api_key=key or None,
        region=region or region_of(found) or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION"),
        profile=profile,
        source="options" if url else URL_VARIABLE,
    )


def region_of(url: str) -> str | None:
    """Return the region in an API Gateway URL; None for a custom domain."""
    named = _EXECUTE_API.search(urlsplit(url).hostname or "")
    return named["region"] if named else None


def _checked(url: str) -> str:
    parts = urlsplit(url)
    try:
        parts.port  # noqa: B018 - a port that is none raises
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if parts.scheme not in {"https", "http"} or not host or parts.query or parts.fragment or parts.username:
        raise SettingsError("the URL must be one like https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/v1")
    if parts.scheme == "http" and not _LOOPBACK.fullmatch(host):
        raise SettingsError("the URL must begin with https: http would expose the credentials")
    return url.rstrip("/")


def _local(given: bool | str | os.PathLike[str]) -> Settings:
    path = _nearest() if isinstance(given, bool) else Path(given)
    if path.is_dir():
        path /= LOCAL_STACK.name
    try:
        stack = json_text.read(path.read_bytes())
    except (OSError, ValueError):
        raise SettingsError(f"{path} can't be read; is a local world up (make up)?") from None
    if not isinstance(stack, dict):
        raise SettingsError(f"{path} does not describe a local world")
    return Settings(
        _checked(_text(stack, "apiUrl", path)),
        api_key=stack.get("apiKey"),
        region=_text(stack, "region", path),
        access_key_id=_text(stack, "accessKeyId", path),
        secret_access_key=_text(stack, "secretAccessKey", path),
        source=str(path),
    )


def _text(stack: Mapping[str, Any], name: str, path: Path) -> str:
    value = stack.get(name)
    if not isinstance(value, str):
        raise SettingsError(f"{path} has no {name}")
    return value


def _nearest() -> Path:
    here = Path.cwd()
    return next((each / LOCAL_STACK for each in (here, *here.parents) if (each / LOCAL_STACK).exists()), LOCAL_STACK)
