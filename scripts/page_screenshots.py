"""Takes the pictures of the page that the documents show, on a stack of its own with the samples in it.

`PYTHONPATH=. python scripts/page_screenshots.py [FOLDER]`, with Playwright and a Chromium; the folder is docs/pictures.
Each view has a function in `VIEWS`, which brings a page of any size and scheme to what is worth seeing.
"""

import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.support.browser import fresh_page, running_browser
from tests.support.running_stack import running_stack

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "samples" / "documents"
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
LOOKS: Mapping[str, dict[str, Any]] = {
    "light": {"viewport": DESKTOP, "color_scheme": "light"},
    "dark": {"viewport": DESKTOP, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light", "has_touch": True},
}
MOST_BYTES = 150_000
# A file that is on its way for as long as the pictures are taken.
LARGE_BYTES = 240_000_000
UPLOAD_BYTES_A_SECOND = 4_000_000
FAILS = {"scan-that-was-cut-off.pdf": b"%PDF-1.4 and nothing more"}


def main(folder: Path) -> None:
    """Take every picture."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        running_stack(Path(data) / "data") as stack,
        running_browser() as browser,
    ):
        fill(browser, stack.url, Path(data))
        for view, show in VIEWS.items():
            for look, options in LOOKS.items():
                delete_what_was_cut(stack.url)
                with fresh_page(browser, [], locale="en-GB", **options) as page:
                    page.goto(stack.url)
                    show(page, Path(data))
                    picture(page, folder / f"{view}-{look}.png")


def fill(browser: Browser, url: str, folder: Path) -> None:
    """Bring the samples in, and what fails."""
    for name, content in FAILS.items():
        folder.joinpath(name).write_bytes(content)
    paths = [*(folder / name for name in FAILS), *sorted(SAMPLES.iterdir())]
    with fresh_page(browser, [], locale="en-GB") as page:
        page.goto(url)
        page.set_input_files("input.chooser", paths)
        page.locator(".overall", has_text=f"{len(paths) - len(FAILS)} of {len(paths)} done").wait_for()


def delete_what_was_cut(url: str) -> None:
    """Delete documents whose upload ended with an earlier picture."""
    documents_url = f"{url}/api/v1/documents"
    answer = httpx.get(documents_url, params={"status": "awaiting_upload"}, timeout=60)
    for document in answer.raise_for_status().json()["items"]:
        httpx.delete(f"{documents_url}/{document['document_id']}", timeout=60).raise_for_status()


def picture(page: Page, path: Path) -> None:
    """Take a picture, which has to stay small: it is part of every clone."""
    page.screenshot(path=path, animations="disabled")
    # Of 256 colours: nobody sees the difference, and it is a third of the size.
    with Image.open(path) as taken:
        taken.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path.name}: {size / 1000:.0f} kB")
    if size > MOST_BYTES:
        raise SystemExit(f"{path.name} is larger than {MOST_BYTES / 1000:.0f} kB.")


def documents(page: Page, folder: Path) -> None:
    """Show the list with a file on its way."""
    large = folder / "survey-of-the-northern-coast.pdf"
    if not large.exists():
        large.write_bytes(bytes(LARGE_BYTES))
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": UPLOAD_BYTES_A_SECOND}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", limits)
    page.locator("section.documents li").first.wait_for()
    page.set_input_files("input.chooser", large)
    page.get_by_text("MB/s").wait_for()


def search(page: Page, _folder: Path) -> None:
    """Show the passages that answer a question, with the words marked."""
    page.evaluate("() => { location.hash = '#/search?q=belt tracking' }")
    page.locator("ol.results mark").first.wait_for()


def document(page: Page, folder: Path) -> None:
    """Show the best passage of that question where it stands, with the picture of its page."""
    search(page, folder)
    page.locator("ol.results a").first.click()
    page.locator(".passage.marked").wait_for(state="attached")
    page.locator(".text-of-page .passage-mark").first.wait_for(state="attached")
    page.locator(".outline summary").wait_for()
    if page.locator(".ways-of-reading").is_visible():
        page.locator(".ways-of-reading button").first.click()
    page.wait_for_function("() => document.querySelector('img.page-picture')?.naturalWidth > 0")


VIEWS: Mapping[str, Callable[[Page, Path], None]] = {"documents": documents, "search": search, "document": document}

if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures")
