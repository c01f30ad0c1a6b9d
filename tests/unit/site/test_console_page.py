"""The console's page: complete, without external resources, with a policy that allows only its own parts."""

import base64
import hashlib
import re
from collections import Counter
from pathlib import Path

import pytest

from actionrelay.site.console_page import FOLDER, ConsolePage, PageFacts, assemble, bundled

MODULES = sorted(FOLDER.glob("*.js"))
LONGEST = 220
DECLARED = re.compile(r"^(?:export )?(?:async )?(?:const|let|class|function) (\w+)", re.MULTILINE)


@pytest.fixture(scope="module")
def page() -> ConsolePage:
    return assemble(PageFacts("AWS_IAM", "eu-central-1", "data-actions"))


def _policy(page: ConsolePage) -> dict[str, str]:
    rules = (rule.partition(" ") for rule in page.headers["Content-Security-Policy"].split("; "))
    return {name: value for name, _, value in rules}


def test_the_policy_allows_the_pages_parts_alone(page: ConsolePage) -> None:
    def source(tag: str) -> str:
        [text] = re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", page.html, re.DOTALL)
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert _policy(page) == {
        "default-src": "'none'",
        "script-src": source("script"),
        "style-src": source("style"),
        "img-src": "data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }


def test_it_says_what_it_is_and_sends_no_referrer(page: ConsolePage) -> None:
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_nothing_comes_from_outside(page: ConsolePage) -> None:
    own = re.sub(r'"http://www\.w3\.org/2000/svg"|%3Csvg xmlns=\'http://www\.w3\.org/2000/svg\'', "", page.html)

    assert not re.search(r"https?://|@import|url\(|\bsrc=|integrity=", own)
    assert not re.search(r"\son[a-z]+=|\sstyle=", re.sub(r"<script.*?</script>", "", own, flags=re.DOTALL))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_makes_no_markup_of_text_and_runs_no_text(module: Path) -> None:
    text = module.read_text(encoding="utf-8")

    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc", text)
    assert len(text.splitlines()) <= LONGEST


def test_every_module_is_in_the_script_once_in_order() -> None:
    script = bundled(FOLDER)
    first_lines = {module.name: module.read_text(encoding="utf-8").splitlines()[0] for module in MODULES}

    assert all(script.count(line) == 1 for line in first_lines.values())
    for module in MODULES:
        for imported in re.findall(r'from "\./(\w+\.js)"', module.read_text(encoding="utf-8")):
            assert script.index(first_lines[imported]) < script.index(first_lines[module.name])
    assert not re.search(r"^(import|export)\b", script, re.MULTILINE)


def test_names_are_unique_across_all_modules() -> None:
    names = Counter(name for module in MODULES for name in DECLARED.findall(module.read_text(encoding="utf-8")))

    assert [name for name, times in names.items() if times > 1] == []


def test_what_a_module_imports_is_exported_where_it_comes_from() -> None:
    imports = re.compile(r'^import \{ (.+) \} from "\./(\w+\.js)";$', re.MULTILINE)
    for module in MODULES:
        for names, source in imports.findall(module.read_text(encoding="utf-8")):
            text = (FOLDER / source).read_text(encoding="utf-8")
            exported = set(re.findall(r"^export .*?(?:const|let|class|function) (\w+)", text, re.MULTILINE))
            assert set(names.split(", ")) <= exported, (module.name, source)


@pytest.mark.parametrize("way", ["AWS_IAM", "API_KEY"])
def test_the_page_knows_how_its_deployment_authorises(way: str) -> None:
    html = assemble(PageFacts(way, "eu-west-1", "integrations", "https://wiki.example.com/runbook")).html

    assert f'<meta name="actionrelay-auth" content="{way}">' in html
    assert '<meta name="actionrelay-region" content="eu-west-1">' in html
    assert '<meta name="actionrelay-contract" content="integrations">' in html
    assert '<meta name="actionrelay-runbook" content="https://wiki.example.com/runbook">' in html
    assert "{{" not in re.sub(r"<(script|style).*?</\1>", "", html, flags=re.DOTALL)


def test_what_the_page_gets_is_an_attribute_never_markup() -> None:
    assert '"><script>' not in assemble(PageFacts(*['"><script>'] * 4)).html


def _folder(tmp_path: Path, **modules: str) -> Path:
    for name, text in modules.items():
        (tmp_path / f"{name}.js").write_text(text, encoding="utf-8")
    return tmp_path


def test_modules_that_import_each_other_are_refused(tmp_path: Path) -> None:
    folder = _folder(
        tmp_path,
        app='import { one } from "./one.js";\n',
        one='import { two } from "./two.js";\nexport const one = 1;\n',
        two='import { one } from "./one.js";\nexport const two = 2;\n',
    )

    with pytest.raises(ValueError, match=r"app\.js → one\.js → two\.js → one\.js"):
        bundled(folder)


@pytest.mark.parametrize("text", ["'</script >'", "'<!--'", "'<SCRIPT'"])
def test_a_module_that_ends_the_script_element_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="ends or nests the script element"):
        bundled(_folder(tmp_path, app=f"const text = {text};\n"))
