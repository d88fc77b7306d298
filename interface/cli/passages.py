"""Shows passages: where they are, and which of their words were asked for."""

import re
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from esteira_client import Json
from interface.cli.terminal import one_line, printable

WORD = re.compile(r"\S+")
INDENT = 4


def print_passage(console: Console, rank: int, result: Json, *, excerpt: str | None = None) -> None:
    """Print one result: rank, score, place, headings, text. `excerpt` shortens the text to about that part of it."""
    title = Text.assemble(
        (f"{rank:>2}", "bold"), "  ", (f"{result['score']:.2f}", "cyan"), "  ", (one_line(result["filename"]), "bold")
    )
    if pages := page_range(result):
        title.append(f", {pages}")
    console.print(title, soft_wrap=True)
    if headings := result.get("headings"):
        console.print(Padding(Text(" > ".join(map(one_line, headings)), style="dim"), (0, 0, 0, INDENT)))
    text = result["text"]
    body = Text(tidy(text))
    for start, end in places_in_tidy(text, [(h["start"], h["end"]) for h in result.get("highlights", ())]):
        body.stylize("bold yellow", start, end)
    console.print(Padding(body if excerpt is None else around(body, excerpt), (0, 0, 0, INDENT)))
    console.print()


def page_range(result: Json) -> str:
    """Return "page 3", "pages 3 to 4", or nothing where the format has no pages."""
    first, last = result.get("page_start"), result.get("page_end")
    if first is None:
        return ""
    return f"page {first}" if last in {None, first} else f"pages {first} to {last}"


def tidy(text: str) -> str:
    """Return the text without the line ends of its page: a terminal has its own."""
    return "\n".join(one_line(paragraph) for paragraph in re.split(r"\n\s*\n", printable(text)) if paragraph.strip())


def places_in_tidy(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield where pieces of a text stand in it once it is tidy: the same words, with other space between them."""
    pairs = list(zip(WORD.finditer(printable(text)), WORD.finditer(tidy(text)), strict=True))
    for start, end in spans:
        covered = [
            (max(start, there.start()) - there.start() + here.start(), min(end, there.end()) - there.end() + here.end())
            for there, here in pairs
            if there.start() < end and start < there.end()
        ]
        if covered:
            yield covered[0][0], covered[-1][1]


def around(body: Text, part: str, *, characters: int = 360) -> Text:
    """Return the text near `part`, cut at spaces; its beginning if the part is not in it."""
    text = body.plain
    middle = max(text.find(part[:30]), 0) + len(part) // 2
    start = max(0, min(middle - characters // 2, len(text) - characters))
    end = min(len(text), start + characters)
    start = text.rfind(" ", 0, start) + 1 if start else 0
    end = text.find(" ", end) if end < len(text) and " " in text[end:] else len(text)
    return Text.assemble("… " if start else "", body[start:end], " …" if end < len(text) else "")
