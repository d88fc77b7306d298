"""A real browser for tests of pages: the Chromium of this machine, driven by Playwright."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_MS = 150_000
REFUSED = re.compile(r"^Failed to load resource: .* https?://[^/]+/(api|store)/")


def find_chromium() -> str | None:
    """Return the path of a Chromium, or None."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


@contextmanager
def running_browser() -> Iterator["Browser"]:
    """Run a browser without a window. Skips the test where there is none.

    While it runs, this thread counts as one with a running event loop: whoever leaves it open breaks `asyncio.run`.
    """
    program = find_chromium()
    if program is None:
        pytest.skip(f"THERE IS NO BROWSER HERE ({', '.join(PROGRAMS)}): pages and their clients are not tested")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="PLAYWRIGHT IS NOT INSTALLED HERE: no page is tested"
    )
    # Chromium does not start as root with its sandbox, and the /dev/shm of containers is too small for it.
    arguments = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def fresh_page(browser: "Browser", errors: list[str], **options: Any) -> Iterator["Page"]:  # noqa: ANN401 - Playwright's
    """Give a page without a past; what it complains of is added to `errors`. The options are those of `new_context`.

    Chromium complains of every answer that is no success: what the API and the store refuse is left to what is shown.
    """

    def note(message: "ConsoleMessage") -> None:
        url = message.location.get("url", "")
        if message.type == "error" and not REFUSED.search(f"{message.text} {url}"):
            errors.append(f"{message.text} ({url})")

    with browser.new_context(**options) as context:
        context.set_default_timeout(PATIENCE_MS)
        context.on("console", note)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        yield context.new_page()
