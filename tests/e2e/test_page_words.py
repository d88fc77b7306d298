"""Every text of the page is there in both languages, as the browser that shows them reads them."""

from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.running_stack import RunningStack

if TYPE_CHECKING:
    from playwright.sync_api import Page

STATIC = Path(__file__).parents[2] / "interface" / "web" / "static"
# As `tabs.jobs: string`, of each language; a function is a text that needs a number or a name. What the server says in
# English needs `failures`, by code, in other languages alone.
SHAPES = """async (file) => {
  const { words } = await import(`${location.origin}/assets/${file}`);
  const shape = (value, path) => {
    if (value === null || typeof value !== "object") return [`${path}: ${value === "" ? "empty" : typeof value}`];
    const keys = Object.keys(value).filter((key) => key !== "failures").sort();
    return keys.flatMap((key) => shape(value[key], `${path}.${key}`));
  };
  return Object.fromEntries(Object.entries(words).map(([language, set]) => [language, shape(set, "")]));
}"""


def test_both_languages_have_the_same_texts(whole_stack: RunningStack, page: "Page") -> None:
    page.goto(whole_stack.url)
    files = [str(path.relative_to(STATIC)) for path in STATIC.rglob("words.js")]
    assert len(files) > 5
    for file in files:
        shapes = page.evaluate(SHAPES, file)
        assert set(shapes) == {"en", "pt"}, file
        assert shapes["en"] == shapes["pt"], file
        assert [line for line in shapes["en"] if line.endswith((": empty", ": undefined"))] == [], file
