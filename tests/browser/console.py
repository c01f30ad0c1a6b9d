"""The console as its reader has it: a tab, what is on it, and what it complained about."""

import json
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Self, cast

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.fake_api import API_KEY, IDENTITY

SCREENSHOTS = Path(__file__).resolve().parents[2] / ".artifacts/screenshots"
HEIGHTS = {390: 844, 1440: 900}
PATIENCE_MS = 5_000
_WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => {
  violations.push(`${event.effectiveDirective} ${event.blockedURI}`);
});
"""
_OVERFLOW = """() => {
  const apart = ".scroll, .unseen, .span-label, svg, thead";
  const shown = [...document.querySelectorAll("body *")].filter((each) => !each.closest(apart));
  const right = Math.max(...shown.map((each) => each.getBoundingClientRect().right));
  return Math.max(Math.ceil(right - 0.5), document.documentElement.scrollWidth) - innerWidth;
}"""


@dataclass(slots=True)
class Console:
    """One tab."""

    context: BrowserContext
    page: Page
    url: str
    width: int
    scheme: str
    errors: list[str] = field(default_factory=list)

    @classmethod
    def in_a_tab(cls, browser: Browser, url: str, width: int, scheme: str, zone: str = "UTC") -> Self:
        """Open a tab with nothing on it; in UTC, unless said otherwise, so that days are those of the API."""
        context = browser.new_context(
            viewport={"width": width, "height": HEIGHTS[width]},
            color_scheme=cast("Literal['light', 'dark']", scheme),
            timezone_id=zone,
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(_WATCH)
        console = cls(context, context.new_page(), url, width, scheme)
        console.page.on("pageerror", lambda error: console.errors.append(str(error)))
        return console

    def close(self) -> None:
        """Close the tab."""
        self.context.close()

    def complaints(self) -> list[str]:
        """What went against the page's policy, and errors that nobody caught."""
        return [*self.errors, *self.page.evaluate("window.violations ?? []")]

    # -- Getting about --------------------------------------------------------------------------------------------

    def move(self, place: str) -> None:
        """Go to another address without loading the page again."""
        self.page.evaluate("(place) => { location.hash = place }", place)

    def go(self, place: str) -> None:
        """Go to an address of the page, the part from `#` on."""
        self.page.goto(self.url + place)

    def sign_in_with_key(self, key: str = API_KEY, *, keep: bool = False) -> None:
        """Give an API key."""
        self.page.get_by_label("API key").fill(key)
        self._enter(keep=keep)

    def sign_in_with_aws(
        self,
        key_id: str = IDENTITY.access_key,
        secret: str = IDENTITY.secret_key,
        token: str = IDENTITY.token or "",
        *,
        keep: bool = False,
    ) -> None:
        """Give AWS credentials."""
        self.page.get_by_label("Access key id").fill(key_id)
        self.page.get_by_label("Secret access key").fill(secret)
        self.page.get_by_label("Session token").fill(token)
        self._enter(keep=keep)

    def _enter(self, *, keep: bool) -> None:
        self.page.get_by_label("Keep for this tab").set_checked(keep)
        self.page.get_by_role("button", name="Sign in").click()

    def refresh(self) -> None:
        """Ask for what is shown again."""
        self.page.get_by_role("button", name="Refresh now").click()

    def look_again(self) -> None:
        """Return to the tab; it then asks, as it does when its time has come."""
        self.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    # -- What is on it --------------------------------------------------------------------------------------------

    @property
    def main(self) -> Locator:
        """The content."""
        return self.page.get_by_role("main")

    def heading(self, name: str) -> Locator:
        """A heading of the content."""
        return self.page.get_by_role("heading", name=name)

    def card(self, name: str) -> Locator:
        """A titled part of the content."""
        return self.page.get_by_role("region", name=name, exact=True)

    def button(self, name: str) -> Locator:
        """A button of the content, or of the dialog before it."""
        return self.page.get_by_role("button", name=name)

    def settled(self) -> None:
        """Wait until everything on the page has its content."""
        expect(self.page.get_by_role("main")).not_to_have_class("door")
        expect(self.page.locator(".skeleton")).to_have_count(0, timeout=3 * PATIENCE_MS)

    def ids(self) -> list[str]:
        """The ids of the executions in the list, from top to bottom."""
        found: list[str] = self.rows().locator("a").evaluate_all("links => links.map((each) => each.title)")
        return found

    def rows(self) -> Locator:
        """The executions in the list."""
        return self.page.locator("table.executions tbody tr")

    # -- What it is like ------------------------------------------------------------------------------------------

    def faults(self) -> list[str]:
        """What axe-core finds serious or critical."""
        self.page.evaluate(_axe())
        found: list[dict[str, Any]] = self.page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        return [
            f"{fault['impact']} {fault['id']}: {json.dumps([node['html'][:200] for node in fault['nodes'][:4]])}"
            for fault in found
            if fault["impact"] in {"serious", "critical"}
        ]

    def overflow(self) -> int:
        """How many pixels are beyond the right edge, to be scrolled to or cut off. What scrolls by itself may."""
        return int(self.page.evaluate(_OVERFLOW))

    def keep_screenshot(self, name: str) -> None:
        """Keep what the page looks like, from top to bottom."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}-{self.width}-{self.scheme}.png", full_page=True)


@cache
def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
