"""Assembles the console into one page, with a Content-Security-Policy that allows only its own script and style.

The sources are in `console/`: a page with placeholders, style sheets, and ES modules. An inline script can't import
another, so the modules are joined into one, in the order of their imports. They only use
`import { name } from "./module.js"`, and `export` before a declaration; no two of them declare the same name.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

from actionrelay.site.docs_page import Page

FOLDER = Path(__file__).with_name("console")
ENTRY = "app.js"
STYLES = ("palette.css", "console.css", "views.css")
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([a-z_]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|let|class|function|async)", re.MULTILINE)
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class ConsolePage:
    """The console's page for one deployment, with its headers."""

    page: Page

    @property
    def html(self) -> str:
        """The page's HTML; it holds no data."""
        return self.page.html

    @property
    def headers(self) -> dict[str, str]:
        """The page's headers, besides those of every answer."""
        return {**HEADERS, "Content-Security-Policy": self.page.policy}


@dataclass(frozen=True, slots=True)
class PageFacts:
    """The deployment's settings that the page needs; no data."""

    api_auth: str
    """`AWS_IAM` or `API_KEY`."""
    region: str
    """The region in the signatures of requests."""
    genesys_api: str
    """The contract with Genesys Cloud; it decides what a retry may do."""
    runbook_url: str = ""
    """The URL of the deployment's runbook; empty if none is set."""


def assemble(facts: PageFacts, folder: Path = FOLDER) -> ConsolePage:
    """Return the console's page for a deployment."""
    style = "".join((folder / name).read_text(encoding="utf-8") for name in STYLES)
    script = bundled(folder)
    settings = {
        "auth": facts.api_auth,
        "region": facts.region,
        "contract": facts.genesys_api,
        "runbook": facts.runbook_url,
    }
    given = {"style": style, "script": script, **{name: escape(value) for name, value in settings.items()}}
    page = (folder / "console.html").read_text(encoding="utf-8")
    html = re.sub(r"\{\{(\w+)\}\}", lambda place: given[place[1]], page)
    return ConsolePage(Page(html, _policy(style, script)))


def bundled(folder: Path) -> str:
    """Return the entry and its modules as one script, each after those that it imports.

    Raises:
        ValueError: modules import each other, or one has a text that would end the script element.
    """
    texts: dict[str, str] = {}
    _collect(folder, ENTRY, texts, ())
    script = "\n" + "\n".join(texts.values())
    if re.search(r"</script|<!--|<script", script, re.IGNORECASE):
        raise ValueError("a module has a text that ends or nests the script element")
    return script


def _collect(folder: Path, name: str, texts: dict[str, str], above: tuple[str, ...]) -> None:
    if name in above:
        raise ValueError(f"modules import each other: {' → '.join([*above, name])}")
    if name in texts:
        return
    text = (folder / name).read_text(encoding="utf-8")
    for imported in _IMPORT.findall(text):
        _collect(folder, imported, texts, (*above, name))
    texts[name] = _EXPORT.sub("", _IMPORT.sub("", text))


def _policy(style: str, script: str) -> str:
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {_source(script)}",
            f"style-src {_source(style)}",
            "img-src data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
