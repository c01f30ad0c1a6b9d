"""The console as one page: its parts put together, and a policy that lets exactly those run.

The parts are in `console/` as they are written: a page with places to fill, a style sheet, and ES modules. An inline
script can't import another, so the modules become one, in the order of their imports. What they import and export is
plain: `import { name } from "./module.js"` and `export` before a declaration; a name is taken once in all of them.
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
    """The page of one deployment, and everything that goes out with it."""

    page: Page

    @property
    def html(self) -> str:
        """The page; it holds no data."""
        return self.page.html

    @property
    def headers(self) -> dict[str, str]:
        """Its headers, besides those of every answer."""
        return {**HEADERS, "Content-Security-Policy": self.page.policy}


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What the page knows of its deployment: settings, and no data."""

    api_auth: str
    """`AWS_IAM` or `API_KEY`."""
    region: str
    """The region whose name signatures carry."""
    genesys_api: str
    """The contract with Genesys Cloud: it decides what another run may do."""
    runbook_url: str = ""
    """Where the deployment's people read the runbook; empty where nobody said."""


def assemble(facts: PageFacts, folder: Path = FOLDER) -> ConsolePage:
    """Return the page of a deployment."""
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
    """Return the modules below the entry as one script, each after those that it imports.

    Raises:
        ValueError: two import each other, or one holds what would end the script's element.
    """
    texts: dict[str, str] = {}
    _collect(folder, ENTRY, texts, ())
    script = "\n" + "\n".join(texts.values())
    if re.search(r"</script|<!--|<script", script, re.IGNORECASE):
        raise ValueError("a module holds what ends or nests the element that the script is in")
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
