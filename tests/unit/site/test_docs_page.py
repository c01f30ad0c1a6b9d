"""The page of the OpenAPI document: complete, usable without a mouse, and without external resources."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any, override

import pytest

from actionrelay.site.description import ApiDescription
from actionrelay.site.docs_page import Page, render, style
from tests.openapi import DOCUMENT, routes

VOID = {"meta", "br"}


class Elements(HTMLParser):
    """Every element with its attributes; fails where one is closed that is not open."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    @override
    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, attribute: str) -> list[str]:
        """Every value of an attribute."""
        return [attributes[attribute] for _, attributes in self.found if attribute in attributes]

    def named(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every element of a kind."""
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def page() -> Page:
    return ApiDescription.packaged().page


@pytest.fixture(scope="module")
def elements(page: Page) -> Elements:
    return Elements(page.html)


def test_every_operation_and_every_schema_has_its_section(elements: Elements) -> None:
    sections = {attributes["id"] for attributes in elements.named("section")}

    assert {operation["operationId"] for _, _, operation in routes()} <= sections
    assert {f"schema-{name}" for name in DOCUMENT["components"]["schemas"]} <= sections
    for method, path, operation in routes():
        assert f"{method.upper()} {path}" in elements.text
        assert operation["summary"] in elements.text


def test_every_code_of_a_problem_is_on_it(elements: Elements) -> None:
    assert [code for code in DOCUMENT["components"]["examples"] if code not in elements.text] == []


def test_nothing_comes_from_outside_and_nothing_runs(elements: Elements) -> None:
    assert not {tag for tag, _ in elements.found} & {"script", "link", "img", "iframe", "object", "form", "base"}
    assert elements.all("src") == []
    assert elements.all("style") == []
    assert not [name for _, attributes in elements.found for name in attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import", style())


def test_the_policy_allows_the_one_style_sheet_and_nothing_else(page: Page) -> None:
    (sheet,) = re.findall(r"<style>(.*?)</style>", page.html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()

    rules = dict(rule.split(" ", 1) for rule in page.policy.split("; "))

    assert rules.pop("style-src") == f"'sha256-{digest}'"
    assert rules.keys() == {"default-src", "base-uri", "form-action", "frame-ancestors"}
    assert set(rules.values()) == {"'none'"}


def test_every_link_leads_to_the_page_or_the_document(elements: Elements) -> None:
    ids = elements.all("id")
    assert len(ids) == len(set(ids))

    assert {link for link in elements.all("href") if link.removeprefix("#") not in ids} == {"openapi.json"}


def test_it_can_be_used_without_seeing_it(elements: Elements) -> None:
    assert [attributes["lang"] for attributes in elements.named("html")] == ["en"]
    assert {"header", "nav", "main", "h1", "h2"} <= {tag for tag, _ in elements.found}
    assert len(elements.named("table")) == len(elements.named("caption"))
    assert {attributes.get("scope") for attributes in elements.named("th")} == {"col"}
    assert next(attributes for attributes in elements.named("a"))["class"] == "skip"


def test_it_follows_the_readers_choice_of_light_or_dark() -> None:
    assert "color-scheme: light dark" in style()
    apart = re.sub(r"light-dark\([^)]*\)", "", style())
    assert not re.search(r"#[0-9a-f]{3,8}\b|rgb\(", apart)


def test_what_the_document_says_is_text_and_never_markup() -> None:
    spoilt: dict[str, Any] = DOCUMENT | {"info": DOCUMENT["info"] | {"summary": "<script>`alert(1)`</script> & more"}}

    html = render(spoilt).html

    assert "<script>" not in html
    assert "&lt;script&gt;<code>alert(1)</code>&lt;/script&gt; &amp; more" in html
