"""The API's description: the OpenAPI document, which `tools/openapi` writes, and a page that shows it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from actionrelay.site.docs_page import Page, render


@dataclass(frozen=True, slots=True)
class ApiDescription:
    """The OpenAPI document as text, and as a page."""

    document: str
    page: Page

    @classmethod
    def packaged(cls) -> Self:
        """Read the document beside this module."""
        document = Path(__file__).with_name("openapi.json").read_text(encoding="utf-8")
        return cls(document, render(json.loads(document)))
