"""The OpenAPI document as one HTML page: no script, no external resource, and a policy that allows neither.

It renders only what `tools/openapi` writes. Its colours and type are the console's, light or dark by the reader's
system.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

type Schema = dict[str, Any]

_FOLDER = Path(__file__).parent


@cache
def style() -> str:
    """Return the page's style sheet: the console's palette, and the rules of this page."""
    return "".join((_FOLDER / name).read_text(encoding="utf-8") for name in ("console/palette.css", "docs.css"))


@dataclass(frozen=True, slots=True)
class Page:
    """A page and its Content-Security-Policy."""

    html: str
    policy: str

    @property
    def headers(self) -> dict[str, str]:
        """The page's headers, besides those of every answer."""
        return {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": self.policy}


def render(document: dict[str, Any]) -> Page:
    """Return the page of a document."""
    info = document["info"]
    body = "".join(
        [
            '<a class="skip" href="#operations">Skip to the operations</a>',
            f"<header><h1>{escape(info['title'])} API</h1><p>{_prose(info['summary'])}</p>",
            f"<p>{_prose(info['description'])}</p><p>Base URL: <code>{escape(document['servers'][0]['url'])}</code>.",
            ' For programs: <a href="openapi.json">openapi.json</a>.</p></header>',
            _navigation(document),
            '<main id="operations">',
            *(_operation(document, *each) for each in _operations(document)),
            "<h2>Webhooks to callers</h2>",
            *(_webhook(document, name, item["post"]) for name, item in document["webhooks"].items()),
            "<h2>Authentication</h2>",
            _table("Security schemes", ("name", "header", "meaning"), _schemes(document)),
            "<h2>Schemas</h2>",
            *(_schema_section(name, schema) for name, schema in document["components"]["schemas"].items()),
            "</main>",
        ]
    )
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(info['title'])} API</title><style>{style()}</style></head><body>{body}</body></html>\n"
    )
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return Page(page, f"{policy}; frame-ancestors 'none'")


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def _navigation(document: dict[str, Any]) -> str:
    groups = []
    for tag in document["tags"]:
        links = "".join(
            f'<li><a href="#{operation["operationId"]}">{_route(method, path)}</a> {escape(operation["summary"])}</li>'
            for method, path, operation in _operations(document)
            if tag["name"] in operation["tags"]
        )
        groups.append(f"<li>{escape(tag['name'])}: {_prose(tag['description'])}<ul>{links}</ul></li>")
    return f'<nav aria-label="Operations"><ul>{"".join(groups)}</ul></nav>'


def _operation(document: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> str:
    is_open = operation.get("security") == []
    return "".join(
        [
            f'<section id="{operation["operationId"]}"><h2>{escape(operation["summary"])}</h2>',
            f"<p>{_route(method, path)}</p><p>{_prose(operation['description'])}</p>",
            "<p>Open at the gateway.</p>" if is_open else "",
            _parameters(document, operation),
            _body(operation),
            _table("Answers", ("status", "when", "body"), _answers(document, operation)),
            *_examples(operation["responses"]),
            "</section>",
        ]
    )


def _webhook(document: dict[str, Any], name: str, operation: dict[str, Any]) -> str:
    return (
        f'<section id="{escape(name)}"><h3>{escape(operation["summary"])}</h3><p>{_prose(operation["description"])}</p>'
        f"{_parameters(document, operation)}{_body(operation)}</section>"
    )


def _parameters(document: dict[str, Any], operation: dict[str, Any]) -> str:
    found = [_resolved(document, each) for each in operation.get("parameters", ())]
    rows = [
        (f"<code>{escape(each['name'])}</code>", each["in"], _type(each["schema"]), _prose(each["description"]))
        for each in found
    ]
    return _table("Parameters", ("name", "in", "type", "meaning"), rows) if rows else ""


def _body(operation: dict[str, Any]) -> str:
    if "requestBody" not in operation:
        return ""
    [(media_type, content)] = operation["requestBody"]["content"].items()
    shown = "".join(_example(name, each["value"]) for name, each in content.get("examples", {}).items())
    return f"<h4>Body</h4><p>{_type(content['schema'])} as <code>{escape(media_type)}</code></p>{shown}"


def _answers(document: dict[str, Any], operation: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for status, given in operation["responses"].items():
        response = _resolved(document, given)
        bodies = [_type(content["schema"]) for content in response.get("content", {}).values()]
        headers = "".join(f"<br><code>{escape(name)}</code>" for name in response.get("headers", {}))
        yield status, _prose(response["description"]) + headers, ", ".join(bodies)


def _examples(responses: dict[str, Any]) -> Iterator[str]:
    """Yield the examples of an operation's own answers, without those that all problems share."""
    for status, response in responses.items():
        for content in response.get("content", {}).values():
            for name, example in content.get("examples", {}).items():
                if "value" in example:
                    yield _example(f"{status}, {name}", example["value"])


def _example(name: str, value: Any) -> str:
    text = escape(json.dumps(value, indent=2, ensure_ascii=False), quote=False)
    return f"<details><summary>Example: {escape(name)}</summary><pre>{text}</pre></details>"


def _schemes(document: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, scheme in document["components"]["securitySchemes"].items():
        yield f"<code>{escape(name)}</code>", f"<code>{escape(scheme['name'])}</code>", _prose(scheme["description"])


def _schema_section(name: str, schema: Schema) -> str:
    if "properties" not in schema:
        content = f"<p>{_type(schema)}</p>"
    else:
        required = schema.get("required", ())
        rows = (
            (
                f"<code>{escape(field)}</code>",
                _type(each),
                "yes" if field in required else "",
                _prose(each.get("description", "")),
            )
            for field, each in schema["properties"].items()
        )
        content = _table(f"Fields of {name}", ("field", "type", "required", "meaning"), rows)
    said = f"<p>{_prose(schema['description'])}</p>" if "description" in schema else ""
    return f'<section id="schema-{escape(name)}"><h3>{escape(name)}</h3>{said}{content}</section>'


def _type(schema: Schema) -> str:
    """Describe the values of a schema in a few words."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#schema-{name}">{name}</a>'
    if "allOf" in schema:
        return _type(schema["allOf"][0])
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"<code>{escape(str(each))}</code>" for each in schema["enum"])
    kinds = schema.get("type", "any")
    words = " or ".join([kinds] if isinstance(kinds, str) else kinds)
    if "items" in schema:
        words += f" of {_type(schema['items'])}"
    notes = [
        f"{said} <code>{escape(json.dumps(schema[name]))}</code>"
        for name, said in (("format", "format"), ("minimum", "from"), ("maximum", "to"), ("maxLength", "up to length"))
        if name in schema
    ]
    if schema.get("default") is not None:
        notes.append(f"default <code>{escape(json.dumps(schema['default']))}</code>")
    return ", ".join([words, *notes])


def _table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'<div class="scroll"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _route(method: str, path: str) -> str:
    return f"<code>{method} {escape(path)}</code>"


def _prose(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


def _resolved(document: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in given:
        return given
    _, _, kind, name = given["$ref"].split("/")
    found: dict[str, Any] = document["components"][kind][name]
    return found
